"""Dislocations by character, and vacancies: read from D, and resampled through yield."""

from __future__ import annotations

import numpy as np
from figures import along, kept_rows, lengths, panels, parity, save
from tension_ensemble import draw_cloud, resampled
from tension_trust import peaks, percent

from dbar.estimators import LinearEstimator, leave_trajectory_out

ORDER = 5
START = (4.0, 6.0)  # % strain, before yield
LENGTHS = {
    "screw": "screw length (Å)", "edge": "edge length (Å)", "partial": "1/6<112> length (Å)",
    "hirth": "1/3<100> length (Å)",
}  # fmt: skip
COUNTS = {"junctions": "junctions", "vacancies": "vacancies"}


def targets(runs, found):
    """Name of each target and its values at the kept positions of each replica."""
    length = {name: lengths(runs, found, name) for name in LENGTHS}
    return length | {name: [f[name].astype(float) for f in found] for name in COUNTS}


def figure_lines(runs, found, out):
    """Six targets along a held-out replica and predicted over true (Fig. 1 d-f)."""
    wanted, names, last = targets(runs, found), LENGTHS | COUNTS, len(runs) - 1
    figure, axes = panels(2, len(wanted), width=17.0, height=2.8)
    x, numbers = percent(runs)[found[last]["row"]], {}
    X = kept_rows(runs, found)
    for column, (name, y) in enumerate(wanted.items()):
        held = leave_trajectory_out(LinearEstimator(), X, y)
        mine = held.groups == last
        along(
            axes[0, column], x, held.truth[mine], held.mean[mine], held.std[mine], "strain (%)",
            names[name],
        )  # fmt: skip
        word, _, unit = names[name].partition(" (")
        numbers[name] = parity(axes[1, column], held, word, unit.rstrip(")"))
        numbers[name]["non_zero"] = np.mean(held.truth > 0)
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "lines")
    return numbers


def figure_clouds(runs, found, out):
    """The same six in an ensemble a hundred times larger, started before yield (Fig. 3 e-h)."""
    x, half = percent(runs), len(runs) // 2
    wanted, names, test = targets(runs, found), LENGTHS | COUNTS, range(half, len(runs))
    window = tuple(int(np.searchsorted(x, edge - 1e-6)) for edge in START)
    cloud, model = resampled(runs, found, wanted, window, ORDER, half)
    figure, axes = panels(2, 3, width=14.0, height=3.2)
    numbers = {
        "start_percent": list(START), "order": ORDER, "members": 100 * half,
        "radius": abs(model.spectrum_[0]),
    }  # fmt: skip
    when = x[window[1] - 1 :]
    end = max(peaks(runs))
    for axis, (name, values) in zip(axes.flat, wanted.items(), strict=True):
        at = x[found[0]["row"]]
        inside = draw_cloud(axis, cloud, name, when, at, [values[k] for k in test], names[name])
        low, mid, high = cloud.quantiles(name, (0.05, 0.5, 0.95))[-1]
        truth = np.array([values[k] for k in test])
        numbers[name] = {
            "inside90": np.mean(inside),
            "inside90_after_peak": np.mean(inside[:, at[at >= when[0]] > x[end]]),
            "median_end": mid, "band_end": [low, high],
            "median_end_MD": np.median(truth[:, -1]),
            "band_end_MD": np.quantile(truth[:, -1], (0.05, 0.95)),
        }  # fmt: skip
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "clouds")
    return numbers
