"""i-PI beside two LAMMPS clients, then D of the beads: python run.py [clients] [steps]."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from ase.build import bulk
from ase.io import write

from dbar.console import signals

here = Path(__file__).resolve().parent
clients = int(sys.argv[1]) if len(sys.argv) > 1 else 2
steps = sys.argv[2] if len(sys.argv) > 2 else "40"
name = f"dbar-beads-{os.getpid()}"  # two copies of this example may run side by side

atoms = bulk("Ne", "fcc", a=4.46, cubic=True).repeat(3)
write("init.data", atoms, format="lammps-data", masses=True)
edges = " ".join(f"{v:.10f}" for v in atoms.cell.cellpar())
lines = [f"{atom.symbol} {atom.x:.10f} {atom.y:.10f} {atom.z:.10f}" for atom in atoms]
head = [str(len(atoms)), f"# CELL(abcABC): {edges} positions{{angstrom}} cell{{angstrom}}"]
Path("init.xyz").write_text("\n".join(head + lines) + "\n")
text = (here / "input.xml").read_text().replace("dbar-beads", name)
Path("beads.xml").write_text(text.replace("<total_steps>40<", f"<total_steps>{steps}<"))

client = ["mpirun", "-np", "1", "lmp", "-in", str(here / "in.lammps"), "-var", "name", name]
client += ["-screen", "none", "-log"]


def simulate():
    """Exit codes of i-PI and its clients, none of which outlives this program."""
    processes = []
    try:
        with open("i-pi.log", "w") as log:
            processes.append(subprocess.Popen(["i-pi", "beads.xml"], stdout=log, stderr=log))
        processes += [subprocess.Popen([*client, f"log.{k}"]) for k in range(clients)]
        # a client waits for i-PI, and ends when i-PI says so
        while None in (codes := [process.poll() for process in processes]):
            signals.wait(0.1)
            signals.check()
        return codes
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()


try:
    with signals.listening(to_the_end=True):
        codes = simulate()
except signals.Interrupted as stop:
    sys.exit(stop.code)
if any(codes):
    sys.exit(f"exit codes of i-PI and the clients: {codes}")


def read(bead):
    """D of one bead, array (steps, K+1)."""
    return np.loadtxt(f"beads.D_{bead}", comments=[" #", "#"])


D = np.array([read(bead) for bead in range(4)])
print(
    f"D: {D.shape[0]} beads, {D.shape[1]} steps, {D.shape[2] - 1} sums over {D[0, 0, 0]:.0f} atoms"
)
last = D[:, -1, 1] / D[:, -1, 0]
print("first component per atom, each bead: " + " ".join(f"{value:.4f}" for value in last))
spread = D[:, -1, 1:].std(axis=0) / np.abs(D[:, -1, 1:].mean(axis=0))
print(f"spread of D over the beads at the end: {100 * np.median(spread):.3f} % (median component)")
