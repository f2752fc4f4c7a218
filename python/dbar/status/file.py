"""The status file of an ensemble, read with nothing taken for granted about what is in it."""

from __future__ import annotations

import json
import math
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["STATUS_FILE", "EnsembleStatus", "Replica", "end_now", "parse_status", "read_status"]

STATUS_FILE = "status.json"
_LARGEST = 64 * 2**20  # bytes


@dataclass
class Replica:
    """One line of the status file; None where it does not say.

    Attributes
    ----------
    id, state : str
        As the controller writes them.
    steps, M, tau_pred : float or None
        Steps run, M of the newest snapshot, time for which the forecast can be trusted.
    forecast : dict of str to (mean, std)
        At the end of the replica, for each observable; each a number or None.
    store : Path or None
        The replica's file, if it lies below the folder of the status file.
    """

    id: str
    state: str = ""
    steps: float | None = None
    M: float | None = None
    tau_pred: float | None = None
    forecast: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    store: Path | None = None


@dataclass
class EnsembleStatus:
    """What a controller says about its ensemble; None or empty where it does not say.

    Attributes
    ----------
    time, policy : str
        When it was written, and the policy. Seconds since 1970 are given as local time.
    written : float or None
        Those seconds.
    used, total : float or None
        Budget used so far, and all of it.
    ended : str or None
        Why it has ended; empty while it has not.
    replicas : list of Replica
    observables : dict of str to str
        Name -> value, as text.
    failed : dict of str to str
        Replica -> reason.
    """

    time: str = ""
    policy: str = ""
    written: float | None = None
    used: float | None = None
    total: float | None = None
    ended: str | None = None
    replicas: list[Replica] = field(default_factory=list)
    observables: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def end_now(ended: object, alive: bool | None) -> object:
    """What a status file says of the ensemble's end, mended by whether somebody is at work.

    Parameters
    ----------
    ended : object
        As the file has it.
    alive : bool or None
        What `dbar.files.filelock.at_work` said of the controller before the file was read.
    """
    if ended == "" and alive is False:
        return "stopped"  # killed: it could not write so
    if ended == "stopped" and alive:
        return ""  # resumed, and not yet at its next decision
    return ended


def read_status(path: Path) -> EnsembleStatus:
    """Read a status file.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not a JSON object; the message names the file.
    """
    info = path.stat()
    if not stat.S_ISREG(info.st_mode):  # to read a pipe may take for ever
        raise ValueError(f"{path}: not a regular file, expected a status file")
    if info.st_size > _LARGEST:
        raise ValueError(f"{path}: larger than {_LARGEST} bytes, expected a status file")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:  # not JSON, or not UTF-8
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path}: holds a {type(content).__name__}, expected a JSON object")
    return parse_status(content, path.parent)


def parse_status(content: dict, folder: Path | None = None) -> EnsembleStatus:
    """Content of a status file, with None or nothing where it is missing or makes no sense.

    Parameters
    ----------
    content : dict
    folder : Path, optional
        Where the stores of replicas must lie; without it none is taken.
    """
    budget = _dict(content.get("budget"))
    replicas = content.get("replicas")
    replicas = replicas if isinstance(replicas, list) else []
    when, written = _when(content.get("time"))
    ended = content.get("ended")
    return EnsembleStatus(
        time=when,
        policy=_text(content.get("policy")),
        written=written,
        used=_number(budget.get("used", content.get("budget_used"))),
        total=_number(budget.get("total", content.get("budget_total"))),
        ended=ended if isinstance(ended, str) else None,
        replicas=[
            _replica(entry, k, folder)
            for k, entry in enumerate(replicas)
            if isinstance(entry, dict)
        ],
        observables={
            str(name): _shown(value) for name, value in _dict(content.get("observables")).items()
        },
        failed={str(k): _shown(value) for k, value in _dict(content.get("failed")).items()},
    )


def _replica(entry: dict, k: int, folder: Path | None) -> Replica:
    return Replica(
        id=_text(entry.get("id")) or str(k),
        state=_text(entry.get("state")),
        steps=_number(entry.get("steps")),
        M=_number(entry.get("M")),
        tau_pred=_number(entry.get("tau_pred")),
        forecast={
            str(name): (_number(_dict(value).get("mean")), _number(_dict(value).get("std")))
            for name, value in _dict(entry.get("forecast")).items()
        },
        store=None if folder is None else _below(folder, entry.get("store")),
    )


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}


def _when(value: object) -> tuple[str, float | None]:
    """Seconds since 1970 as local time, and those seconds; anything else as text."""
    seconds = _number(value)
    if seconds is not None:
        try:
            return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)), seconds
        except (OverflowError, OSError, ValueError):  # no such year
            pass
    return _text(value), None


def _below(folder: Path, name: object) -> Path | None:
    """The file of that name if it is below the folder, links followed; else None."""
    if not isinstance(name, str) or not name or "\0" in name:
        return None
    try:
        folder = folder.resolve()
        path = (folder / name).resolve()
    except (OSError, RuntimeError):  # a loop of links
        return None
    return path if path.is_relative_to(folder) else None


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        value = float(value)
    except OverflowError:  # an integer of a thousand digits
        return None
    return value if math.isfinite(value) else None


def _shown(value: object) -> str:
    """Numbers, and objects of numbers, as text; an error belongs to its mean."""
    if isinstance(value, dict):
        parts = {str(k): n for k, v in value.items() if (n := _number(v)) is not None}
        error = parts.pop("error") if "mean" in parts and "error" in parts else None
        texts = {k: f"{n:.5g}" for k, n in parts.items()}
        if error is not None:
            texts["mean"] += f" +- {error:.2g}"
        return ", ".join(f"{'spread' if k == 'std' else k} {t}" for k, t in texts.items())
    number = _number(value)
    return _text(value) if number is None else f"{number:.5g}"
