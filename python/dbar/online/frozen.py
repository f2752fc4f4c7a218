"""The model the monitor judges with between two refits: frozen, made of arrays only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.forecast.var import VAR
from dbar.statistics.companion import augmented, companion, embed, spectral_radius
from dbar.statistics.latent import Latent, varying
from dbar.statistics.ridge import least_squares
from dbar.trust.ahead import Horizons
from dbar.trust.growth import sigma_m2
from dbar.trust.mahalanobis import Mahalanobis

_ARRAYS = (
    "shift", "center", "basis", "inverse", "outside",
    "coef", "center_x", "center_y", "leverage_root",
    "innovation_root", "matrix", "drift", "noise", "bag_map", "bag_drift",
    "scalars",
)  # fmt: skip


def latent_dim(n, order, largest):
    """Latent dimension for n transitions: a third of them, and degrees of freedom to spare.

    The residual covariance keeps n - P d - 1 degrees of freedom; the second rule keeps them above
    d + 3, where the predictive F distribution has a variance.
    """
    return max(1, min(largest, int(n) // 3, (int(n) - 5) // (order + 1)))


def _spread_out(bags, factor):
    """Bags (B, ...) whose distances from their mean are multiplied with a factor."""
    mean = bags.mean(axis=0)
    return mean + factor * (bags - mean)


class Autoregression(NamedTuple):
    """What a forecast is made of: mean model, bags, noise, growth of M.

    `coef` (P, d, d), `intercept` (d,), `noise` (d, d), `bag_coef` (B, d, P d), `bag_intercept`
    (B, d), `bag_scale` the factor from covariances over bags to those of the model, `sigma_m2`.
    """

    coef: np.ndarray
    intercept: np.ndarray
    noise: np.ndarray
    bag_coef: np.ndarray
    bag_intercept: np.ndarray
    bag_scale: float
    sigma_m2: float

    @classmethod
    def of(cls, model, growth):
        """That of a fitted `dbar.forecast.VAR`, with sigma_M^2 from elsewhere."""
        return cls(
            model.coef_, model.intercept_, model.noise_cov_, model.regression_.coef,
            model.bag_intercept_, model.epistemic_scale_, float(growth),
        )  # fmt: skip

    def moved(self, factor):
        """The same process in the coordinates y @ factor (d, d), invertible."""
        d, back = len(factor), np.linalg.inv(factor).T
        bags = self.bag_coef.reshape(len(self.bag_coef), d, -1, d)
        bags = np.einsum("ji,bjpk,kl->bipl", factor, bags, back)
        return self._replace(
            coef=factor.T @ self.coef @ back,
            intercept=self.intercept @ factor,
            noise=factor.T @ self.noise @ factor,
            bag_coef=bags.reshape(self.bag_coef.shape),
            bag_intercept=self.bag_intercept @ factor,
        )


class FrozenModel:
    """Latent space, one-step predictor, forecast of M: everything fixed at a refit.

    The latent coordinates y = (D - shift) @ basis are scaled so that M(D) is the mean of y^2 over
    coordinates; the slowest direction comes first.
    """

    _horizons = None

    @staticmethod
    def possible(moments):
        """Whether something varies and at least two bags hold two transitions."""
        count, mean, comoment = moments.snapshots()
        cov = comoment / max(count - 1.0, 1.0)
        return bool(varying(mean, cov).any() and np.sum(moments.count[1:] >= 2) >= 2)

    @classmethod
    def fit(cls, moments, largest_dim):
        """Build from raw `LaggedMoments`."""
        count, mean, comoment = moments.snapshots()
        dim = latent_dim(moments.count[0], moments.order, largest_dim)
        pca = Latent.fit(count, mean, comoment, dim)
        steps = pca.basis.T @ moments.differences() @ pca.basis
        cov = pca.basis.T @ comoment @ pca.basis / count
        measure = Mahalanobis().fit_cov(count, np.zeros(pca.dim), cov, steps)
        return cls.in_space(moments, mean, pca.basis @ measure.factor_[:, ::-1])

    @classmethod
    def in_space(cls, moments, shift, basis, forecast=None):
        """Build from raw `LaggedMoments` in latent coordinates that are given.

        Parameters
        ----------
        moments : LaggedMoments
        shift : ndarray, shape (K,)
        basis : ndarray, shape (K, d)
            M(D) is the mean over columns of ((D - shift) @ basis)**2.
        forecast : Autoregression, optional
            In these coordinates; by default it is fitted.
        """
        self, order, n, dim = cls(), moments.order, moments.count[0], basis.shape[1]
        count, mean, comoment = moments.snapshots()
        self.shift, self.basis = np.array(shift, float), np.array(basis, float)
        latent_cov = self.basis.T @ comoment @ self.basis
        self.inverse = np.linalg.solve(latent_cov, self.basis.T @ comoment)
        rest = np.diag(comoment) - np.einsum("ik,ik->k", self.inverse, latent_cov @ self.inverse)
        self.outside = np.maximum(rest, 0.0) / max(count - dim - 1.0, 1.0)
        # D from its latent coordinates: through the mean of the data, which need not be the shift
        self.center = mean - self.latent(mean) @ self.inverse
        latent = moments.project(self.shift, self.basis)
        self._fit_one_step(latent, n, dim, order)
        if forecast is None:
            forecast = self._autoregression(latent, dim, order)
        self._set_forecast(forecast, dim, order)
        # one memory layout: a restored model must follow the same arithmetic to the last bit
        for name in _ARRAYS:
            setattr(self, name, np.ascontiguousarray(getattr(self, name)))
        return self

    def _fit_one_step(self, latent, n, dim, order):
        """Full-sample least squares and what its predictive F distribution needs."""
        p = dim * order
        fit = least_squares(latent.count[:1], latent.mean[:1], latent.comoment[:1], p)
        self.coef = fit.coef[0]
        self.center_x, self.center_y = latent.mean[0, :p].copy(), latent.mean[0, p:].copy()
        live = fit.eigvals[0] > 0.0
        root = np.where(live, 1.0 / np.sqrt(np.where(live, fit.eigvals[0], 1.0)), 0.0)
        self.leverage_root = fit.eigvecs[0] * root
        self.dof = float(n - live.sum() - 1.0)
        w, v = np.linalg.eigh(fit.residual[0] / self.dof)
        # data without noise: an error of 1e-9 of the training spread is never news
        self.innovation_root = v / np.sqrt(np.maximum(w, 1e-18))
        self.count = float(n)

    def _autoregression(self, latent, dim, order):
        """The bagged autoregression of moments in latent coordinates, and its sigma_M^2."""
        model = VAR(order, latent.n_bags, latent.coverage, latent.seed).fit_moments(latent)
        identity = Mahalanobis()
        identity.mean_, identity.factor_, identity.dim_ = np.zeros(dim), np.eye(dim), dim
        growth = max(sigma_m2(model, identity), 1.0 / self.count)
        return Autoregression.of(model, growth)

    def _set_forecast(self, forecast, dim, order):
        """Bagged autoregression and sigma_M^2."""
        self.sigma_m2 = forecast.sigma_m2
        self.matrix, self.noise = companion(forecast.coef), embed(forecast.noise, order)
        self.drift = np.zeros(dim * order)
        self.drift[:dim] = forecast.intercept
        spread = np.sqrt(forecast.bag_scale)
        self.bag_map = _spread_out(forecast.bag_coef, spread)
        self.bag_drift = _spread_out(forecast.bag_intercept, spread)
        # squares of a process with slowest eigenvalue r: this many of n are independent
        square = min(spectral_radius(forecast.coef), 1.0) ** 2
        effective = self.count * (1.0 - square) / (1.0 + square)
        self.m_dof = float(np.clip(effective, 4.0, self.dof - dim + 1.0))
        self.scalars = np.array([self.dof, self.count, self.sigma_m2, self.m_dof])

    @property
    def dim(self):
        """Latent dimension d."""
        return self.basis.shape[1]

    def latent(self, D):
        """Latent coordinates (..., d)."""
        return (D - self.shift) @ self.basis

    def outwards(self, y):
        """Descriptors (..., K) that latent coordinates (..., d) stand for, by regression."""
        return self.center + y @ self.inverse

    def predict(self, x):
        """One-step mean (d,) and leverage from latent regressors x (P d,)."""
        dx = x - self.center_x
        leverage = 1.0 / self.count + np.square(dx @ self.leverage_root).sum()
        return self.center_y + self.coef @ dx, leverage

    def one_step_std(self, leverage):
        """Predictive standard deviations (d,) of the latent coordinates."""
        cov = np.linalg.pinv(self.innovation_root @ self.innovation_root.T, hermitian=True)
        return np.sqrt(np.diag(cov) * (1.0 + leverage))

    def innovation(self, y, mean, leverage):
        """Squared innovation e' S^-1 e / (1 + h) over its expectation under the F distribution."""
        t2 = np.square((y - mean) @ self.innovation_root).sum() / (1.0 + leverage)
        return t2 * (self.dof - self.dim - 1.0) / (self.dof * self.dim)

    def innovation_p(self, ratio):
        """Probability of a larger `innovation`."""
        from scipy.special import fdtrc

        d, nu = self.dim, self.dof
        return float(fdtrc(d, nu - d + 1.0, ratio * (nu - d + 1.0) / (nu - d - 1.0)))

    def start(self, state):
        """Forecast at horizon 0 from latent lags (P d,): mean, noise covariance, bag means."""
        return state.copy(), np.zeros_like(self.noise), np.repeat(state[None], len(self.bag_map), 0)

    def advance(self, ahead):
        """The forecast (mean (P d,), covariance (P d, P d), bag means (B, P d)) one step on."""
        state, cov, bags = ahead
        new = np.matmul(self.bag_map, bags[:, :, None])[:, :, 0] + self.bag_drift
        bags = np.concatenate([new, bags[:, : -self.dim]], axis=1)
        cov = self.matrix @ cov @ self.matrix.T + self.noise
        return self.matrix @ state + self.drift, cov, bags

    def _spread(self, ahead, inflation):
        """Covariance (d, d) of the forecast: inflated process noise and the spread of the bags."""
        d, (_, cov, bags) = self.dim, ahead
        off = bags[:, :d] - bags[:, :d].mean(axis=0)
        return cov[:d, :d] * inflation + (off.T @ off) / (len(off) - 1)

    def forecast_m(self, ahead, inflation):
        """Mean and variance of M under a Gaussian forecast with process and bag spread."""
        d, c = self.dim, self._spread(ahead, inflation)
        m = ahead[0][:d]
        mean = (np.trace(c) + m @ m) / d
        variance = (2.0 * np.square(c).sum() + 4.0 * (m @ c @ m)) / d**2
        return float(mean), float(variance)

    def m_p(self, excess, mean, variance):
        """Probability of a larger M: F with Satterthwaite's and effective degrees of freedom."""
        from scipy.special import fdtrc

        if not (np.isfinite(mean) and np.isfinite(variance) and variance > 0.0):
            return 1.0
        if excess <= 0.0:
            return 1.0
        return float(fdtrc(2.0 * mean**2 / variance, self.m_dof, excess / mean))

    def time_to_limit(self, state, m_limit):
        """tau_pred in snapshots: first crossing of M(t) = m_limit from `state` (P d,)."""
        if self._horizons is None or self._horizons.limit != m_limit:  # made when it is asked for
            step, d = augmented(self.matrix, self.drift), self.dim
            self._horizons = Horizons(
                step, self.noise[:d, :d], np.zeros(d), np.eye(d), self.sigma_m2, m_limit
            )
        now = np.square(state[: self.dim]).mean(keepdims=True)
        return float(self._horizons.reach(np.append(state, 1.0)[None], now)[0])

    def forecast(self, state, steps, inflation=1.0):
        """Mean and standard deviation of the next descriptors.

        The variance has three parts: the noise of the latent process, the spread of the bags, and
        what descriptors do outside the latent space.

        Parameters
        ----------
        state : ndarray, shape (P d,)
            Latent lags, newest first.
        steps : int
        inflation : float
            Factor on the variance of both kinds of noise, from the innovations judged so far.

        Returns
        -------
        mean, std : ndarray, shape (steps, K)
        """
        d, ahead = self.dim, self.start(state)
        mean, var = np.empty((steps, len(self.shift))), np.empty((steps, len(self.shift)))
        with np.errstate(over="ignore", invalid="ignore"):  # a bag may run away
            for k in range(steps):
                ahead = self.advance(ahead)
                mean[k] = self.outwards(ahead[0][:d])
                inside = (self._spread(ahead, inflation) @ self.inverse * self.inverse).sum(axis=0)
                var[k] = np.maximum(inside, 0.0) + inflation * self.outside
        return mean, np.sqrt(np.nan_to_num(var, nan=np.inf, posinf=np.inf))

    def get_state(self):
        """Arrays from which `from_state` restores the model bit for bit."""
        return {f"model_{name}": np.array(getattr(self, name)) for name in _ARRAYS}

    @classmethod
    def from_state(cls, state):
        """Inverse of `get_state`.

        Raises
        ------
        ValueError
            If an array is missing, as in states of earlier versions.
        """
        self = cls()
        missing = [name for name in _ARRAYS if f"model_{name}" not in state]
        if missing:
            raise ValueError(
                f"monitor state has no {', '.join(missing)}: it is damaged or of another version"
            )
        for name in _ARRAYS:
            setattr(self, name, np.array(state[f"model_{name}"], dtype=float, order="C"))
        self.dof, self.count, self.sigma_m2, self.m_dof = (float(v) for v in self.scalars)
        return self
