"""Where a frozen model leads in a fixed number of snapshots, at the cost of two small products."""

from __future__ import annotations

import numpy as np

__all__ = ["Ahead", "Horizon"]


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


class Ahead:
    """Forecast of descriptors by a monitor's newest model, always the same snapshots ahead.

    Parameters
    ----------
    steps : int
    size : int
        Descriptors K; of what a monitor learns beside them (V) nothing is forecast here.
    """

    def __init__(self, steps, size):
        self.steps, self.size = int(steps), int(size)
        self._model = self._horizon = None

    def __call__(self, monitor, atoms):
        """Descriptors per atom (K,) to be expected, and what they may be off by.

        Returns
        -------
        now : ndarray, shape (K,)
            What the model takes for the present: the part of it that it forecasts.
        mean : ndarray, shape (K,)
        slope : ndarray, shape (d, K)
            Derivatives of descriptors per atom by latent coordinates.
        cov : ndarray, shape (d, d)
            Covariance of the latent coordinates.
        None
            While the monitor has no model.
        """
        model = monitor.model
        if model is None:
            return None
        if model is not self._model:
            self._model, self._horizon = model, Horizon(model, self.steps)
        state = monitor.latent_state()
        latent, cov = self._horizon(state, monitor.inflation)
        size = 1.0 if monitor.start is not None else atoms
        now, mean = (
            model.outwards(x)[: self.size] / size for x in (state[: self._horizon.dim], latent)
        )
        return now, mean, model.inverse[:, : self.size] / size, cov
