"""Averages of potentials that are linear in a descriptor, by draws; networks that learn them."""

import numpy as np
import pytest
from ase.build import bulk
from ase.neighborlist import neighbor_list

from dbar.descriptors import Bispectrum
from dbar.gpp import load_potential, make_average, relax_bulk
from dbar.gpp.network.average import Network
from dbar.gpp.network.learning import Plan, make_sites, train
from dbar.potential import LinearPotential


@pytest.fixture(scope="module")
def copper(tmp_path_factory):
    """SNAP of Zuo et al., J. Phys. Chem. A 124, 731 (2020), as LAMMPS ships it."""
    path = tmp_path_factory.mktemp("snap") / "copper.json"
    LinearPotential.from_snap("Cu_Zuo_JPCA2020.snapcoeff", "Cu_Zuo_JPCA2020.snapparam").export(path)
    return load_potential(path)


@pytest.fixture(scope="module")
def cell():
    atoms = bulk("Cu", cubic=True, a=3.63)
    atoms.rattle(0.05, seed=3)
    return atoms


def test_sites_are_those_of_a_configuration(copper, cell):
    """Energies and forces of the whole from sites that are given one by one."""
    content = copper.content
    i, j, vectors = neighbor_list("ijD", cell, copper.cutoff)
    order = np.argsort(i, kind="stable")
    i, j, vectors = i[order], j[order], vectors[order]
    start = np.searchsorted(i, np.arange(len(cell) + 1))
    types = np.zeros(len(cell), dtype=int)
    energies, gradients = content.sites(types, start, vectors, types[j])
    forces = np.zeros((len(cell), 3))
    np.add.at(forces, i, gradients)
    np.add.at(forces, j, -gradients)
    right, expected, _ = content.evaluate(cell)
    np.testing.assert_allclose(energies, right, rtol=1e-12)
    np.testing.assert_allclose(forces, expected, atol=1e-10)


def test_sites_of_two_species():
    """Blocks of species, in the order in which the sites came."""
    rng = np.random.default_rng(0)
    descriptor = Bispectrum(4.0, twojmax=4, species=["Cu", "Ni"], perspecies=True)
    atoms = bulk("Cu", cubic=True, a=3.6) * (2, 2, 2)
    atoms.rattle(0.1, seed=1)
    atoms.symbols[rng.permutation(32)[:14]] = "Ni"
    theta = rng.normal(size=descriptor.n_components)
    types = (np.array(atoms.get_chemical_symbols()) == "Ni").astype(int)
    i, j, vectors = neighbor_list("ijD", atoms, 4.0)
    sort = np.argsort(i, kind="stable")
    start = np.searchsorted(i[sort], np.arange(33))
    energies, gradients = descriptor.site_gradients(
        types, start, vectors[sort], types[j[sort]], theta
    )
    right, expected, _ = descriptor.gradient(atoms, theta)
    np.testing.assert_allclose(energies, right, rtol=1e-10)
    forces = np.zeros((32, 3))
    np.add.at(forces, i[sort], gradients)
    np.add.at(forces, j[sort], -gradients)
    np.testing.assert_allclose(forces, expected, atol=1e-9)
    with pytest.raises(ValueError, match="theta: found shape"):
        descriptor.site_gradients(types, start, vectors[sort], types[j[sort]], theta[1:])


def test_average_is_that_of_configurations(copper, cell):
    """Against plain draws of whole configurations, within the bars of both."""
    s = np.full(4, 0.006)
    found = make_average("mc", copper, samples=512).at(cell).evaluate(s)
    rng, energies = np.random.default_rng(7), []
    whole = cell * (2, 2, 2)  # images must not move together
    for _ in range(60):
        one = whole.copy()
        one.positions += rng.normal(scale=np.sqrt(0.006), size=one.positions.shape)
        energies.append(copper.content.energy(one) / 8)
    bar = np.hypot(found.error, np.std(energies) / np.sqrt(len(energies)))
    assert abs(found.energy - np.mean(energies)) < 4 * bar
    assert 0 < found.error < 0.01


def test_slopes_are_those_of_the_average(copper, cell):
    """Differences of the drawn energy itself: the same random numbers at s and beside it."""
    average, s = make_average("mc", copper, samples=64), np.full(4, 0.006)
    found = average.at(cell).evaluate(s)
    step = 1e-6
    up, down = (average.at(cell).evaluate(s + sign * step).energy for sign in (1, -1))
    assert (up - down) / (2 * step) == pytest.approx(np.sum(found.slopes), rel=1e-6)
    moved = np.random.default_rng(1).normal(size=(4, 3))
    sides = []
    for sign in (1, -1):
        one = cell.copy()
        one.positions += sign * 1e-5 * moved
        sides.append(average.at(one).evaluate(s).energy)
    assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(-np.sum(found.forces * moved), rel=1e-5)


def test_crystal_expands(copper):
    cold, warm = (relax_bulk(copper, "fcc", T, "mc", samples=64) for T in (50.0, 300.0))
    assert 3.6 < cold.a < warm.a < 3.8
    assert cold.variance < warm.variance / 4


def test_a_network_learns_draws(copper, tmp_path):
    """From the command's plan to an average; with so few sites it knows the energy at least."""
    plan = Plan(sites=60, temperatures=(100, 300), features=4, layers=2, epochs=2, samples=64)
    stars, labels = make_sites(copper, plan)
    again, same = make_sites(copper, plan)
    np.testing.assert_array_equal(labels.energies, same.energies)
    np.testing.assert_array_equal(stars.vectors, again.vectors)
    path = tmp_path / "n.safetensors"
    train(copper, path, plan)
    found = Network(copper, path).at(bulk("Cu", a=3.63)).evaluate(np.full(1, 0.004))
    assert found.energy == pytest.approx(labels.energies.mean(), abs=0.5)


@pytest.mark.parametrize("average", ["exact", "q3", "q5"])
def test_other_averages_are_refused(copper, average):
    with pytest.raises(ValueError, match=f"average: found '{average}' with a potential that is"):
        make_average(average, copper)


def test_refused(copper, tmp_path):
    with pytest.raises(ValueError, match="elements: found Ni, expected some of"):
        load_potential(copper.path, "Ni")
    with pytest.raises(ValueError, match="samples: found 10, expected 64 or more"):
        make_average("mc", copper, samples=10)
    with pytest.raises(ValueError, match="neighbours: expected no such option with mc"):
        make_average("mc", copper, neighbours=18)
    other = tmp_path / "lj.json"
    LinearPotential([0.0] * 6, Bispectrum(4.0, twojmax=2), ["Cu"], units="lj").export(other)
    with pytest.raises(ValueError, match="units: found 'lj', expected 'metal'"):
        load_potential(other)
