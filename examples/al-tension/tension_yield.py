"""When replicas yield: told by a classifier of the others, beside the peak of the stress."""

from __future__ import annotations

import numpy as np
from figures import BLUE, INK, ORANGE, SOFT, panels, save
from tension_trust import held_out_parts, peaks, percent

from dbar.estimators import YieldClassifier, stack
from dbar.targets import after_yield, stress

COMPONENTS = 20
STAYS = 1.0  # % strain


def figure_yielded(runs, out):
    """Strain at a probability of 50 % over that of the stress peak, and the share that has
    yielded, of replicas left out of the classifier (Fig. 10)."""
    x, top = percent(runs), peaks(runs)
    labels = [after_yield(stress(run)[:, 0]) for run in runs]
    probability = [None] * len(runs)
    for train, held in held_out_parts(len(runs)):
        X, y, groups = stack([runs[k].D for k in train], [labels[k] for k in train])
        model = YieldClassifier(n_components=COMPONENTS, folds=min(5, len(train)))
        model.fit(X, y, groups)
        for k in held:
            probability[k] = model.predict_proba(runs[k].D)[:, 1]
    probability = np.array(probability)
    told = np.array([crossing(x, p) for p in probability])
    true = x[top]
    shares = {
        "true": np.mean(labels, axis=0), "half": np.mean(probability > 0.5, axis=0),
        "mean": probability.mean(axis=0),
    }  # fmt: skip
    _draw(x, true, told, shares, out)
    known = np.isfinite(told)
    off = (told - true)[known]
    return {
        "found": f"{known.sum()} of {len(runs)}",
        "correlation": correlation(true[known], told[known]),
        "offset_percent": np.median(off) if known.any() else None,
        "rms_percent": np.sqrt(np.mean(off**2)) if known.any() else None,
        "largest_gap": np.abs(shares["half"] - shares["true"]).max(),
        "largest_gap_of_mean": np.abs(shares["mean"] - shares["true"]).max(),
        "mean_gap": np.mean(np.abs(shares["half"] - shares["true"])[x > true.min()]),
    }  # fmt: skip


def crossing(x, p):
    """First time that p passes 50 % and stays above it for the next 1 % of strain, linear between
    snapshots; NaN if it never does."""
    wait = max(1, round(STAYS / (x[1] - x[0])))
    above = p > 0.5
    for k in range(1, len(p) - wait + 1):
        if above[k : k + wait].all() and not above[k - 1]:
            return x[k - 1] + (0.5 - p[k - 1]) / (p[k] - p[k - 1]) * (x[k] - x[k - 1])
    return np.nan


def correlation(a, b):
    """Pearson's r and its standard error by leaving out one pair at a time; None of a few pairs."""
    n = len(a)
    if n < 4 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return [None, None]
    r = np.corrcoef(a, b)[0, 1]
    left = [np.corrcoef(np.delete(a, k), np.delete(b, k))[0, 1] for k in range(n)]
    return [r, np.sqrt((n - 1) * np.var(left))]


def _draw(x, true, told, shares, out):
    figure, axes = panels(1, 2, width=10.0, height=3.3)
    limits = [true.min() - 0.5, true.max() + 0.5]
    axes[0, 0].plot(limits, limits, color=SOFT, lw=0.8)
    axes[0, 0].plot(true, told, "o", ms=4, color=BLUE)
    axes[0, 0].set_xlabel("strain at the stress peak (%)")
    axes[0, 0].set_ylabel("strain at a probability of 50 %")
    words = (("true", INK, "past the stress peak"), ("half", BLUE, "probability above 50 %"),
             ("mean", ORANGE, "mean probability"))  # fmt: skip
    for name, color, label in words:
        axes[0, 1].plot(x, shares[name], color=color, lw=1.4, label=label)
    axes[0, 1].set_xlabel("strain (%)")
    axes[0, 1].set_ylabel("share of replicas that have yielded")
    axes[0, 1].legend(fontsize=8)
    save(figure, out, "yielded")
