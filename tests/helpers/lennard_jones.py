"""Lennard-Jones systems in units lj, and their dynamical matrices written down directly."""

import itertools

import ase
import ase.build
import numpy as np

COEFF = "* * 1.0 1.0"


def pair(r):
    """Energy, first and second derivative of 4 (r^-12 - r^-6)."""
    return (
        4 * (r**-12 - r**-6),
        4 * (-12 * r**-13 + 6 * r**-7),
        4 * (156 * r**-14 - 42 * r**-8),
    )


def bond_matrix(vectors):
    """-d2E/dx_i dx_j of pairs a vector apart (n, 3) -> (n, 3, 3): V'' along it, V'/r across."""
    r = np.linalg.norm(vectors, axis=1)
    along = vectors[:, :, None] * vectors[:, None, :] / r[:, None, None] ** 2
    _, first, second = pair(r)
    return second[:, None, None] * along + (first / r)[:, None, None] * (np.eye(3) - along)


def matrix_of(atoms, rcut=np.inf):
    """Second derivatives (3n, 3n) of the energies of pairs nearer than rcut, nearest images."""
    n, cell = len(atoms), np.asarray(atoms.cell)
    apart = atoms.positions[:, None] - atoms.positions[None]
    if atoms.pbc.any():
        apart -= np.round(apart @ np.linalg.inv(cell)) @ cell
    one, other = np.triu_indices(n, 1)
    near = np.linalg.norm(apart[one, other], axis=1) < rcut
    one, other = one[near], other[near]
    found = np.zeros((n, 3, n, 3))
    for i, j, block in zip(one, other, bond_matrix(apart[one, other]), strict=True):
        found[i, :, j] -= block
        found[j, :, i] -= block
        found[i, :, i] += block
        found[j, :, j] += block
    return found.reshape(3 * n, 3 * n)


def fcc_vectors(a, rcut):
    """Lattice vectors of fcc (cubic edge a) that are shorter than rcut."""
    most = int(np.ceil(2 * rcut / a)) + 1
    cells = np.array(list(itertools.product(range(-most, most + 1), repeat=3)))
    cells = cells[cells.sum(axis=1) % 2 == 0]
    vectors = 0.5 * a * cells
    length = np.linalg.norm(vectors, axis=1)
    return vectors[(length > 0) & (length < rcut)]


def fcc_eigenvalues(a, rcut, q):
    """Eigenvalues of D(q) = sum over r of (1 - cos q.r) Phi(r) of fcc, q (m, 3) -> (m, 3)."""
    vectors = fcc_vectors(a, rcut)
    matrices = bond_matrix(vectors)
    return np.linalg.eigvalsh(np.einsum("mv,vab->mab", 1 - np.cos(q @ vectors.T), matrices))


def commensurate(a, size):
    """All q of a cubic supercell of size^3 fcc cells, one per primitive cell, Gamma first."""
    cells = np.array(list(itertools.product(range(2 * size), repeat=3)))
    found = {}
    for k in cells[np.argsort((cells != 0).any(axis=1), kind="stable")]:
        # reciprocal lattice of fcc: bcc of cubic edge 4 pi / a
        options = [(k + size * np.array(s)) % (2 * size) for s in ((0, 0, 0), (1, 1, 1))]
        found.setdefault(min(tuple(o) for o in options), k)
    return 2 * np.pi / (a * size) * np.array(list(found.values()))


def mesh(a, m):
    """Shifted mesh of m^3 q in the Brillouin zone of fcc, which leaves out Gamma."""
    reciprocal = 2 * np.pi * np.linalg.inv(0.5 * a * (np.ones((3, 3)) - np.eye(3))).T
    steps = (np.arange(m) + 0.5) / m
    return np.array(list(itertools.product(steps, repeat=3))) @ reciprocal


def fcc(a, size):
    return ase.build.bulk("Ar", "fcc", a=a, cubic=True) * (size, size, size)


def icosahedron():
    """Thirteen atoms, not quite relaxed."""
    golden = (1 + 5**0.5) / 2
    corners = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    corners = np.array([np.roll(c, k) for c in corners for k in range(3)])
    return ase.Atoms("Ar13", np.vstack([[0, 0, 0], 1.08 * corners / np.hypot(1, golden)]))
