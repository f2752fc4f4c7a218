"""From a potential to a network, and averages by one as the solvers want them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase.build import bulk

from dbar.gpp import load_potential
from dbar.gpp.exact import Exact
from dbar.gpp.network.average import Network
from dbar.gpp.network.file import About, read_network
from dbar.gpp.network.labels import exact_labels
from dbar.gpp.network.learning import Plan, make_sites, train
from dbar.gpp.network.model import PacketNetwork
from dbar.gpp.network.potential_digest import potential_digest
from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars

PLAN = Plan(sites=90, temperatures=(100, 300, 500), features=4, layers=2, epochs=4)


@pytest.fixture(scope="module")
def copper():
    return load_potential("cu-efs")


@pytest.fixture(scope="module")
def crystal():
    atoms = bulk("Cu", cubic=True, a=3.63) * (2, 2, 2)
    atoms.rattle(0.08, seed=1)
    return atoms, np.random.default_rng(0).uniform(0.003, 0.012, len(atoms))


@pytest.fixture(scope="module")
def average(copper):
    """Weights by chance: what holds for them holds for all."""
    torch.manual_seed(0)
    settings = NetworkSettings(("Cu",), 4.5, features=4, layers=2, energy_mean=-3.4,
                               energy_std=0.05)  # fmt: skip
    about = About(potential_digest(copper), (100.0, 500.0), 0, [])
    return Network(copper, (PacketNetwork(settings, torch.float64), about))


def test_labels_add_up_to_the_exact_average(copper, crystal):
    """Sites one by one against the whole crystal, whose sums they are."""
    atoms, s = crystal
    exact = Exact(copper)
    placed = exact.at(atoms)
    whole = placed.evaluate(s)
    sites, neighbour, vectors = placed._pairs
    n = len(atoms)
    start = np.searchsorted(sites, np.arange(n + 1))
    kinds = np.zeros(len(sites), dtype=int)
    stars = Stars(np.zeros(n, dtype=int), s, start, vectors, kinds, s[neighbour])
    labels = exact_labels(exact.packets, stars)
    np.testing.assert_allclose(labels.energies, whole.energies, atol=1e-12)
    forces = np.zeros((n, 3))
    np.add.at(forces, sites, labels.vectors)
    np.add.at(forces, neighbour, -labels.vectors)
    np.testing.assert_allclose(forces, whole.forces, atol=1e-11)
    slopes = labels.variances + np.bincount(neighbour, labels.neighbour_variances, n)
    np.testing.assert_allclose(slopes, whole.slopes, atol=1e-10)


def test_average_by_differences(average, crystal):
    atoms, s = crystal
    found = average.at(atoms).evaluate(s)
    rng = np.random.default_rng(2)
    step, move, widen = 1e-5, rng.normal(size=(len(atoms), 3)), rng.normal(size=len(atoms))

    def energy(moved=0.0, widened=0.0, strain=None):
        one = atoms.copy()
        one.positions += moved * move
        if strain is not None:
            one.set_cell(one.cell.array @ (np.eye(3) + strain).T, scale_atoms=True)
        return average.at(one).evaluate(s + widened * widen).energy

    slope = (energy(step) - energy(-step)) / (2 * step)
    assert slope == pytest.approx(-np.sum(found.forces * move), rel=1e-6)
    slope = (energy(0, 1e-2 * step) - energy(0, -1e-2 * step)) / (2e-2 * step)
    assert slope == pytest.approx(found.slopes @ widen, rel=1e-5)
    for a, b in ((0, 0), (1, 2)):
        strain = np.zeros((3, 3))
        strain[a, b] = strain[b, a] = step
        slope = (energy(strain=strain) - energy(strain=-strain)) / (2 * step)
        expected = found.strain[a, b] + (found.strain[b, a] if a != b else 0.0)
        assert slope == pytest.approx(expected, rel=1e-5)


def test_it_does_not_know_directions(average, crystal):
    atoms, s = crystal
    turned = atoms.copy()
    turned.rotate(37, (1, 2, 3), rotate_cell=True)
    straight, other = average.at(atoms).evaluate(s), average.at(turned).evaluate(s)
    np.testing.assert_allclose(other.energies, straight.energies, rtol=1e-12)


def test_of_another_potential(average, copper, tmp_path):
    other = tmp_path / "copper.json"
    other.write_text(copper.path.read_text().replace("10.18724", "10.18725"))
    held = (average.network, average.about)
    with pytest.raises(ValueError, match=r"network: found one that has learnt another potential"):
        Network(load_potential(other), held)
    nickel = replace(average.network.settings, species=("Ni",))
    with pytest.raises(ValueError, match="network: found one of Ni, expected one that knows Cu"):
        Network(copper, (PacketNetwork(nickel), average.about))


def test_training_goes_on(copper, tmp_path):
    """Two epochs and two more are four; the file has the best."""
    whole = train(copper, tmp_path / "whole.safetensors", PLAN)
    told = []
    train(copper, tmp_path / "parts.safetensors", replace(PLAN, epochs=2), told=told.append)
    again = train(copper, tmp_path / "parts.safetensors", PLAN, told=told.append)
    assert again.history == whole.history == told and len(told) == 4
    parts, whole = (tmp_path / f"{name}.safetensors" for name in ("parts", "whole"))
    assert parts.read_bytes() == whole.read_bytes()
    _, about = read_network(parts)
    assert about.sites == 90 and about.temperatures == (100.0, 500.0)
    assert about.history == told[: len(about.history)]
    best = min(told, key=lambda entry: entry["held_out"])
    assert about.history[-1] == best
    other = replace(PLAN, seed=1)
    with pytest.raises(ValueError, match="found a training of another plan or potential"):
        train(copper, parts, other)


def test_time_ends_it(copper, tmp_path):
    training = train(copper, tmp_path / "n.safetensors", PLAN, hours=0.0)
    assert training.epoch == 0 and not (tmp_path / "n.safetensors").exists()


def test_sites_are_those_of_the_plan(copper):
    stars, labels = make_sites(copper, PLAN)
    assert len(stars) == len(labels.energies) == 90
    distance = np.linalg.norm(stars.vectors, axis=1)
    assert distance.max() < 1.04 * copper.cutoff and distance.max() > copper.cutoff
    third = [np.mean(stars.variances[k : k + 30]) for k in (0, 30, 60)]
    assert third[0] < third[1] < third[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"temperatures": ()}, "temperatures: found"),
        ({"temperatures": (0.0,)}, "temperatures: found"),
        ({"sites": 20, "temperatures": (100, 200, 300)}, "sites: found 20, expected ten or more"),
    ],
)
def test_plans(words, message):
    with pytest.raises(ValueError, match=message):
        Plan(**words)
