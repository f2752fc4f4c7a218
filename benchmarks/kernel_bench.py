"""Microseconds per atom of the bso4 kernels against LAMMPS's own styles, on one core.

Aluminium, fcc 4.05 A with the displacements of 300 K, neighbours within 4.7 A. LAMMPS and dbar
take turns, round after round, and each figure is the median over the rounds; the spread is the
range of the middle half. Neighbour lists are not counted on either side. A ratio is
LAMMPS / dbar.

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
from dbar import _kernels
from dbar._neighbours import neighbourhoods
from ase.io import read

atoms, twojmax = read(sys.argv[1]), sys.argv[2]
kernel = _kernels.Kernel("bso4", {rcut}, ["twojmax", twojmax], 1)
near = neighbourhoods(atoms, np.zeros(len(atoms), np.intc), {rcut}, False, 1)
near = near.type, near.first, near.r, near.rtype
theta = np.random.default_rng(0).normal(size=kernel.size)

def clock(call):
    call()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times)) / len(atoms)

print(json.dumps({{
    "neighbours": len(near[2]) / len(atoms),
    "D": clock(lambda: kernel.compute(*near, False)),
    "D+V": clock(lambda: kernel.compute(*near, True)),
    "gradient": clock(lambda: kernel.gradient(*near, theta)),
}}))
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
    zero = "pair_style zero 7.0\npair_coeff * *"
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


def time_lammps(folder, name, pair, compute, repeat, steps):
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
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [lmp, "-in", script, "-nocite"], cwd=folder, capture_output=True, text=True, env=environment
    )
    loop = re.search(r"Loop time of (\S+)", done.stdout)
    if not loop:
        raise RuntimeError(f"{name}: LAMMPS failed\n{done.stdout}{done.stderr}")
    return 1e6 * float(loop[1]) / steps / len(atoms)


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
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = styles(args.twojmax, folder)
        for _ in range(args.rounds):
            for peer, setup in peers.items():
                theirs.setdefault(peer, []).append(time_lammps(folder, peer, *setup))
            for isa in args.isa:
                found = time_ours(folder, isa, args.twojmax)
                neighbours = found.pop("neighbours")
                for what, value in found.items():
                    ours.setdefault((isa, what), []).append(value)

    console = Console(width=110)
    title = f"Al, {RCUT} A, {neighbours:.1f} neighbours, twojmax {args.twojmax}"
    table = Table(title=f"{title}: microseconds per atom, median (middle half)")
    for head in ("", "us/atom", *theirs):
        table.add_column(head, justify="left" if not head else "right")
    for peer, values in theirs.items():
        table.add_row(f"LAMMPS {peer}", spread(values))
    compare = {
        "D": ("sna/atom + reduce",),
        "D+V": ("sna/atom + snav/atom + reduce", "compute snap"),
        "gradient": ("pair_style snap",),
    }
    for (isa, what), values in ours.items():
        ratios = [
            f"{np.median(theirs[p]) / np.median(values):.1f}x" if p in compare[what] else ""
            for p in theirs
        ]
        table.add_row(f"dbar {isa} {what}", spread(values), *ratios)
    console.print(table)


if __name__ == "__main__":
    main()
