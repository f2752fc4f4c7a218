"""What is shown of a run that is followed: plain text and numbers."""

from __future__ import annotations

import numpy as np

from dbar.status.words import clean
from dbar.store.units import unit_of, unit_style
from dbar.trajectory.changes import Change
from dbar.trajectory.movers import changed_most, in_words, shown
from dbar.trajectory.summary import STATES, alarm_sentence, strain_axis, stress, summarise
from dbar.trajectory.trajectory import Trajectory
from dbar.trajectory.verdict import judge
from dbar.watch.about_observed import about_observed
from dbar.watch.follow import Follower
from dbar.watch.follow_forecast import LEVEL

__all__ = ["about_run"]

_POINTS = 400  # points of a curve sent to the page
_EMPTY = {
    "step": None, "time": None, "time_unit": "", "state": None, "M": None, "bound": None,
    "tau_pred": None, "refits": None, "snapshots": 0, "alarms": 0, "sentence": "", "stress": None,
    "stress_name": "", "stress_unit": "", "energy": None, "energy_unit": "", "trust": None,
    "until": None, "answers": [], "changed": "", "changes": [], "regime": None, "evidence": None,
    "consecutive": None, "most_name": "", "most_unit": "", "curves": {}, "forecast": None,
    "no_forecast": "", "observed": [],
}  # fmt: skip


def about_run(name: str, follower: Follower, curves: bool) -> dict:
    """Return a run as `dbar.watch.Watching.frame` holds it."""
    run, monitor = follower.run, follower.run.monitor
    age = follower.age
    about = {
        "name": clean(name),
        "status": follower.status,
        "message": clean(follower.message),
        "age": None if age is None else round(age, 1),
        **_EMPTY,
    }
    if not len(run):
        return about
    along = strain_axis(run)
    summary, verdict = summarise(run, along), judge(run)

    def newest(name: str) -> float | None:  # a file need not hold all of the monitor's columns
        return float(monitor[name][-1]) if name in monitor else None

    units = unit_style(run.units)
    about |= {
        "snapshots": len(run), "step": int(run.step[-1]), "time": float(run.time[-1]),
        "time_unit": units["time"], "observed": about_observed(run, curves),
    }  # fmt: skip
    if "state" in monitor:
        state = int(monitor["state"][-1])
        learning = state == 0
        about |= {
            "state": STATES[state] if 0 <= state < len(STATES) else str(state),
            "M": None if learning else newest("M"),
            "bound": None if learning else newest("bound"),
            "tau_pred": None if learning else newest("tau_pred"),
            "refits": int(monitor["refits"][-1]) if "refits" in monitor else None,
            "alarms": len(verdict.changes),
            "sentence": alarm_sentence(summary),
            "trust": verdict.trust,
            "until": verdict.until,
            "answers": [list(pair) for pair in verdict.sentences],
            "changed": _latched(run, verdict.changes),
            "changes": [
                {"step": c.step, "time": c.time, "regime": c.regime or None}
                for c in verdict.changes
            ],
        }
        for name, kind in (("regime", int), ("evidence", float), ("consecutive", int)):
            if name in monitor and (name != "regime" or monitor[name][-1] > 0):
                about[name] = kind(monitor[name][-1])
    pulled, energy = stress(run, along), run.observables.get("pe")
    if pulled:
        about |= {
            "stress_name": pulled[0], "stress": float(pulled[1][-1]), "stress_unit": pulled[2],
        }  # fmt: skip
    if energy is not None:
        about |= {"energy": float(energy[-1]), "energy_unit": unit_of("pe", run.units)}
    if curves:
        columns = {"stress": pulled[1] if pulled else None, "pe": energy}
        most = _most(run, along, verdict.changes)
        if most is not None:
            about |= {"most_name": clean(in_words(most)), "most_unit": shown(run, most)[1]}
            columns["most"] = shown(run, most)[0]
        about["curves"] = _curves(run, columns)
        about["no_forecast"] = follower.why_no_outlook
        outlook = follower.outlook
        if outlook is not None:
            bands = {k: v.tolist() for k, v in outlook.bands.items()}
            held = {k: {"share": s, "count": n} for k, (s, n) in outlook.held.items()}
            about["forecast"] = {"time": outlook.time.tolist(), "bands": bands, "held": held}
            about["forecast"]["level"] = LEVEL
    return about


def _latched(run: Trajectory, changes: list[Change]) -> str:
    """The last change in a few words, for as long as the run lasts; empty without one."""
    if not changes:
        return ""
    last, unit = changes[-1], unit_style(run.units)["time"]
    when = f"at step {last.step} ({last.time:.4g}{' ' + unit if unit else ''})"
    if not last.regime:
        return f"alarm {when}"
    return f"changed {when}, regime {last.regime} since"


def _most(run: Trajectory, pulled: tuple | None, changes: list[Change]) -> str | None:
    """The observable that moved most at a change, if it is none of those shown anyway."""
    found = [c.movers for c in changes if c.movers]
    if not found:
        return None
    name = changed_most(run, found)
    usual = {"pe", f"p{pulled[0]}{pulled[0]}" if pulled else "press"}
    return None if name in usual else name


def _curves(run: Trajectory, columns: dict[str, np.ndarray | None]) -> dict:
    """Columns over time, thinned so that peaks and alarms stay."""
    columns = {name: values for name, values in columns.items() if values is not None}
    if "state" in run.monitor:
        unknown = run.monitor["state"] == 0
        for name in ("M", "bound"):
            if name in run.monitor:
                columns[name] = np.where(unknown, np.nan, run.monitor[name])
        columns["state"] = run.monitor["state"]
    n = len(run)
    edges = np.unique(np.linspace(0, n, min(n, _POINTS) + 1).astype(int))[:-1]
    largest = {"M", "state"}
    out = {"time": run.time[edges].tolist()}
    for name, values in columns.items():
        values = np.asarray(values, float)
        if name in largest:
            filled = np.where(np.isnan(values), -np.inf, values)
            values = np.maximum.reduceat(filled, edges)
            values = np.where(np.isneginf(values), np.nan, values)
        else:
            values = values[edges]
        out[name] = values.tolist()
    return out
