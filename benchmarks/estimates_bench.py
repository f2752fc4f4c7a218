"""Latency of a snapshot against K and the number of observables: estimates and forecasts, over the monitor alone.

Synthetic correlated snapshots go through `dbar.stream.Session` in this process, with V, refits included. Both
sessions see the same snapshots in turns, so the ratio is one of the same minute.

    python benchmarks/estimates_bench.py [--snapshots 300] [--components 20 55 110 220] [--observables 1 6 13]
"""

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from dbar.stream import Session

NAMES = "pe press temp lx ly lz vol pxx pyy pzz pxy pxz pyz".split()


def snapshots(count, size, seed=20266):
    """D, V and thirteen values of each; the pressures follow from V, the others from D."""
    rng = np.random.default_rng(seed)
    mix, x, out = rng.normal(size=(size, size)), np.zeros(size), []
    theta = rng.normal(size=(7, size))
    for _ in range(count):
        x = 0.8 * x + rng.normal(size=size)
        D = np.concatenate([[4000.0], 4000.0 * (50.0 + x @ mix / size)])
        V = np.vstack([np.zeros(6), rng.normal(size=(size, 6)) * 4000.0])
        scalars = 4000.0 * (theta @ x) + rng.normal(size=7)
        scalars[6] = 7e4 + scalars[6] / 1e4
        pressure = -(theta[0] @ V[1:]) / scalars[6] + 0.01 * rng.normal(size=6)
        out.append((D, V, np.concatenate([scalars, pressure])))
    return out


def session(size, observe):
    words = {
        "fix_id": "s", "descriptor": {}, "size": size + 1, "virial": True, "units": "metal",
        "dt": 0.002, "nevery": 5, "nrepeat": 5, "nfreq": 500, "natoms": 4000, "thermo": NAMES,
        "store": None, "snapshot": ("none", 0), "monitor": "default", "python": None, "step": 0,
        "restart": None, "quiet": True, "observe": observe,
    }  # fmt: skip
    return Session(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--snapshots", type=int, default=300)
    parser.add_argument("--components", type=int, nargs="+", default=[20, 55, 110, 220])
    parser.add_argument("--observables", type=int, nargs="+", default=[1, 6, 13])
    args = parser.parse_args()
    table = Table(title=f"{args.snapshots} snapshots with V, one thread, refits included")
    for head in ("K", "observables", "with estimates, ms", "monitor alone, ms", "ratio", "p99, ms"):
        table.add_column(head, justify="right")
    with threadpool_limits(1):
        for size in args.components:
            given = snapshots(args.snapshots, size)
            for count in args.observables:
                pair = session(size, NAMES[-count:]), session(size, [])
                spent = np.zeros((2, args.snapshots))
                for n, (D, V, values) in enumerate(given):
                    for k, one in enumerate(pair):
                        start = time.perf_counter()
                        one.observe(500 * (n + 1), n + 1.0, D, V, values)
                        spent[k, n] = 1e3 * (time.perf_counter() - start)
                both, alone = spent.mean(axis=1)
                table.add_row(
                    str(size), str(count), f"{both:.2f}", f"{alone:.2f}", f"{both / alone:.2f}",
                    f"{np.quantile(spent[0], 0.99):.1f}",
                )  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
