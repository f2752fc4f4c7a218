"""Eigenvectors of symmetric matrices, also where the fast routine gives up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["eigenpairs"]


def eigenpairs(made: Callable[[], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All eigenvalues, ascending, and eigenvectors of a symmetric matrix.

    By divide and conquer, which is fast but fails now and then on a matrix like any other (LAPACK's
    syevd: about one in 1e5 of order 114 with a degenerate eigenvalue); then by QR.

    Parameters
    ----------
    made : callable
        Gives the matrix (n, n), which is overwritten.

    Returns
    -------
    values : ndarray, shape (n,)
    vectors : ndarray, shape (n, n)
        Orthonormal columns.
    """
    from scipy import linalg

    try:
        return linalg.eigh(made(), overwrite_a=True, driver="evd")
    except linalg.LinAlgError:
        return linalg.eigh(made(), overwrite_a=True, driver="ev")
