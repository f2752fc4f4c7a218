"""Linear algebra of the vector autoregression: companion form, spectrum, stationary moments."""

from __future__ import annotations

import numpy as np


def companion(coef):
    """Companion matrix T_Z (P K, P K) of coefficients (P, K, K), newest lag first."""
    order, size = coef.shape[:2]
    out = np.zeros((order * size, order * size))
    out[:size] = coef.transpose(1, 0, 2).reshape(size, order * size)
    out[size:, :-size] = np.eye((order - 1) * size)
    return out


def affine(coef, intercept):
    """Map (P K + 1, P K + 1) of [lags newest first, 1] over one snapshot."""
    matrix = companion(coef)
    drift = np.zeros(len(matrix))
    drift[: len(intercept)] = intercept
    return augmented(matrix, drift)


def augmented(matrix, drift):
    """Map (n + 1, n + 1) of [x, 1] to [matrix x + drift, 1]."""
    size = len(drift)
    out = np.zeros((size + 1, size + 1))
    out[:size, :size], out[:size, size], out[size, size] = matrix, drift, 1.0
    return out


def spectral_radius(coef):
    """Largest modulus of the companion eigenvalues; below 1 the process is stationary."""
    return float(np.abs(np.linalg.eigvals(companion(coef))).max())


def embed(noise, order):
    """Noise covariance(s) (..., K, K) as source(s) (..., P K, P K) of the companion process."""
    size = noise.shape[-1]
    out = np.zeros((*noise.shape[:-2], order * size, order * size))
    out[..., :size, :size] = noise
    return out


def stationary_mean(coef, intercept):
    """(I - sum_p T_p)^-1 c, shape (K,)."""
    return np.linalg.solve(np.eye(len(intercept)) - coef.sum(axis=0), intercept)


def stationary_cov(coef, noise):
    """Stationary covariance (P K, P K) of [D_n, ..., D_{n-P+1}], discrete Lyapunov equation."""
    from scipy.linalg import solve_discrete_lyapunov

    cov = solve_discrete_lyapunov(companion(coef), embed(noise, len(coef)))
    return 0.5 * (cov + cov.T)


def long_run_cov(coef, noise):
    """(I - T)^-1 S (I - T)^-T (K, K): covariance of sqrt(N) times the mean of N snapshots.

    This is Eq. 11 of PRL 131, 236101; it is not the covariance of single snapshots
    (`stationary_cov`).
    """
    gain = np.linalg.inv(np.eye(noise.shape[0]) - coef.sum(axis=0))
    return gain @ noise @ gain.T


def noise_factor(cov):
    """Symmetric-eigen factor F with F F^T = cov; negative rounding eigenvalues are set to zero."""
    w, v = np.linalg.eigh(cov)
    return v * np.sqrt(np.maximum(w, 0.0))
