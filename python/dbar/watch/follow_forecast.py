"""Forecast of a run that is being followed, by a copy of the monitor that sits in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import h5py
import numpy as np

from dbar.forecast.own_errors import OwnErrors
from dbar.online.config import MonitorConfig
from dbar.online.decision import Decision
from dbar.online.foresight import Foresight
from dbar.online.monitor import Monitor
from dbar.online.stored import StartUnknownError, checkpoints, has_monitor, monitor_anew
from dbar.store.checkpoint import Checkpoint
from dbar.trajectory.summary import stress
from dbar.trajectory.trajectory import Trajectory

__all__ = ["LEVEL", "Outlook", "Prophet"]

LEVEL = 0.9  # share of outcomes that the bands are to hold
_MEMORY = 1000  # snapshots from which observables are learnt
_MOST = 3000  # snapshots without checkpoint that are replayed at most
_WHOLE = 500  # snapshots of a run up to which it is replayed as a whole
_STEPS = (10, 100)  # fewest and most snapshots forecast
_CHECKED = 50  # snapshots ahead up to which every forecast is checked


@dataclass
class Outlook:
    """Forecast from the newest snapshot.

    Attributes
    ----------
    time : (n,) array
        Times forecast, in the run's time units.
    bands : dict of (3, n) arrays
        Name ("M", "stress", "pe") -> mean, lower and upper edge of the 90 % band. The edges are
        as far away as the errors of earlier forecasts ask for; NaN where there were too few, and
        where the band was found not to hold.
    held : dict of (float, int)
        Share of the outcomes so far that lay inside, and their number, as far as a band is given.
    """

    time: np.ndarray
    bands: dict[str, np.ndarray]
    held: dict[str, tuple[float, int]] = field(default_factory=dict)


class Prophet:
    """Makes a copy of the monitor, and shows it what came since.

    A short run is replayed as a whole, so that all forecasts can be checked; of a long one, and of
    one that learnt from others as well, the copy is taken from the older checkpoint in the file. So
    is the model that a monitor began with: without it a copy would be another monitor.

    Attributes
    ----------
    why : str
        Why there is no forecast yet, where that is worth saying.
    """

    def __init__(self) -> None:
        self._given_up, self.why = False, ""
        self._forget()

    def _forget(self) -> None:
        self._foresight: Foresight | None = None
        self._m = OwnErrors(_CHECKED, LEVEL)
        self._newest: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def look(self, file: h5py.File, run: Trajectory) -> Outlook | None:
        """Take in the new rows of the open file and forecast; None while that is not possible."""
        if self._given_up or not has_monitor(run.monitor_config) or "M" not in run.monitor:
            return None
        self.why = ""
        try:
            self._catch_up(file, run)
            return self._outlook(run)
        except StartUnknownError as error:  # the next checkpoint will have it
            self._forget()
            self.why = f"no forecast of the monitor: {error}"
            return None
        except (ValueError, KeyError, IndexError, TypeError, ArithmeticError, AttributeError):
            # settings or data that this version's monitor refuses: the columns are shown anyway
            self._given_up = True
            return None

    def _catch_up(self, file: h5py.File, run: Trajectory) -> None:
        found = [] if self._foresight else [c for c in checkpoints(file) if c.snapshots <= len(run)]
        if self._foresight is None and len(run) <= _WHOLE:
            anew = monitor_anew(run.monitor_config, run.parameters.get("nfreq"), found)
            self._foresight = Foresight(anew, _CHECKED, LEVEL)
            if self._go_on(file, run, 0):
                return
            self._forget()  # it learnt from others as well, or went on with other settings
        first = None
        if self._foresight is None:
            self._foresight = Foresight(_oldest(run, found), _CHECKED, LEVEL)
            first = max(0, self._foresight.monitor.snapshots - _MEMORY)
        self._go_on(file, run, first)

    def _go_on(self, file: h5py.File, run: Trajectory, first: int | None) -> bool:
        """Show the copy all rows that it has not seen; whether its newest M is that of the run."""
        own, columns, monitor = file["observables/dbar"], _columns(run), self._foresight.monitor
        start = monitor.snapshots
        if len(run) - start > _MOST:
            raise ValueError("too far behind")
        first = start if first is None else first
        D = own["D/value"][first : len(run)]
        V = own["V/value"][first : len(run)] if monitor.config.virial else None
        M = np.nan
        for k in range(first, len(run)):
            v = None if V is None else V[k - first]
            values = {name: float(column[k]) for name, column in columns.items()}
            step, time = int(run.step[k]), float(run.time[k])
            if k < start:
                self._foresight.remember(step, D[k - first], v, values)
                continue
            said, ahead = self._foresight.observe(step, time, D[k - first], v, values)
            self._newest = {name: (one.mean, one.half) for name, one in ahead.items()}
            self._check_m(said)
            M = said.mahalanobis
        return bool(np.isclose(np.nan_to_num(M), np.nan_to_num(run.monitor["M"][-1]), rtol=1e-3))

    def _check_m(self, said: Decision) -> None:
        """M is forecast as a factor: its logarithm."""
        known = said.mahalanobis > 0.0
        self._m.learn(np.log(said.mahalanobis) if known else np.nan)
        mean = self._means_of_m(_CHECKED)
        half = self._m.issue(np.full(_CHECKED, np.nan) if mean is None else np.log(mean))
        if mean is not None:
            self._newest["M"] = (mean, half)

    def _means_of_m(self, steps: int) -> np.ndarray | None:
        """Mean of M under the forecast plus its growth sigma_M^2 t / dtau."""
        monitor = self._foresight.monitor
        if monitor.model is None or not monitor.dtau > 0.0:
            return None
        inflation = monitor.inflation
        model, out = monitor.model, np.empty(steps)
        ahead = model.start(monitor.latent_state())
        for k in range(steps):
            ahead = model.advance(ahead)
            out[k] = model.forecast_m(ahead, inflation)[0] + model.sigma_m2 * (k + 1)
        return out

    def _outlook(self, run: Trajectory) -> Outlook | None:
        monitor = self._foresight.monitor
        if monitor.model is None or not monitor.dtau > 0.0:
            return None
        tau = float(run.monitor["tau_pred"][-1]) / monitor.dtau
        steps = int(np.clip(tau if np.isfinite(tau) else 0, *_STEPS))
        means = self._foresight.means(steps) | {"M": self._means_of_m(steps)}
        out = Outlook(run.time[-1] + monitor.dtau * np.arange(1, steps + 1), {})
        for name, mean in means.items():
            bands = self._m if name == "M" else self._foresight.bands[name]
            reach = min(bands.reach(), steps)
            half = np.full(steps, np.nan)
            half[:reach] = self._newest[name][1][:reach]
            if np.isfinite(mean).all():
                edges = (
                    (mean * np.exp(-half), mean * np.exp(half))
                    if name == "M"
                    else (mean - half, mean + half)
                )
                out.bands[name] = np.array([mean, *edges])
                out.held[name] = bands.coverage(reach or None)
        return out


def _oldest(run: Trajectory, found: list[Checkpoint]) -> Monitor:
    """The monitor of the older checkpoint, as it was at the beginning where there is none."""
    if not found:
        return monitor_anew(run.monitor_config, run.parameters.get("nfreq"), found)
    return Monitor.from_state(MonitorConfig.of_store(run.monitor_config), found[0].arrays)


def _columns(run: Trajectory) -> dict[str, np.ndarray]:
    """Stress and energy, as far as the run has them."""
    columns, found = {}, stress(run)
    if found:
        columns["stress"] = found[1]
    if "pe" in run.observables:
        columns["pe"] = run.observables["pe"]
    return columns
