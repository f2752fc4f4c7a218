"""The shear ensemble forecast over its cycles, and whether its distributions become narrower."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from figures import BLUE, GPA, INK, ORANGE, SOFT, lengths, panels, save

from dbar.estimators import LinearEstimator, stack
from dbar.forecast import VAR
from dbar.study import InitialConditions, resample
from dbar.study.replica_forecast import pooled_latent
from dbar.targets import stress

CYCLES = 2
DIM, ORDER, SEED = 20, 5, 1
WINDOW = (0, 10)  # snapshots that members start from
MEMBERS = 100  # for each held-out replica
XY = 3  # place of xy in xx yy zz xy xz yz
NAMES = {
    "stress": "shear stress xy (GPa)", "length": "dislocation length (Å)", "vacancies": "vacancies",
}  # fmt: skip


class Target(NamedTuple):
    """Rows of D, and values there, of each replica."""

    rows: list
    values: list


def features(run):
    """D per atom, and V_xy per atom, which knows the sign of the shear: (T, 2 K)."""
    count = run.D[:, :1]
    return np.hstack([run.D[:, 1:], run.V[:, 1:, 0, 1]]) / count


def targets(runs, found):
    """Stress at every snapshot, dislocation length and vacancies at the kept positions."""
    every = [np.arange(len(run)) for run in runs]
    kept = [f["row"] for f in found]
    return {
        "stress": Target(every, [GPA * stress(run)[:, XY] for run in runs]),
        "length": Target(kept, lengths(runs, found)),
        "vacancies": Target(kept, [f["vacancies"].astype(float) for f in found]),
    }


def cloud_of(X, wanted, train):
    """Resampled ensemble by what some replicas teach, and its spectral radius."""
    space = pooled_latent([X[k] for k in train], DIM)
    latent = [space(X[k]) for k in train]
    model = VAR(ORDER, random_state=SEED).fit(latent)
    start = InitialConditions(WINDOW, ORDER).fit(latent)
    estimators = {}
    for name, target in wanted.items():
        Y = [space(X[k][target.rows[k]]) for k in train]
        y, values, groups = stack(Y, [target.values[k] for k in train])
        estimators[name] = LinearEstimator("plain").fit(y, values, groups)
    steps = len(X[0]) - WINDOW[1]
    cloud = resample(model, start, steps, MEMBERS, estimators, random_state=SEED)
    return cloud, float(abs(model.spectrum_[0]))


def figure_cycles(runs, found, out):
    """Stress, dislocations and vacancies over two cycles, resampled and MD (Fig. 9)."""
    X, wanted, everyone = [features(run) for run in runs], targets(runs, found), range(len(runs))
    made = [cloud_of(X, wanted, [j for j in everyone if j != k]) for k in everyone]
    clouds, begin = [cloud for cloud, _ in made], WINDOW[1] - 1
    figure, axes = panels(1, 3, width=16.0, height=3.4)
    numbers = {
        "order": ORDER, "dimension": DIM, "members": MEMBERS * len(runs),
        "radius": [min(r for _, r in made), max(r for _, r in made)],
    }  # fmt: skip
    for axis, (name, target) in zip(axes[0], wanted.items(), strict=True):
        rows = target.rows[0][target.rows[0] >= begin]
        truth = np.array([v[r >= begin] for r, v in zip(*target, strict=True)])
        told = np.array([cloud.values[name][rows - begin] for cloud in clouds])
        cycle = np.minimum(rows * CYCLES // len(X[0]), CYCLES - 1)
        numbers[name] = compare(truth, told, cycle)
        _draw(axis, runs[0].time, begin, rows, truth, [c.values[name] for c in clouds], NAMES[name])
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "cycles")
    return numbers


def compare(truth, told, cycle):
    """Truth (R, n), members (R, n, m) of the forecast without each replica, cycle (n,) of each.

    `width_...` are standard deviations over replicas and over members, means over each cycle;
    `narrowing_...` those of the last cycle over those of the first, with jackknife errors.
    """
    low, high = np.quantile(told, (0.05, 0.95), axis=2)
    inside = (truth >= low) & (truth <= high)
    off, spread = truth - told.mean(axis=2), truth - truth.mean(axis=0)
    cycles = range(CYCLES)
    keep = [np.arange(len(truth)) != k for k in range(len(truth))]

    def md(rows=slice(None)):
        return _by_cycle(truth[rows].std(axis=0, ddof=1), cycle)

    def members(rows=slice(None)):
        return _by_cycle(told[rows].std(axis=2).mean(axis=0), cycle)

    return {
        "inside90": [np.mean(inside[:, cycle == c]) for c in cycles],
        "rmse": [np.sqrt(np.mean(off[:, cycle == c] ** 2)) for c in cycles],
        "rms_about_mean_path": [np.sqrt(np.mean(spread[:, cycle == c] ** 2)) for c in cycles],
        "width_MD": md(), "width_resampled": members(),
        "narrowing_MD": _ratio(md(), [md(rows) for rows in keep]),
        "narrowing_resampled": _ratio(members(), [members(rows) for rows in keep]),
    }  # fmt: skip


def _by_cycle(width, cycle):
    return [np.mean(width[cycle == c]) for c in range(CYCLES)]


def _ratio(whole, left):
    """Last over first and its jackknife error."""
    ratios = np.array([last / first for first, *_, last in left])
    n = len(ratios)
    return [whole[-1] / whole[0], np.sqrt((n - 1) * np.var(ratios))]


def _draw(axis, time, begin, rows, truth, members, label):
    every = np.concatenate(members, axis=1)
    low, mid, high = np.quantile(every, (0.05, 0.5, 0.95), axis=1)
    axis.fill_between(
        time[begin:], low, high, color=ORANGE, alpha=0.3, lw=0, label="resampled, 90 %"
    )
    axis.plot(time[begin:], mid, color=ORANGE, lw=1.3, label="resampled, median")
    for row in truth:
        axis.plot(time[rows], row, color=SOFT, lw=0.5, alpha=0.6)
    axis.plot(time[rows], np.median(truth, axis=0), color=INK, lw=1.2, label="MD, median")
    for c in range(1, CYCLES):
        axis.axvline(time[c * len(time) // CYCLES - 1], color=BLUE, lw=0.8, ls="--")
    axis.set_xlabel("time (ps); dashed: a cycle ends")
    axis.set_ylabel(label)
