"""What ``dbar watch`` shows in a terminal: a line for each run, a block for each ensemble."""

from __future__ import annotations

import math

import numpy as np
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dbar.summary import smooth

__all__ = ["plain_lines", "screen", "spark"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_COLOURS = {
    "learning": "cyan", "trusted": "green", "warning": "yellow", "alarm": "bold red",
    "running": "green", "ended": "blue", "killed": "red", "waiting": "dim", "unreadable": "red",
    "failed": "red", "forecast": "magenta", "done": "blue", "finished": "blue",
}  # fmt: skip
# Columns of a run, and the width of the terminal from which on they have room.
_COLUMNS = {
    "status": 0, "step": 78, "time": 56, "state": 0, "M / bound": 0, "tau_pred": 68, "alarms": 90,
    "stress": 120, "energy": 150,
}  # fmt: skip
_SHOWN = 40  # replicas listed of one ensemble


def spark(values: list, width: int = 16) -> str:
    """The course of some values in one line of blocks; empty without at least two of them."""
    x = np.array([np.nan if v is None else v for v in values], float)
    x = x[np.isfinite(x)]
    if len(x) < 2:
        return ""
    x = smooth(x, max(1, len(x) // width))
    x = x[np.unique(np.linspace(0, len(x) - 1, min(width, len(x))).astype(int))]
    low, high = x.min(), x.max()
    if not high > low:
        return _BLOCKS[0] * len(x)
    level = np.rint((x - low) / (high - low) * (len(_BLOCKS) - 1)).astype(int)
    return "".join(_BLOCKS[k] for k in level)


def _number(value: float | None, unit: str = "", digits: int = 4) -> str:
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "inf" if value > 0 else "-"
    return f"{value:.{digits}g} {unit}".rstrip()


def _word(text: str) -> Text:
    return Text(text, style=_COLOURS.get(text, ""))


def _ago(run: dict) -> str:
    """How long a run has been silent, when that is worth saying."""
    age = run["age"]
    if run["status"] not in ("running", "killed") or age is None or age < 60:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if age >= size:
            return f"{age / size:.0f} {unit}"
    return ""


def screen(frame: dict, width: int = 160, blocks: bool = True) -> RenderableType:
    """Return the frame of `dbar.watching.Watching` with curves as something rich can show.

    Parameters
    ----------
    frame : dict
    width : int
        Columns of the terminal; a narrow one gets fewer columns.
    blocks : bool
        Whether the terminal can show the blocks of `spark`.
    """
    parts: list[RenderableType] = []
    for ensemble in frame["ensembles"]:
        parts += [_ensemble(ensemble), Text("")]
    if frame["runs"]:
        parts += _runs(frame["runs"], width, blocks)
    return Group(*parts)


def _short_names(runs: list[dict]) -> list[str]:
    """Names without their folders, where that leaves them different."""
    short = [run["name"].rpartition("/")[2] for run in runs]
    return [s if short.count(s) == 1 else run["name"] for s, run in zip(short, runs, strict=True)]


def _runs(runs: list[dict], width: int, blocks: bool) -> list[RenderableType]:
    columns = [name for name, least in _COLUMNS.items() if width >= least]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("run", overflow="fold", min_width=10)
    right = ("step", "time", "M / bound", "tau_pred", "alarms")
    for name in columns:
        side = "right" if name in right else "left"
        table.add_column("" if name == "status" else name, justify=side, no_wrap=True)
    notes = []
    for name, run in zip(_short_names(runs), runs, strict=True):
        cells = _cells(run, width, blocks)
        table.add_row(Text(name), *(cells[column] for column in columns))
        note = run["message"] or (run["sentence"] if run["alarms"] else "")
        if _ago(run) and width < _COLUMNS["step"]:
            note = f"silent {_ago(run)}" + (f"; {note}" if note else "")
        if run["status"] == "waiting":
            note = "no such file yet"
        if note:
            notes.append(Text(f"{name}: {note}", style="dim" if run["alarms"] else "yellow"))
    return [table, *notes]


def _cells(run: dict, width: int, blocks: bool) -> dict[str, RenderableType]:
    unit, curves = run["time_unit"], run["curves"]
    status = _word(run["status"])
    if _ago(run) and width >= _COLUMNS["step"]:
        status.append(f", silent {_ago(run)}", style="dim")
    m = Text(_number(run["M"], digits=3), style=_over(run))
    if run["bound"] is not None:
        m.append(f" / {_number(run['bound'], digits=3)}", style="dim")
    stress, energy = (_number(run[k], run[f"{k}_unit"], 5) for k in ("stress", "energy"))
    courses = [spark(curves.get(k, [])) if blocks else "" for k in ("stress", "pe")]
    return {
        "status": status,
        "step": "-" if run["step"] is None else str(run["step"]),
        "time": _number(run["time"], unit),
        "state": _word(run["state"] or "-"),
        "M / bound": m,
        "tau_pred": _number(run["tau_pred"], unit, 3),
        "alarms": Text(str(run["alarms"]), style="red" if run["alarms"] else "dim"),
        "stress": f"{courses[0]} {stress}".lstrip(),
        "energy": f"{courses[1]} {energy}".lstrip(),
    }


def _over(run: dict) -> str:
    over = run["M"] is not None and run["bound"] is not None and run["M"] > run["bound"]
    return "yellow" if over else ""


def _ensemble(ensemble: dict) -> RenderableType:
    title = Text(ensemble["name"], style="bold")
    for name in ("policy", "time"):
        if ensemble[name]:
            title.append(f"  {name} {ensemble[name]}", style="dim")
    parts: list[RenderableType] = [title]
    if ensemble["message"]:
        parts.append(Text(ensemble["message"], style="yellow"))
    if ensemble["total"] and ensemble["used"] is not None:
        words = f"budget {_number(ensemble['used'])} of {_number(ensemble['total'])}"
        bar = ProgressBar(total=ensemble["total"], completed=ensemble["used"], width=30)
        line = Table.grid(padding=(0, 2))
        line.add_row(bar, words)
        parts.append(line)
    counts = Text("replicas: ")
    for k, (state, number) in enumerate(sorted(ensemble["counts"].items())):
        counts.append(", " if k else "").append(f"{number} ").append_text(_word(state))
    if ensemble["counts"]:
        parts.append(counts)
    for name, value in ensemble["observables"].items():
        parts.append(Text(f"{name}: {value}"))
    if ensemble["replicas"]:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("replica", overflow="fold")
        table.add_column("state")
        for name in ("steps", "M", "tau_pred"):
            table.add_column(name, justify="right")
        for r in ensemble["replicas"][:_SHOWN]:
            numbers = (_number(r["steps"], digits=9), _number(r["M"], digits=3))
            table.add_row(Text(r["id"]), _word(r["state"]), *numbers, _number(r["tau_pred"]))
        parts.append(table)
        left = len(ensemble["replicas"]) - _SHOWN
        if left > 0:
            parts.append(Text(f"... and {left} more", style="dim"))
    return Group(*parts)


def plain_lines(frame: dict) -> list[str]:
    """One line for each run and ensemble, for logs and pipes."""
    lines = []
    for e in frame["ensembles"]:
        counts = ", ".join(f"{n} {state}" for state, n in sorted(e["counts"].items()))
        budget = f"budget {_number(e['used'])} of {_number(e['total'])}" if e["total"] else ""
        words = (e["message"], e["time"] and f"time {e['time']}", budget, counts)
        lines.append(f"{e['name']}: {'; '.join(w for w in words if w)}")
    for run in frame["runs"]:
        unit = run["time_unit"]
        words = [run["status"], run["message"]]
        if run["step"] is not None:
            words += [f"step {run['step']}", f"time {_number(run['time'], unit)}"]
        if run["state"]:
            words.append(run["state"])
        if run["M"] is not None:
            words.append(f"M {_number(run['M'], digits=3)} of {_number(run['bound'], digits=3)}")
            words.append(f"tau_pred {_number(run['tau_pred'], unit, 3)}")
        if run["alarms"]:
            words.append(f"{run['alarms']} alarms")
        lines.append(f"{run['name']}: {', '.join(w for w in words if w)}")
    return lines
