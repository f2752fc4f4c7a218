"""`compute dbar` inside LAMMPS: neighbours, ranks, threads, atoms and twojmax, against `sna/atom` + `snav/atom`.

Each figure is the time per atom of evaluating D and V once per step on a displaced fcc crystal, the loop
time of a run without the compute taken off. Everything that a snapshot needs is counted: building the
neighbour list, gathering, kernel, reduction. Peers take turns with us, round after round.

    python benchmarks/plugin_bench.py [--rounds 5] [--atoms 1000 8000 64000] [--twojmax 2 4 6 8 10]
"""

import argparse
import re

import numpy as np
from lammps_runs import CRYSTAL, atoms, loop_seconds, run, spread
from rich.console import Console
from rich.table import Table

DBAR = "compute d all dbar bso4 {rcut} twojmax {twojmax} virial yes\n" + (
    "fix f all ave/time 1 1 1 c_d[2]\n"
)
PEER = (
    "compute b all sna/atom {rcut} 0.99363 {twojmax} 0.5 1.0 bzeroflag 0\ncompute rb all reduce sum c_b[*]\n"
    "compute v all snav/atom {rcut} 0.99363 {twojmax} 0.5 1.0 bzeroflag 0\ncompute rv all reduce sum c_v[*]\n"
    "fix f all ave/time 1 1 1 c_rb[*]\nfix g all ave/time 1 1 1 c_rv[*]\n"
)


def cell(count):
    """Lattice repeats along x y z of about `count` atoms."""
    side = max(2, round((count / 4) ** (1 / 3)))
    return side, side, max(2, round(count / 4 / side**2))


def per_atom(command, count, steps, ranks=1, threads=1, rcut=4.7, twojmax=8):
    """Microseconds per atom and step of `command`, and LAMMPS's own memory figure in MB."""
    setup = CRYSTAL.format(*cell(count)) + "displace_atoms all random 0.15 0.15 0.15 77\n"
    setup += f"pair_style zero {max(rcut, 6.0)}\npair_coeff * *\nthermo 1000000\n"
    text = setup + command.format(rcut=rcut, twojmax=twojmax) + f"run {steps}\n"
    output = run(text, ranks, threads)
    empty = loop_seconds(run(setup + f"run {steps}\n", ranks, threads))
    memory = float(re.search(r"\(min/avg/max\) = \S+ \| \S+ \| (\S+)", output)[1])
    return 1e6 * (loop_seconds(output) - empty) / steps / atoms(output), memory


def compare(rounds, count, **settings):
    """Medians over rounds of ours and the peer's, taken in turn."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(per_atom(DBAR, count, 10, **settings)[0])
        theirs.append(per_atom(PEER, count, 2, **settings)[0])
    return ours, theirs


def memory_growth(counts):
    """Bytes per atom beyond LAMMPS's neighbour list, from the smallest to the largest cell.

    The peer, `compute coord/atom`, asks for the same full list and stores one number (8 bytes) per atom.
    """
    peer = "compute c all coord/atom cutoff {rcut}\ncompute r all reduce sum c_c\n"
    peer += "fix f all ave/time 1 1 1 c_r\n"
    extra = []
    for count in (min(counts), max(counts)):
        ours = per_atom(DBAR, count, 1, rcut=6.0)[1]
        theirs = per_atom(peer, count, 1, rcut=6.0)[1]
        extra.append((1e6 * (ours - theirs), 4 * np.prod(cell(count))))
    (small, n), (large, m) = extra
    return (large - small) / (m - n) + 8.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--atoms", type=int, nargs="+", default=[1000, 8000, 64000, 500000])
    parser.add_argument("--twojmax", type=int, nargs="+", default=[2, 4, 6, 8, 10])
    parser.add_argument("--cutoffs", type=float, nargs="+", default=[3.8, 4.7, 6.2, 7.8])
    args = parser.parse_args()

    from dbar import _kernels

    table = Table(title=f"D and V in LAMMPS, {_kernels.active_isa()}, microseconds per atom")
    for head in ("case", "dbar", "sna/atom + snav/atom + reduce", "ratio"):
        table.add_column(head, justify="left" if head == "case" else "right")

    def add(case, ours, theirs=None):
        ratio = f"{np.median(theirs) / np.median(ours):.1f}x" if theirs else ""
        table.add_row(case, spread(ours), spread(theirs) if theirs else "", ratio)

    for twojmax in args.twojmax:
        add(f"twojmax {twojmax}", *compare(args.rounds, 2000, twojmax=twojmax))
    for rcut in args.cutoffs:
        add(f"cutoff {rcut} A", *compare(args.rounds, 2000, rcut=rcut))
    single = []
    for label, settings in {
        "1 rank": {},
        "2 ranks": {"ranks": 2},
        "2 threads": {"threads": 2},
    }.items():
        times = [per_atom(DBAR, 16000, 10, **settings)[0] for _ in range(args.rounds)]
        single.append(np.median(times))
        add(f"16000 atoms, {label}", times)
    for count in args.atoms:
        steps = max(1, 200000 // count)
        add(f"{count} atoms", [per_atom(DBAR, count, steps)[0] for _ in range(args.rounds)])

    Console(width=110).print(table)
    for label, time in zip(("2 ranks", "2 threads"), single[1:], strict=True):
        print(f"parallel efficiency with {label}: {single[0] / 2 / time:.1%}")
    print(f"memory that grows with the atoms: {memory_growth(args.atoms):.1f} bytes/atom")


if __name__ == "__main__":
    main()
