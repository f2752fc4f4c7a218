"""What the single-snapshot test knows between two refits, from all transitions so far, of one lag."""

import numpy as np
from scipy.special import fdtrc

from dbar.statistics.moments import bag_members
from dbar.statistics.ridge import bayesian_ridge

BAGS, COVERAGE, LATENTS = 20, 0.25, 12


def shrunk(cov, n):
    """Oracle approximating shrinkage."""
    p = len(cov)
    if p == 1:
        return cov.copy()
    alpha, mu = np.mean(cov**2), np.trace(cov) / p
    spread = alpha - mu**2 / p
    rho = 1.0 if spread <= 1e-13 * alpha else min((alpha + mu**2) / ((n + 1.0) * spread), 1.0)
    return (1.0 - rho) * cov + rho * mu * np.eye(p)


def latent_basis(X):
    """Mean and scaled directions (K, d) of snapshots 1, 2, ...; M is the mean square of what they give."""
    n, new = len(X) - 1, X[1:]
    mean = new.mean(axis=0)
    cov = np.cov(new.T)
    std = np.sqrt(np.diag(cov))
    live = std > 1e-12 * np.abs(mean)
    scale = np.where(live, 1.0 / np.where(live, std, 1.0), 0.0)
    w, v = np.linalg.eigh(cov * np.outer(scale, scale))
    w, v = w[::-1], v[:, ::-1]
    most = max(1, min(LATENTS, n // 3, (n - 5) // 2))
    d = max(1, min(most, int(np.sum(w > w[0] * 1e-11))))
    basis = scale[:, None] * v[:, :d] / np.sqrt(w[:d])
    Y = (X - mean) @ basis
    inside, steps = Y[1:].T @ Y[1:] / n, np.atleast_2d(np.cov(np.diff(Y, axis=0).T))
    w, v = np.linalg.eigh(shrunk(steps, n))
    white = v / np.sqrt(np.maximum(w, 1e-12 * np.trace(inside) / d))
    inside = white.T @ inside @ white
    w, v = np.linalg.eigh(shrunk(inside, n))
    inner = v / np.sqrt(np.maximum(w, w[-1] * 1e-12))
    level = np.einsum("ik,ij,jk->", inner, inside, inner) / d
    return mean, basis @ (white @ inner / np.sqrt(level))[:, ::-1]


class Model:
    """Latent space, one-step predictor and bagged forecast of M, fitted to snapshots X (n + 1, K)."""

    def __init__(self, X, steps):
        self.shift, self.basis = latent_basis(X)
        Y = self.latent(X)
        self.n, self.d = float(len(X) - 1), Y.shape[1]
        self._one_step(Y)
        self._bags(Y, steps)
        square = min(np.abs(np.linalg.eigvals(self.T)).max(), 1.0) ** 2
        effective = self.n * (1.0 - square) / (1.0 + square)
        self.m_dof = float(np.clip(effective, 4.0, self.dof - self.d + 1.0))

    def latent(self, X):
        """Latent coordinates."""
        return (X - self.shift) @ self.basis

    def _one_step(self, Y):
        x, y = Y[:-1], Y[1:]
        self.center_x, self.center_y = x.mean(axis=0), y.mean(axis=0)
        x, y = x - self.center_x, y - self.center_y
        eig, vec = np.linalg.eigh(x.T @ x)
        live = eig > eig[-1] * 1e-14 * self.d
        self.leverage_root = vec * np.where(live, 1.0 / np.sqrt(np.where(live, eig, 1.0)), 0.0)
        self.coef = y.T @ x @ self.leverage_root @ self.leverage_root.T
        self.dof = float(self.n - live.sum() - 1.0)
        rest = y - x @ self.coef.T
        w, v = np.linalg.eigh(rest.T @ rest / self.dof)
        self.root = v / np.sqrt(np.maximum(w, 1e-18))

    def _bags(self, Y, steps):
        z, d = np.hstack([Y[:-1], Y[1:]]), self.d
        member = bag_members(0, 0, steps[1:], BAGS, COVERAGE).T
        parts = [z[rows] for rows in member if rows.sum() >= 2]
        count = np.array([len(part) for part in parts], float)
        off = [part - part.mean(axis=0) for part in parts]
        sums = np.array([o.T @ o for o in off])
        fit = bayesian_ridge(count, np.array([part.mean(axis=0) for part in parts]), sums, d)
        self.bag_T, self.bag_c = fit.coef, fit.intercept
        self.T, self.c = fit.coef.mean(axis=0), fit.intercept.mean(axis=0)
        rest = Y[1:] - Y[:-1] @ self.T.T - self.c
        self.S = rest.T @ rest / max(self.n - fit.effective.mean() - 1.0, 0.5 * self.n)
        dof = np.maximum(count - fit.effective.mean(axis=1) - 1.0, np.maximum(0.5 * count, 1.0))
        self.bag_s = np.linalg.eigvalsh(fit.residual / dof[:, None, None])
        self.growth = max(self._growth(), 1.0 / self.n)

    def _growth(self):
        """Growth of M per snapshot that the spread of the bags causes: max over t of u(t) / t."""
        move = (self.bag_c - self.c).T
        off = self.bag_s - self.bag_s.mean(axis=0)
        cov_s = off.T @ off / (len(off) - 1)
        _, axes = np.linalg.eigh(self.S)
        response = np.einsum("ik,jk->kij", axes, axes)
        power, t, most, before = self.T, 1, 0.0, 0.0
        while True:
            u = np.square(move).sum() / (move.shape[1] - 1)
            u += np.einsum("ij,iab,jba->", cov_s, response, response, optimize=True)
            u /= self.d
            if u >= 1.0 and t > 1:  # expired in between: interpolated
                before = max(before, 1e-12)
                part = np.log(1.0 / before) / np.log(u / before)
                return max(most, 1.0 / (0.5 * t * 2.0**part))
            most, before = max(most, u / t), u
            if u >= 1.0 or 2 * t > self.n:
                return most
            move, response = move + power @ move, response + power @ response @ power.T
            power, t = power @ power, 2 * t

    # ---- probabilities --------------------------------------------------------------------

    def innovation(self, y, past):
        """Squared one-step innovation over its expectation."""
        dx = past - self.center_x
        leverage = 1.0 / self.n + np.square(dx @ self.leverage_root).sum()
        e = (y - self.center_y - self.coef @ dx) @ self.root
        return (
            np.square(e).sum() / (1.0 + leverage) * (self.dof - self.d - 1.0) / (self.dof * self.d)
        )

    def innovation_p(self, ratio):
        """Probability of a larger innovation, F distribution."""
        free = self.dof - self.d + 1.0
        return float(fdtrc(self.d, free, ratio * free / (free - 2.0)))

    def start(self, y):
        """Forecast 0 snapshots ahead: mean, noise covariance, means of the bags."""
        return y.copy(), np.zeros_like(self.S), np.repeat(y[None], len(self.bag_T), axis=0)

    def advance(self, ahead):
        """The forecast one snapshot further."""
        mean, cov, bags = ahead
        bags = np.einsum("bij,bj->bi", self.bag_T, bags) + self.bag_c
        return self.T @ mean + self.c, self.T @ cov @ self.T.T + self.S, bags

    def m_p(self, m, ahead, inflation, growth):
        """Probability of a larger M than its forecast allows."""
        mean, cov, bags = ahead
        c = cov * inflation + np.cov(bags.T).reshape(cov.shape)
        level = (np.trace(c) + mean @ mean) / self.d
        variance = (2.0 * np.square(c).sum() + 4.0 * (mean @ c @ mean)) / self.d**2
        usable = np.isfinite(level) and np.isfinite(variance) and variance > 0.0
        if not usable or m <= growth:
            return 1.0
        return float(fdtrc(2.0 * level**2 / variance, self.m_dof, (m - growth) / level))
