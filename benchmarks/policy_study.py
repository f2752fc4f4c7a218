"""Which policy learns most from half the MD budget? Replay of the aluminium tension ensemble.

    python benchmarks/policy_study.py [--seeds 20] [--json FILE] [--data FOLDER]

The sixteen stored replicas are resampled to 64: the slow part (moving average over 11 snapshots)
of D, stress and hcp count of one replica, plus the fast part of another one, D and observables
together, so that what correlates at one time still does. Each seed draws 64 of the 256 pairs
without repetition and their order; all policies of a seed see the same 64.

Truth is the mean and the spread over all 64 at every snapshot (full budget: 960 chunks of 10
snapshots); every policy gets 480. Errors are root mean squares over the 150 snapshots in units of
the pooled standard deviation of the observable. Effects are paired over seeds: mean of
log(error of policy / error of the other), as a factor, with a 95 % interval (Student's t).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy import stats

from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, load_policy

POLICIES = ("uniform", "depth", "trust", "variance")
NAMES = ("stress", "hcp")
CHUNK, WINDOW = 10, 11
DATA = Path(__file__).resolve().parents[2] / "shared/data/al-tension"


def load(folder):
    """D (T, 56) and [stress in GPa, hcp atoms] (T, 2) of each stored replica."""
    runs = [np.load(file) for file in sorted(Path(folder).glob("*.npz"))]
    return [(r["D"], np.column_stack([-1e-4 * r["thermo"][:, 4], r["cna"][:, 1]])) for r in runs]


def smooth(x):
    """Moving average along axis 0 with a window that shrinks at the ends."""
    kernel = np.ones(WINDOW)
    weight = np.convolve(np.ones(len(x)), kernel, "same")
    return np.apply_along_axis(np.convolve, 0, x, kernel, "same") / weight[:, None]


def resampled(runs, count, seed):
    """`count` trajectories: slow part of one run, fast part of another, per atom."""
    rng = np.random.default_rng([2026, seed])
    pairs = rng.permutation(len(runs) ** 2)[:count]
    parts = []
    for D, y in runs:
        joint = np.hstack([D[:, 1:] / D[:, :1], y[:, :1], y[:, 1:] / D[:, :1]])
        slow = smooth(joint)
        parts.append((D[:, :1], slow, joint - slow))
    Ds, ys = [], []
    for pair in pairs:
        (atoms, slow, _), (_, _, fast) = parts[pair // len(runs)], parts[pair % len(runs)]
        joint = slow + fast
        Ds.append(np.hstack([atoms, joint[:, :-2] * atoms]))
        ys.append(np.hstack([joint[:, -2:-1], joint[:, -1:] * atoms]))
    return Ds, ys


def play(D, values, policy, budget, batch=8, dimension=5):
    """Run one policy; returns the controller."""
    source = Replay(D, values, CHUNK)
    learner = Learner(source.replicas, source.chunks, CHUNK, NAMES, dimension=dimension, seed=1)
    plan = Plan(budget=budget, batch=batch, window=batch)
    return Controller(source, learner, load_policy(policy), ReplayExecutor(), plan).run()


def errors(control, values):
    """Relative errors of mean and spread per observable, [mean q.., std q..]."""
    truth = np.array(values)
    scale = truth.reshape(-1, truth.shape[2]).std(axis=0)
    found = control.estimate()
    off = [found.mean - truth.mean(axis=0), found.std - truth.std(axis=0, ddof=1)]
    return np.concatenate([np.sqrt(np.square(o).mean(axis=0)) / scale for o in off])


def study(seeds, folder=DATA, policies=POLICIES, count=64, share=0.5):
    """Errors (seeds, policies, 4), chunks used and replicas made whole (seeds, policies)."""
    runs = load(folder)
    table = np.empty((seeds, len(policies), 4))
    used, whole = np.empty((2, seeds, len(policies)))
    for s in range(seeds):
        D, values = resampled(runs, count, s)
        budget = int(share * count * len(D[0]) / CHUNK)
        for k, policy in enumerate(policies):
            control = play(D, values, policy, budget)
            table[s, k] = errors(control, values)
            used[s, k] = control.issued
            whole[s, k] = (control.learner.progress == control.learner.chunks).sum()
    return table, used, whole


def factor(a, b):
    """Paired ratio of errors a / b over seeds with its 95 % interval."""
    ratio = np.log(a / b)
    half = stats.t.ppf(0.975, len(ratio) - 1) * ratio.std(ddof=1) / np.sqrt(len(ratio))
    return np.exp([ratio.mean(), ratio.mean() - half, ratio.mean() + half])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    start = time.perf_counter()
    table, used, whole = study(args.seeds, args.data)
    titles = [f"{what} {name}" for what in ("mean", "spread") for name in NAMES]
    print(
        f"{args.seeds} seeds, {time.perf_counter() - start:.0f} s; error in units of the observable's spread"
    )
    print(f"{'policy':<10}{'chunks':>8}{'whole':>7}" + "".join(f"{t:>16}" for t in titles))
    for k, policy in enumerate(POLICIES):
        cells = "".join(
            f"{table[:, k, e].mean():>9.3f} +-{table[:, k, e].std(ddof=1):5.3f}" for e in range(4)
        )
        print(f"{policy:<10}{used[:, k].mean():>8.0f}{whole[:, k].mean():>7.1f}{cells}")
    effects = {}
    for base in ("uniform", "depth"):
        print(f"error / error of {base}: factor and 95 % interval, paired")
        for policy in POLICIES:
            if policy == base:
                continue
            rows = [
                factor(table[:, POLICIES.index(policy), e], table[:, POLICIES.index(base), e])
                for e in range(4)
            ]
            effects[f"{policy}/{base}"] = dict(zip(titles, np.array(rows).tolist(), strict=True))
            cells = "".join(f"{m:>7.2f} {lo:.2f}-{hi:.2f}" for m, lo, hi in rows)
            print(f"{policy:<25}{cells}")
    if args.json:
        args.json.write_text(json.dumps({"titles": titles, "effects": effects}, indent=1) + "\n")


if __name__ == "__main__":
    main()
