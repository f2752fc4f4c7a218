"""Observables of a stream: estimated at each snapshot, and forecast from it with a band."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.estimators.readout import kind_of
from dbar.forecast.remainder import Remainder
from dbar.forecast.tracked import TrackedBands
from dbar.online.horizon import Ahead
from dbar.online.monitor import Monitor
from dbar.statistics.ranks import NORMAL
from dbar.store.columns import QUANTITIES
from dbar.stream.sources import GivenSource, LearntSource, Source, StressSource
from dbar.study.model import EnsembleModel

__all__ = ["Estimates", "kinds_of"]


class Estimates:
    """Estimates and forecasts of named observables.

    Parameters
    ----------
    kinds : dict
        Name -> "extensive" or "per-atom".
    columns : list of str
        What the run computes itself, in the order of the values it hands over.
    seldom : list of str
        Those of them that are not computed at every snapshot.
    size : int
        Descriptors K.
    virial : bool
        Whether there is V.
    steps, stride : int
        Snapshots that are forecast ahead, and timesteps between two of them.
    model : EnsembleModel, optional
        Brought from elsewhere. What it knows is not learnt anew.
    say : callable, optional
        Receives a line for each seldom value that lies outside its band.

    Raises
    ------
    ValueError
        If nobody knows an observable.
    """

    def __init__(
        self, kinds: dict[str, str], columns: list[str], seldom: list[str], size: int,
        virial: bool, steps: int, stride: int, model: EnsembleModel | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        self.names, self._columns, self._seldom = list(kinds), list(columns), set(seldom)
        self._stride, self._say = int(stride), say
        self._volume = self._columns.index("vol") if "vol" in self._columns else None
        self._tensor, self._missed = None, set()
        self._ahead = Ahead(steps, size)
        self._sources: dict[str, Source] = {}
        self._fill(kinds, size, virial and self._volume is not None, steps, model)
        factor = np.full(len(self.names), NORMAL)
        for source in self._sources.values():
            factor[self._places(source)] = source.factor
        self._bands, self._remainder = TrackedBands(factor), Remainder(len(self.names))

    def _fill(self, kinds, size, virial, steps, model) -> None:
        given = [] if model is None else [name for name in kinds if name in model.kinds]
        learnt = [name for name in kinds if name not in given]
        unknown = [name for name in learnt if name not in self._columns]
        if unknown:
            has = f"the model ({', '.join(model.names)})" if model else "a model FILE"
            raise ValueError(
                f"observe {unknown[0]}: expected one of the quantities that the run stores "
                f"({' '.join(self._columns)}) or that {has} knows; the keywords thermo and seldom "
                "store more"
            )
        always = [name for name in self._columns if name not in self._seldom]
        for word, among in (("always", always), ("seldom", self._seldom)):
            own = [name for name in given if name in among]
            if own:
                self._sources[f"given_{word}"] = GivenSource(own, model, steps)
            own = [name for name in learnt if name in among]
            # what a user defines may be without a value at times: it must not keep others from one
            users = [name for name in own if name[1:2] == "_"]
            for group in ([name for name in own if name not in users], *([name] for name in users)):
                if group:
                    part = {name: kinds[name] for name in group}
                    self._sources[f"learnt_{word}_{group[0]}"] = LearntSource(part, size)
        own = [name for name in given if name not in self._columns]
        if own:
            self._sources["given_never"] = GivenSource(own, model, steps)
        pressures = [name for name in learnt if name in (*STRESS, "press") and name in always]
        if pressures and virial and all(name in always for name in STRESS):
            self._tensor = [self._columns.index(name) for name in STRESS]
            self._sources["stress"] = StressSource(pressures, size)  # last: it goes before

    def _places(self, source) -> list[int]:
        return [self.names.index(name) for name in source.names]

    def _truth(self, names, values) -> np.ndarray:
        """Values that the run computed, NaN for those that it did not."""
        known = dict(zip(self._columns, values, strict=True))
        found = np.array([known.get(name, np.nan) for name in names], float)
        return np.where(np.isfinite(found), found, np.nan)

    def observe(
        self, step: int, D: np.ndarray, V: np.ndarray | None, values: np.ndarray,
        monitor: Monitor | None,
    ) -> np.ndarray:  # fmt: skip
        """Estimate a snapshot, learn it, and forecast.

        Parameters
        ----------
        step : int
        D : (K+1,) array
        V : (K+1, 6) array or None
        values : (n,) array
            In the order of `columns`; NaN where something was not computed.
        monitor : Monitor or None
            It has seen the snapshot. Without one nothing is forecast.

        Returns
        -------
        (q, 4) array
            In the order of `dbar.store.columns.QUANTITIES`, NaN where something is not known yet.
        """
        out = np.full((len(self.names), len(QUANTITIES)), np.nan)
        if not D[0] > 0.0:
            return out  # a group without atoms has no observables
        volume = None if self._volume is None else float(values[self._volume])
        given_v = V if volume is not None and volume > 0.0 else None
        for name, source in self._sources.items():
            if name == "stress" and given_v is None:
                continue
            if name == "stress":
                mean, std = source.estimate(D, V, volume, values[self._tensor])
            else:
                truth = self._truth(source.names, values)
                mean, std = source.estimate(D, given_v, volume, truth)
            places = self._places(source)
            known = np.isfinite(mean)
            out[places, 0] = np.where(known, mean, out[places, 0])
            out[places, 1] = np.where(known, std, out[places, 1])
        truth = self._truth(self.names, values)
        self._report(step, truth, out)
        self._bands.learn(step, truth)
        self._remainder.learn(step, out[:, 0])
        expected = None if monitor is None else self._ahead(monitor, float(D[0]))
        if expected is not None:
            due = step + self._ahead.steps * self._stride
            mean, spread, now = self._from_descriptors(float(D[0]), *expected)
            out[:, 2] = self._remainder.issue(due, mean, out[:, 0] - now)
            out[:, 3] = self._bands.issue(due, out[:, 2], spread)
        return out

    def _from_descriptors(self, atoms, now, mean, slope, cov) -> np.ndarray:
        """Forecast, its standard deviation, and the same readout of the present (3, q)."""
        out = np.full((3, len(self.names)), np.nan)
        for name, source in self._sources.items():
            if name != "stress":
                places = self._places(source)
                out[:2, places] = source.ahead(atoms, mean, slope, cov)
                out[2, places] = source.ahead(atoms, now, slope, cov)[0]
        return out

    def _report(self, step, truth, out) -> None:
        """Say which values are missing, and which computed seldom lie outside their band."""
        for k, name in enumerate(self.names):
            missing = name in self._columns and name not in self._seldom and np.isnan(truth[k])
            if missing and name not in self._missed and self._say:
                self._missed.add(name)
                self._say(f"step {step}: {name} is not finite, nothing is learnt from such values")
        for k, name in enumerate(self.names):
            half = NORMAL * out[k, 1]
            if name in self._seldom and abs(truth[k] - out[k, 0]) > half and self._say:
                self._say(
                    f"step {step}: {name} is {truth[k]:g}, outside the 90 % band of its estimate "
                    f"{out[k, 0]:g} +- {half:g}"
                )

    # ---- replicas and restarts ------------------------------------------------------------

    def share(self) -> dict[str, np.ndarray]:
        """Arrays of what was learnt here, for replicas that observe the same."""
        return _prefixed((name, source.share()) for name, source in self._sources.items())

    def take(self, others: Iterable[dict[str, np.ndarray]]) -> None:
        """Learn from what other replicas share, in place of what they had shared before."""
        totals = {name: source.nothing() for name, source in self._sources.items()}
        for state in others:  # one after the other: they may be a thousand
            for name, source in self._sources.items():
                if found := _part(name, state):
                    source.gather(totals[name], found)
        for name, source in self._sources.items():
            source.settle(totals[name])

    def get_state(self) -> dict[str, np.ndarray]:
        """Arrays from which `set_state` continues bit for bit."""
        parts = [(name, source.get_state()) for name, source in self._sources.items()]
        ahead = (("bands", self._bands), ("remainder", self._remainder))
        return _prefixed([*parts, *((name, part.get_state()) for name, part in ahead)])

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Inverse of `get_state`.

        Raises
        ------
        KeyError, ValueError
            If it is not the state of these observables.
        """
        for name, source in self._sources.items():
            source.set_state(_part(name, state))
        self._bands.set_state(_part("bands", state))
        self._remainder.set_state(_part("remainder", state))


def kinds_of(words: list[str]) -> dict[str, str]:
    """Kinds of observables from words NAME or NAME:extensive or NAME:per-atom.

    Raises
    ------
    ValueError
        For another kind, or a name that comes twice.
    """
    kinds: dict[str, str] = {}
    for word in words:
        name, colon, kind = word.partition(":")
        if colon and kind not in ("extensive", "per-atom"):
            raise ValueError(f"observe {word}: kind is {kind!r}, expected extensive or per-atom")
        if name in kinds:
            raise ValueError(f"observe {word}: {name} comes twice")
        kinds[name] = kind or kind_of(name)
    return kinds


_HEAD = "seen_"


def _prefixed(parts) -> dict[str, np.ndarray]:
    return {f"{_HEAD}{name}.{key}": v for name, state in parts for key, v in state.items()}


def _part(name: str, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    head = f"{_HEAD}{name}."
    return {key[len(head) :]: value for key, value in state.items() if key.startswith(head)}
