"""Primitive radial functions at given distances, by the kernels."""

from __future__ import annotations

import numpy as np

from dbar.descriptors.expansion import Expansion

__all__ = ["radial_integrals"]

_FADE = 1e-8  # of rcut: where the cutoff function is not 1


def radial_integrals(basis: str, nmax: int, l: int, rcut: float, sigma: float, r) -> np.ndarray:  # noqa: E741
    r"""Radial integrals :math:`I_{nl}(r)` of a neighbour's Gaussian, without the cutoff function.

    Parameters
    ----------
    basis : {"gto", "dvr"}
    nmax : int
    l : int
    rcut, sigma : float
        Length unit of the positions.
    r : array_like, shape (R,)
        Distances from 0 to rcut.

    Returns
    -------
    ndarray, shape (nmax, R)
        Length unit to the power -3/2 for "gto"; with the weights of the points for "dvr". The
        splines of the kernels have them within 1e-10 of their maximum.

    Raises
    ------
    ValueError
        A distance out of range, or a value that the kernels refuse.
    """
    r = np.asarray(r, dtype=float)
    if r.ndim != 1 or not ((r >= 0.0) & (r <= rcut)).all():
        raise ValueError(f"r: found {r!r}, expected distances from 0 to Rcut {rcut:g}, one axis")
    fade = _FADE * rcut
    expansion = Expansion(rcut, nmax=nmax, lmax=l, basis=basis, sigma=sigma, width=fade)
    # one centre for each distance, with one neighbour on the z axis: there only Y_l0 is not zero
    vectors = np.zeros((len(r), 3))
    vectors[:, 2] = np.minimum(r, rcut - 2 * fade)
    one = np.zeros(len(r), dtype=np.intc)
    first = np.arange(len(r) + 1, dtype=np.intc)
    c = expansion._kernel.per_atom(one, first, vectors, one)
    c = c.reshape(len(r), nmax, (l + 1) ** 2)
    return c[:, :, l * l + l].T / np.sqrt((2 * l + 1) / (4 * np.pi))
