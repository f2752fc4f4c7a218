"""What the spherical expansion is, computed in other ways."""

import numpy as np
from scipy.special import gamma, sph_harm_y


def harmonics(lmax, n):
    """Real orthonormal harmonics without Condon's sign, (points, (lmax + 1)^2), of unit vectors (points, 3)."""
    theta, phi = np.arccos(np.clip(n[:, 2], -1, 1)), np.arctan2(n[:, 1], n[:, 0])
    columns = []
    for l in range(lmax + 1):  # noqa: E741
        for m in range(-l, l + 1):
            y = (-1) ** m * np.sqrt(2.0) * sph_harm_y(l, abs(m), theta, phi)
            columns.append(y.imag if m < 0 else y.real if m > 0 else y.real / np.sqrt(2.0))
    return np.stack(columns, axis=1)


def orbitals(nmax, rcut, x):
    """Orthonormal Gaussian-type orbitals at distances x: (nmax, points), S^-1/2 of numerical overlaps."""
    n = np.arange(nmax)[:, None]
    width = rcut * np.sqrt(np.maximum(n, 1)) / nmax
    grid, w = np.polynomial.legendre.leggauss(400)
    far = 12.0 * rcut
    grid, w = 0.5 * far * (grid + 1), 0.5 * far * w

    def primitive(y):
        norm = np.sqrt(2.0 / (width ** (2 * n + 3) * gamma(n + 1.5)))
        return norm * y**n * np.exp(-0.5 * (y / width) ** 2)

    at = primitive(grid)
    value, vector = np.linalg.eigh((at * w * grid**2) @ at.T)
    return (vector / np.sqrt(value)) @ vector.T @ primitive(x)


def cutoff_function(r, rcut, width):
    return 0.5 * (1 + np.cos(np.pi * np.clip((r - rcut) / width + 1, 0.0, 1.0)))


def sphere(points):
    """Quadrature over directions: unit vectors (n, 3), weights (n,)."""
    cosine, wc = np.polynomial.legendre.leggauss(points)
    phi = np.pi * np.arange(2 * points) / points
    sine = np.sqrt(1 - cosine**2)[:, None]
    n = np.stack(
        [sine * np.cos(phi), sine * np.sin(phi), np.repeat(cosine[:, None], 2 * points, axis=1)],
        axis=-1,
    )
    return n.reshape(-1, 3), np.repeat(wc * np.pi / points, 2 * points)


def density_at(x, n, r, rcut, sigma, width):
    """Gaussians of neighbours r at the points x n, (distances, directions)."""
    density = np.zeros((len(x), len(n)))
    for v in r:
        fc = cutoff_function(np.linalg.norm(v), rcut, width)
        square = x[:, None] ** 2 + v @ v - 2 * x[:, None] * (n @ v)
        density += fc * (np.pi * sigma**2) ** -0.75 * np.exp(-0.5 * square / sigma**2)
    return density


def by_quadrature(r, rcut, nmax, lmax, sigma, width):
    """c_nlm (nmax, (lmax + 1)^2) of neighbours r: the density on a grid in space, times the basis functions."""
    x, wx = np.polynomial.legendre.leggauss(160)
    far = np.linalg.norm(r, axis=1).max() + 9.0 * sigma
    x, wx = 0.5 * far * (x + 1), 0.5 * far * wx
    n, weight = sphere(90)
    Y = harmonics(lmax, n) * weight[:, None]
    R = orbitals(nmax, rcut, x) * wx * x**2
    return R @ density_at(x, n, r, rcut, sigma, width) @ Y


def on_shells(r, rcut, nmax, lmax, sigma, width):
    """c_nlm of a discrete variable representation: sqrt(w) x times the density on shells, projected on harmonics."""
    x, w = np.polynomial.legendre.leggauss(nmax)
    end = rcut + 3 * sigma
    x, w = 0.5 * end * (x + 1), 0.5 * end * w
    n, weight = sphere(90)
    Y = harmonics(lmax, n) * weight[:, None]
    return (np.sqrt(w) * x)[:, None] * (density_at(x, n, r, rcut, sigma, width) @ Y)


def by_featomic(atoms, rcut, nmax, lmax, sigma, width, species):
    """Sum over atoms of featomic's SphericalExpansion, (centre species, neighbour species, nmax, (lmax + 1)^2)."""
    from featomic import SphericalExpansion
    from featomic.basis import Gto, TensorProduct
    from featomic.cutoff import Cutoff, ShiftedCosine
    from featomic.density import Gaussian

    calculator = SphericalExpansion(
        cutoff=Cutoff(radius=rcut, smoothing=ShiftedCosine(width=width)),
        density=Gaussian(width=sigma, center_atom_weight=0.0),
        basis=TensorProduct(
            max_angular=lmax, radial=Gto(max_radial=nmax - 1), spline_accuracy=None
        ),
    )
    found = calculator.compute(atoms)
    numbers = [int(z) for z in species]
    out = np.zeros((len(numbers), len(numbers), nmax, (lmax + 1) ** 2))
    for key, block in found.items():
        l = int(key["o3_lambda"])  # noqa: E741
        i, j = numbers.index(int(key["center_type"])), numbers.index(int(key["neighbor_type"]))
        out[i, j, :, l * l : (l + 1) ** 2] = np.asarray(block.values).sum(axis=0).T
    return out
