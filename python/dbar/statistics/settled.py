"""Steady state of a vector autoregression of which some directions never relax."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.statistics.companion import companion, embed

__all__ = ["NEVER", "Settled", "settled"]

NEVER = 1e-6  # a mode that loses less than this of itself in a snapshot does not relax
_NOUGHT = 1e-9  # share of a direction below which it is rounding


class Settled(NamedTuple):
    """Stationary moments of what relaxes, P D with P the projector off `unsettled`.

    `mean` (K,), `cov` (K, K), `long_run_cov` (K, K); `settles` (K,) whether a component of D lies
    off `unsettled`, (n, K), the orthonormal directions along which nothing relaxes.
    """

    mean: np.ndarray
    cov: np.ndarray
    long_run_cov: np.ndarray
    settles: np.ndarray
    unsettled: np.ndarray


def settled(coef, intercept, noise):
    """Moments of the relaxing part of a VAR (PRL 131, 236101, supplement: its V, L form).

    The companion matrix is split as T = V A L + V' A' L' into invariant subspaces of eigenvalues
    of modulus below 1 - 1e-6 (A) and of the rest (A'). The coordinates L Z have a steady state
    whatever the others do. D has one in all directions off the D-block of V'; there its moments
    are those of V L Z.

    The subspaces come from an ordered Schur form and a Sylvester equation, not from eigenvectors,
    of which a repeated unit root has too few.

    Parameters
    ----------
    coef : ndarray, shape (P, K, K)
    intercept : ndarray, shape (K,)
    noise : ndarray, shape (K, K)

    Returns
    -------
    Settled
    """
    from scipy.linalg import solve_discrete_lyapunov

    order, size = coef.shape[:2]
    inner, right, left, rest = _split(companion(coef))
    drift, source = np.zeros(order * size), embed(noise, order)
    drift[:size] = intercept
    gain = np.linalg.inv(np.eye(len(inner)) - inner)
    push = left @ source @ left.T
    shown, directions = right[:size], _span(rest[:size])
    off = np.eye(size) - directions.T @ directions
    mean = off @ (shown @ (gain @ (left @ drift)))
    cov, long_run = np.zeros((2, size, size))
    if len(inner):
        cov = off @ (shown @ solve_discrete_lyapunov(inner, push) @ shown.T) @ off
        long_run = off @ (shown @ (gain @ push @ gain.T) @ shown.T) @ off
    settles = np.sqrt(np.sum(directions**2, axis=0)) < _NOUGHT
    return Settled(mean, 0.5 * (cov + cov.T), long_run, settles, directions)


def _split(matrix):
    """A, V (m, r), L (r, m) of the relaxing subspace, and V' (m, m - r) of the rest."""
    from scipy.linalg import schur, solve_sylvester

    def relaxes(real, imaginary):
        return np.hypot(real, imaginary) < 1.0 - NEVER

    form, basis, r = schur(matrix, output="real", sort=relaxes)
    inner, across, outer = form[:r, :r], form[:r, r:], form[r:, r:]
    first, last = basis[:, :r], basis[:, r:]
    if not 0 < r < len(matrix):
        return inner, first, first.T, last
    mixed = solve_sylvester(inner, -outer, -across)
    return inner, first, first.T - mixed @ last.T, first @ mixed + last


def _span(vectors):
    """Orthonormal rows (n, K) of what columns (K, m) span."""
    if not vectors.shape[1]:
        return np.zeros((0, len(vectors)))
    scale = np.sqrt(np.sum(vectors**2, axis=0)).max()
    u, s, _ = np.linalg.svd(vectors / max(scale, np.finfo(float).tiny))
    return u[:, : int(np.sum(s > _NOUGHT))].T
