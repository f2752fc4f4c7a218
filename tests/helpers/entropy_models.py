"""Small models of the entropy: clusters and crystals with defects, entropies by a law written down."""

import numpy as np
from ase import Atoms
from ase.build import bulk

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel

CLUSTERS = AFS(4.0, nmax=3, lmax=2)
IRON = AFS(3.6, nmax=3, lmax=2, species=["Fe"])
A0 = 2.8553
T0 = 300.0


def clusters(count, seed, symbols="Ar7"):
    """Atoms near the corners of a cube."""
    rng = np.random.default_rng(seed)
    corners = 2.5 * np.array(list(np.ndindex(2, 2, 2)))[: len(Atoms(symbols))]
    return [Atoms(symbols, corners + rng.normal(0, 0.3, corners.shape)) for _ in range(count)]


def law(descriptor, frames, seed=7):
    """w . D with seeded w, of a few k_B."""
    D = np.atleast_2d(descriptor.compute(frames)[0])[:, 1:]
    rng = np.random.default_rng(seed)
    return D @ (rng.normal(size=descriptor.n_components) / (1.0 + np.abs(D).max(axis=0) / 20))


def weights_of(frames, descriptor, seed=7):
    """The w of `law` for these frames."""
    D = descriptor.compute(frames)[0][:, 1:]
    rng = np.random.default_rng(seed)
    return rng.normal(size=descriptor.n_components) / (1.0 + np.abs(D).max(axis=0) / 20)


def iron(size=3, strain=0.0):
    return bulk("Fe", cubic=True, a=A0 * (1 + strain)) * (size, size, size)


def defects(count, seed, size=3, strain=0.0):
    """Cells with one to three vacancies, the rest displaced a little."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        atoms = iron(size, strain)
        del atoms[rng.choice(len(atoms), rng.integers(1, 4), replace=False)]
        atoms.positions += rng.normal(0, 0.05, atoms.positions.shape)
        out.append(atoms)
    return out


def iron_model(seed=0, noise=0.05):
    """Fitted to cells at two strains; S = 3 k_B per atom at none, 3.3 at 1 %, and w . D."""
    rng = np.random.default_rng(seed)
    cells = [iron(3, strain) for strain in (0.0, 0.01)]
    frames = defects(12, seed) + defects(12, seed + 1, strain=0.01)
    w = weights_of(frames, IRON)
    bulks, entropies = [], []
    for k, cell in enumerate(cells):
        D = IRON.compute(cell)[0][1:]
        bulks.append((cell, (3.0 + 0.3 * k) * len(cell)))
        for atoms in frames[12 * k : 12 * k + 12]:
            share = len(atoms) / len(cell)
            entropies.append(bulks[k][1] * share + (IRON.compute(atoms)[0][1:] - share * D) @ w)
    entropies = np.array(entropies) + noise * rng.normal(size=24)
    return EntropyModel(IRON).fit(frames, entropies, bulks, temperature=T0)


def cluster_model():
    """Fitted to clusters of two compositions."""
    frames = clusters(15, 0) + clusters(8, 1, "Ar6")
    return EntropyModel(CLUSTERS, lammps_units="lj").fit(frames, law(CLUSTERS, frames))
