"""Real i-PI beside real LAMMPS: input files, servers, clients, readers of i-PI's output."""

import contextlib
import itertools
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.geometry import cellpar_to_cell
from ase.io import write

from harness import BIN, command, environment
from patience import Limit, end_of, wait_for

BOHR = 0.52917721  # the digits of both clients
COMPUTE = "compute d all dbar bso4 5.0 twojmax 4"
LENNARD_JONES = "pair_style lj/cut 6.0\npair_modify shift yes\npair_coeff 1 1 0.01032 3.405\n"

_count = itertools.count()


def argon(tilt=False, seed=5):
    """72 displaced atoms; the cell is lower triangular, as LAMMPS wants it."""
    atoms = bulk("Ar", "fcc", a=5.31, cubic=True).repeat((3, 3, 2))
    if tilt:
        lengths = atoms.cell.lengths()
        cell = cellpar_to_cell([*lengths, 84.0, 97.0, 80.0])
        atoms.set_cell(np.tril(cell), scale_atoms=True)
    atoms.rattle(0.1, seed=seed)
    return atoms


def write_system(folder, atoms, atom_style="atomic"):
    """init.xyz for i-PI, init.data for LAMMPS."""
    genh = " ".join(f"{v:.12f}" for v in atoms.cell.array.ravel())
    lines = [f"{len(atoms)}", f"# CELL{{GENH}}: {genh} positions{{angstrom}} cell{{angstrom}}"]
    lines += [
        f"{s} {x:.12f} {y:.12f} {z:.12f}"
        for s, (x, y, z) in zip(atoms.symbols, atoms.positions, strict=True)
    ]
    (folder / "init.xyz").write_text("\n".join(lines) + "\n")
    write(folder / "init.data", atoms, format="lammps-data", atom_style=atom_style, masses=True)


def socket_name():
    """A name that no other test uses at the same time."""
    return f"dbar-{os.getpid()}-{next(_count)}"


def free_port():
    with socket.socket() as s:
        s.bind(("localhost", 0))
        return s.getsockname()[1]


def ffsocket(name=None, port=None):
    """The forcefield of i-PI's input: a Unix socket with that name, or that port of this machine."""
    mode, where = ("inet", "localhost") if port else ("unix", name)
    lines = f"<address>{where}</address>" + (f"<port>{port}</port>" if port else "")
    return f"<ffsocket name='lmp' mode='{mode}'><latency>1e-4</latency>{lines}</ffsocket>"


NVE = "<dynamics mode='nve'><timestep units='femtosecond'>4</timestep></dynamics>"
NPT = """<dynamics mode='npt'><timestep units='femtosecond'>4</timestep>
  <barostat mode='flexible'><tau units='femtosecond'>200</tau>
    <thermostat mode='langevin'><tau units='femtosecond'>100</tau></thermostat></barostat>
  <thermostat mode='langevin'><tau units='femtosecond'>100</tau></thermostat></dynamics>"""


def write_input(folder, forcefield, steps=100, beads=1, dynamics=NVE, extras=(), prefix=""):
    """input.xml: everything printed at every step, with 17 digits."""
    printed = "".join(
        f"<trajectory filename='{key}' stride='1' extra_type='{key}'> extras </trajectory>"
        for key in extras
    )
    attribute = f"sockets_prefix='{prefix}'" if prefix else ""
    ensemble = "<temperature units='kelvin'>30</temperature>"
    if "npt" in dynamics:
        ensemble += "<pressure units='megapascal'>50</pressure>"
    (folder / "input.xml").write_text(f"""
<simulation verbosity='low' floatformat='%24.16e' {attribute}>
  <output prefix='run'>
    <properties stride='1' filename='out'> [step, potential, conserved, virial_md, cell_h] </properties>
    <trajectory stride='1' filename='pos' format='bin'> positions </trajectory>
    {printed}
  </output>
  <total_steps>{steps}</total_steps>
  <prng><seed>31415</seed></prng>
  {forcefield}
  <system>
    <initialize nbeads='{beads}'>
      <file mode='xyz'> init.xyz </file>
      <velocities mode='thermal' units='kelvin'> 60 </velocities>
    </initialize>
    <forces><force forcefield='lmp'></force></forces>
    <motion mode='dynamics'>{dynamics}</motion>
    <ensemble>{ensemble}</ensemble>
  </system>
</simulation>
""")


@contextlib.contextmanager
def started(words, folder, log, env=None):
    """A process of ours with its output in a file; whatever happens it is gone afterwards."""
    with open(folder / log, "w") as out:
        process = subprocess.Popen(
            words, cwd=folder, env=environment(env), stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()  # mpirun hands this on to its ranks
                limit = Limit(10)
                while process.poll() is None and not limit.reached():
                    time.sleep(0.02)
                process.kill()
                process.wait()


@contextlib.contextmanager
def i_pi(folder):
    """The server on input.xml; one that was killed leaves its socket behind, which goes as well."""
    with started([str(BIN / "i-pi"), "input.xml"], folder, "i-pi.log") as server:
        yield server
    found = re.search(r"<address>(dbar-[\d-]+)<", (folder / "input.xml").read_text())
    if found:
        Path(f"/tmp/ipi_{found[1]}").unlink(missing_ok=True)


HEAD = f"units metal\natom_modify map array\nread_data init.data\n{LENNARD_JONES}"


def client_script(fix, steps=100000, before="", after="", head=HEAD):
    """A LAMMPS script that serves i-PI with the argon of `write_system`."""
    return (
        f"{head}{COMPUTE} virial yes\n{before}fix i all {fix}\nthermo 10\n"
        f"run {steps}\n{after}"
        'print "the script went on"\n'
    )


def client(folder, script, np_=1, name="client"):
    """`mpirun lmp` on a script, with files of its own."""
    (folder / f"in.{name}").write_text(script)
    words = command(np_)
    words[words.index("in.test")] = f"in.{name}"
    words[words.index("log.lammps")] = f"log.{name}"
    return started(words, folder, f"{name}.out")


def finish(process, folder, log, timeout=60, ok=True):
    """Wait for a process; its output."""
    logs = (folder / log, folder / "i-pi.log")
    end_of(process, timeout, lambda: "".join(f"\n{p.name}:\n{p.read_text()[-1500:]}" for p in logs))
    text = (folder / log).read_text()
    assert not ok or (process.returncode == 0 and "ERROR" not in text), text[-3000:]
    return text


def serve(folder, fix, np_=1, after="", before="", head=HEAD, run=100000, **settings):
    """One whole run of i-PI with one LAMMPS; what LAMMPS printed."""
    write_input(folder, **settings)
    script = client_script(fix, run, after=after, before=before, head=head)
    with i_pi(folder) as server:
        ours = fix.startswith("dbar")
        # LAMMPS's own client does not wait, and ends by MPI_Abort; ours may be told to wait less than i-PI needs
        if not ours or "timeout" in fix:
            # ipi ADDRESS ..., dbar/ipi COMPUTE-ID ADDRESS ...
            address = fix.split()[2 if ours else 1]
            wait_for(Path(f"/tmp/ipi_{address}").exists, "i-PI")
        with client(folder, script, np_) as lmp:
            printed = finish(lmp, folder, "client.out", ok=ours)
            finish(server, folder, "i-pi.log")
    return printed


def properties(folder):
    """Of run.out: potential, conserved quantity, virial (6) and cell (3,3) at every step, atomic units."""
    table = np.loadtxt(folder / "run.out")
    xx, yy, zz, xy, xz, yz = table[:, 9:15].T
    cell = np.zeros((len(table), 3, 3))
    cell[:, 0, 0], cell[:, 1, 1], cell[:, 2, 2] = xx, yy, zz
    cell[:, 1, 0], cell[:, 2, 0], cell[:, 2, 1] = xy, xz, yz  # rows are the cell vectors
    return table[:, 1], table[:, 2], table[:, 3:9], cell


def positions(folder, bead=0):
    """Printed positions of a bead, array (steps, atoms, 3), Bohr."""
    data = (folder / f"run.pos_{bead}.bin").read_bytes()
    steps = len(
        properties(folder)[0]
    )  # every frame: cell, number, positions, names, a title of fixed length
    natoms = int(np.frombuffer(data, np.int64, 1, 72)[0])
    size = len(data) // steps
    frames = [np.frombuffer(data, float, 3 * natoms, k * size + 80) for k in range(steps)]
    return np.array(frames).reshape(steps, natoms, 3)


def extras(folder, key, bead=0):
    """What i-PI printed for one key of the extras, one array per step."""
    steps = []
    for line in (folder / f"run.{key}_{bead}").read_text().splitlines():
        if "#" in line:
            steps.append([])
        elif line.strip():
            steps[-1].append([float(word) for word in line.split()])
    return np.array(steps).squeeze()


def as_atoms(q, cell, bohr=BOHR):
    """Argon at printed positions and cell."""
    return Atoms(f"Ar{len(q)}", positions=q * bohr, cell=cell * bohr, pbc=True)
