"""The status file of an ensemble, read with nothing taken for granted about what is in it."""

from __future__ import annotations

import json
import math
import stat
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["STATUS_FILE", "EnsembleStatus", "Replica", "read_status"]

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
    store : Path or None
        The replica's file, if it lies below the folder of the status file.
    """

    id: str
    state: str = ""
    steps: float | None = None
    M: float | None = None
    tau_pred: float | None = None
    store: Path | None = None


@dataclass
class EnsembleStatus:
    """What a controller says about its ensemble; None or empty where it does not say.

    Attributes
    ----------
    time, policy : str
        When it was written, and the policy.
    used, total : float or None
        Budget used so far, and all of it.
    replicas : list of Replica
    observables : dict of str to str
        Name -> value, as text.
    """

    time: str = ""
    policy: str = ""
    used: float | None = None
    total: float | None = None
    replicas: list[Replica] = field(default_factory=list)
    observables: dict[str, str] = field(default_factory=dict)


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
    budget = content.get("budget")
    budget = budget if isinstance(budget, dict) else {}
    replicas = content.get("replicas")
    replicas = replicas if isinstance(replicas, list) else []
    values = content.get("observables")
    values = values if isinstance(values, dict) else {}
    return EnsembleStatus(
        time=_text(content.get("time")),
        policy=_text(content.get("policy")),
        used=_number(budget.get("used", content.get("budget_used"))),
        total=_number(budget.get("total", content.get("budget_total"))),
        replicas=[
            _replica(entry, k, path.parent)
            for k, entry in enumerate(replicas)
            if isinstance(entry, dict)
        ],
        observables={str(name): _shown(value) for name, value in values.items()},
    )


def _replica(entry: dict, k: int, folder: Path) -> Replica:
    return Replica(
        id=_text(entry.get("id")) or str(k),
        state=_text(entry.get("state")),
        steps=_number(entry.get("steps")),
        M=_number(entry.get("M")),
        tau_pred=_number(entry.get("tau_pred")),
        store=_below(folder, entry.get("store")),
    )


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
    """Numbers, and objects of numbers, as text."""
    if isinstance(value, dict):
        parts = ((str(k), _number(v)) for k, v in value.items())
        return ", ".join(f"{k} {v:.5g}" for k, v in parts if v is not None)
    number = _number(value)
    return _text(value) if number is None else f"{number:.5g}"
