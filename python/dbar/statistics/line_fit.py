"""Straight lines through points with errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Line", "fit_line"]


@dataclass(frozen=True)
class Line:
    """Line y = intercept + slope x.

    Attributes
    ----------
    intercept, slope : float
    cov : ndarray, shape (2, 2)
        Of intercept and slope.
    chi2 : float
        Weighted sum of squared residuals.
    dof : int
    """

    intercept: float
    slope: float
    cov: np.ndarray
    chi2: float
    dof: int

    def __call__(self, x):
        """Value and standard error at x."""
        x = np.asarray(x, dtype=float)
        rows = np.stack([np.ones_like(x), x], axis=-1)
        return self.intercept + self.slope * x, np.sqrt(
            np.einsum("...i,ij,...j->...", rows, self.cov, rows)
        )

    def zero(self):
        """Where the line crosses zero, and the standard error of that to first order."""
        x = -self.intercept / self.slope
        return float(x), float(self(x)[1] / abs(self.slope))

    def zero_interval(self, level=0.95):
        """Points that may be the zero, by Fieller's theorem; infinite where the slope may be 0."""
        from scipy.stats import norm

        z2 = norm.ppf(0.5 + level / 2) ** 2
        (aa, ab), (_, bb) = self.cov
        p = self.slope**2 - z2 * bb
        q = self.intercept * self.slope - z2 * ab
        r = self.intercept**2 - z2 * aa
        if p <= 0.0:
            return -np.inf, np.inf
        root = np.sqrt(max(q * q - p * r, 0.0))
        return float((-q - root) / p), float((-q + root) / p)


def fit_line(x, y, error) -> Line:
    """Weighted least squares with known errors.

    Raises
    ------
    ValueError
        For fewer than two different x, or errors that are not positive.
    """
    x, y, error = (np.asarray(v, dtype=float) for v in (x, y, error))
    if not x.shape == y.shape == error.shape or x.ndim != 1 or len(np.unique(x)) < 2:
        raise ValueError(f"found {x.shape}, {y.shape}, {error.shape}, expected two points or more")
    if not (np.isfinite([x, y, error]).all() and (error > 0.0).all()):
        raise ValueError("expected finite numbers and positive errors")
    (slope, intercept), cov = np.polyfit(x, y, 1, w=1.0 / error, cov="unscaled")
    residual = (y - intercept - slope * x) / error
    return Line(
        float(intercept), float(slope), cov[::-1, ::-1], float(residual @ residual), len(x) - 2
    )
