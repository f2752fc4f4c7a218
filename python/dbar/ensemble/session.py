"""An ensemble's folder: settings, journal, status, results; begun once, resumed at will."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from pathlib import Path

import h5py

from dbar.atomic import replacing
from dbar.command_options import plain
from dbar.ensemble.controller import Controller
from dbar.ensemble.executors import deaths_of_threads, make_executor
from dbar.ensemble.journal import Journal, JournalError
from dbar.ensemble.lammps_replicas import LammpsReplicas
from dbar.ensemble.learner import Learner
from dbar.ensemble.plan import Plan
from dbar.ensemble.policies import load_policy
from dbar.ensemble.prediction import estimate
from dbar.ensemble.settings import Settings, SettingsError
from dbar.filelock import FileLock, Locked, at_work
from dbar.status_file import end_now

__all__ = ["pooled_statistics", "read_status", "run_ensemble", "status_of"]

_PATIENCE = 30.0  # seconds for chunks that are running to end
_POLL = 0.02  # seconds
_SHARE = 0.05  # of the time, at most, for writing status.json


def run_ensemble(
    settings: Settings, folder: Path, resume: bool, tell=None,
    stopped: Callable[[], bool] = lambda: False,
) -> Controller:  # fmt: skip
    """Run an ensemble to its end.

    Parameters
    ----------
    settings : Settings
    folder : Path
        For everything the ensemble leaves.
    resume : bool
        Go on with an ensemble that was begun; else the folder must hold none.
    tell : callable, optional
        Called with the controller after each decision.
    stopped : callable, optional
        Asked again and again; once it returns True the ensemble is stopped.

    Returns
    -------
    Controller
        At its end. The folder has ``status.json`` and ``statistics.h5``.

    Raises
    ------
    SettingsError
        If the folder holds an ensemble (or none, with `resume`), one with other settings, or
        another controller is at work there.
    Stopped
        When `stopped` says so. Its LAMMPS runs have ended.
    JournalError, OSError
    """
    folder = Path(folder).absolute()
    path = folder / "journal.jsonl"
    if resume and not path.exists():
        raise SettingsError(f"{folder}: holds no ensemble to resume")
    folder.mkdir(parents=True, exist_ok=True)
    policy = load_policy(settings.policy, settings.settings, settings.path.parent.absolute())
    try:
        lock = FileLock(folder / "controller")
    except Locked as owner:
        raise SettingsError(f"{folder}: {owner} is at work here") from None
    try:
        with deaths_of_threads() as broken:
            return _run(settings, folder, resume, policy, tell, stopped, broken)
    finally:
        lock.release()


def _run(settings, folder, resume, policy, tell, stopped, broken):
    path = folder / "journal.jsonl"
    begun = Journal.read(path)[0]
    if begun and not resume:
        raise SettingsError(f"{folder}: holds an ensemble already; resume it or name another")
    if not begun and any(folder.glob("replicas/*")):
        raise SettingsError(
            f"{folder}: holds replicas but no journal of them; remove it or name another"
        )
    settings = _same_window(settings, begun)
    identity = _identity(settings)
    if begun:
        _check_same(settings, identity, path, begun[0])
    source = LammpsReplicas(settings, folder)
    learner = Learner(
        settings.replicas, settings.chunks, settings.snapshots, settings.observables,
        settings.order, settings.dimension, settings.n_bags, settings.coverage, 0,
    )  # fmt: skip
    plan = Plan(
        settings.budget_chunks, settings.batch, settings.most_out, settings.retries,
        settings.cost, settings.seed,
    )  # fmt: skip

    due = 0.0

    def after(controller):
        nonlocal due
        start = time.monotonic()
        if start >= due or controller.reason:
            _write_json(folder / "status.json", status_of(controller, settings))
            now = time.monotonic()
            due = now + (now - start) / _SHARE
        if tell:
            tell(controller)

    source.go()
    executor = make_executor(settings, folder)
    journal = Journal(path)
    if not begun:
        journal.add(settings=identity)

    def stopped_or_broken():
        if broken:
            raise BrokenExecutor(f"the executor has failed: {broken[0]}")
        return stopped()

    controller = Controller(
        source, learner, policy, executor, plan, journal, after, stopped_or_broken
    )
    try:
        controller.run()
    finally:
        _end(controller, executor, source, 5.0 if broken else _PATIENCE)
        journal.close()
        if not controller.reason:
            with contextlib.suppress(OSError, SettingsError):  # what ended it says more
                _write_json(folder / "status.json", _as_stopped(_load_status(folder)))
    _write_statistics(folder / "statistics.h5", source, controller, settings)
    return controller


def _same_window(settings, begun):
    """On resume a window that is not given is what it was, whatever `jobs` is now."""
    was = begun[0].get("settings") if begun else None
    was = was.get("window") if isinstance(was, dict) else None
    if settings.window or not isinstance(was, int) or was < settings.batch:
        return settings
    return dataclasses.replace(settings, window=was)


def _end(controller, executor, source, patience):
    """End what is still running: nothing, or all of it where the controller was stopped."""
    left = [f for _, _, f in controller.out if f is not None and not f.done()]
    if left:
        with contextlib.suppress(OSError):  # no space for it: workers end with this program
            source.stop()
    try:
        executor.shutdown(wait=False, cancel_futures=True)
    except TypeError:  # an executor of the user's without that keyword
        executor.shutdown(wait=False)
    end = time.monotonic() + patience
    while any(not f.done() for f in left):
        if time.monotonic() > end:
            return
        time.sleep(_POLL)
    source.go()


def _identity(settings):
    """What must be the same when the ensemble is resumed, as the journal holds it."""
    text = settings.script.read_text()
    return json.loads(json.dumps(plain(settings.identity()) | {"input": text}))


def _check_same(settings, mine, path, entry):
    theirs = entry.get("settings")
    if not isinstance(theirs, dict):
        raise JournalError(f"{path}: line 1 has no settings")
    for key in sorted({*mine, *theirs}):
        if mine.get(key) != theirs.get(key):
            what = "the input script" if key == "input" else key
            values = (
                "" if key == "input" else f": {mine.get(key)!r}, begun with {theirs.get(key)!r}"
            )
            raise SettingsError(
                f"{settings.path}: {what} is not what the ensemble was begun with{values}"
            )


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


def _write_json(path: Path, value: dict) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(plain(value)) + "\n")


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
        status = json.loads(path.read_text())
    except FileNotFoundError:
        raise SettingsError(f"{folder}: holds no status.json, expected an ensemble") from None
    except (ValueError, RecursionError) as error:  # the latter of [[[[...
        raise SettingsError(f"{path}: not JSON: {error}") from None
    rows = status.get("replicas", []) if isinstance(status, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SettingsError(
            f"{path}: holds no list of replicas, expected the status of an ensemble"
        )
    return status


def pooled_statistics(learner: Learner, chunks) -> Learner:
    """Statistics of all chunks, replica after replica: a function of the snapshots alone.

    Parameters
    ----------
    learner : Learner
        Empty.
    chunks : iterable of (replica, Chunk)
        In the order of replicas, and of time in each.
    """
    for replica, chunk in chunks:
        learner.add(replica, chunk)
    return learner


def _write_statistics(path, source, controller, settings):
    old = controller.learner
    fresh = Learner(
        old.replicas, old.chunks, old.snapshots, old.names, old.order, old.dimension, old.n_bags,
        old.coverage, old.seed,
    )  # fmt: skip
    chunks = (
        (r, source.read(r, c)) for r in range(old.replicas) for c in range(int(old.progress[r]))
    )
    pooled_statistics(fresh, chunks)
    fresh.refit()
    if fresh.moments is None:
        return
    curve = estimate(fresh)
    with replacing(path) as part, h5py.File(part, "w") as file:
        file.attrs["schema"] = 1
        file.attrs["names"] = old.names
        for group, state in (("transitions", fresh.moments), ("snapshots", fresh.joint)):
            for name, value in state.get_state().items():
                file[f"{group}/{name}"] = value
        for name, value in curve._asdict().items():
            file[f"ensemble/{name}"] = value
        file["chunks"] = old.progress
