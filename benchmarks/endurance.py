"""A long stream through monitor and store: memory, time per snapshot, and drift, as figures.

    OMP_NUM_THREADS=1 python benchmarks/endurance.py [--snapshots N] [--refits N] [--json FILE]

The stream is an autoregression of 12 descriptors (seed 7) with a shift of 10^6, so that sums which
lose digits would show. Printed for each tenth of the run: resident memory, milliseconds per
snapshot, size of the file, refits. At the end what the monitor has summed up snapshot by snapshot
is compared with numpy on all rows at once, read back from the file: mean, covariance, and the
one-step coefficients of the last refit.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from dbar.online import Monitor
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.stream import Session
from dbar.trajectory import read

SIZE, NFREQ, DT = 13, 100, 0.002  # K+1 as the plugin gives it, steps, time per step


def resident():
    """Resident memory of this process, MB."""
    with open("/proc/self/statm") as file:
        return int(file.readline().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def settings(store, monitor):
    """Settings of the session as the plugin gives them."""
    return {
        "fix_id": "long", "descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "2"}},
        "size": SIZE, "virial": False, "units": "metal", "dt": DT, "nevery": 1, "nrepeat": 1,
        "nfreq": NFREQ, "natoms": 100, "thermo": ["temp", "pe"], "store": str(store),
        "snapshot": ["none", 0], "monitor": str(monitor), "python": None, "step": 0,
        "restart": None, "quiet": True,
    }  # fmt: skip


def stream(count):
    """step, time, D, thermo of `count` snapshots."""
    rng = np.random.default_rng(7)
    mix = rng.normal(size=(SIZE - 1, SIZE - 1))
    x = np.zeros(SIZE - 1)
    for n in range(1, count + 1):
        x = 0.8 * x + rng.normal(size=SIZE - 1)
        yield NFREQ * n, NFREQ * n * DT, np.r_[100.0, 1e6 + mix @ x], np.array([300.0, x[0]])


def drift(path, monitor):
    """Largest relative differences between the stream's sums and those of all rows at once."""
    X = read(path).D[:, 1:]
    count, mean, comoment = monitor.moments.snapshots()
    later = X[1:]  # the newest end of each transition
    exact = later.mean(axis=0)
    centred = later - exact
    cov = centred.T @ centred
    found = {"transitions": int(count), "mean": np.abs(mean / exact - 1).max()}
    found["covariance"] = np.abs(comoment - cov).max() / np.abs(cov).max()

    config = monitor.config
    whole = LaggedMoments(X.shape[1], 1, config.n_bags, config.coverage, config.seed)
    whole.add_batch(lagged(X, 1), NFREQ * np.arange(2, len(X) + 1), config.replica)
    batch = Monitor(config, stride=NFREQ)
    batch.chain, batch.moments = monitor.chain, whole
    monitor.refit()
    batch.refit()
    # latent axes may be turned where the data do not tell them apart: compare in descriptors
    for name in ("coef", "noise"):
        a, b = (_in_descriptors(m.model, name) for m in (monitor, batch))
        found[f"model {name}"] = np.abs(a - b).max() / np.abs(b).max()
    found["model sigma_M^2"] = abs(monitor.model.sigma_m2 / batch.model.sigma_m2 - 1)
    return {name: float(value) for name, value in found.items()}


def _in_descriptors(model, name):
    if name == "coef":
        return model.inverse.T @ model.coef @ model.basis.T
    return model.inverse.T @ model.noise @ model.inverse


def growth_for(refits, snapshots):
    """Largest `refit_growth` with so many refits of a stream; few snapshots have few."""
    growth, count = 0.5, 0
    while count < refits and growth > 1e-5:
        growth, count, n = 0.98 * growth, 0, 24.0
        while n <= snapshots:
            n, count = max(n + 1, np.ceil(n * (1 + growth))), count + 1
    return growth


def main():
    """Run, print, and return 1 if memory or sums drift."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--snapshots", type=int, default=100_000)
    parser.add_argument("--refits", type=int, default=1000, help="at least so many")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    growth = growth_for(args.refits, args.snapshots)
    with tempfile.TemporaryDirectory() as folder:
        config, store = Path(folder, "monitor.toml"), Path(folder, "long.h5md")
        config.write_text(f"refit_growth = {growth:.6g}\n")
        session = Session(settings(store, config))
        rows, started = [], time.perf_counter()
        print("snapshots   RSS (MB)   ms/snapshot   file (MB)   refits")
        for n, (step, now, D, thermo) in enumerate(stream(args.snapshots), 1):
            answer = session.observe(step, now, D, None, thermo)
            if n % max(1, args.snapshots // 10) == 0:
                spent = 1e4 * (time.perf_counter() - started) / args.snapshots
                row = (n, resident(), spent, store.stat().st_size / 2**20, answer[5])
                print("{:9d}   {:8.1f}   {:11.3f}   {:9.1f}   {:6d}".format(*row), flush=True)
                rows.append(row)
                started = time.perf_counter()
        found = drift(store, session._monitor)
        session.close()
    for name, value in found.items():
        print(f"{name:<18} {value:.3g}")
    if args.json:
        args.json.write_text(json.dumps({"curve": rows, "drift": found}))
    grown = rows[-1][1] - rows[1][1]
    worst = max(value for name, value in found.items() if name != "transitions")
    print(f"memory from 20 % on: {grown:+.1f} MB; worst difference {worst:.2g}")
    return int(grown > 10.0 or worst > 1e-6)


if __name__ == "__main__":
    sys.exit(main())
