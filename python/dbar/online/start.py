"""What a monitor can begin with: a model of runs that were made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.online.frozen import FrozenModel
from dbar.statistics.moments import LaggedMoments

__all__ = ["Start"]


@dataclass(frozen=True)
class Start:
    """A model, in descriptors per atom, from which a monitor starts.

    Attributes
    ----------
    model : FrozenModel
        Judges from the first snapshot on.
    moments : LaggedMoments or None
        Statistics that the model is made of: with them the monitor goes on learning. Without, the
        model stays as it is.
    dtau : float
        Time between snapshots.
    rest : ndarray or None
        Of `dbar.trust.brought.rest_of`: with it the model tells a change while the run has too few
        snapshots to do so itself.
    """

    model: FrozenModel
    moments: LaggedMoments | None = None
    dtau: float = 0.0
    rest: np.ndarray | None = None

    @property
    def count(self):
        """Transitions that are known already."""
        return 0.0 if self.moments is None else float(self.moments.count[0])

    def with_more(self, moments):
        """Statistics of both, in new memory."""
        return LaggedMoments.from_state(self.moments.get_state()).merge(moments)

    def get_state(self):
        """Arrays from which `from_state` restores all of it bit for bit."""
        parts = self.model.get_state() | {"dtau": np.array(self.dtau)}
        if self.moments is not None:
            parts |= self.moments.get_state()
        if self.rest is not None:
            parts["rest"] = self.rest.copy()
        return {f"start_{name}": value for name, value in parts.items()}

    @classmethod
    def from_state(cls, state):
        """Inverse of `get_state`, None where a monitor began with nothing."""
        own = {n.removeprefix("start_"): v for n, v in state.items() if n.startswith("start_")}
        if not own:
            return None
        moments = LaggedMoments.from_state(own) if "moments_ints" in own else None
        rest = np.array(own["rest"], float) if "rest" in own else None
        return cls(FrozenModel.from_state(own), moments, float(own["dtau"]), rest)
