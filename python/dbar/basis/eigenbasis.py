"""Eigenvectors of covariances with signs that a refit repeats."""

from __future__ import annotations

import numpy as np

__all__ = ["eigenbasis", "signed"]

_AS_LARGE = 1e-6  # components within this of the largest count as large: rounding does not choose


def eigenbasis(C) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of covariances, falling, and the eigenvectors as rows.

    Parameters
    ----------
    C : ndarray, shape (..., d, d)
        Symmetric.

    Returns
    -------
    values : ndarray, shape (..., d)
        Not negative.
    vectors : ndarray, shape (..., d, d)
        The first of the largest components of each row is positive.
    """
    values, vectors = np.linalg.eigh(C)
    values, vectors = values[..., ::-1], np.swapaxes(vectors, -1, -2)[..., ::-1, :]
    return np.maximum(values, 0.0), signed(vectors)


def signed(rows) -> np.ndarray:
    """Rows (..., d) turned so that the first of their largest components is positive."""
    size = np.abs(rows)
    large = np.argmax(size >= (1.0 - _AS_LARGE) * size.max(axis=-1, keepdims=True), axis=-1)
    return rows * np.sign(np.take_along_axis(rows, large[..., None], axis=-1))
