"""From sums over environments to contracted functions, or to what is lacking."""

from __future__ import annotations

import numpy as np

from dbar.basis.eigenbasis import eigenbasis, signed
from dbar.basis.pcovr import covariates, regression
from dbar.basis.sums import Sums

__all__ = ["contraction"]

# the splines of the kernels have coefficients within 1e-10: below its square a variance is noise
_NOISE = 1e-20


def contraction(sums: Sums, names, centres, mixing=None):
    """All functions, those with the largest variance first.

    Parameters
    ----------
    sums : Sums
    names : sequence of str
        Species of the neighbours.
    centres : sequence of str
        Words for the central atoms of each block, as `` of C``.
    mixing : float, optional
        Of principal covariates regression, for l = 0; principal components if not given.

    Returns
    -------
    values : ndarray, shape (blocks, lmax + 1, groups, size)
        Variance of the coefficient of each function.
    functions : ndarray, shape (blocks, lmax + 1, groups, size, size)
        Orthonormal rows.

    Raises
    ------
    ValueError
        A block without environments, a species without neighbours, coefficients that vanish in all
        environments, or targets that are all the same.
    """
    for n, centre in zip(sums.environments, centres, strict=True):
        if not n:
            raise ValueError(f"frames: found no atoms{centre}, expected at least one")
    for b, centre in enumerate(centres):
        _refuse_unknown(sums, b, names, centre)
    C = sums.products / sums.environments[:, None, None, None, None]
    values, functions = eigenbasis(C)
    if mixing is not None:
        for b, g in np.ndindex(C.shape[0], C.shape[2]):
            u = _supervised(C[b, 0, g], sums.moments[b], g, mixing)
            functions[b, 0, g] = u
            values[b, 0, g] = np.maximum(np.einsum("qi,ij,qj->q", u, C[b, 0, g], u), 0.0)
    return values, functions


def _refuse_unknown(sums: Sums, b: int, names, centre: str) -> None:
    """Every function of a block must have been seen."""
    power = np.einsum("lgii->lgi", sums.products[b])
    power = power.reshape(len(power), sums.species, sums.nmax).sum(axis=2)
    for a, name in enumerate(names):
        if not power[0, a] > 0.0:
            raise ValueError(
                f"frames: found atoms{centre} without any neighbour {name} within the cutoff, "
                "expected neighbours of each species"
            )
        silent = np.flatnonzero(power[:, a] < _NOISE * power[0, a])
        if len(silent):
            raise ValueError(
                f"frames: found atoms{centre} whose coefficients of neighbours {name} and l = "
                f"{silent[0]} are all zero, as in a crystal at rest; expected others"
            )


def _supervised(C, moments, g: int, mixing: float) -> np.ndarray:
    """Functions of l = 0 of group g that also see the target."""
    count, mean, comoment = moments.snapshots()
    if count < 2:
        raise ValueError(f"targets: found {count:g}, expected at least 2")
    mine = np.append(np.arange(g * len(C), (g + 1) * len(C)), len(mean) - 1)
    weights, explained = regression(count, mean[mine], comoment[np.ix_(mine, mine)])
    return signed(covariates(C, weights, explained, mixing))
