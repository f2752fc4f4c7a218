"""The tension ensemble made a hundred times larger, and the directions it moves in."""

from __future__ import annotations

import numpy as np
from figures import BLUE, INK, ORANGE, SOFT, lengths, panels, save
from tension_trust import peaks, percent

from dbar.estimators import LinearEstimator, stack
from dbar.forecast import VAR
from dbar.study import InitialConditions, danco, linear_decoder, pca, per_atom, resample, windows
from dbar.study.replica_forecast import pooled_latent
from dbar.targets import potential_energy, pressure

SEED = 1
DIM = 20


def figure_resampled(runs, found, out):
    """Half of the replicas, resampled to 100 times as many, against the other half (Fig. 3 e-h)."""
    x, half = percent(runs), len(runs) // 2
    test = range(half, len(runs))
    length = [y / run.D[0, 0] for y, run in zip(lengths(runs, found), runs, strict=True)]
    targets = {
        "potential energy per atom (eV)": [potential_energy(r) / r.D[:, 0] for r in runs],
        "pressure (GPa)": [1e-4 * pressure(r) for r in runs],
        "hcp atoms (%)": [100.0 * f["hcp"] / r.D[0, 0] for f, r in zip(found, runs, strict=True)],
        "dislocations (Å per atom)": length,
    }
    cloud, model = resampled(runs, found, targets, (0, 6), 2, half, "per-atom")
    figure, axes = panels(2, 2, width=11.0, height=3.2)
    when, numbers = x[5:], {"members": 100 * half, "radius": abs(model.spectrum_[0])}
    for axis, (name, values) in zip(axes.flat, targets.items(), strict=True):
        at = x if len(values[0]) == len(x) else x[found[half]["row"]]
        inside = draw_cloud(axis, cloud, name, when, at, [values[k] for k in test], name)
        numbers[f"share of MD in 90 %, {name}"] = np.mean(inside)
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "resampled")
    return numbers


def resampled(runs, found, targets, window, order, half, kind="extensive"):
    """Cloud of 100 times the first `half` replicas from a window of snapshots on, and its VAR.

    `targets` are values of each replica at all snapshots or at the kept positions, `kind` what
    they are to a `LinearEstimator`.
    """
    train = range(half)
    D = [np.hstack([np.ones((len(run.D), 1)), run.D[:, 1:] / run.D[:, :1]]) for run in runs]
    atoms = np.mean([runs[k].D[0, 0] for k in train]) if kind == "extensive" else 1.0
    space = pooled_latent([D[k][:, 1:] for k in train], DIM)
    latent = [space(D[k][:, 1:]) for k in train]
    model = VAR(order, random_state=SEED).fit(latent)
    start = InitialConditions(window, order).fit(latent)
    estimators = {}
    for name, values in targets.items():
        sparse = len(values[0]) != len(D[0])
        X = [(D[k] * atoms)[found[k]["row"]] if sparse else D[k] * atoms for k in train]
        X, y, groups = stack(X, [values[k] for k in train])
        estimators[name] = LinearEstimator(kind).fit(X, y, groups)
    back = linear_decoder(latent, [D[k] * atoms for k in train])
    steps = len(D[0]) - window[1]
    cloud = resample(model, start, steps, 100 * half, estimators, back, random_state=SEED)
    return cloud, model


def draw_cloud(axis, cloud, name, when, at, truth, label):
    """Heat map of a resampled target at the strains `when`, quantiles of MD at the strains `at`.

    Returns whether each value of MD (replicas, strains from ``when[0]`` on) is inside 90 %.
    """
    limits = np.quantile(np.concatenate(truth), (0.0, 1.0))
    pad = 0.25 * np.ptp(limits) or np.abs(cloud.values[name]).max() or 1.0
    edges, density = cloud.density(name, np.linspace(limits[0] - pad, limits[1] + pad, 81))
    shade = density / np.maximum(density.max(axis=1, keepdims=True), 1e-300)
    middle = 0.5 * (edges[1:] + edges[:-1])
    axis.pcolormesh(when, middle, shade.T, cmap="Oranges", rasterized=True)
    low, mid, high = np.quantile(truth, (0.05, 0.5, 0.95), axis=0)
    axis.plot(at, mid, color=INK, lw=1.2, label="held-out replicas: median")
    axis.plot(at, low, color=INK, lw=0.8, ls="--", label="5 and 95 %")
    axis.plot(at, high, color=INK, lw=0.8, ls="--")
    axis.set_xlabel("strain (%)")
    axis.set_ylabel(label)
    axis.set_ylim(edges[0], edges[-1])
    q = cloud.quantiles(name, (0.05, 0.95))
    seen = at >= when[0] - 1e-9
    rows = q[np.searchsorted(when, at[seen] - 1e-9)]
    values = np.asarray(truth)[:, seen]
    return (values >= rows[:, 0]) & (values <= rows[:, 1])


def figure_manifold(runs, out):
    """Path of the ensemble mean, and the intrinsic dimension through yield (Fig. 3 i-j)."""
    x, top = percent(runs), peaks(runs)
    X = [per_atom(run.D) for run in runs]
    path = pca(X)
    figure, axes = panels(1, 2, width=11.0, height=3.6)
    for one in X:
        own = path(one)
        axes[0, 0].plot(own[:, 0], own[:, 1], color=SOFT, lw=0.4, alpha=0.5)
    axes[0, 0].plot(path.scores[:, 0], path.scores[:, 1], color=BLUE, lw=2.0)
    for wanted in range(0, 16, 3):
        k = int(np.argmin(np.abs(x - wanted)))
        axes[0, 0].plot(*path.scores[k, :2], "o", ms=4, color=INK)
        axes[0, 0].annotate(
            f"{x[k]:.0f} %",
            path.scores[k, :2],
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8,
        )
    ratio = path.variance_ratio
    axes[0, 0].set_xlabel(f"first component ({ratio[0]:.0%} of the mean path)")
    axes[0, 0].set_ylabel(f"second component ({ratio[1]:.0%})")
    width = max(15, int(np.ceil(100 / len(runs))))
    numbers = {"variance_ratio": ratio[:4], "window_snapshots": width}
    for name, color, settings in (("TwoNN", BLUE, {}), ("DANCo", ORANGE, {"method": danco})):
        early = (0, int(np.sum(x <= 6.0)))
        found = windows(X, width, metric="whitened", fitted=early, **settings)
        at = np.interp(found.centre, np.arange(len(x)), x)
        axes[0, 1].errorbar(at, found.dimension, found.error, fmt="o-", color=color, label=name)
        axes[0, 1].plot(at, found.surrogate, "--", color=color, lw=1.0)
        numbers[name], numbers[f"{name} of Gaussians"] = found.dimension, found.surrogate
    axes[0, 1].axvspan(x[min(top)], x[max(top)], color=SOFT, alpha=0.25, lw=0, label="stress peaks")
    axes[0, 1].set_xlabel("strain (%)")
    axes[0, 1].set_ylabel("intrinsic dimension")
    axes[0, 1].set_ylim(bottom=0.0)
    axes[0, 1].legend(fontsize=8)
    save(figure, out, "manifold")
    return numbers
