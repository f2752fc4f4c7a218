"""Forces and strain derivative of theta.D against finite differences, and what follows from them."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from vesin import NeighborList

from dbar import _kernels

RCUT = 4.5


def crystal(repeat=(2, 2, 2)):
    atoms = bulk("Al", "fcc", 4.05, cubic=True) * repeat
    shape = np.array([[1.0, 0, 0], [0.1, 0.97, 0], [-0.1, 0.15, 1.04]])
    atoms.set_cell(atoms.cell.array @ shape, scale_atoms=True)
    atoms.positions += np.random.default_rng(3).normal(0.0, 0.15, atoms.positions.shape)
    return atoms


def small():
    """The cutoff is longer than the cell: atoms are neighbours of their own images."""
    cell = [[3.1, 0, 0], [0.3, 3.3, 0], [0.2, -0.4, 3.0]]
    return Atoms("Al2", positions=[[0.1, 0.2, 0.3], [1.6, 1.7, 1.4]], cell=cell, pbc=True)


def arrays(atoms, nspecies):
    i, j, r = NeighborList(cutoff=RCUT, full_list=True).compute(
        atoms.positions, atoms.cell.array, True, "ijD"
    )
    order = np.argsort(i, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(atoms)))])
    species = np.arange(len(atoms)) % nspecies
    return species, first, r[order], species[j[order]], j[order]


@pytest.fixture(params=["crystal", "small"])
def case(request):
    atoms = {"crystal": crystal, "small": small}[request.param]()
    words = ["twojmax", "6", "weight", "1", "0.6", "radius", "0.5", "0.45", "bzero", "yes"]
    kernel = _kernels.Kernel("bso4", RCUT, words, 2)
    return atoms, kernel, np.random.default_rng(4).normal(size=kernel.size)


def energy(atoms, kernel, theta):
    D, _ = kernel.compute(*arrays(atoms, 2)[:4])
    return D @ theta


def test_forces_are_minus_the_derivative_by_position(case):
    atoms, kernel, theta = case
    total, force, _ = kernel.forces(*arrays(atoms, 2), theta)
    assert total == pytest.approx(energy(atoms, kernel, theta), rel=1e-11)
    step = 2e-5
    for i in range(min(len(atoms), 5)):
        for c in range(3):
            sides = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[i, c] += sign * step
                sides.append(energy(moved, kernel, theta))
            slope = (sides[0] - sides[1]) / (2 * step)
            assert abs(slope + force[i, c]) < 1e-6 * np.abs(force).max() + 1e-6


def test_forces_add_up_to_zero(case):
    atoms, kernel, theta = case
    _, force, _ = kernel.forces(*arrays(atoms, 2), theta)
    assert np.abs(force.sum(axis=0)).max() < 1e-11 * np.abs(force).sum()


def test_strain_derivative_is_that_of_the_descriptor(case):
    atoms, kernel, theta = case
    near = arrays(atoms, 2)
    _, V = kernel.compute(*near[:4], True)
    _, _, strain = kernel.forces(*near, theta)
    np.testing.assert_allclose(strain, theta @ V, atol=1e-11 * np.abs(V).max())


def test_more_centres_than_are_scattered_at_a_time():
    atoms = crystal((4, 3, 3))
    kernel = _kernels.Kernel("bso4", RCUT, ["twojmax", "4"], 1)
    theta = np.cos(np.arange(kernel.size))
    near = arrays(atoms, 1)
    total, force, _ = kernel.forces(*near, theta)
    gradient, each = kernel.gradient(*near[:4], theta)
    expected = np.zeros_like(force)
    np.add.at(expected, np.repeat(np.arange(len(atoms)), np.diff(near[1])), gradient)
    np.add.at(expected, near[4], -gradient)
    np.testing.assert_allclose(force, expected, atol=1e-11 * np.abs(gradient).max())
    assert total == pytest.approx(each.sum(), rel=1e-12)


@pytest.mark.parametrize("neighbour", [[0, 2], [0, -1], [0]])
def test_bad_neighbours(neighbour):
    kernel = _kernels.Kernel("bso4", RCUT, ["twojmax", "2"], 1)
    near = [0, 0], [0, 1, 2], np.ones((2, 3)), [0, 0]
    with pytest.raises(ValueError, match="neighbour: "):
        kernel.forces(*near, neighbour, np.zeros(kernel.size))


def test_operations_and_peak():
    kernel = _kernels.Kernel("bso4", RCUT, ["twojmax", "8"], 1)
    value, strain, gradient = (kernel.operations(w) for w in ("D", "D+V", "gradient"))
    # 66 000 multiply-adds in Z for D, 139 000 for the derivatives: every centre, whatever its shell.
    assert 6e4 < value[0] < 8e4 and 1.39e5 < gradient[0] < strain[0] < 2e5
    assert value[1] < strain[1] < gradient[1] < 3e3
    with pytest.raises(ValueError, match="operations: found 'B', expected D, D\\+V or gradient"):
        kernel.operations("B")
    if _kernels.active_isa() != "reference":
        assert 1e9 < _kernels.peak_multiply_adds() < 1e12
