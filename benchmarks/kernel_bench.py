"""Microseconds per atom of the bso4 kernels against LAMMPS's own styles, on one core.

Aluminium, fcc 4.05 A with the displacements of 300 K, neighbours within 4.7 A. LAMMPS and dbar
take turns, round after round, and each figure is the median over the rounds; the spread is the
range of the middle half. Neighbour lists are not counted on either side. A ratio is
LAMMPS / dbar. The gradient is that of theta.D with forces scattered onto the atoms and the virial.

"of peak" compares the multiply-adds that the tables demand (per centre and per neighbour, idle
vector lanes not counted) with what the same core reaches in the same process in a loop of
independent ones. "theta of each" is the gradient whose theta is found from the B of each centre; it
has a call of a Python function for each vector of centres in it. The last rows are Bispectrum.compute on one thread, D and V: the kernel part
against the plugin's compute dbar in the same round, and the neighbour list by itself.

    python benchmarks/kernel_bench.py [--twojmax 8] [--rounds 5] [--isa avx512 avx2 portable]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from ase.build import bulk
from rich.console import Console
from rich.table import Table

RCUT, RFAC0 = 4.7, 0.99363
DISPLACEMENT = 0.11  # A in each direction: thermal motion of aluminium at 300 K

# One process per instruction set, as the choice is made once.
OURS = """
import json, sys, time
import numpy as np
from ase.io import read
from dbar import _kernels
from dbar.descriptors import Bispectrum
from vesin import NeighborList

atoms, twojmax = read(sys.argv[1]), sys.argv[2]
kernel = _kernels.Kernel("bso4", {rcut}, ["twojmax", twojmax], 1)
i, j, r = NeighborList(cutoff={rcut}, full_list=True).compute(
    atoms.positions, atoms.cell.array, True, "ijD"
)
order = np.argsort(i, kind="stable")
first = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(atoms)))]).astype(np.intc)
species, neighbour = np.zeros(len(i), np.intc), j[order].astype(np.intc)
near = species[: len(atoms)], first, r[order], species
theta = np.random.default_rng(0).normal(size=kernel.size)
offline = Bispectrum({rcut}, twojmax=int(twojmax))

def clock(call):
    call()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times)) / len(atoms)

neighbours = len(i) / len(atoms)
peak = _kernels.peak_multiply_adds()
us = {{
    "D": clock(lambda: kernel.compute(*near, False)),
    "D+V": clock(lambda: kernel.compute(*near, True)),
    "gradient": clock(lambda: kernel.forces(*near, neighbour, theta)),
}}
work = {{what: np.dot(kernel.operations(what), [1.0, neighbours]) for what in us}}
of_peak = {{what: work[what] / (1e-6 * us[what] * peak) for what in us}}
thetas = [np.tile(theta, (n, 1)) for n in range(9)]
us["gradient by neighbour"] = clock(lambda: kernel.gradient(*near, theta))
us["the same, theta of each"] = clock(
    lambda: kernel.gradient_of_each(*near, lambda centre, B: thetas[len(centre)])
)
us["offline list"] = clock(lambda: offline._near(atoms, 1))
us["offline kernel part"] = clock(lambda: offline.compute(atoms, True, n_threads=1))
us["offline kernel part"] -= us["offline list"]
print(json.dumps({{"neighbours": neighbours, "peak": peak, "us": us, "of_peak": of_peak, "work": work}}))
"""

LAMMPS = """
units metal
atom_modify map array
read_data {data}
mass 1 26.98
neighbor 0.3 bin
{pair}
{compute}
run {steps}
"""
WORDS = f"{RCUT} {RFAC0} {{twojmax}} 0.5 1.0"


def styles(twojmax, folder):
    """Return the LAMMPS commands of each peer: pair style, computes, atoms, steps."""
    words = WORDS.format(twojmax=twojmax)
    zero = f"pair_style zero {RCUT}\npair_coeff * *"
    sna = f"compute b all sna/atom {words} bzeroflag 0\ncompute rb all reduce sum c_b[*]"
    snav = f"compute v all snav/atom {words} bzeroflag 0\ncompute rv all reduce sum c_v[*]"
    ave = "fix f{0} all ave/time 1 1 1 c_r{0}[*]"
    snap = f"compute s all snap {words} bzeroflag 0\nvariable s equal c_s[1][1]\n"
    snap += "fix f all ave/time 1 1 1 v_s"
    (folder / "al.snapcoeff").write_text(coefficients(twojmax))
    (folder / "al.snapparam").write_text(
        f"rcutfac {RCUT}\ntwojmax {twojmax}\nrfac0 {RFAC0}\nrmin0 0.0\nbzeroflag 0\n"
    )
    pair = "pair_style snap\npair_coeff * * al.snapcoeff al.snapparam Al"
    return {
        "sna/atom + reduce": (zero, f"{sna}\n{ave.format('b')}", 5, 8),
        "sna/atom + snav/atom + reduce": (
            zero,
            f"{sna}\n{ave.format('b')}\n{snav}\n{ave.format('v')}",
            5,
            4,
        ),
        # Its array grows with the square of the atoms times K: a smaller cell.
        "compute snap": (zero, snap, 4, 6),
        "pair_style snap": (pair, "", 5, 8),
    }


def coefficients(twojmax):
    count = sum(
        1
        for j1 in range(twojmax + 1)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(twojmax, j1 + j2) + 1, 2)
        if j >= j1
    )
    theta = np.random.default_rng(0).normal(size=count + 1)
    return f"1 {count + 1}\nAl 0.5 1.0\n" + "\n".join(repr(float(x)) for x in theta) + "\n"


def crystal(repeat):
    atoms = bulk("Al", "fcc", 4.05, cubic=True) * (repeat, repeat, repeat)
    rng = np.random.default_rng(1)
    atoms.positions += rng.normal(0.0, DISPLACEMENT, atoms.positions.shape)
    return atoms


def time_lammps(folder, name, pair, compute, repeat, steps, isa=""):
    atoms = crystal(repeat)
    side = float(atoms.cell[0, 0])
    lines = [f"\n\n{len(atoms)} atoms\n1 atom types"]
    lines += [f"0 {side} {c}lo {c}hi" for c in "xyz"] + ["\nAtoms # atomic\n"]
    lines += [f"{i + 1} 1 {x[0]} {x[1]} {x[2]}" for i, x in enumerate(atoms.positions)]
    data = folder / f"al{repeat}.lmp"
    data.write_text("\n".join(lines) + "\n")
    script = folder / "in.bench"
    script.write_text(LAMMPS.format(data=data, pair=pair, compute=compute, steps=steps))
    lmp = Path(sys.executable).with_name("lmp")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "DBAR_ISA": isa}
    done = subprocess.run(
        [lmp, "-in", script, "-nocite"], cwd=folder, capture_output=True, text=True, env=environment
    )
    loop = re.search(r"Loop time of (\S+)", done.stdout)
    if not loop:
        raise RuntimeError(f"{name}: LAMMPS failed\n{done.stdout}{done.stderr}")
    return 1e6 * float(loop[1]) / steps / len(atoms)


def time_plugin(folder, isa, twojmax):
    command = f"compute d all dbar bso4 {RCUT} twojmax {twojmax} virial yes\n"
    command += "fix f all ave/time 1 1 1 c_d[2]"
    pair = f"pair_style zero {RCUT}\npair_coeff * *"
    return time_lammps(folder, "compute dbar", pair, command, 10, 10, isa)


def time_ours(folder, isa, twojmax):
    crystal(10).write(folder / "al.extxyz")
    command = [sys.executable, "-c", OURS.format(rcut=RCUT), folder / "al.extxyz", str(twojmax)]
    environment = {**os.environ, "DBAR_ISA": isa, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def spread(values):
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f}-{high:.2f})"


def main():
    from dbar import _kernels

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--twojmax", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--isa", nargs="+", default=_kernels.available_isas()[:-1])
    args = parser.parse_args()

    theirs: dict[str, list] = {}
    ours: dict[tuple, list] = {}
    fractions: dict[tuple, list] = {}
    notes = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = styles(args.twojmax, folder)
        for _ in range(args.rounds):
            for peer, setup in peers.items():
                theirs.setdefault(peer, []).append(time_lammps(folder, peer, *setup))
            for isa in args.isa:
                found = time_ours(folder, isa, args.twojmax)
                notes[isa] = found
                plugin = time_plugin(folder, isa, args.twojmax)
                ours.setdefault((isa, "compute dbar, D+V"), []).append(plugin)
                for what, value in found["us"].items():
                    ours.setdefault((isa, what), []).append(value)
                for what, value in found["of_peak"].items():
                    fractions.setdefault((isa, what), []).append(value)
    show(args.twojmax, theirs, ours, fractions, notes)


def show(twojmax, theirs, ours, fractions, notes):
    console = Console(width=140)
    neighbours = next(iter(notes.values()))["neighbours"]
    title = f"Al, {RCUT} A, {neighbours:.1f} neighbours, twojmax {twojmax}"
    table = Table(title=f"{title}: microseconds per atom, median (middle half)")
    for head in ("", "us/atom", *theirs, "of peak"):
        table.add_column(head, justify="right" if head else "left", no_wrap=head in ("", "us/atom"))
    for peer, values in theirs.items():
        table.add_row(f"LAMMPS {peer}", spread(values))
    compare = {
        "D": ("sna/atom + reduce",),
        "D+V": ("sna/atom + snav/atom + reduce", "compute snap"),
        "gradient": ("pair_style snap",),
    }
    for (isa, what), values in ours.items():
        ratios = [
            f"{np.median(theirs[p]) / np.median(values):.1f}x" if p in compare.get(what, ()) else ""
            for p in theirs
        ]
        peak = fractions.get((isa, what))
        share = f"{100.0 * np.median(peak):.0f} %" if peak else ""
        table.add_row(f"dbar {isa} {what}", spread(values), *ratios, share)
    console.print(table)
    for isa, found in notes.items():
        work = ", ".join(f"{what} {1e-3 * n:.0f}k" for what, n in found["work"].items())
        each = np.array(ours[isa, "the same, theta of each"]) / ours[isa, "gradient by neighbour"]
        offline = np.array(ours[isa, "offline kernel part"]) / ours[isa, "compute dbar, D+V"]
        console.print(
            f"{isa}: peak {1e-9 * found['peak']:.1f}e9 multiply-adds per second; per atom {work}; "
            f"offline kernel part / plugin {spread(offline)}; theta of each / one theta {spread(each)}",
            highlight=False,
        )


if __name__ == "__main__":
    main()
