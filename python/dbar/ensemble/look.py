"""What a policy sees of a controller, computed when the policy looks at it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from dbar.ensemble.policies import View

__all__ = ["Look"]


class Look(View):
    """A `View` that leaves what a policy does not read uncomputed.

    It is good for one decision: later it would show what was learnt since.
    """

    @classmethod
    def at(cls, controller) -> Look:
        """View of a `Controller` whose model has been fitted."""
        look, learner = object.__new__(cls), controller.learner
        left = (learner.chunks - learner.progress) * learner.snapshots * learner.dtau
        vars(look).update(
            chunks=learner.chunks, progress=controller.given.copy(), free=controller.free,
            remaining=left, cost=controller.cost(), grid=learner.grid,
            rng=np.random.default_rng([controller.plan.seed, controller.decisions]),
            _controller=controller,
        )  # fmt: skip
        return look

    # of the forecast of every replica
    M = cached_property(lambda self: self._controller.prospect.M)
    tau_pred = cached_property(lambda self: self._controller.prospect.tau_pred)
    mean = cached_property(lambda self: self._controller.prospect.mean)
    std = cached_property(lambda self: self._controller.prospect.std)
    errors = cached_property(lambda self: self._controller.error_table())
