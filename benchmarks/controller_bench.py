"""Seconds per decision of the ensemble controller against the number of replicas.

    python benchmarks/controller_bench.py [--replicas 100 1000 10000]

Replicas are random walks of 55 descriptors; 15 chunks of 10 snapshots make a whole one. Half of the
replicas stand somewhere in the middle when the clock starts. A decision is the fit, what the policy
reads (M and tau_pred of all replicas, or the table of forecast errors), and its choice. The status
is what `dbar ensemble` writes of it, for which all replicas are forecast; 5 % of the time at most.
"""

from __future__ import annotations

import argparse
import json
import time
from types import SimpleNamespace

import numpy as np

from dbar.console.options import plain
from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, load_policy
from dbar.ensemble.status import status_of

SETTINGS = SimpleNamespace(policy="-", chunk=1, budget_chunks=10**9)


def prepared(replicas, size=55, chunks=15, per=10):
    rng = np.random.default_rng(3)
    mix = rng.standard_normal((8, size))
    base = np.cumsum(rng.standard_normal((64, chunks * per, 8)), axis=1) @ mix
    base += 0.1 * rng.standard_normal(base.shape)
    D = [np.hstack([np.full((chunks * per, 1), 1.0), b]) for b in base]
    source = Replay(
        [D[k % 64] for k in range(replicas)], [D[k % 64][:, 1:3] for k in range(replicas)], per
    )
    learner = Learner(replicas, chunks, per, ["a", "b"])
    control = Controller(source, learner, load_policy("uniform"), ReplayExecutor(), Plan(10**9))
    for k in range(replicas):
        for chunk in range(rng.integers(1, chunks) if k % 2 else 1):
            learner.add(k, source.read(k, chunk))
    control.given = learner.progress.copy()
    return control


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replicas", type=int, nargs="+", default=[100, 1000, 10000])
    args = parser.parse_args()
    for replicas in args.replicas:
        control = prepared(replicas)
        for policy in ("uniform", "depth", "trust", "variance"):
            control.policy, times = load_policy(policy), []
            for _ in range(5):
                start = time.perf_counter()
                control.policy.choose(control.view(), 8)
                times.append(time.perf_counter() - start)
            print(
                f"{replicas:>6} replicas, {policy:<9} {np.median(times):7.3f} s per decision (wall), worst {max(times):.3f}"
            )
        start = time.perf_counter()
        json.dumps(plain(status_of(control, SETTINGS)))
        print(f"{replicas:>6} replicas, status    {time.perf_counter() - start:7.3f} s (wall)")


if __name__ == "__main__":
    main()
