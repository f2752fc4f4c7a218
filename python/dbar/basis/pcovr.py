"""Principal covariates: functions that also see what a property depends on."""

from __future__ import annotations

import numpy as np

__all__ = ["covariates", "projector", "regression"]

# over the largest eigenvalue: coefficients of weak functions may decide, rounding may not
_STRENGTHS = np.geomspace(1e-14, 1.0, 57)
_FREE = 0.1  # share of the samples that must be left to tell the error


def regression(count: float, mean, comoment):
    """Linear dependence of a property on coefficients, from their moments.

    Ridge regression with an intercept, whose strength minimises the error that generalised
    cross-validation expects (G. H. Golub, M. Heath, G. Wahba, Technometrics 21, 215 (1979)).

    Parameters
    ----------
    count : float
        Samples, at least 2.
    mean : ndarray, shape (d + 1,)
        Of the d coefficients, then of the property.
    comoment : ndarray, shape (d + 1, d + 1)
        Centred sums of products.

    Returns
    -------
    weights : ndarray, shape (d,)
        Change of the property with each coefficient.
    explained : float
        Share of the property's variance that it is expected to explain in other samples, 0 to 1.

    Raises
    ------
    ValueError
        The same property in all samples.
    """
    d = len(mean) - 1
    total = comoment[d, d]
    if not total > 1e-20 * count * mean[d] ** 2:
        raise ValueError(
            f"targets: found {mean[d]:g} in all {count:g} samples, expected values that differ"
        )
    value, vector = np.linalg.eigh(comoment[:d, :d])
    value, along = np.maximum(value, 0.0), vector.T @ comoment[:d, d]
    below = 1.0 / (value + value[-1] * _STRENGTHS[:, None] + np.finfo(float).tiny)
    left = np.maximum(total - (2.0 - value * below) * below @ along**2, 0.0)
    free = count - 1.0 - (value * below).sum(axis=1)
    expected = np.where(free >= _FREE * count, left / np.maximum(free, _FREE) ** 2, np.inf)
    best = len(expected) - 1 - int(np.argmin(expected[::-1]))  # of equal ones the strongest
    explained = 1.0 - expected[best] * (count - 1.0) ** 2 / total
    return vector @ (below[best] * along), float(np.clip(explained, 0.0, 1.0))


def projector(C, weights, explained: float, mixing: float) -> np.ndarray:
    r"""The projector of principal covariates regression.

    With X the coefficients and :math:`\hat Y` = X `weights`, both scaled so that the sum of their
    squares is 1 and `explained`, it is :math:`P = C^{-1/2} U \Lambda^{1/2}` with the eigenvectors
    U and eigenvalues of

    .. math:: \tilde C = \alpha C + (1 - \alpha) \, C^{-1/2} X^T \hat Y \hat Y^T X C^{-1/2},
        \qquad C = X^T X

    (S. de Jong and H. A. L. Kiers, Chemom. Intell. Lab. Syst. 14, 155 (1992)); for X and the scaled
    :math:`\hat Y` it is that of scikit-matter's ``PCovR(mixing, regressor="precomputed")``.

    Parameters
    ----------
    C : ndarray, shape (d, d)
        Covariance of the coefficients, not centred.
    weights, explained
        From `regression`.
    mixing : float
        :math:`\alpha`: 1 is the principal components of C, towards 0 the property alone counts.

    Returns
    -------
    ndarray, shape (d, d)
        A function in each column, by falling eigenvalue. Functions along which C has no variance
        beyond rounding are zero.
    """
    C = C / np.trace(C)
    value, vector = np.linalg.eigh(C)
    root = (vector * np.sqrt(np.maximum(value, 0.0))) @ vector.T
    v = root @ weights
    scale = np.sqrt(explained) / _size(v @ v)
    changed = mixing * C + (1.0 - mixing) * scale**2 * np.outer(v, v)
    value, vector = np.linalg.eigh(changed)
    value, vector = value[::-1], vector[:, ::-1]
    # C^-1/2 U sqrt(L) = C^-1/2 C~ U / sqrt(L), in which the inverse root cancels
    P = mixing * root @ vector + (1.0 - mixing) * scale**2 * np.outer(weights, v @ vector)
    there = value > 1e-15 * len(C) * value[0]
    return np.where(there, P / np.sqrt(np.where(there, value, 1.0)), 0.0)


def covariates(C, weights, explained: float, mixing: float) -> np.ndarray:
    """Orthonormal functions of which the first q span what the first q of `projector` span.

    Returns
    -------
    ndarray, shape (d, d)
        A function in each row.
    """
    P = projector(C, weights, explained, mixing)
    norm = np.linalg.norm(P, axis=0)
    q, _ = np.linalg.qr(P / np.where(norm > 0.0, norm, 1.0))
    return q.T


def _size(square: float) -> float:
    """The root of a sum of squares; 1 where there is nothing to scale."""
    return float(np.sqrt(square)) if square > 0.0 else 1.0
