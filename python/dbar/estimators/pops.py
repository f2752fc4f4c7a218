"""Predictive spread from misfit: the POPS ensemble of Swinburne and Perez (optional package)."""

from __future__ import annotations

import numpy as np

__all__ = ["PopsSpread"]


class PopsSpread:
    """Standard deviation of predictions over the pointwise optimal parameter sets.

    Each training point pulls the parameters, by the least change, to where it would be met
    exactly; the spread of these parameters says how wrong a linear model of this kind can be.
    POPS is made for targets without noise and leaves the noise out. An instantaneous observable
    of a thermal system has noise that D̄ cannot know, so the noise variance of the ridge fit is
    added here: alone, POPS intervals of nominal 90 % cover a quarter to two thirds.

    Fitted on the whitened features of a `dbar.estimators.front.RidgeCore`, one regression per
    output.
    """

    def fit(self, core, X, Y):
        """Learn from features X (n, p) and outputs Y (n, q) of a fitted core.

        Raises
        ------
        ImportError
            If the package popsregression is missing.
        """
        try:
            from popsregression import POPSRegression
        except ImportError:
            raise ImportError(
                "noise='pops' needs the package popsregression: pip install dbar[pops]"
            ) from None
        Z = core.front_(X)
        live = np.where(core.y_std_ > 0, core.y_std_, 1.0)
        targets = (Y - core.y_mean_) / live
        # the ensemble itself, not the box around it: that is drawn from a global random stream
        self.models_ = [
            POPSRegression(fit_intercept=True, posterior="ensemble").fit(Z, t) for t in targets.T
        ]
        return self

    def std(self, core, X):
        """Standard deviations (n, q) of misfit and noise together."""
        Z = core.front_(X)
        spread = np.column_stack([m.predict(Z, return_std=True)[1] for m in self.models_])
        noise = np.array([1.0 / m.alpha_ for m in self.models_])
        return np.sqrt(spread**2 + noise) * core.y_std_
