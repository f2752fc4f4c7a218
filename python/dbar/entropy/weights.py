"""Coefficients of a linear model of the entropy by Bayesian ridge, their spread and reach.

C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 3.5; the fit itself is
scikit-learn's ``BayesianRidge``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.trust.mahalanobis import oas

__all__ = ["FEWEST", "Weights", "fit_weights"]

FEWEST = 3  # rows: one number, its noise and its prior are learnt from them
_STILL = 1e-10  # of the largest sum of a component: what varies less is rounding of sums
_NOTHING = 1e-12  # of the largest sum of all components
_RANK = 1e-10  # of the largest singular value: directions of rounding
_FLOOR = 1e-8  # of the largest variance, for the grade, as for atoms (`dbar.novelty`)
_FLAT = 1e-12  # parameter of the gamma priors of both precisions: none to speak of
_SHARE, _BAND = 0.9, 1.6448536  # so much of a normal distribution is within so many deviations
_DETERMINED = 1e-10  # of a row: what is left when all the others are known


@dataclass
class Weights:
    """S = w . x of features x, with what is known of it.

    Features are divided by `scale`, then written along `directions`, the principal axes of the
    training data; all else that the training set can show lies across them.

    Attributes
    ----------
    coefficients : ndarray, shape (K,)
        w, k_B per unit of a feature.
    scale : ndarray, shape (K,)
        Root mean square of each feature over the training set; 0 where it did not vary, which
        leaves the component out.
    directions : ndarray, shape (r, K)
        Orthonormal rows.
    moments : ndarray, shape (r,)
        Mean square of the scaled features along each direction, descending.
    samples : int
        Rows learnt from.
    noise : float
        Standard deviation of what w . x does not explain, k_B.
    prior : float
        Standard deviation of a coefficient of a scaled feature before anything is known, k_B.
        Both are enlarged alike where training rows, each left out in turn, show the spread of the
        ridge to be too small.
    shrinkage : float
        Of the second moments towards a multiple of the identity, by OAS, in the grade.
    """

    coefficients: np.ndarray
    scale: np.ndarray
    directions: np.ndarray
    moments: np.ndarray
    samples: int
    noise: float
    prior: float
    shrinkage: float

    def variance(self, x: np.ndarray) -> np.ndarray:
        """Variance of w . x over the posterior of w (n,), k_B^2; the noise is not part of it."""
        squares, rest = self._parts(x)
        known = self.samples * self.moments / self.noise**2 + self.prior**-2
        return squares @ (1.0 / known) + rest * self.prior**2

    def grade(self, x: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distance from zero (n,), 1 on average over the training rows."""
        squares, rest = self._parts(x)
        target = self.shrinkage * self.moments.sum() / np.count_nonzero(self.scale)
        spread = (1.0 - self.shrinkage) * self.moments + target
        least = _FLOOR * spread[0]
        spread, target = np.maximum(spread, least), max(target, least)
        return (squares @ (1.0 / spread) + rest / target) / (self.moments / spread).sum()

    def _parts(self, x):
        """Squares along each direction (n, r), and what is left of the square (n,)."""
        scaled = np.divide(x, self.scale, out=np.zeros_like(x), where=self.scale > 0)
        along = scaled @ self.directions.T
        return along**2, ((scaled - along @ self.directions) ** 2).sum(axis=1)


def fit_weights(x: np.ndarray, y: np.ndarray, size: np.ndarray) -> Weights:
    """Learn from rows, without an intercept.

    Parameters
    ----------
    x : ndarray, shape (n, K)
        Features; zero is where the entropy is known to be zero.
    y : ndarray, shape (n,)
        k_B.
    size : ndarray, shape (K,)
        Largest magnitude of the sums of which the features are differences: says what is rounding.

    Raises
    ------
    ValueError
        Fewer than three rows, or nothing that varies.
    """
    from sklearn.linear_model import BayesianRidge  # a second to import

    if len(x) < FEWEST:
        raise ValueError(
            f"atoms: found {len(x)} differences of configurations to learn from, expected at "
            f"least {FEWEST}"
        )
    scale = np.sqrt(np.mean(x**2, axis=0))
    scale[scale <= np.maximum(_STILL * size, _NOTHING * size.max())] = 0.0
    level = float(np.sqrt(np.mean(y**2)))
    if not scale.any():
        raise ValueError("atoms: found descriptors that are all the same, expected different ones")
    if level == 0.0:
        raise ValueError("entropies: found no difference among them, expected different ones")
    scaled = x[:, scale > 0] / scale[scale > 0]
    rows, singular, axes = np.linalg.svd(scaled, full_matrices=False)
    keep = singular > _RANK * singular[0]
    rows, singular, axes = rows[:, keep], singular[keep], axes[keep]
    # the prior is the same in all directions, so the axes of the data are as good as any
    ridge = BayesianRidge(
        fit_intercept=False, tol=1e-8, max_iter=10_000, alpha_1=_FLAT, alpha_2=_FLAT,
        lambda_1=_FLAT, lambda_2=_FLAT,
    ).fit(scaled @ axes.T, y / level)  # fmt: skip
    moments = singular**2 / len(x)
    coefficients, directions = np.zeros(x.shape[1]), np.zeros((len(axes), x.shape[1]))
    coefficients[scale > 0] = level * (ridge.coef_ @ axes) / scale[scale > 0]
    directions[:, scale > 0] = axes
    noise, prior = level / np.sqrt(ridge.alpha_), level / np.sqrt(ridge.lambda_)
    spread = _widening(rows, singular**2 / (singular**2 + (noise / prior) ** 2), y, noise)
    return Weights(
        coefficients, scale, directions, moments, len(x), spread * noise, spread * prior,
        oas(scaled.T @ scaled / len(x), len(x))[1],
    )  # fmt: skip


def _widening(rows: np.ndarray, kept: np.ndarray, y: np.ndarray, noise: float) -> float:
    """How many times wider bands must be to hold nine tenths of the rows when those are left out.

    With few rows for many components the evidence trusts the prior too much. What a row is off by
    when it is left out follows from the fit to all (the jackknife of a linear smoother, precisions
    held): r / (1 - h), expected to spread by noise / sqrt(1 - h).
    """
    left = np.maximum(1.0 - rows**2 @ kept, _DETERMINED)
    residuals = y - rows @ (kept * (rows.T @ y))
    scores = np.sort(np.abs(residuals) / (noise * np.sqrt(left)))
    place = min(int(np.ceil(_SHARE * (len(y) + 1))), len(y))  # as conformal bands count
    return max(1.0, float(scores[place - 1]) / _BAND)
