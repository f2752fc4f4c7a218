"""Numbers without a figure: intrinsic dimension through yield, and ways to the stress."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score
from tension_trust import peaks, percent

from dbar.estimators import LinearEstimator, StressEstimator, leave_trajectory_out
from dbar.study import danco, per_atom, two_nn, windows, with_virial
from dbar.study.window_dimension import jackknife_error
from dbar.targets import pressure, stress, volume

WIDTH, EARLY = 1.5, 6.0  # % strain: of a window, and until where the metric is fitted
ALONE, TOGETHER = 50, 150  # components of D, of D and V
SNAPSHOTS = (12, 24, 48, 60, 120, 240, 480)
DRAWS = 20


def dimensions(runs):
    """Intrinsic dimension before and after yield, of the runs and of Gaussians (Fig. 3 j)."""
    x = percent(runs)
    top = x[peaks(runs)]
    width = round(WIDTH / (x[1] - x[0]))
    early = (0, int(np.sum(x <= EARLY)))
    both = [with_virial(run.D, run.V) for run in runs]
    alone = [per_atom(run.D) for run in runs]
    curves = {
        "D and V, as they are, TwoNN": (both, {"method": two_nn}),
        "D, whitened, DANCo": (
            alone, {"method": danco, "metric": "whitened", "fitted": early},
        ),
    }  # fmt: skip
    found = {}
    for name, (X, settings) in curves.items():
        whole = windows(X, width, jackknife=False, **settings)
        at = np.interp(whole.centre, np.arange(len(x)), x)
        before, after = at < top.min(), at > top.max()
        found[name] = through(X, width, whole, before, after, settings)
    return {
        "width_percent": WIDTH, "fitted_percent": EARLY, "peak_percent": [top.min(), top.max()],
        "curves": found,
    }  # fmt: skip


def through(X, width, whole, before, after, settings):
    """Means, ranges and errors of the windows `before` and `after` yield.

    A replica is left out of everything at a time, so that the error of the fall knows that its
    windows are of the same replicas.
    """

    def fall(curve):
        return curve[before].mean() - curve[after].mean()

    left = [
        windows(X[:k] + X[k + 1 :], width, jackknife=False, surrogates=0, **settings).dimension
        for k in range(len(X))
    ]
    error = jackknife_error(left)
    # of one draw, as the runs are; its windows are independent
    scatter = [np.linalg.norm(whole.surrogate_error[part]) / part.sum() for part in (before, after)]
    numbers = {
        "fall": [fall(whole.dimension), jackknife_error([fall(one) for one in left])],
        "gaussian_fall": [fall(whole.surrogate), np.hypot(*scatter)],
    }
    for word, part in (("before", before), ("after", after)):
        numbers[word] = {
            "mean": whole.dimension[part].mean(), "windows": span(whole.dimension[part]),
            "errors": span(error[part]), "gaussian": whole.surrogate[part].mean(),
            "gaussian_windows": span(whole.surrogate[part]),
        }  # fmt: skip
    return numbers


def span(values):
    """Least and most."""
    return [np.min(values), np.max(values)]


def stresses(runs):
    """R2 of the stress from D, and from D and V in two ways; replicas left out (Figs. 4 and 5)."""
    D, V = [run.D for run in runs], [run.V for run in runs]
    sigma, space = [stress(run) for run in runs], [volume(run) for run in runs]
    both = [with_virial(run.D, run.V) for run in runs]
    held = {
        "D": leave_trajectory_out(LinearEstimator("per-atom", n_components=ALONE), D, sigma),
        "D and V": leave_trajectory_out(
            LinearEstimator("plain", n_components=TOGETHER), both, sigma
        ),
        "theta": leave_trajectory_out(StressEstimator(), V, sigma, space, D),
    }
    return {
        "order": "xx yy zz xy xz yz", "components": {"D": ALONE, "D and V": TOGETHER},
        "features": both[0].shape[1], "r2": {name: r2_and_error(one) for name, one in held.items()},
    }  # fmt: skip


def r2_and_error(held):
    """R2 of each component and its standard error over replicas, none of them refitted."""
    left = [
        r2_score(held.truth[keep], held.mean[keep], multioutput="raw_values")
        for keep in (held.groups != k for k in np.unique(held.groups))
    ]
    return np.column_stack([held.r2, jackknife_error(left)])


def few_snapshots(runs):
    """R2 of the pressure from a few snapshots of half of the replicas, on the others (Fig. 4)."""
    D, y = [run.D for run in runs], [pressure(run) for run in runs]
    total = sum(map(len, D))
    every, rows = D[0].shape[1] - 1, []
    for n in (n for n in SNAPSHOTS if 2 * n <= total):
        third = [drawn(D, y, n, seed) for seed in range(DRAWS)]
        through_all = [drawn(D, y, n, seed, every) for seed in range(DRAWS)]
        rows.append({
            "n": n, "percent": 100.0 * n / total, "third": [np.median(third), np.min(third)],
            "all": [np.median(through_all), np.min(through_all)],
        })  # fmt: skip
    return {"draws": DRAWS, "axes": every, "rows": rows}


def drawn(D, y, n, seed, axes=None):
    """R2 on half of the replicas of a fit to n snapshots of the other half."""
    rng = np.random.default_rng(seed)
    order, half = rng.permutation(len(D)), len(D) // 2
    X, aim = (np.concatenate([part[k] for k in order[:half]]) for part in (D, y))
    pick = rng.choice(len(X), n, replace=False)
    model = LinearEstimator("per-atom", n_components=axes).fit(X[pick], aim[pick])
    new, truth = (np.concatenate([part[k] for k in order[half:]]) for part in (D, y))
    return r2_score(truth, model.predict(new))
