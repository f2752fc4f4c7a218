"""The kernels against LAMMPS's ``compute snap``, through the offline path."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.descriptors import Bispectrum

TOLERANCE = 1e-10


def crystal(seed=1, triclinic=False, pbc=True):
    atoms = bulk("Al", "fcc", 4.05, cubic=True) * (3, 2, 2)
    if triclinic:
        shape = np.array([[1.0, 0, 0], [0.15, 0.97, 0], [-0.1, 0.2, 1.05]])
        atoms.set_cell(atoms.cell.array @ shape, scale_atoms=True)
    rng = np.random.default_rng(seed)
    atoms.positions += rng.normal(0.0, 0.15, atoms.positions.shape)
    if pbc is not True:
        atoms.pbc = pbc
        atoms.positions += 4.0
        atoms.set_cell(atoms.cell.array + np.diag([8.0, 8.0, 8.0]))
    else:
        atoms.wrap()
    return atoms


def alloy(seed=2, triclinic=False):
    atoms = crystal(seed, triclinic)
    symbols = np.array(["Al", "Ni"])[np.random.default_rng(seed).integers(0, 2, len(atoms))]
    atoms.set_chemical_symbols(list(symbols))
    return atoms


def check(ours, theirs, what):
    scale = np.abs(theirs).max()
    assert np.abs(ours - theirs).max() < TOLERANCE * scale, what
    # Components differ by orders of magnitude: each must also be right on its own.
    own = np.abs(theirs).reshape(len(theirs), -1).max(axis=1)
    error = np.abs(ours - theirs).reshape(len(theirs), -1).max(axis=1)
    assert (error < 1e-9 * own + 1e-13 * scale).all(), what


@pytest.mark.parametrize("twojmax", [2, 3, 6, 7, 8])
@pytest.mark.parametrize("triclinic", [False, True])
def test_one_species(compute_snap, twojmax, triclinic):
    atoms = crystal(triclinic=triclinic)
    D, V = Bispectrum(4.7, twojmax=twojmax).compute(atoms, virial=True)
    d, v = compute_snap(atoms, [1] * len(atoms), 4.7, twojmax, [0.5], [1.0], bzeroflag=0)
    assert D[0] == len(atoms)
    check(D[1:], d[0], "D")
    check(V[1:], v[0], "V")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"switch": False}, {"switchflag": 0, "bzeroflag": 0}),
        ({"bzero": True}, {"bzeroflag": 1}),
        ({"rmin0": 0.4, "rfac0": 0.8}, {"rmin0": 0.4, "rfac0": 0.8, "bzeroflag": 0}),
        # Neighbours closer than rmin0, where the angle is negative.
        ({"rmin0": 2.8}, {"rmin0": 2.8, "bzeroflag": 0}),
        ({"switch": False, "rmin0": 2.8}, {"rmin0": 2.8, "switchflag": 0, "bzeroflag": 0}),
    ],
)
def test_options(compute_snap, ours, theirs):
    atoms = crystal(3)
    D, V = Bispectrum(4.7, twojmax=5, **ours).compute(atoms, virial=True)
    d, v = compute_snap(atoms, [1] * len(atoms), 4.7, 5, [0.5], [1.0], **theirs)
    check(D[1:], d[0], "D")
    check(V[1:], v[0], "V")


@pytest.mark.parametrize(("switch", "bzero"), [(True, False), (False, True)])
@pytest.mark.parametrize("triclinic", [False, True])
def test_two_species(compute_snap, switch, bzero, triclinic):
    atoms = alloy(triclinic=triclinic)
    types = [1 if s == "Al" else 2 for s in atoms.get_chemical_symbols()]
    radius, weight = [0.5, 0.42], [1.0, -0.7]
    given = dict(
        twojmax=6, switch=switch, bzero=bzero, radius=radius, weight=weight, species=["Al", "Ni"]
    )
    d, v = compute_snap(
        atoms, types, 4.9, 6, radius, weight, switchflag=int(switch), bzeroflag=int(bzero)
    )
    D, V = Bispectrum(4.9, **given).compute(atoms, virial=True)
    check(D[1:], d.sum(axis=0), "D")
    check(V[1:], v.sum(axis=0), "V")
    D, V = Bispectrum(4.9, perspecies=True, **given).compute(atoms, virial=True)
    check(D[1:], d.reshape(-1), "D per species")
    check(V[1:], v.reshape(-1, 3, 3), "V per species")


def test_diagonal(compute_snap):
    """j1 = j2 and every j; those with j < j1 follow from exchange symmetry."""
    atoms = crystal(5)
    D, V = Bispectrum(4.7, twojmax=7, diagonal=True).compute(atoms, virial=True)
    d, v = compute_snap(atoms, [1] * len(atoms), 4.7, 7, [0.5], [1.0], bzeroflag=0)
    order = [
        (j1, j2, j)
        for j1 in range(8)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(7, j1 + j2) + 1, 2)
        if j >= j1
    ]
    rows, factor = [], []
    for j1 in range(8):
        for j in range(0, min(7, 2 * j1) + 1, 2):
            rows.append(order.index((j1, j1, j) if j >= j1 else (j1, j, j1)))
            factor.append(1.0 if j >= j1 else (j + 1.0) / (j1 + 1.0))
    factor = np.array(factor)
    check(D[1:], d[0][rows] * factor, "D")
    check(V[1:], v[0][rows] * factor[:, None, None], "V")


@pytest.mark.parametrize("pbc", [(False, False, False), (True, False, True)])
def test_open_boundaries(compute_snap, pbc):
    atoms = crystal(6, pbc=pbc)
    D, V = Bispectrum(4.7, twojmax=4).compute(atoms, virial=True)
    d, v = compute_snap(atoms, [1] * len(atoms), 4.7, 4, [0.5], [1.0], bzeroflag=0)
    check(D[1:], d[0], "D")
    check(V[1:], v[0], "V")


def test_small_cell(compute_snap):
    """The cutoff is longer than the cell: neighbours are images of a few atoms."""
    cell = [[3.1, 0, 0], [0.3, 3.3, 0], [0.2, -0.4, 3.0]]
    atoms = Atoms("Al2", positions=[[0.1, 0.2, 0.3], [1.6, 1.7, 1.4]], cell=cell, pbc=True)
    D, V = Bispectrum(4.7, twojmax=6).compute(atoms, virial=True)
    d, v = compute_snap(atoms, [1, 1], 4.7, 6, [0.5], [1.0], bzeroflag=0)
    check(D[1:], d[0], "D")
    check(V[1:], v[0], "V")
