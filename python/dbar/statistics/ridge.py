"""Evidence-maximised Bayesian ridge from sufficient statistics, all outputs and bags at once.

The model, the priors, the iteration and the stopping rule are those of
``sklearn.linear_model.BayesianRidge`` (MacKay 1992, Tipping 2001) with its default parameters;
only counts, means and co-moments of [x, y] are needed, so the cost does not depend on the number
of samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_PRIOR = 1e-6  # alpha_1 = alpha_2 = lambda_1 = lambda_2 of scikit-learn
_TOL = 1e-3
_MAX_ITER = 300


@dataclass(frozen=True)
class Regression:
    """Linear maps y = coef x + intercept, one per bag (first axis).

    Attributes
    ----------
    coef : ndarray, shape (B, q, p)
    intercept : ndarray, shape (B, q)
    noise_precision, weight_precision : ndarray, shape (B, q)
        alpha and lambda of the evidence maximisation (zeros for `least_squares`).
    effective : ndarray, shape (B, q)
        Effective number of coefficients determined by the data (gamma).
    residual : ndarray, shape (B, q, q)
        Sums of products of residuals.
    n_iter : ndarray of int, shape (B, q)
    eigvals : ndarray, shape (B, p)
    eigvecs : ndarray, shape (B, p, p)
        Spectrum of the centred sums of squares of x.
    """

    coef: np.ndarray
    intercept: np.ndarray
    noise_precision: np.ndarray
    weight_precision: np.ndarray
    effective: np.ndarray
    residual: np.ndarray
    n_iter: np.ndarray
    eigvals: np.ndarray
    eigvecs: np.ndarray

    def coef_cov(self, bag, output):
        """Posterior covariance (p, p) of the coefficients of one output in one bag."""
        q = self.eigvecs[bag]
        scale = self.noise_precision[bag, output] * self.eigvals[bag]
        return (q / (scale + self.weight_precision[bag, output])) @ q.T


def _split(mean, comoment, p):
    sxx, sxy, syy = comoment[:, :p, :p], comoment[:, :p, p:], comoment[:, p:, p:]
    return mean[:, :p], mean[:, p:], sxx, sxy, syy


def _finish(coef, means, sums):
    (mx, my), (sxx, sxy, syy) = means, sums
    intercept = my - np.einsum("bqp,bp->bq", coef, mx)
    cross = coef @ sxy
    residual = syy - cross - cross.swapaxes(1, 2) + coef @ sxx @ coef.swapaxes(1, 2)
    return intercept, 0.5 * (residual + residual.swapaxes(1, 2))


def _maximise_evidence(count, eig, vec, u, noise, alpha, lam, n_iter):
    """MacKay's iteration for every (bag, output), in place; converged ones drop out of the work."""
    bag, out = (index.ravel() for index in np.indices(alpha.shape))
    e, v = eig[bag].T, u[bag, :, out].T  # (p, N), a column per regression
    safe = np.where(e > 0.0, e, 1.0)
    explained, rest, n = v**2 / safe, noise[bag, out], count[bag]
    a, w = alpha[bag, out], lam[bag, out]
    old = np.zeros_like(v)
    for iteration in range(_MAX_ITER):
        ratio = w / a
        below = 1.0 / (e + ratio)
        shrunk = v * below
        gamma = (e * below).sum(axis=0)
        sse = rest + (explained * (ratio * below) ** 2).sum(axis=0)
        w = (gamma + 2 * _PRIOR) / ((shrunk**2).sum(axis=0) + 2 * _PRIOR)
        a = (n - gamma + 2 * _PRIOR) / (sse + 2 * _PRIOR)
        alpha[bag, out], lam[bag, out] = a, w
        n_iter[bag, out] += 1
        if iteration:
            # the rule is sum |change| < tol of the coefficients, which is at least the
            # Euclidean norm of the change in the eigenbasis: the rotation is rarely needed
            move = shrunk - old
            live = np.sqrt((move**2).sum(axis=0)) >= _TOL
            for k in np.flatnonzero(~live):
                live[k] = np.abs(vec[bag[k]] @ move[:, k]).sum() >= _TOL
            if not live.all():
                bag, out, n, rest, a, w = (x[live] for x in (bag, out, n, rest, a, w))
                e, v, explained, shrunk = (x[:, live] for x in (e, v, explained, shrunk))
            if not len(bag):
                break
        old = shrunk


def bayesian_ridge(count, mean, comoment, p):
    """Evidence-maximised ridge of the last variables on the first `p`, with intercept.

    Parameters
    ----------
    count : ndarray, shape (B,)
        Samples per bag, each at least 2.
    mean : ndarray, shape (B, p + q)
    comoment : ndarray, shape (B, p + q, p + q)
        Centred sums of products.
    p : int
        Number of regressors.

    Returns
    -------
    Regression
        Equal to ``BayesianRidge().fit(x, y_k)`` for each output k and bag.

    Raises
    ------
    ValueError
        If a bag holds fewer than 2 samples.
    """
    count = np.asarray(count, dtype=float)
    if np.any(count < 2):
        few = int(np.argmin(count))
        raise ValueError(f"bag {few} holds {int(count[few])} samples, at least 2 are needed")
    mx, my, sxx, sxy, syy = _split(mean, comoment, p)
    eig, vec = np.linalg.eigh(sxx)
    # rank: directions without variance beyond rounding carry no information
    eig = np.where(eig > eig[:, -1:] * 1e-14 * p, eig, 0.0)
    u = vec.swapaxes(1, 2) @ sxy  # (B, p, q) in the eigenbasis
    safe = np.where(eig > 0.0, eig, 1.0)[:, :, None]
    eig3 = eig[:, :, None]
    u = np.where(eig3 > 0.0, u, 0.0)
    total = np.einsum("bqq->bq", syy)
    explained = u**2 / safe
    noise = np.maximum(total - explained.sum(axis=1), 0.0)

    alpha = 1.0 / (total / count[:, None] + np.finfo(float).eps)
    lam, n_iter = np.ones_like(alpha), np.zeros(alpha.shape, dtype=int)
    _maximise_evidence(count, eig, vec, u, noise, alpha, lam, n_iter)
    ratio = (lam / alpha)[:, None, :]
    coef = (vec @ (u / (eig3 + ratio))).swapaxes(1, 2)
    gamma = (eig3 / (ratio + eig3)).sum(axis=1)
    intercept, residual = _finish(coef, (mx, my), (sxx, sxy, syy))
    return Regression(coef, intercept, alpha, lam, gamma, residual, n_iter, eig, vec)


def least_squares(count, mean, comoment, p):
    """Ordinary least squares (minimum norm) with the interface of `bayesian_ridge`."""
    mx, my, sxx, sxy, syy = _split(mean, comoment, p)
    eig, vec = np.linalg.eigh(sxx)
    keep = eig > eig[:, -1:] * 1e-14 * p
    inverse = np.where(keep, 1.0 / np.where(keep, eig, 1.0), 0.0)
    coef = (vec @ (inverse[:, :, None] * (vec.swapaxes(1, 2) @ sxy))).swapaxes(1, 2)
    intercept, residual = _finish(coef, (mx, my), (sxx, sxy, syy))
    shape = intercept.shape
    rank = np.broadcast_to(keep.sum(axis=1)[:, None], shape).astype(float)
    dof = np.maximum(np.asarray(count, dtype=float)[:, None] - rank - 1.0, 1.0)
    variance = np.maximum(np.einsum("bqq->bq", residual), 1e-150)
    return Regression(
        coef, intercept, dof / variance, np.zeros(shape), rank, residual,
        np.zeros(shape, dtype=int), np.where(keep, eig, 0.0), vec,
    )  # fmt: skip
