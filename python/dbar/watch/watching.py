"""All that is watched at once: runs by name, and ensembles by the status file of their folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dbar.files.filelock import at_work
from dbar.status.file import STATUS_FILE, EnsembleStatus, end_now, read_status
from dbar.status.words import about_ensemble, clean
from dbar.store.units import unit_of, unit_style
from dbar.trajectory.summary import STATES, alarm_sentence, stress, summarise
from dbar.trajectory.trajectory import Trajectory
from dbar.watch.follow import Follower

__all__ = ["Watching"]

_MOST = 32  # stores of one ensemble followed at the same time
_POINTS = 400  # points of a curve sent to the page
_EMPTY = {
    "step": None, "time": None, "time_unit": "", "state": None, "M": None, "bound": None,
    "tau_pred": None, "refits": None, "snapshots": 0, "alarms": 0, "sentence": "", "stress": None,
    "stress_name": "", "stress_unit": "", "energy": None, "energy_unit": "",
    "curves": {}, "forecast": None,
}  # fmt: skip


@dataclass
class _Ensemble:
    """A folder with a status file."""

    path: Path
    status: EnsembleStatus | None = None
    message: str = ""
    seen: tuple | None = None
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
            "runs": [_about(name, run, curves) for name, run in self.runs()],
            "ensembles": [_about_ensemble(e) for e in self._ensembles.values()],
        }


def _about_ensemble(ensemble: _Ensemble) -> dict:
    status = replace(ensemble.status or EnsembleStatus(), ended=ensemble.ended)
    return about_ensemble(status, str(ensemble.path), ensemble.message)


def _about(name: str, follower: Follower, curves: bool) -> dict:
    run, monitor = follower.run, follower.run.monitor
    age = follower.age
    about = {
        "name": clean(name),
        "status": follower.status,
        "message": clean(follower.message),
        "age": None if age is None else round(age, 1),
        **_EMPTY,
    }
    if not len(run):
        return about
    summary = summarise(run)

    def newest(name: str) -> float | None:  # a file need not hold all of the monitor's columns
        return float(monitor[name][-1]) if name in monitor else None

    units = unit_style(run.units)
    about |= {
        "snapshots": len(run), "step": int(run.step[-1]), "time": float(run.time[-1]),
        "time_unit": units["time"],
    }  # fmt: skip
    if "state" in monitor:
        state = int(monitor["state"][-1])
        learning = state == 0
        about |= {
            "state": STATES[state] if 0 <= state < len(STATES) else str(state),
            "M": None if learning else newest("M"),
            "bound": None if learning else newest("bound"),
            "tau_pred": None if learning else newest("tau_pred"),
            "refits": int(monitor["refits"][-1]) if "refits" in monitor else None,
            "alarms": int(np.count_nonzero(monitor["state"] == 3)),
            "sentence": alarm_sentence(summary),
        }
    pulled, energy = stress(run), run.observables.get("pe")
    if pulled:
        about |= {
            "stress_name": pulled[0], "stress": float(pulled[1][-1]), "stress_unit": pulled[2],
        }  # fmt: skip
    if energy is not None:
        about |= {"energy": float(energy[-1]), "energy_unit": unit_of("pe", run.units)}
    if curves:
        about["curves"] = _curves(run, pulled[1] if pulled else None, energy)
        if follower.outlook is not None:
            bands = {k: v.tolist() for k, v in follower.outlook.bands.items()}
            about["forecast"] = {"time": follower.outlook.time.tolist(), "bands": bands}
    return about


def _curves(run: Trajectory, pulled: np.ndarray | None, energy: np.ndarray | None) -> dict:
    """Columns over time, thinned so that peaks and alarms stay."""
    columns = {}
    if "state" in run.monitor:
        unknown = run.monitor["state"] == 0
        for name in ("M", "bound"):
            if name in run.monitor:
                columns[name] = np.where(unknown, np.nan, run.monitor[name])
        columns["state"] = run.monitor["state"]
    if pulled is not None:
        columns["stress"] = pulled
    if energy is not None:
        columns["pe"] = energy
    n = len(run)
    edges = np.unique(np.linspace(0, n, min(n, _POINTS) + 1).astype(int))[:-1]
    largest = {"M", "state"}
    out = {"time": run.time[edges].tolist()}
    for name, values in columns.items():
        values = np.asarray(values, float)
        if name in largest:
            filled = np.where(np.isnan(values), -np.inf, values)
            values = np.maximum.reduceat(filled, edges)
            values = np.where(np.isneginf(values), np.nan, values)
        else:
            values = values[edges]
        out[name] = values.tolist()
    return out
