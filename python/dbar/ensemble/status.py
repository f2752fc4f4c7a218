"""``status.json`` of an ensemble: what the controller writes and `dbar ensemble status` reads."""

from __future__ import annotations

import json
import time
from pathlib import Path

from dbar.console.options import plain
from dbar.ensemble.controller import Controller
from dbar.ensemble.settings import Settings, SettingsError
from dbar.files.atomic import replacing
from dbar.files.filelock import at_work
from dbar.files.json_file import load_json
from dbar.files.kinds import Kind
from dbar.status.file import end_now

__all__ = ["read_status", "status_of", "write_status", "write_stopped"]


def status_of(controller: Controller, settings: Settings) -> dict:
    """What ``status.json`` holds."""
    learner, look = controller.learner, controller.prospect
    names = learner.names
    columns = zip(
        controller.states(), (learner.progress * settings.chunk).tolist(), look.M.tolist(),
        look.tau_pred.tolist(), look.mean.tolist(), look.std.tolist(), strict=True,
    )  # fmt: skip
    replicas = [
        {
            "id": k, "state": state, "steps": steps, "M": M, "tau_pred": tau_pred,
            "forecast": {
                name: {"mean": m, "std": s} for name, m, s in zip(names, mean, std, strict=True)
            },
            "store": controller.source.store(k),
        }
        for k, (state, steps, M, tau_pred, mean, std) in enumerate(columns)
    ]  # fmt: skip
    now = controller.estimate()
    return {
        "time": time.time(),
        "policy": settings.policy,
        "budget": {
            "used": controller.issued * settings.chunk,
            "total": settings.budget_chunks * settings.chunk,
        },
        "ended": controller.reason,
        "decisions": controller.decisions,
        "core_seconds": controller.seconds.sum(),
        "replicas": replicas,
        "observables": {
            name: {"mean": now.mean[-1, q], "std": now.std[-1, q], "error": now.error[-1, q]}
            for q, name in enumerate(names)
        },
        "failed": {str(k): reason for k, reason in sorted(controller.failed.items())},
    }


def write_status(folder: Path, status: dict) -> None:
    """Write ``status.json``, in place of the one that was there."""
    with replacing(folder / "status.json", Kind.STATUS) as part:
        part.write_text(json.dumps(plain(status)) + "\n")


def write_stopped(folder: Path) -> None:
    """Let ``status.json`` say that the controller has gone."""
    write_status(folder, _as_stopped(_load_status(folder)))


def read_status(folder: Path) -> dict:
    """Status of an ensemble, also while it runs; "stopped" if nobody is at work and it has no end.

    Raises
    ------
    SettingsError
        If the folder holds none.
    """
    alive = at_work(Path(folder) / "controller")  # asked first: it may end while we read
    status = _load_status(folder)
    end = end_now(status.get("ended"), alive)
    if end == "stopped":
        return _as_stopped(status)
    return {**status, "ended": end} if "ended" in status else status


def _as_stopped(status):
    """The status without a controller: nothing runs."""
    rows = [
        {**row, "state": "waiting"} if row.get("state") == "running" else row
        for row in status.get("replicas", [])
    ]
    return {**status, "ended": "stopped", "replicas": rows}


def _load_status(folder):
    path = Path(folder) / "status.json"
    try:
        status = load_json(path)
    except FileNotFoundError:
        raise SettingsError(f"{folder}: holds no status.json, expected an ensemble") from None
    except ValueError as error:
        raise SettingsError(str(error)) from None
    rows = status.get("replicas", []) if isinstance(status, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingsError(
            f"{path}: holds no list of replicas, expected the status of an ensemble"
        )
    return status
