"""What a model says of configurations it was not shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

__all__ = ["HeldOut"]


@dataclass(frozen=True)
class HeldOut:
    """Entropies of configurations that were left out of a fit, and what the fit says of them.

    Attributes
    ----------
    index : ndarray of int, shape (n,)
        Which configurations of the sample they are.
    reference : ndarray, shape (n,)
        Their entropies, k_B: of formation if there is a bulk.
    mean, std : ndarray, shape (n,)
        Prediction and its standard deviation, k_B.
    grade : ndarray, shape (n,)
        As `EntropyModel.grade`.
    """

    index: np.ndarray
    reference: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    grade: np.ndarray

    @classmethod
    def together(cls, parts: list[HeldOut]) -> HeldOut:
        """Those of several fits as one."""
        names = ("index", "reference", "mean", "std", "grade")
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))

    @property
    def errors(self) -> np.ndarray:
        """Prediction less reference (n,), k_B."""
        return self.mean - self.reference

    @property
    def rmse(self) -> float:
        """Root mean square of the errors, k_B."""
        return float(np.sqrt(np.mean(self.errors**2)))

    @property
    def r2(self) -> float:
        """Share of the variance of the references that the prediction explains."""
        return float(1.0 - np.mean(self.errors**2) / np.var(self.reference))

    @property
    def slope(self) -> float:
        """Of the straight line through the references over the predictions; 1 if unbiased."""
        return float(np.polyfit(self.mean, self.reference, 1)[0])

    def coverage(self, share: float = 0.9) -> float:
        """Share of the references inside of central normal bands that promise `share`."""
        if not 0 < share < 1:
            raise ValueError(f"share: found {share!r}, expected a number between 0 and 1")
        return float(np.mean(np.abs(self.errors) <= ndtri(0.5 + 0.5 * share) * self.std))
