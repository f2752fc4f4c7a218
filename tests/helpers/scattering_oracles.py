"""Scattering without plane waves: one atom by Bessel transforms, several by sums in space, and kymatio's."""

import itertools
from math import pi

import numpy as np
import scipy.special
from scipy.special import factorial2, spherical_jn


def harmonics(l, vectors):  # noqa: E741
    """Complex Y_lm of vectors (..., 3), m = -l ... l, by SciPy of either name; (2l + 1, ...)."""
    x, y, z = np.moveaxis(np.asarray(vectors, dtype=float), -1, 0)
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    if hasattr(scipy.special, "sph_harm_y"):
        return np.array([scipy.special.sph_harm_y(l, m, polar, azimuth) for m in range(-l, l + 1)])
    return np.array([scipy.special.sph_harm(m, l, azimuth, polar) for m in range(-l, l + 1)])


def one_atom(size, sigma, l):  # noqa: E741
    """S of a single atom: wavelet to waves and back, each a Bessel transform, by quadrature."""
    width = np.hypot(size, sigma)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    r, wr = 10 * width * (nodes + 1), 10 * width * weights  # 0 to 20 widths
    k, wk = 10 / size * (nodes + 1), 10 / size * weights
    u = r / size
    wavelet = (2 * pi) ** -1.5 * size**-3 * np.exp(-(u**2) / 2) * u**l
    bessel = spherical_jn(l, np.outer(k, r))
    in_waves = 4 * pi * bessel @ (wr * r**2 * wavelet) * np.exp(-((k * sigma) ** 2) / 2)
    smoothed = bessel.T @ (wk * k**2 * in_waves) / (2 * pi**2)
    return np.sqrt((2 * l + 1) / (4 * pi)) * 4 * pi * np.sum(wr * r**2 * np.abs(smoothed))


def in_space(atoms, size, sigma, degrees, points):
    """S of each degree: the smoothed densities of all atoms and images, added up at points of the cell.

    `points` along each vector, on a lattice with a random shift. Open directions need a vector that is long
    enough for what is around the atoms.
    """
    width = np.hypot(size, sigma)
    shift = np.random.default_rng(0).uniform(size=3)
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in points], indexing="ij"), axis=-1)
    r = ((grid.reshape(-1, 3) + shift) / points) @ atoms.cell.array
    sums = {l: np.zeros((2 * l + 1, len(r)), complex) for l in degrees}  # noqa: E741
    reach = 7.5 * width
    spans = 1 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    copies = [
        int(np.ceil(reach / s)) + 1 if p else 0 for s, p in zip(spans, atoms.pbc, strict=True)
    ]
    for image in itertools.product(*(range(-n, n + 1) for n in copies)):
        for x in atoms.positions + image @ atoms.cell.array:
            near = ((r - x) ** 2).sum(axis=1) < reach**2
            if near.any():
                u = (r[near] - x) / width
                length = np.linalg.norm(u, axis=1)
                bell = (2 * pi) ** -1.5 * width**-3 * np.exp(-(length**2) / 2)
                for l in degrees:  # noqa: E741
                    sums[l][:, near] += (size / width) ** l * bell * length**l * harmonics(l, u)
    volume = atoms.cell.volume / len(r)
    return np.array([volume * np.sqrt((np.abs(sums[l]) ** 2).sum(axis=0)).sum() for l in degrees])  # noqa: E741


def kymatio_norm(l):  # noqa: E741
    """What kymatio's wavelet of degree l is, over ours: its own factor times (2 pi)^(3/2).

    Its waves are (2 pi)^(3/2) N_l (-i k s)^l exp(-(k s)^2 / 2) Y_lm, ours the same without the factors.
    """
    if l % 2 == 0:
        own = 1 / (2 * pi * np.sqrt(l + 0.5) * max(1, factorial2(l + 1)))
    else:
        half = scipy.special.factorial((l + 1) / 2)
        own = 1 / (2 ** (0.5 * (l + 3)) * np.sqrt(pi * (2 * l + 1)) * half)
    return own * (2 * pi) ** 1.5


def kymatio_scattering():
    """Class HarmonicScattering3D; kymatio 0.3 wants a function of SciPy that went with version 1.17."""
    if not hasattr(scipy.special, "sph_harm"):
        scipy.special.sph_harm = lambda m, l, azimuth, polar: scipy.special.sph_harm_y(  # noqa: E741
            l, m, polar, azimuth
        )
        try:
            from kymatio.scattering3d.frontend.numpy_frontend import HarmonicScatteringNumPy3D
        finally:
            del scipy.special.sph_harm
    else:
        from kymatio.scattering3d.frontend.numpy_frontend import HarmonicScatteringNumPy3D
    return HarmonicScatteringNumPy3D
