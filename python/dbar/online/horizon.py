"""Where a frozen model leads in a fixed number of snapshots, at the cost of two small products."""

from __future__ import annotations

import numpy as np

__all__ = ["Horizon"]


class Horizon:
    """Forecast at one horizon.

    Parameters
    ----------
    model : FrozenModel
    steps : int
        Snapshots ahead.
    """

    def __init__(self, model, steps):
        d, size = model.dim, len(model.drift)
        self.dim = d
        with np.errstate(over="ignore", invalid="ignore"):  # a bag may run away
            self._map, self._drift, self._noise = np.eye(size), np.zeros(size), model.noise * 0.0
            bags = np.tile(np.eye(size), (len(model.bag_map), 1, 1))
            drifts = np.zeros((len(bags), size))
            for _ in range(int(steps)):
                self._map, self._drift = model.matrix @ self._map, model.matrix @ self._drift
                self._drift = self._drift + model.drift
                self._noise = model.matrix @ self._noise @ model.matrix.T + model.noise
                moved = model.bag_map @ bags
                bags = np.concatenate([moved, bags[:, : size - d]], axis=1)
                ahead = np.einsum("bij,bj->bi", model.bag_map, drifts) + model.bag_drift
                drifts = np.concatenate([ahead, drifts[:, : size - d]], axis=1)
        self._bags = np.nan_to_num(bags[:, :d], posinf=1e150, neginf=-1e150)
        self._bag_drifts = np.nan_to_num(drifts[:, :d], posinf=1e150, neginf=-1e150)

    def __call__(self, state, inflation):
        """Mean (d,) and covariance (d, d) from latent lags (P d,), newest first.

        The covariance is that of the process noise, times `inflation`, and of the bags.
        """
        d = self.dim
        ends = self._bags @ state + self._bag_drifts
        off = ends - ends.mean(axis=0)
        with np.errstate(over="ignore", invalid="ignore"):
            cov = self._noise[:d, :d] * inflation + off.T @ off / (len(off) - 1)
        return (self._map @ state + self._drift)[:d], cov
