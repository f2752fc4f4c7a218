"""`compute dbar` inside LAMMPS: neighbours, ranks, threads, atoms and twojmax, against `sna/atom` + `snav/atom`.

Each figure is the time per atom of evaluating D and V once per step on a displaced fcc crystal, the loop
time of a run without the compute taken off. Everything that a snapshot needs is counted: sorting atoms into
cells, gathering, kernel, reduction. Peers take turns with us, round after round. With --before FOLDER the
dbar installed there takes its turn as well; LAMMPS then makes its own lists at every step, with the
compute and without it, so that a dbar that asks for a list has to make it anew as between two snapshots.

    python benchmarks/plugin_bench.py [--rounds 5] [--atoms 1000 8000 64000] [--twojmax 2 4 6 8 10]
        [--before FOLDER]
"""

import argparse
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from lammps_runs import CRYSTAL, atoms, loop_seconds, peak_memory, run, spread
from rich.console import Console
from rich.table import Table

SUMS = "compute d all dbar bso4 {rcut} twojmax {twojmax} virial {virial}\n" + (
    "fix f all ave/time 1 1 1 c_d[2]\n"
)
DBAR = SUMS.replace("{virial}", "yes")
PEER = (
    "compute b all sna/atom {rcut} 0.99363 {twojmax} 0.5 1.0 bzeroflag 0\ncompute rb all reduce sum c_b[*]\n"
    "compute v all snav/atom {rcut} 0.99363 {twojmax} 0.5 1.0 bzeroflag 0\ncompute rv all reduce sum c_v[*]\n"
    "fix f all ave/time 1 1 1 c_rb[*]\nfix g all ave/time 1 1 1 c_rv[*]\n"
)


def cell(count):
    """Lattice repeats along x y z of about `count` atoms."""
    side = max(2, round((count / 4) ** (1 / 3)))
    return side, side, max(2, round(count / 4 / side**2))


def script(command, count, steps, rcut=4.7, twojmax=8, lists=""):
    """Input of a run of about `count` displaced atoms with `command`."""
    setup = CRYSTAL.format(*cell(count)) + "displace_atoms all random 0.15 0.15 0.15 77\n"
    setup += f"pair_style zero {max(rcut, 6.0)}\npair_coeff * *\nthermo 1000000\n{lists}"
    return setup + command.format(rcut=rcut, twojmax=twojmax) + f"run {steps}\n"


def per_atom(command, count, steps, ranks=1, threads=1, rcut=4.7, twojmax=8, lists=""):
    """Microseconds per atom and step of `command`."""
    output = run(script(command, count, steps, rcut, twojmax, lists), ranks, threads)
    empty = loop_seconds(run(script("", count, steps, rcut, twojmax, lists), ranks, threads))
    return 1e6 * (loop_seconds(output) - empty) / steps / atoms(output)


def compare(rounds, count, **settings):
    """Medians over rounds of ours and the peer's, taken in turn."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(per_atom(DBAR, count, 10, **settings))
        theirs.append(per_atom(PEER, count, 2, **settings))
    return ours, theirs


NOTHING = "variable zero equal 0\nfix f all ave/time 1 1 1 v_zero\n"
ANEW = "neigh_modify delay 0 every 1 check no\n"


def before_and_after(folder, rounds, virial, count=2000, steps=20, **settings):
    """Microseconds per atom of the dbar in `folder` and of this one, in turn."""
    command = SUMS.replace("{virial}", virial)
    times = ([], [])
    here = os.environ.get("PYTHONPATH")
    for _ in range(rounds):
        for path, found in zip((folder, here), times, strict=True):
            with python_path(path):
                found.append(per_atom(command, count, steps, lists=ANEW, **settings))
    return times


@contextlib.contextmanager
def python_path(path):
    """PYTHONPATH of what is started inside."""
    old = os.environ.pop("PYTHONPATH", None)
    if path:
        os.environ["PYTHONPATH"] = str(path)
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH", None)
        if old:
            os.environ["PYTHONPATH"] = old


def two_ranks(count, rounds):
    """Microseconds per atom of one rank, of two unrelated runs of half the atoms beside each other, of two ranks."""
    times = {"1 rank": [], "two unrelated runs": [], "2 ranks": []}
    steps = max(3, 160000 // count)
    for _ in range(rounds):
        times["1 rank"].append(per_atom(DBAR, count, steps))
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda half: per_atom(DBAR, half, steps), [count // 2] * 2))
        times["two unrelated runs"].append(np.mean(both) / 2)
        times["2 ranks"].append(per_atom(DBAR, count, steps, ranks=2))
    return times


def memory_growth(count):
    """Bytes per atom at the peak beyond what LAMMPS needs without the compute."""
    peaks = [peak_memory(script(command, count, 1)) for command in (DBAR, NOTHING)]
    return (peaks[0] - peaks[1]) / (4 * np.prod(cell(count)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--atoms", type=int, nargs="+", default=[1000, 8000, 64000, 500000])
    parser.add_argument("--twojmax", type=int, nargs="+", default=[2, 4, 6, 8, 10])
    parser.add_argument("--cutoffs", type=float, nargs="+", default=[3.8, 4.7, 6.2, 7.8])
    parser.add_argument("--before", help="folder with another dbar, as site-packages has it")
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
    times = [per_atom(DBAR, 16000, 10) for _ in range(args.rounds)]
    halves = [per_atom(DBAR, 16000, 10, threads=2) for _ in range(args.rounds)]
    add("16000 atoms, 1 thread", times)
    add("16000 atoms, 2 threads", halves)
    kept = {}
    for count in (16000, 64000):
        found = two_ranks(count, args.rounds)
        kept[count] = np.median(found["two unrelated runs"]) / np.median(found["2 ranks"])
        for label, values in found.items():
            add(f"{count} atoms, {label}", values)
    for count in args.atoms:
        steps = max(1, 200000 // count)
        add(f"{count} atoms", [per_atom(DBAR, count, steps) for _ in range(args.rounds)])

    Console(width=110).print(table)
    if args.before:
        for virial, what in (("no", "D"), ("yes", "D+V")):
            for twojmax in args.twojmax:
                old, new = before_and_after(args.before, args.rounds, virial, twojmax=twojmax)
                ratio = np.median(old) / np.median(new)
                print(
                    f"{what}, twojmax {twojmax}: {spread(old)} before, {spread(new)} now: {ratio:.2f}x"
                )
    print(f"2 threads: {np.median(times) / np.median(halves):.2f}x")
    for count, efficiency in kept.items():
        print(f"2 ranks, {count} atoms: {efficiency:.1%} of what two unrelated runs keep")
    print(
        f"memory at the peak, {max(args.atoms)} atoms: {memory_growth(max(args.atoms)):.1f} bytes/atom"
    )


if __name__ == "__main__":
    main()
