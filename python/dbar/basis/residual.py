"""How much of the coefficients' variance a number of contracted functions leaves out."""

from __future__ import annotations

import numpy as np

__all__ = ["fewest", "residual_variances"]


def residual_variances(eigenvalues) -> np.ndarray:
    """Residual variance of the first q functions, for each q.

    RV = 1 - kept/total over all environments, l and m, and over all species of neighbours
    (A. Goscinski et al., J. Chem. Phys. 155, 104106 (2021), section II).

    Parameters
    ----------
    eigenvalues : array_like, shape (blocks, ..., d)
        Variance of the coefficient of each function; all axes between the first and the last are
        summed over.

    Returns
    -------
    ndarray, shape (blocks, d)
        For q = 1 ... d. The last one is 0.
    """
    each = np.asarray(eigenvalues, dtype=float)
    each = each.reshape(len(each), -1, each.shape[-1]).sum(axis=1)
    # summed from the small end: 1 - kept/total would lose the digits of what is left
    left = np.cumsum(each[:, ::-1], axis=1)[:, ::-1]
    return np.hstack([left[:, 1:], np.zeros((len(left), 1))]) / left[:, :1]


def fewest(eigenvalues, residual_variance: float) -> int:
    """The smallest number of functions that leaves at most `residual_variance` in each block."""
    enough = (residual_variances(eigenvalues) <= residual_variance).all(axis=0)
    return int(np.argmax(enough)) + 1
