"""Share of a production run spent in dbar: EAM aluminium at 300 K, one snapshot with V every 0.1, 1 and 10 ps.

A run with `fix dbar/stream` (five samples 5 steps apart per snapshot, store and monitor on) and the same run
without take turns. What dbar costs is the growth of LAMMPS's sections Modify (sampling, its communication,
gathering, kernel, reduction, Python, file) and Neigh (bins of the second neighbour list); differences of
whole loop times would drown in the noise of the forces. The share is that growth over the loop time with dbar.

    python benchmarks/production_share.py [--rounds 3] [--repeat 10] [--np 1] [--every 0.1 1 10]
    ... --every 1 --snapshots 40  # long enough for the monitor to fit and forecast
    ... --every 1 --snapshots 60 --observe  # and thirteen observables estimated and forecast
"""

import argparse

import numpy as np
from lammps_runs import CRYSTAL, loop_seconds, run, section_seconds, spread
from rich.console import Console
from rich.table import Table

MD = (
    "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\nvelocity all create 600 7\ntimestep 0.002\n"
    "fix move all nve\nthermo 1000000\nrun 200\n"
)
STREAM = "compute d all dbar bso4 4.7 twojmax 8 virial yes\nfix s all dbar/stream 5 5 {nfreq} d store run.h5md\n"
THIRTEEN = "temp pe press pxx pyy pzz pxy pxz pyz vol lx ly lz"  # the default of keyword thermo
SECTIONS = ("Modify", "Neigh")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=10, help="unit cells along each axis")
    parser.add_argument("--np", type=int, default=1, help="MPI ranks")
    parser.add_argument("--snapshots", type=int, help="of a run (4, few for a fit; 2 at 10 ps)")
    parser.add_argument("--every", type=float, nargs="+", default=[0.1, 1.0, 10.0], help="ps")
    parser.add_argument("--observe", action="store_true", help="estimate the 13 thermo quantities")
    args = parser.parse_args()

    setup = CRYSTAL.format(*[args.repeat] * 3) + MD
    table = Table(
        title=f"Al, EAM, {4 * args.repeat**3} atoms, 2 fs, {args.np} rank(s), D and V at twojmax 8, "
        "4.7 A"
    )
    for head in (
        "snapshot every",
        "share of wall time, %",
        "dbar per snapshot, ms",
        "MD per step, ms",
    ):
        table.add_column(head, justify="left" if "every" in head else "right")
    for interval in args.every:
        nfreq = round(interval / 0.002)
        steps = max(1000, (args.snapshots or (4 if interval < 10 else 2)) * nfreq)
        shares, costs, md = [], [], []
        for _ in range(args.rounds if interval < 10 else 1):
            # the stream starts a run of its own: opening files and importing Python is start-up, not rate
            stream = STREAM.format(nfreq=nfreq)
            if args.observe:
                stream = f"{stream.rstrip()} observe 13 {THIRTEEN} ahead {10 * interval:g}\n"
            begin = setup + stream + "run 0\n"
            with_dbar = run(begin + f"run {steps}\n", args.np)
            without = run(setup + f"run {steps}\n", args.np)
            extra = sum(
                section_seconds(with_dbar, s) - section_seconds(without, s) for s in SECTIONS
            )
            shares.append(100 * extra / loop_seconds(with_dbar))
            costs.append(1e3 * extra / (steps / nfreq))
            md.append(1e3 * loop_seconds(without) / steps)
        digits = 3 if interval >= 10 else 2
        table.add_row(
            f"{interval:g} ps", spread(shares, digits), spread(costs), f"{np.median(md):.2f}"
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
