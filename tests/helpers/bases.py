"""Small fits of radial bases, and what they are compared with."""

import itertools

import numpy as np
from ase import Atoms
from ase.build import bulk

from dbar.descriptors import Expansion


def alloy(seed, size=2):
    """Displaced fcc crystal of aluminium and copper."""
    rng = np.random.default_rng(seed)
    atoms = bulk("Al", "fcc", a=4.0, cubic=True) * (size, size, size)
    atoms.positions += rng.normal(0, 0.2, atoms.positions.shape)
    atoms.symbols = rng.choice(["Al", "Cu"], len(atoms), p=[0.7, 0.3])
    return atoms


def primitive(basis="gto", nmax=4, lmax=2, species=("Al", "Cu"), **words):
    """An expansion that is quick to make."""
    words = {"rcut": 4.0, "sigma": 0.6, "width": 0.5, **words}
    return Expansion(nmax=nmax, lmax=lmax, basis=basis, species=species, **words)


def brute_force(frames, expansion, mixed, centre=None):
    """Covariances by a loop over atoms, l, m and functions: {(l, group): C}, number of environments."""
    species, n, degrees = expansion.species, expansion.nmax, expansion.lmax + 1
    groups = {0: list(itertools.product(range(len(species)), range(n)))}
    if not mixed:
        groups = {a: [(a, k) for k in range(n)] for a in range(len(species))}
    sums = {
        (l, g): np.zeros((len(rows), len(rows)))
        for l in range(degrees)  # noqa: E741
        for g, rows in groups.items()
    }
    count = 0
    for atoms in frames:
        columns = {label: k for k, label in enumerate(expansion.labels)}
        for symbol, c in zip(atoms.get_chemical_symbols(), expansion.per_atom(atoms), strict=True):
            if centre not in (None, symbol):
                continue
            count += 1
            for (l, g), C in sums.items():  # noqa: E741
                for m in range(-l, l + 1):
                    z = [c[columns[f"{species[a]},n{k},l{l},m{m}"]] for a, k in groups[g]]
                    for i, j in np.ndindex(C.shape):
                        C[i, j] += z[i] * z[j]
    return {key: C / count for key, C in sums.items()}, count


def parts(c, lmax):
    """Coefficients (atoms, columns) by degree: (atoms, channels, 2l+1) each."""
    c = c.reshape(len(c), -1, (lmax + 1) ** 2)
    return [c[:, :, l * l : (l + 1) ** 2] for l in range(lmax + 1)]  # noqa: E741


def dimer(distance, symbols="AlCu"):
    """Two atoms on a diagonal."""
    return Atoms(symbols, positions=[[0, 0, 0], np.full(3, distance / np.sqrt(3))])
