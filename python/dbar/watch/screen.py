"""What ``dbar watch`` shows in a terminal: a line for each run, a block for each ensemble."""

from __future__ import annotations

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dbar.status.words import ago, brief
from dbar.trajectory.summary import smooth
from dbar.watch.screen_ensemble import budget_of, counts_of, ensemble_block, number, word
from dbar.watch.screen_observed import observed_table, observed_words

__all__ = ["plain_lines", "screen", "spark"]

_BLOCKS = "▁▂▃▄▅▆▇█"
# Columns of a run, and the width of the terminal from which on they have room.
_COLUMNS = {
    "status": 0, "step": 78, "time": 56, "state": 0, "M / bound": 0, "tau_pred": 68, "alarms": 90,
    "regime": 99, "stress": 128, "energy": 158,
}  # fmt: skip
_ANSWERED = 3  # runs up to which each has its three answers, and its observables


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


def _ago(run: dict) -> str:
    """How long a run has been silent, when that is worth saying."""
    return ago(run["age"]) if run["status"] in ("running", "killed") else ""


def screen(frame: dict, width: int = 160, blocks: bool = True) -> RenderableType:
    """Return the frame of `dbar.watch.Watching` with curves as something rich can show.

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
        parts += [ensemble_block(ensemble, width), Text("")]
    if frame["runs"]:
        parts += _runs(frame["runs"], width, blocks)
    return Group(*parts)


def _short_names(runs: list[dict]) -> list[str]:
    """Names without their folders, where that leaves them different."""
    short = [run["name"].rpartition("/")[2] for run in runs]
    return [s if short.count(s) == 1 else run["name"] for s, run in zip(short, runs, strict=True)]


def _runs(runs: list[dict], width: int, blocks: bool) -> list[RenderableType]:
    columns = [name for name, least in _COLUMNS.items() if width >= least]
    tight = width < _COLUMNS["time"]  # one space between columns, not two
    table = Table(box=None, pad_edge=False, header_style="dim", collapse_padding=tight)
    table.add_column("run", overflow="fold", min_width=10)
    right = ("step", "time", "M / bound", "tau_pred", "alarms", "regime")
    for name in columns:
        side = "right" if name in right else "left"
        table.add_column("" if name == "status" else name, justify=side, no_wrap=True)
    notes: list[RenderableType] = []
    for name, run in zip(_short_names(runs), runs, strict=True):
        cells = _cells(run, width, blocks)
        table.add_row(Text(name), *(cells[column] for column in columns))
        tag = f"{name}: " if len(runs) > 1 else ""
        note = run["message"] or (run["sentence"] if run["alarms"] else "")
        if _ago(run) and width < _COLUMNS["step"]:
            note = f"silent {_ago(run)}" + (f"; {note}" if note else "")
        if run["status"] == "waiting":
            note = "no such file yet"
        if run["changed"]:
            notes.append(Text(f"{tag}{run['changed']}", style="bold red"))
        if len(runs) <= _ANSWERED:
            notes += _answers(run["answers"], tag)
            notes += observed_table(run["observed"], name if len(runs) > 1 else "")
        if note:
            notes.append(Text(f"{name}: {note}", style="dim" if run["alarms"] else "yellow"))
    return [table, *notes]


def _answers(answers: list, tag: str) -> list[RenderableType]:
    """Return the three questions with their answers, a line or two each."""
    return [
        Text(tag).append(f"{question} ", style="bold").append(answer)
        for question, answer in answers
    ]


def _cells(run: dict, width: int, blocks: bool) -> dict[str, RenderableType]:
    unit, curves = run["time_unit"], run["curves"]
    status = word(run["status"])
    if _ago(run) and width >= _COLUMNS["step"]:
        status.append(f", silent {_ago(run)}", style="dim")
    m = Text(number(run["M"], digits=3), style=_over(run))
    if run["bound"] is not None:
        m.append(f" / {number(run['bound'], digits=3)}", style="dim")
    stress, energy = (number(run[k], run[f"{k}_unit"], 5) for k in ("stress", "energy"))
    courses = [spark(curves.get(k, [])) if blocks else "" for k in ("stress", "pe")]
    return {
        "status": status,
        "step": "-" if run["step"] is None else str(run["step"]),
        "time": number(run["time"], unit),
        "state": word(run["state"] or "-"),
        "M / bound": m,
        "tau_pred": number(run["tau_pred"], unit, 3),
        "alarms": Text(str(run["alarms"]), style="red" if run["alarms"] else "dim"),
        "regime": Text("-" if run["regime"] is None else str(run["regime"]), style="dim"),
        "stress": f"{courses[0]} {stress}".lstrip(),
        "energy": f"{courses[1]} {energy}".lstrip(),
    }


def _over(run: dict) -> str:
    over = run["M"] is not None and run["bound"] is not None and run["M"] > run["bound"]
    return "yellow" if over else ""


def plain_lines(frame: dict) -> list[str]:
    """One line for each run and ensemble, for logs and pipes."""
    lines = []
    for e in frame["ensembles"]:
        when = e["time"] and f"time {e['time']}"
        words = (
            e["message"],
            when,
            budget_of(e),
            counts_of(e).plain,
            e["end"] and f"ended: {e['end']}",
        )
        lines.append(f"{e['name']}: {'; '.join(w for w in words if w)}")
        lines += [
            f"{e['name']}: replica {k} failed: {brief(why)}" for k, why in e["failed"].items()
        ]
    for run in frame["runs"]:
        unit = run["time_unit"]
        words = [run["status"], run["message"]]
        if run["step"] is not None:
            words += [f"step {run['step']}", f"time {number(run['time'], unit)}"]
        if run["state"]:
            words.append(run["state"])
        if run["M"] is not None:
            words.append(f"M {number(run['M'], digits=3)} of {number(run['bound'], digits=3)}")
            words.append(f"tau_pred {number(run['tau_pred'], unit, 3)}")
            until = "" if run["until"] is None else f" until {number(run['until'], unit)}"
            words.append(f"forecast {'trusted' if run['trust'] else 'not to be trusted'}{until}")
        if run["alarms"]:
            words.append(f"{run['alarms']} {'alarm' if run['alarms'] == 1 else 'alarms'}")
        words += [run["changed"], *observed_words(run["observed"])]
        lines.append(f"{run['name']}: {', '.join(w for w in words if w)}")
    return lines
