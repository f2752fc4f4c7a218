"""What 4,096 chunks in the store cost a run: the same run with and without, in turns.

    python benchmarks/chunk_cost.py [--cells 20] [--bins 16] [--ranks 2] [--steps 200] [--rounds 3]

Aluminium (EAM), bso4 with twojmax 8 at 4.7 A, a snapshot every 20 steps from four samples, into an H5MD store. The
wall time is that of the loop as LAMMPS says it: all of a snapshot counts, from the averaged positions to the flushed
file. Processor seconds are those of all ranks, their start included, for machines that others use as well. Of each the
smallest of the rounds is kept.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

from lammps_runs import CRYSTAL, loop_seconds, run

SCRIPT = """
pair_style eam/fs
pair_coeff * * Al_mm.eam.fs Al
velocity all create 600 7 loop geom
fix nve all nve
compute d all dbar bso4 4.7 twojmax 8 virial {virial}
compute cc all chunk/atom bin/3d x lower {width} y lower {width} z lower {width} units reduced
fix w all dbar/stream 5 4 20 d store {store} monitor none {chunk}
thermo 1000
run {steps}
"""


def once(store, args, virial, chunk):
    """Wall seconds of the loop, processor seconds of the ranks, bytes of the store."""
    store.unlink(missing_ok=True)
    words = {"width": 1.0 / args.bins, "store": store, "steps": args.steps}
    script = CRYSTAL.format(args.cells, args.cells, args.cells)
    script += SCRIPT.format(virial=virial, chunk=chunk, **words)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = loop_seconds(run(script, args.ranks))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent, store.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for word, value in (("cells", 20), ("bins", 16), ("ranks", 2), ("steps", 200), ("rounds", 3)):
        parser.add_argument(f"--{word}", type=int, default=value)
    args = parser.parse_args()
    chunks = f"{args.bins**3} chunks"
    print(f"{4 * args.cells**3} atoms, {chunks}, {args.ranks} ranks, {args.steps} steps")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "run.h5md"
        for virial in ("no", "yes"):
            found = {"": [], "chunk cc": []}
            for _ in range(args.rounds):
                for chunk, rounds in found.items():
                    rounds.append(once(store, args, virial, chunk))
            for k, name in enumerate(("wall", "processor")):
                plain, more = (min(each[k] for each in rounds) for rounds in found.values())
                print(
                    f"virial {virial}, {name}: {plain:.2f} s without, {more:.2f} s with {chunks}, "
                    f"ratio {more / plain:.3f}"
                )
            print(f"  store {found['chunk cc'][0][2] / 1e6:.0f} MB, {args.steps // 20} snapshots")


if __name__ == "__main__":
    main()
