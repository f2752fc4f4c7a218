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

from dbar.console.options import plain
from dbar.ensemble.controller import Controller, Stopped
from dbar.ensemble.executors import deaths_of_threads, make_executor
from dbar.ensemble.journal import Journal, JournalError
from dbar.ensemble.lammps_replicas import LammpsReplicas
from dbar.ensemble.learner import Learner
from dbar.ensemble.plan import Plan
from dbar.ensemble.policies import load_policy
from dbar.ensemble.prediction import estimate
from dbar.ensemble.settings import Settings, SettingsError
from dbar.ensemble.status import status_of, write_status, write_stopped
from dbar.files.atomic import check_writable, replacing
from dbar.files.filelock import FileLock, Locked
from dbar.files.kinds import Kind

__all__ = ["pooled_statistics", "run_ensemble"]

_PATIENCE = 30.0  # seconds for chunks that are running to end
_POLL = 0.02  # seconds
_SHARE = 0.05  # of the time, at most, for writing status.json


def run_ensemble(
    settings: Settings, folder: Path, resume: bool, tell=None,
    stopped: Callable[[], int] = lambda: 0,
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
        Asked again and again how often it was told to stop: at 1 the ensemble is stopped, from 2 on
        without waiting for its LAMMPS runs to end. They end nevertheless.

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
        When `stopped` says so. Its LAMMPS runs have ended, unless it said so twice.
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
    for name, kind in (("status.json", Kind.STATUS), ("statistics.h5", Kind.STATISTICS)):
        check_writable(folder / name, kind)
    source = LammpsReplicas(settings, folder)
    learner = Learner(
        settings.replicas, settings.chunks, settings.snapshots, settings.observables,
        settings.order, settings.dimension, settings.n_bags, settings.coverage, 0,
        start=source.model,
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
            write_status(folder, status_of(controller, settings))
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
        _end(controller, executor, source, 5.0 if broken else _PATIENCE, stopped)
        journal.close()
        if not controller.reason:
            with contextlib.suppress(OSError, SettingsError):  # what ended it says more
                write_stopped(folder)
    _write_statistics(folder / "statistics.h5", source, controller, settings, stopped)
    return controller


def _same_window(settings, begun):
    """On resume a window that is not given is what it was, whatever `jobs` is now."""
    was = begun[0].get("settings") if begun else None
    was = was.get("window") if isinstance(was, dict) else None
    if settings.window or not isinstance(was, int) or was < settings.batch:
        return settings
    return dataclasses.replace(settings, window=was)


def _end(controller, executor, source, patience, stopped):
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
        if time.monotonic() > end or stopped() > 1:
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


def _write_statistics(path, source, controller, settings, stopped):
    old = controller.learner
    fresh = Learner(
        old.replicas, old.chunks, old.snapshots, old.names, old.order, old.dimension, old.n_bags,
        old.coverage, old.seed,
    )  # fmt: skip

    def chunks():
        for replica in range(old.replicas):
            for chunk in range(int(old.progress[replica])):
                if stopped():
                    raise Stopped("stopped before its statistics were written")
                yield replica, source.read(replica, chunk)

    pooled_statistics(fresh, chunks())
    fresh.refit()
    if fresh.moments is None:
        return
    curve = estimate(fresh)
    with replacing(path, Kind.STATISTICS) as part, h5py.File(part, "w") as file:
        file.attrs["dbar_file"] = "statistics"
        file.attrs["schema"] = 1
        file.attrs["names"] = old.names
        for group, state in (("transitions", fresh.moments), ("snapshots", fresh.joint)):
            for name, value in state.get_state().items():
                file[f"{group}/{name}"] = value
        for name, value in curve._asdict().items():
            file[f"ensemble/{name}"] = value
        file["chunks"] = old.progress
