"""Speed of the forecast as ratios measured in one run (one BLAS thread is enough).

    OMP_NUM_THREADS=1 python benchmarks/forecast_bench.py [--quick] [--json FILE]

fit      bagged fit (20 bags, 50 latent dimensions, P = 3, 60 trajectories of 200 snapshots)
         against one scikit-learn BayesianRidge per bag and output, with equal coefficients
online   `partial_fit` of one snapshot with its refit against a batch fit at 10^4 snapshots,
         and the same at 10^3 snapshots (flat in time)
sample   6,000 trajectories x 200 steps x 50 dimensions with process noise against a Python
         loop over trajectories, once with the noise factor made beforehand (the fastest such
         loop) and once with numpy's `multivariate_normal` at each step

--quick fits only 10 of the 1,000 scikit-learn regressions and 60 of the 6,000 trajectories and
scales their time up; the ratios are the same within noise.
"""

import argparse
import json
import time

import numpy as np

from dbar.forecast import VAR
from dbar.statistics.moments import bag_members, lagged

SEED = 20237


def clock(call, repeat=1):
    """Shortest of `repeat` wall times, and the last result."""
    best = np.inf
    for _ in range(repeat):
        result = None  # large results of two repetitions need not be held at once
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def process(rng, size, order, runs, length, radius=0.95):
    """Trajectories (runs, length, size) of a stable random VAR(order)."""
    coef = rng.standard_normal((order, size, size)) / np.sqrt(size)
    top = np.hstack(list(coef))
    full = np.vstack([top, np.eye((order - 1) * size, order * size)])
    ratio = radius / np.abs(np.linalg.eigvals(full)).max()
    coef *= (ratio ** np.arange(1, order + 1))[:, None, None]
    x = np.zeros((length + 100 + order, runs, size))
    for k in range(order, len(x)):
        x[k] = sum(x[k - 1 - p] @ coef[p].T for p in range(order))
        x[k] += rng.standard_normal((runs, size))
    return x[100 + order :].swapaxes(0, 1)


def bench_fit(quick):
    """Bagged fit against the loop over BayesianRidge."""
    from sklearn.linear_model import BayesianRidge

    order, size, bags, coverage = 3, 50, 20, 0.25
    X = list(process(np.random.default_rng(SEED), size, order, 60, 200))
    ours, model = clock(lambda: VAR(order, bags, coverage, random_state=1).fit(X), repeat=3)
    Z = np.vstack([lagged(x, order) for x in X])
    member = np.vstack(
        [bag_members(1, r, np.arange(order, len(x)), bags, coverage) for r, x in enumerate(X)]
    )
    pairs = [(b, k) for b in range(bags) for k in range(size)]
    if quick:
        pairs = pairs[:: len(pairs) // 10]
    worst, start = 0.0, time.perf_counter()
    for b, k in pairs:
        rows = Z[member[:, b]]
        want = BayesianRidge().fit(rows[:, : order * size], rows[:, order * size + k])
        got = model.bag_coef_[b, :, k, :].ravel()
        worst = max(worst, np.abs(got - want.coef_).max())
    theirs = (time.perf_counter() - start) * bags * size / len(pairs)
    return {
        "fit_s": ours, "sklearn_s": theirs, "fit_ratio": theirs / ours,
        "largest_coefficient_difference": float(worst), "sklearn_fits": len(pairs),
    }  # fmt: skip


def bench_online(quick):
    """One more snapshot and its refit, at 10^3 and 10^4 snapshots, against a batch fit."""
    X = process(np.random.default_rng(SEED), 50, 3, 1, 10_100)[0]
    return {
        f"{key}_coverage_{coverage}": value
        for coverage in (0.1, 0.25)
        for key, value in one_online(X, coverage).items()
    }


def one_online(X, coverage):
    settings, out = dict(order=3, n_bags=20, coverage=coverage, random_state=1), {}
    for n in (1_000, 10_000):
        model = VAR(**settings)
        model.partial_fit(X[:n])
        if n == 10_000:
            batch = clock(lambda: VAR(**settings).fit(X[:10_000]), repeat=3)[0]
        times = [clock(lambda k=k, m=model, n=n: m.partial_fit(X[n + k : n + k + 1]))[0]
                 for k in range(50)]  # fmt: skip
        out[f"online_{n}_s"] = float(np.median(times))
    out["batch_s"] = batch
    out["online_ratio"] = batch / out["online_10000_s"]
    out["online_growth"] = out["online_10000_s"] / out["online_1000_s"]
    return out


def bench_sample(quick):
    """Ensembles of noisy trajectories against a loop over trajectories."""
    size, steps, n = 50, 200, 6_000
    X = list(process(np.random.default_rng(SEED), size, 1, 4, 200))
    model = VAR(1, 1, 1.0, 0, None).fit(X)
    rng = np.random.default_rng(1)
    ours, draws = clock(lambda: model.forecast(X[0], steps, n, random_state=rng), repeat=4)
    loops = 60 if quick else n
    factor = np.linalg.cholesky(model.noise_cov_)
    start = time.perf_counter()
    finals = np.empty((loops, size))
    for i in range(loops):
        x = X[0][-1]
        for _ in range(steps):
            x = model.coef_[0] @ x + model.intercept_ + factor @ rng.standard_normal(size)
        finals[i] = x
    theirs = (time.perf_counter() - start) * n / loops
    start, few = time.perf_counter(), max(loops // 6, 10)
    for _ in range(few):
        x = X[0][-1]
        for _ in range(steps):
            w = rng.multivariate_normal(np.zeros(size), model.noise_cov_, method="cholesky")
            x = model.coef_[0] @ x + model.intercept_ + w
    drawn = (time.perf_counter() - start) * n / few
    spread = np.sqrt(model.forecast_cov(steps)[-1].diagonal())
    off = (draws[:, -1].mean(axis=0) - finals.mean(axis=0)) / spread * np.sqrt(loops)
    return {
        "sample_s": ours, "sample_loop_s": theirs, "sample_ratio": theirs / ours,
        "sample_loop_multivariate_normal_s": drawn, "sample_ratio_multivariate_normal": drawn / ours,
        "largest_mean_difference_sigma": float(np.abs(off).max()),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    out = {}
    for bench in (bench_fit, bench_online, bench_sample):
        out |= bench(args.quick)
    for key, value in out.items():
        print(f"{key:32s} {value:.4g}")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(out, file, indent=1)


if __name__ == "__main__":
    main()
