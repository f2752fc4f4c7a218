"""Section of a report: observables that the run estimated and forecast, against the computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from dbar.descriptors.voigt import STRESS
from dbar.report.drawing import label
from dbar.report.estimated import Score, score_estimates, score_forecasts
from dbar.report.estimated_figure import figure_estimated
from dbar.report.page import section, table
from dbar.store.units import unit_of, unit_style
from dbar.stream.ahead import ahead_of
from dbar.trajectory.changes import Change
from dbar.trajectory.trajectory import Trajectory

__all__ = ["estimated_html", "model_html"]

_MOST = 12  # figures

_TEXT = Markup("""
<p>At each snapshot the run estimated these observables from the descriptors, by what it knew
before that snapshot. An estimate is compared with the value computed at the same snapshot, if there
was one; from the first estimate on, changes of the run included. R² is 1 for a perfect estimate, 0
for one that is no better than the mean. Pressures are read from V̄, the derivatives of D̄ by strain,
where the run has it with the volume and all six pressures: D̄ alone cannot know the sign of a shear;
forecasts of them come from D̄. "Model" is the one that the run began with, where it knows the
observable; it may use V̄ as well. Bands state 90 %; the first
estimates have none, for how far off they are is not known yet.</p>""")

_AHEAD_TEXT = Markup("""
<p>At each snapshot it also forecast them for {later} later. "Unchanged" is the forecast that the
newest value computed will still hold then. The figures show each forecast at the time that it is
for.</p>""")

_NO_AHEAD = Markup("<p>Nothing was forecast, which takes a monitor that has learnt.</p>")
_NOTHING = "not computed in this run: nothing to compare with"


def model_html(traj: Trajectory) -> Markup:
    """Which model the run began with; empty for none."""
    model = traj.monitor_config.get("model")
    if not isinstance(model, dict):
        return Markup("")
    file, digest = (str(model.get(key, "?")) for key in ("file", "sha256"))
    learnt = "was learnt on" if model.get("learn") else "was not learnt on: it stayed as it was"
    return Markup("<p>The run began with the model <b>{}</b> (SHA-256 {}), which {}.</p>").format(
        file, digest[:12], learnt
    )


def estimated_html(traj: Trajectory, changes: Sequence[Change]) -> Markup:
    """Section with a table and figures; empty for a run that estimated nothing."""
    if not traj.estimates:
        return Markup("")
    later, time = ahead_of(traj.parameters) or (None, None)
    text = _TEXT
    forecast = any(np.isfinite(found[:, 2]).any() for found in traj.estimates.values())
    if later and forecast:
        text += _AHEAD_TEXT.format(later=f"{time:.4g} {unit_style(traj.units)['time']}".rstrip())
    else:
        text += _NO_AHEAD
    text += _scores(traj, later)
    for name in list(traj.estimates)[:_MOST]:
        text += figure_estimated(traj, name, time, changes)
    left = len(traj.estimates) - _MOST
    if left > 0:
        text += Markup("<p>and {} more without a figure.</p>").format(left)
    return section("Observables, estimated and forecast", text)


def _from_virial(traj: Trajectory) -> set[str]:
    """Observables that a run which began without a model read from V̄, as it does where it can."""
    seldom = (traj.parameters.get("seldom") or {}).get("names", [])
    always = [name for name in traj.observables if name not in seldom]
    if traj.V is None or "vol" not in traj.observables or not set(STRESS) <= set(always):
        return set()
    return {name for name in (*STRESS, "press") if name in always and name in traj.estimates}


def _scores(traj: Trajectory, later: int | None) -> Markup:
    head = ["observable", "read from", "R²", "RMSE", "values", "in band", "forecast: RMSE",
            "unchanged: RMSE", "values", "in band"]  # fmt: skip
    given = isinstance(traj.monitor_config.get("model"), dict)
    tensor = set() if given else _from_virial(traj)
    rows, without = [], []
    for name, found in traj.estimates.items():
        named = label(name, unit_of(name, traj.units))
        values = traj.observables.get(name)
        if values is None or not np.isfinite(values).any():
            without.append(named)
            continue
        now = score_estimates(found, values)
        then = Score(0) if later is None else score_forecasts(found, values, traj.step, later)
        rows.append(
            [named, "model" if given else "D̄ and V̄" if name in tensor else "D̄",
             _r2(now), _number(now.rmse), now.count, _share(now),
             _number(then.rmse), _number(then.unchanged), then.count, _share(then)]
        )  # fmt: skip
    text = table(head, rows) if rows else Markup("")
    line = Markup("<p><b>{}</b>: {}.</p>")
    return text + Markup("").join(line.format(name, _NOTHING) for name in without)


def _number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}g}" if np.isfinite(value) else "-"


def _r2(score: Score) -> str:
    return f"{score.r2:.4f}" if np.isfinite(score.r2) else "-"


def _share(score: Score) -> str:
    return f"{100 * score.inside:.0f} % of {score.judged}" if score.judged else "-"
