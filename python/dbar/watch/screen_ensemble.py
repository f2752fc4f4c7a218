"""An ensemble in a terminal: what it does, and a line for each replica as far as there is room."""

from __future__ import annotations

import math

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dbar.status.words import ago, brief

__all__ = ["SHOWN", "budget_of", "counts_of", "ensemble_block", "number", "replica_table", "word"]

SHOWN = 40  # replicas listed of one ensemble
_FAILED = 10  # reasons listed
_FORECASTS = 3  # observables whose forecasts have a column
_NAME = 20  # characters of a replica's name or state in a line
_COLOURS = {
    "learning": "cyan", "trusted": "green", "warning": "yellow", "alarm": "bold red",
    "running": "green", "ended": "blue", "killed": "red", "waiting": "dim", "unreadable": "red",
    "failed": "red", "forecast": "magenta", "done": "blue", "finished": "blue",
}  # fmt: skip


def number(value: float | None, unit: str = "", digits: int = 4) -> str:
    """A number with few digits; "-" if unknown."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "inf" if value > 0 else "-"
    return f"{value:.{digits}g} {unit}".rstrip()


def word(text: str) -> Text:
    """A state in its colour."""
    return Text(text, style=_COLOURS.get(text, ""))


def budget_of(ensemble: dict) -> str:
    """Steps used and granted; empty if unknown."""
    if not ensemble["total"] or ensemble["used"] is None:
        return ""
    return f"budget {number(ensemble['used'], digits=9)} of {number(ensemble['total'], digits=9)}"


def counts_of(ensemble: dict) -> Text:
    """How many replicas are in which state."""
    parts = [
        Text(f"{n} ").append_text(word(state)) for state, n in sorted(ensemble["counts"].items())
    ]
    return Text(", ").join(parts)


def ensemble_block(ensemble: dict, width: int) -> RenderableType:
    """Return an ensemble of `dbar.watch.Watching.frame` for a terminal of some width."""
    title = Text(ensemble["name"], style="bold")
    for name in ("policy", "time"):
        if ensemble[name]:
            title.append(f"  {name} {ensemble[name]}", style="dim")
    if since := ago(ensemble["age"]):
        title.append(f" ({since} ago)", style="dim")
    parts: list[RenderableType] = [title]
    if ensemble["message"]:
        parts.append(Text(ensemble["message"], style="yellow"))
    if ensemble["end"]:
        style = "yellow" if ensemble["ended"] == "stopped" else "blue"
        parts.append(Text(f"ended: {ensemble['end']}", style=style))
    if budget := budget_of(ensemble):
        room = max(5, min(30, width - len(budget) - 2))
        bar = ProgressBar(total=ensemble["total"], completed=ensemble["used"], width=room)
        line = Table.grid(padding=(0, 2))
        line.add_row(bar, budget)
        parts.append(line)
    if ensemble["counts"]:
        parts.append(Text("replicas: ").append_text(counts_of(ensemble)))
    for name, value in ensemble["observables"].items():
        parts.append(Text(f"{name}: {value}"))
    if ensemble["replicas"]:
        parts.append(replica_table(ensemble["replicas"], width))
        left = len(ensemble["replicas"]) - SHOWN
        if left > 0:
            parts.append(Text(f"... and {left} more", style="dim"))
    failed = list(ensemble["failed"].items())
    parts += [Text(f"replica {k} failed: {brief(why)}", style="red") for k, why in failed[:_FAILED]]
    if len(failed) > _FAILED:
        parts.append(Text(f"... and {len(failed) - _FAILED} more failed", style="red"))
    return Group(*parts)


def replica_table(replicas: list[dict], width: int) -> Table:
    """Return a line for each of the first replicas, with the columns that have room."""
    rows = replicas[:SHOWN]
    named = {
        "replica": [r["id"] for r in rows],
        "state": [r["state"] for r in rows],
        "M": [number(r["M"], digits=3) for r in rows],
        "tau_pred": [number(r["tau_pred"]) for r in rows],
        "steps": [number(r["steps"], digits=9) for r in rows],
    }
    observables = list(dict.fromkeys(name for r in rows for name in r["forecast"]))
    for name in observables[:_FORECASTS]:
        cells = [r["forecast"].get(name, {}).get("text", "-") for r in rows]
        named[f"{name} at the end"] = cells
    shown, used = [], 0
    for title, cells in named.items():  # the most important first
        size = max(map(cell_len, (title, *cells)))
        used += (min(size, _NAME) if title in ("replica", "state") else size) + 2
        if title in ("replica", "state", "M") or used - 2 <= width:
            shown.append(title)
        else:
            break
    if "steps" in shown:  # beside the state, where one looks for it
        shown.remove("steps")
        shown.insert(2, "steps")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in shown:
        if title in ("replica", "state"):
            table.add_column(title, overflow="fold", max_width=_NAME)
        else:
            table.add_column(Text(title), justify="right", no_wrap=True)
    for k in range(len(rows)):
        table.add_row(*(word(named[t][k]) if t == "state" else Text(named[t][k]) for t in shown))
    return table
