"""A run as one HTML page that needs nothing else: no network, no scripts, figures inside."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from markupsafe import Markup

from dbar.files.in_words import in_words
from dbar.online.stored import StartUnknownError, checkpoints
from dbar.report import figures
from dbar.report.answers import answers_html, changes_html
from dbar.report.chunks_section import chunks_html
from dbar.report.estimated_section import estimated_html, model_html
from dbar.report.forecast import SHORT, Hindsight, hindsight
from dbar.report.page import section, settings, tiles, write_page
from dbar.report.series import Shown, pick_series
from dbar.report.where import Where, find_where, where_html
from dbar.store import h5md
from dbar.store.checkpoint import Checkpoint
from dbar.store.columns import LATER_FIELDS, MONITOR_FIELDS
from dbar.trajectory.changes import Change
from dbar.trajectory.summary import STATES, Summary, alarm_sentence, summarise
from dbar.trajectory.trajectory import Trajectory, read
from dbar.trajectory.verdict import M_IN_WORDS, judge

__all__ = ["report"]

_NEEDED = [name for name in MONITOR_FIELDS if name not in LATER_FIELDS]

_M_TEXT = Markup("""
<p>The monitor turns each snapshot into one vector, the sums of atomic descriptors over all atoms,
and learns how that vector moves. M is the distance of a snapshot from all that was learnt: 1 is an
ordinary snapshot. {words}. At {limit:g} a snapshot counts as outside what is known; no forecast is
trusted there, whether the run has changed or only drifts. The dashed bound is the M that the
newest model's forecast allows at that time, the limit at most; it starts anew when the model is
fitted again.</p>""")

_INNOVATION_TEXT = Markup("""
<p>Before each snapshot the monitor forecasts it from the previous one. The innovation is how far
off the forecast was, squared, in units of what was to be expected: 1 on average when the run
goes on as learnt. Large values, or many that are a little too large or off in the same
direction, are evidence that the run has changed.</p>""")

_EVIDENCE_TEXT = Markup("""
<p>The evidence that the run has changed adds up over snapshots; at 1 the alarm goes up. The level
is set so that a run that goes on as it did reaches it once in {length} snapshots.</p>""")

_FORECAST_TEXT = Markup("""
<p>Forecasts over {short} snapshots, made again and again during the run by a copy of the monitor
with what it knew then. The monitor forecasts descriptors; {names} follow from them by a linear fit
to the snapshots before. A band is as wide as the errors of the forecasts before it ask for, and
what it held was counted afterwards.</p>""")

_ALONE_TEXT = Markup("""
<p class="note">The forecasts shown are those of a monitor that saw this run alone. The one in the
run came to another M: it learnt from other replicas as well (ensemble), or went on after a restart
with other settings.</p>""")

_LONG_TEXT = Markup("""
<p>One long forecast, made at snapshot {snapshot} with the last model fitted well before {place}.
Where the line leaves what happened for good, the system does something that it had not done while
the monitor learnt.</p>""")

_HORIZON_TEXT = Markup("""
<p>τ_pred is how far ahead the forecast can be trusted: the time after which M is expected to
exceed {limit:g}. It is 0 where the present snapshot is already beyond that.</p>""")

_OLD_TEXT = Markup("""
<p class="note">This file was written by an older monitor. What it called trusted went on as
forecast, and need not have been known; the answers above go by M and τ_pred instead.</p>""")

_STRESS_TEXT = Markup("""
<p>Of the stress the thin line is each snapshot, the thick one a mean over five; its maximum is
where the material yields.</p>""")

_BAR_TEXT = Markup("""
<p>The bar below is what the monitor said at the time, from the descriptors alone.{again}</p>""")
_AGAIN = " After a change it is learning again, for the run is now another."

_SKIPPED_TEXT = Markup("""
<p>The run is long: the replay starts at snapshot {}.</p>""")

_PLACES = 3  # changes whose place is looked for


def report(
    run: str | os.PathLike[str] | Trajectory,
    out: str | os.PathLike[str],
    name: str | None = None,
    file: str | os.PathLike[str] | None = None,
) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    run : path-like or Trajectory
        H5MD file of ``fix dbar/stream``, finished, killed or still being written.
    out : path-like
        HTML file to write.
    name : str, optional
        Title; the name of the file when not given.
    file : path-like, optional
        Where a Trajectory was read from. Of a monitor that began with a model only the file tells
        what it knew.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StoreError
        If ``run`` cannot be read.
    ValueError
        If the run has fewer than two snapshots.
    """
    traj = run if isinstance(run, Trajectory) else read(run)
    file = file if isinstance(run, Trajectory) else run
    name = name or ("a trajectory" if file is None else os.fspath(file))
    if len(traj) < 2:
        raise ValueError(f"{name}: {len(traj)} snapshots, a report needs at least 2")
    summary, verdict = summarise(traj), judge(traj)
    series, places = pick_series(traj, verdict.changes), _places(traj, summary, verdict.changes)
    sections = []
    if verdict.trust is not None:
        sections.append(section("In short", answers_html(verdict, places, traj)))
    sections.append(_tiles(summary))
    sections.append(_what_happened(traj, summary, series, verdict.changes))
    sections.append(changes_html(traj, verdict, places))
    for where in places.values():
        sections.append(section("Where did it happen?", where_html(traj, where)))
    if traj.chunks is not None:
        chunks = chunks_html(traj, verdict.changes)
        sections.append(section("Where is it unlike the rest?", chunks))
    model = model_html(traj)
    if model:
        sections.append(section("Where did its knowledge come from?", model))
    sections.append(estimated_html(traj, verdict.changes))
    if summary.refits and all(name in traj.monitor for name in _NEEDED):
        known = _checkpoints(file) if model and file is not None else []
        sections += _monitor_sections(traj, series, verdict.changes, known)
    sections.append(section("Settings and versions", _settings(traj)))
    return write_page(out, name, alarm_sentence(summary), sections)


def _checkpoints(path: str | os.PathLike[str]) -> list[Checkpoint]:
    """Those of the file, which hold the model that a monitor began with."""
    with h5md.open_for_reading(path) as file:
        return checkpoints(file)


def _places(traj: Trajectory, summary: Summary, changes: list[Change]) -> dict[int, Where]:
    """Where the first few changes happened, by the number of the change."""
    found: dict[int, Where] = {}
    since = -np.inf
    for n, change in enumerate(changes):
        if len(found) < _PLACES:
            where = find_where(traj, summary, change.time, since)
            if where is not None and all(where.index != other.index for other in found.values()):
                found[n] = where
        since = float(traj.time[change.until])
    return found


def _tiles(s: Summary) -> Markup:
    unit = f" {s.time_unit}" if s.time_unit else ""
    covered = f"{s.time_last - s.time_first:.4g}{unit}"
    shown = [(f"{s.snapshots}", f"snapshots, {s.kept} with positions"), (covered, "covered")]
    if s.refits:
        shown.append((f"{s.refits}", "models fitted"))
        shown.append((STATES[s.state], "state at the end"))
        alarms = "alarm" if len(s.alarm_times) == 1 else "alarms"
        shown.append((str(len(s.alarm_times)), f"{alarms}; {_few(s)} false ones to expect"))
    if s.peak_time is not None:
        shown.append((f"{s.peak_time:.4g}{unit}", "stress peak"))
    return tiles(shown)


def _few(s: Summary) -> str:
    return "?" if s.expected_false_alarms is None else f"{s.expected_false_alarms:.2g}"


def _what_happened(
    traj: Trajectory, summary: Summary, series: list[Shown], changes: list[Change]
) -> Markup:
    shown = series if series[-1].stress else series[:1]
    first = shown[0]
    text = Markup("")
    if not first.stress and len(traj.observables) > 1:
        text += Markup("<p>Of all observables {} changed most.</p>").format(first.name)
    if shown[-1].stress and summary.peak_time is not None:
        text += _STRESS_TEXT
    if "state" in traj.monitor:
        again = any(change.regime for change in changes)
        text += _BAR_TEXT.format(again=_AGAIN if again else "") + figures.state_legend()
    if "state" in traj.monitor and "evidence" not in traj.monitor:
        text += _OLD_TEXT
    for each in shown:
        text += figures.figure_run(traj, summary, each, changes)
    return section("What happened", text)


def _monitor_sections(
    traj: Trajectory, series: list[Shown], changes: list[Change], known: list[Checkpoint]
) -> list[Markup]:
    limit = float(traj.monitor_config.get("m_limit", 2.0))
    text = _M_TEXT.format(words=M_IN_WORDS, limit=limit)
    sections = [section("Is the present like the past?", text + figures.figure_M(traj, changes))]
    text = _INNOVATION_TEXT + figures.figure_innovation(traj, changes)
    if "evidence" in traj.monitor:
        rate = float(traj.monitor_config.get("false_alarm", 0.0))
        text += _EVIDENCE_TEXT.format(length=f"{1 / rate:,.0f}" if rate else "many")
        text += figures.figure_evidence(traj, changes)
    sections.append(section("Does it go on as it did?", text))
    try:
        seen = hindsight(traj, {each.name: each.values for each in series}, known)
        text = Markup("") if seen is None else _forecast_html(traj, series, seen, changes)
    except StartUnknownError as error:
        text = Markup('<p class="note">Not shown: {}.</p>').format(error)
    if text:
        sections.append(section("Forecast against what happened", text))
    text = _HORIZON_TEXT.format(limit=limit)
    horizon = figures.figure_horizon(traj, changes)
    sections.append(section("How far ahead could it be trusted?", text + horizon))
    return sections


def _forecast_html(
    traj: Trajectory, series: list[Shown], seen: Hindsight, changes: list[Change]
) -> Markup:
    names = [each.name for each in series if each.name in seen.long]
    text = _FORECAST_TEXT.format(short=SHORT, names=" and ".join(names))
    if seen.skipped:
        text += _SKIPPED_TEXT.format(seen.skipped + 1)
    if not seen.same:
        text += _ALONE_TEXT
    for each in series:
        if each.name in seen.short:
            words = f"{each.name}, up to {SHORT} snapshots ahead: "
            text += Markup("<p><b>{}</b>{}.</p>").format(words, seen.words(each.name, SHORT))
            text += figures.figure_short_forecasts(traj, each, seen, changes)
    place = "the first alarm" if seen.alarm is not None else "the end"
    text += _LONG_TEXT.format(snapshot=seen.origin + 1, place=place)
    for name in names:
        text += Markup("<p><b>{}</b>: {}.</p>").format(name, seen.long_words(name))
    return text + figures.figure_forecast(traj, series, seen)


_NAMES = {
    "dt": "timestep",
    "nevery": "Nevery (steps between the samples of an average)",
    "nrepeat": "Nrepeat (samples in an average)",
    "nfreq": "Nfreq (steps between snapshots)",
    "size": "length of D",
    "virial": "V stored",
}


def _settings(traj: Trajectory) -> Markup:
    rows: dict[str, object] = {}
    for name, value in traj.parameters.items():
        if name == "descriptor":
            flat = dict(value)
            flat.update(flat.pop("words", {}))
            rows.update({f"descriptor: {key}": item for key, item in flat.items()})
        elif name != "schema":
            rows[_NAMES.get(name, name.replace("_", " "))] = value
    rows.update({f"monitor: {key}": item for key, item in traj.monitor_config.items()})
    order = sorted(rows, key=lambda name: (":" in name, name.split(":")[0], name))
    return settings((name, in_words(rows[name])) for name in order)
