"""A run as one HTML page that needs nothing else: no network, no scripts, figures inside."""

from __future__ import annotations

import html
import os
from pathlib import Path

from dbar.report import figures
from dbar.report.forecast import hindsight
from dbar.report.page import section, tiles, write_page
from dbar.report.where import find_where, where_html
from dbar.store.columns import LATER_FIELDS, MONITOR_FIELDS
from dbar.trajectory.summary import STATES, Summary, alarm_sentence, summarise
from dbar.trajectory.trajectory import Trajectory, read

__all__ = ["report"]

_M_TEXT = """
<p>The monitor turns each snapshot into one vector, the sums of atomic descriptors over all atoms,
and learns how that vector moves. M is the squared Mahalanobis distance of a snapshot from all it
has learnt, per dimension: 1 is an ordinary snapshot, large means that the system is where it has
not been before. The bound M(t) is what the newest model's own forecast allows at that time. M
above the bound for long is a warning; M improbably far above it raises the alarm. Both restart
when the model is fitted again.</p>"""

_INNOVATION_TEXT = """
<p>Before each snapshot the monitor forecasts it from the previous one. The innovation is how far
off the forecast was, squared, in units of what was to be expected: 1 on average when the run
behaves as learnt. A single improbably large value raises the alarm, at the false-alarm rate
stated in the settings.</p>"""

_FORECAST_TEXT = """
<p>First, forecasts over five snapshots made again and again during the run, each with the model
and the knowledge the monitor had then; the band is the forecast's own uncertainty (about 95 %).
Shown is a descriptor sum that moves slowly, so that a forecast can say something about it. The
forecast is made in the monitor's latent space of a few dimensions, so it may start a little off
the line.</p>"""

_ALONE_TEXT = """
<p class="note">The forecasts shown are those of a monitor that saw this run alone. The one in the
run came to another M: it learnt from other replicas as well (ensemble), or went on after a restart
with other settings.</p>"""

_LONG_TEXT = """
<p>Then one long forecast, made at snapshot {snapshot} with the last model fitted well before
{place}, of that sum and of a second one. Where the line leaves the band for good, the system does
something that it had not done while the monitor learnt: a steady drift out of the known region
shows here first.</p>"""

_HORIZON_TEXT = """
<p>τ_pred is how far ahead the forecast can be trusted: the time after which M is expected to
exceed {limit:g}. It is 0 where the present snapshot is already beyond that.</p>"""


def report(
    run: str | os.PathLike[str] | Trajectory,
    out: str | os.PathLike[str],
    name: str | None = None,
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
    name = name or ("a trajectory" if isinstance(run, Trajectory) else os.fspath(run))
    if len(traj) < 2:
        raise ValueError(f"{name}: {len(traj)} snapshots, a report needs at least 2")
    summary = summarise(traj)
    sections = [_what_happened(traj, summary)]
    needed = [name for name in MONITOR_FIELDS if name not in LATER_FIELDS]
    if summary.refits and all(name in traj.monitor for name in needed):
        sections += _monitor_sections(traj, summary)
    sections.append(section("Settings and versions", _settings(traj)))
    return write_page(out, name, alarm_sentence(summary), [_tiles(summary), *sections])


def _tiles(s: Summary) -> str:
    unit = f" {s.time_unit}" if s.time_unit else ""
    covered = f"{s.time_last - s.time_first:.4g}{unit}"
    shown = [(f"{s.snapshots}", f"snapshots, {s.kept} with positions"), (covered, "covered")]
    if s.refits:
        shown.append((f"{s.refits}", "models fitted"))
        shown.append((STATES[s.state], "state at the end"))
        none = "not raised" if s.alarm_time is None else f"{s.alarm_time:.4g}{unit}"
        shown.append((none, "first alarm"))
    if s.peak_time is not None:
        shown.append((f"{s.peak_time:.4g}{unit}", "stress peak"))
    return tiles(shown)


def _what_happened(traj: Trajectory, summary: Summary) -> str:
    svg, name = figures.figure_run(traj, summary)
    text = f"<p>The {html.escape(name)} during the run"
    if summary.peak_time is not None:
        text += ": thin line each snapshot, thick line a mean over five. Its maximum is where the "
        text += "material yields"
    text += "."
    if "state" in traj.monitor:
        text += " The bar below is what the monitor said at the time; it was not told the stress."
    text += "</p>"
    if "state" in traj.monitor:
        text += figures.state_legend()
    return section("What happened", text + svg)


def _monitor_sections(traj: Trajectory, summary: Summary) -> list[str]:
    sections = [
        section("Is the present like the past?", _M_TEXT + figures.figure_M(traj, summary)),
        section(
            "Was the last step a surprise?",
            _INNOVATION_TEXT + figures.figure_innovation(traj, summary),
        ),
    ]
    where = find_where(traj, summary)
    if where is not None:
        sections.append(section("Where did it happen?", where_html(traj, where)))
    seen = hindsight(traj)
    if seen is not None:
        place = "the alarm" if seen.alarm is not None else "the end"
        text = _FORECAST_TEXT
        if seen.skipped:
            text += f"<p>The run is long: the replay starts at snapshot {seen.skipped + 1}.</p>"
        if not seen.same:
            text += _ALONE_TEXT
        text += figures.figure_short_forecasts(traj, summary, seen)
        text += _LONG_TEXT.format(snapshot=seen.origin + 1, place=place)
        text += figures.figure_forecast(traj, seen)
        sections.append(section("Forecast against what happened", text))
    limit = float(traj.monitor_config.get("m_limit", 2.0))
    text = _HORIZON_TEXT.format(limit=limit)
    horizon = figures.figure_horizon(traj, summary)
    sections.append(section("How far ahead could it be trusted?", text + horizon))
    return sections


_NAMES = {
    "dt": "timestep",
    "nevery": "Nevery (steps between the samples of an average)",
    "nrepeat": "Nrepeat (samples in an average)",
    "nfreq": "Nfreq (steps between snapshots)",
    "size": "length of D",
    "virial": "V stored",
}


def _settings(traj: Trajectory) -> str:
    rows: dict[str, object] = {}
    for name, value in traj.parameters.items():
        if name == "descriptor":
            flat = dict(value)
            flat.update(flat.pop("words", {}))
            rows.update({f"descriptor: {key}": item for key, item in flat.items()})
        elif name != "schema":
            rows[_NAMES.get(name, name.replace("_", " "))] = value
    rows.update({f"monitor: {key}": item for key, item in traj.monitor_config.items()})
    cells = (
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(_plain(rows[name]))}</td></tr>"
        for name in sorted(rows, key=lambda name: (":" in name, name.split(":")[0], name))
    )
    return f"<table>{''.join(cells)}</table>"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(_plain(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:  # the plugin writes 17 digits; a reader wants 4.7
        return f"{float(value):.10g}" if "." in str(value) else str(value)
    except ValueError:
        return str(value)
