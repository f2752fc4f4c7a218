"""Where a stream's estimates of observables come from: learnt in the run, or brought by a model."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.estimators.streaming import StreamingReadout
from dbar.estimators.streaming_stress import StreamingStress
from dbar.statistics.ranks import NORMAL, RecentRanks

__all__ = ["GivenSource", "LearntSource", "Source", "StressSource"]


class Source:
    """Estimates of some observables; NaN while there are none.

    Attributes
    ----------
    names : list of str
    factor : ndarray, shape (q,)
        Half width of a 90 % band of a forecast, over its standard deviation, to begin with.
    """

    def __init__(self, names):
        self.names = list(names)
        self.none = np.full(len(self.names), np.nan)
        self.factor = np.full(len(self.names), NORMAL)

    def estimate(self, D, V, volume, truth):
        """Means and standard deviations (q,) of a snapshot, said before it is learnt.

        Parameters
        ----------
        D : (K+1,) array
        V, volume : (K+1, 6) array and float, or None
        truth : (q,) array
            What the run computed, NaN where it did not.
        """
        raise NotImplementedError

    def ahead(self, atoms, mean, slope, cov):
        """The same of descriptors per atom that are forecast, see `dbar.online.horizon.Ahead`."""
        return self.none, self.none

    def share(self):
        """Arrays of what was learnt here, for `take` of replicas that observe the same."""
        return {}

    def nothing(self):
        """Sum of what no replica has shared, for `gather`."""

    def gather(self, total, state):
        """Add what one replica shares (its `share`) to a sum."""

    def settle(self, total):
        """Learn from the sum of what replicas share, in place of what they had before."""


class _StreamSource(Source):
    """Around an estimator that learns in the run."""

    def __init__(self, names, stream):
        super().__init__(names)
        self._stream = stream

    def share(self):
        """As `Source.share`."""
        return self._stream.share()

    def nothing(self):
        """As `Source.nothing`."""
        return self._stream.nothing()

    def gather(self, total, state):
        """As `Source.gather`."""
        self._stream.gather(total, state)

    def settle(self, total):
        """As `Source.settle`."""
        self._stream.settle(total)

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        return self._stream.get_state()


class LearntSource(_StreamSource):
    """`StreamingReadout` of observables that the run computes, always or now and then.

    Parameters
    ----------
    kinds : dict
        Name -> "extensive" or "per-atom".
    size : int
        Descriptors K.
    """

    def __init__(self, kinds: dict[str, str], size: int) -> None:
        self._settings = dict(kinds), int(size)
        super().__init__(kinds, StreamingReadout(*self._settings))

    def estimate(self, D, V, volume, truth):
        """As `Source.estimate`; learnt is what is known as a whole."""
        readout = self._stream
        if np.isfinite(truth).all():
            mean, std = readout.observe(D, truth)
            return (self.none, self.none) if mean is None else (mean, std)
        if not readout.ready:
            return self.none, self.none
        mean, std = readout.predict(D)
        return mean[0], std[0]

    def ahead(self, atoms, mean, slope, cov):
        """As `Source.ahead`."""
        readout = self._stream
        if not readout.ready or not np.isfinite(mean).all():
            return self.none, self.none
        found, std = readout.predict(np.concatenate([[atoms], atoms * mean]))
        return found[0], _with_spread(std[0], readout.slopes(atoms) @ slope.T, cov)

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._stream = StreamingReadout.from_state(*self._settings, state)


class StressSource(_StreamSource):
    """`StreamingStress` for those of the pressures that are wanted; it forecasts nothing.

    Parameters
    ----------
    names : list of str
        Among pxx ... pyz and press.
    size : int
        Descriptors K.
    """

    def __init__(self, names: list[str], size: int) -> None:
        super().__init__(names, StreamingStress(size))
        self._columns = [(*STRESS, "press").index(name) for name in names]

    def estimate(self, D, V, volume, truth):
        """As `Source.estimate`, with the whole tensor (6,) for `truth`."""
        if np.isfinite(truth).all():
            mean, std = self._stream.observe(D, V, volume, truth)
        else:
            ready = self._stream.ready
            mean, std = self._stream.predict(D, V, volume) if ready else (None, None)
        return (self.none, self.none) if mean is None else (mean[self._columns], std[self._columns])

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._stream = StreamingStress.from_state(self._stream.size, state)


class GivenSource(Source):
    """Estimators of a model file; what the run computes itself only tells how wide bands must be.

    Parameters
    ----------
    names : list of str
        Observables of the model.
    model : dbar.study.EnsembleModel
    steps : int
        Snapshots that are forecast ahead.
    """

    def __init__(self, names, model, steps):
        super().__init__(names)
        # the widths of the model come from left-out runs: a few errors do not know better
        self._model, self._ranks = model, RecentRanks(len(self.names), 20, 1.0)
        self._columns = [model.names.index(name) for name in self.names]
        ahead = model.scale_.factors(np.array([steps]), 0.9, len(model.names))[0]
        self.factor = ahead[self._columns]

    def estimate(self, D, V, volume, truth):
        """As `Source.estimate`."""
        given = (None, None) if V is None else (V[None], np.array([volume]))
        found = self._model.estimate(D[None], *given, checked=True)
        mean, std = (part[0, self._columns] for part in found)
        said = mean, std * self._ranks.width
        if np.isfinite(truth).any():
            self._ranks.add(truth - mean, std)
        return said

    def ahead(self, atoms, mean, slope, cov):
        """As `Source.ahead`, by the model's own way from latent coordinates to observables."""
        model = self._model
        found, std = model.read_out(model.space_(mean)[None], atoms, checked=True)
        by_latent = model.readout_.slopes(atoms) @ (slope @ model.space_.basis).T
        return found[0, self._columns], _with_spread(std[0], by_latent, cov)[self._columns]

    def get_state(self):
        """Arrays from which `set_state` continues bit for bit."""
        return self._ranks.get_state()

    def set_state(self, state):
        """Inverse of `get_state`."""
        self._ranks.set_state(state)


def _with_spread(std, slope, cov):
    """Standard deviations (q,) with those that slopes (q, d) carry over from cov (d, d)."""
    with np.errstate(over="ignore", invalid="ignore"):
        moved = np.einsum("qi,ij,qj->q", slope, cov, slope)
    return np.sqrt(std**2 + np.maximum(np.nan_to_num(moved, nan=np.inf), 0.0))
