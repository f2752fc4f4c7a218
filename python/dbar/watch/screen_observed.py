"""Observables of a run in a terminal: computed, estimated, forecast."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["observed_table", "observed_words"]

_MOST = 12  # observables listed of one run


def observed_table(observed: list[dict], title: str = "") -> list[RenderableType]:
    """A line for each observable of an entry of the frame; nothing without any.

    Parameters
    ----------
    observed : list of dict
        As `dbar.watch.about_observed.about_observed` returns them.
    title : str
        Name of the run, where there are others.
    """
    if not observed:
        return []
    table = Table(box=None, pad_edge=False, header_style="dim")
    heads = (title or "observable", "computed", "estimated", observed[0]["words"]["ahead"])
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for one in observed[:_MOST]:
        words = one["words"]
        cells = (words[key] for key in ("computed", "estimate", "forecast"))
        table.add_row(Text(one["name"]), *(Text(cell, style=_style(cell)) for cell in cells))
    out: list[RenderableType] = [table]
    if len(observed) > _MOST:
        out.append(Text(f"... and {len(observed) - _MOST} more", style="dim"))
    return out


def _style(cell: str) -> str:
    return "dim" if cell in ("learning", "not computed", "no monitor") else ""


def observed_words(observed: list[dict]) -> list[str]:
    """The same in words, for one line of a log."""
    out = []
    for one in observed[:_MOST]:
        words = one["words"]
        out.append(f"{one['name']} {words['estimate']} ({words['ahead']} {words['forecast']})")
    return out
