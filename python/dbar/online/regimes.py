"""A run as a sequence of regimes: what was learnt in each, and whether one has come back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.online.frozen import FrozenModel
from dbar.statistics.moments import LaggedMoments

KEPT = 3  # regimes of the past whose statistics are kept, the newest


@dataclass
class Regime:
    """A regime that was left: number, first and last step, model and statistics."""

    number: int
    first: int
    last: int
    model: FrozenModel
    moments: LaggedMoments


class Regimes:
    """Number of the present regime, and those of the past that can be recognised.

    Attributes
    ----------
    number, known : int
        Number of the present regime, and the largest number given so far.
    first : int
        Step of its first snapshot, -1 before any.
    past : list of Regime
        The newest `KEPT`, oldest first.
    """

    def __init__(self):
        self.number = self.known = 1
        self.first = -1
        self.past = []

    def leave(self, last, first, model, moments):
        """Begin a regime at step `first`; the present one, which ended at `last`, is kept."""
        if model is not None:
            self.past = [r for r in self.past if r.number != self.number]
            self.past = [*self.past, Regime(self.number, self.first, last, model, moments)][-KEPT:]
        self.known += 1
        self.number, self.first = self.known, first

    def recognise(self, moments, m_limit):
        """The regime of the past in whose model these statistics have a mean M up to `m_limit`.

        The nearest is taken, its number becomes the present one, and it is returned; None if
        there is no such regime.
        """
        if not self.past:
            return None
        distances = [mean_m(regime.model, moments) for regime in self.past]
        best = int(np.argmin(distances))
        if not distances[best] <= m_limit:
            return None
        regime = self.past.pop(best)
        self.number = regime.number
        return regime

    def get_state(self):
        """Arrays from which `from_state` restores everything bit for bit."""
        ends = [(r.number, r.first, r.last) for r in self.past]
        state = {
            "regime_ints": np.array([self.number, self.known, self.first], dtype=np.int64),
            "regime_past": np.array(ends, dtype=np.int64).reshape(-1, 3),
        }
        for k, regime in enumerate(self.past):
            both = regime.model.get_state() | regime.moments.get_state()
            state |= {f"regime{k}_{name}": value for name, value in both.items()}
        return state

    @classmethod
    def from_state(cls, state):
        """Inverse of `get_state`."""
        self = cls()
        self.number, self.known, self.first = (int(v) for v in state["regime_ints"])
        for k, (number, first, last) in enumerate(np.array(state["regime_past"]).reshape(-1, 3)):
            head = f"regime{k}_"
            own = {n[len(head) :]: v for n, v in state.items() if n.startswith(head)}
            model, moments = FrozenModel.from_state(own), LaggedMoments.from_state(own)
            self.past.append(Regime(int(number), int(first), int(last), model, moments))
        return self


def mean_m(model, moments):
    """Mean M, under a model, of the snapshots that are in the statistics."""
    count, mean, comoment = moments.snapshots()
    second = comoment / count + np.multiply.outer(mean - model.shift, mean - model.shift)
    return float(np.einsum("ki,kl,li->", model.basis, second, model.basis) / model.dim)
