"""All that is watched at once: runs by name, and ensembles by the status file of their folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from dbar.files.filelock import at_work
from dbar.status.file import STATUS_FILE, EnsembleStatus, end_now, read_status
from dbar.status.words import about_ensemble
from dbar.watch.about import about_run
from dbar.watch.follow import Follower
from dbar.watch.since import Since

__all__ = ["Watching"]

_MOST = 32  # stores of one ensemble followed at the same time


@dataclass
class _Ensemble:
    """A folder with a status file."""

    path: Path
    status: EnsembleStatus | None = None
    message: str = ""
    seen: tuple | None = None
    since: Since = field(default_factory=Since)
    alive: bool | None = None  # whether a controller is at work, None if that cannot be known
    stores: dict[Path, Follower] = field(default_factory=dict)

    @property
    def ended(self) -> object:
        """Why it has ended; empty if it has not, None if that is not said."""
        return end_now(self.status.ended, self.alive) if self.status else None

    @property
    def over(self) -> bool:
        """Whether nothing more will come: who still holds the lock goes on writing."""
        return bool(self.ended) and not self.alive and not self.message


class Watching:
    """Runs and ensembles, looked at together.

    Parameters
    ----------
    names : list of path-like
        Files of `fix dbar/stream`, status files (``status.json``), or folders that hold one. None
        of them need exist yet; a name is taken for a file until a folder of that name exists.
    forecast : bool
        Forecast each run from its newest snapshot.
    """

    def __init__(self, names: list[str | os.PathLike[str]], forecast: bool = False) -> None:
        self._forecast = forecast
        self._names = list(dict.fromkeys(Path(name) for name in names))
        self._runs: dict[Path, Follower] = {}
        self._ensembles: dict[Path, _Ensemble] = {}

    def poll(self) -> bool:
        """Look at everything; returns whether anything has changed."""
        changed = False
        for name in self._names:
            if self._is_ensemble(name):
                if name not in self._ensembles:
                    changed = True
                    self._runs.pop(name, None)
                    file = name if name.name == STATUS_FILE else name / STATUS_FILE
                    self._ensembles[name] = _Ensemble(file)
                changed |= self._poll_ensemble(self._ensembles[name])
            else:
                if name not in self._runs:
                    changed = True
                    self._ensembles.pop(name, None)
                    self._runs[name] = Follower(name, self._forecast)
                changed |= self._runs[name].poll()
        return changed

    def _is_ensemble(self, name: Path) -> bool:
        """Folders and status files are; what was one and is gone still is."""
        if name.name == STATUS_FILE:
            return True
        try:
            mode = os.stat(name).st_mode
        except OSError:
            return name in self._ensembles
        return stat.S_ISDIR(mode)

    def _poll_ensemble(self, ensemble: _Ensemble) -> bool:
        before = (ensemble.seen, ensemble.message, ensemble.alive)
        # asked first: the controller may end while its file is read
        ensemble.alive = at_work(ensemble.path.with_name("controller"))
        try:
            info = os.stat(ensemble.path)
            seen = (info.st_ino, info.st_mtime_ns, info.st_size)
            if seen != ensemble.seen:
                ensemble.status, ensemble.message = read_status(ensemble.path), ""
                ensemble.seen = seen
                ensemble.since.look(seen, ensemble.status.written or info.st_mtime)
        except FileNotFoundError:
            ensemble.seen, ensemble.message = None, "waiting for the status file"
        except OSError as error:
            ensemble.seen, ensemble.message = None, f"{ensemble.path}: {error.strerror}"
        except ValueError as error:
            ensemble.message = str(error)
        changed = before != (ensemble.seen, ensemble.message, ensemble.alive)
        stores = [r.store for r in (ensemble.status.replicas if ensemble.status else []) if r.store]
        wanted = list(dict.fromkeys(stores))[:_MOST]
        for path in wanted:
            if path not in ensemble.stores:
                ensemble.stores[path] = Follower(path, self._forecast)
        for path in set(ensemble.stores) - set(wanted):
            del ensemble.stores[path]
        # a list, so that every store is looked at
        return any([changed, *(store.poll() for store in ensemble.stores.values())])

    def runs(self) -> list[tuple[str, Follower]]:
        """Single runs with their names, then the followed stores of ensembles."""
        found = [(str(name), run) for name, run in self._runs.items()]
        for ensemble in self._ensembles.values():
            names = {r.store: r.id for r in (ensemble.status.replicas if ensemble.status else [])}
            found += [(f"replica {names[path]}", run) for path, run in ensemble.stores.items()]
        return found

    @property
    def finished(self) -> bool:
        """Whether all runs and ensembles have ended; those that do not say so never do."""
        over = [run.status == "ended" for run in self._runs.values()]
        over += [ensemble.over for ensemble in self._ensembles.values()]
        return bool(over) and all(over)

    @property
    def problems(self) -> bool:
        """Whether a file is missing or cannot be read."""
        runs = any(run.status in ("waiting", "unreadable") for run in self._runs.values())
        return runs or any(e.message for e in self._ensembles.values())

    def frame(self, curves: bool = False) -> dict:
        """All that can be shown, JSON-able but for numbers that are not finite.

        Parameters
        ----------
        curves : bool
            Also the values over time, thinned to some hundred points.
        """
        return {
            "runs": [about_run(name, run, curves) for name, run in self.runs()],
            "ensembles": [_about_ensemble(e) for e in self._ensembles.values()],
        }


def _about_ensemble(ensemble: _Ensemble) -> dict:
    status = replace(ensemble.status or EnsembleStatus(), ended=ensemble.ended)
    about = about_ensemble(status, str(ensemble.path), ensemble.message)
    if about["age"] is not None:
        about["age"] = round(ensemble.since.age or 0.0)
    return about
