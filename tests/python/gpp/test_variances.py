"""Variances at rest, and what follows from them: the Einstein crystal to ten digits."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.gpp import NotConverged, UnstableCrystal, make_average
from dbar.gpp.average import Averages
from dbar.gpp.thermodynamics import free_energy, internal_energy
from dbar.gpp.variances import Isentropic, Isothermal, solve_variances
from packet_models import HarmonicCrystal, HarmonicSites, K, copper, oscillators

POTENTIAL = copper()


@pytest.mark.parametrize("name", ["q3", "q5"])
def test_harmonic_crystal_is_einsteins(name):
    """Springs k to 12 neighbours, half of each in either atom's energy: each atom is held by 12 k."""
    atoms = bulk("Cu", a=3.61)
    average = make_average(name, POTENTIAL, neighbours=12, smax=1.0)
    vectors = average.at(atoms)._around.clusters(np.zeros(1))[0].vectors[0].T[:, None, None]
    average.functions = HarmonicSites(vectors, 0.5)
    held, T, mass = 12 * 0.5, 400.0, atoms.get_masses()[0]
    found = solve_variances(average.at(atoms), Isothermal(T), np.array([0.01]), 1.0, 1e-13)
    assert found.variances[0] == pytest.approx(K * T / held, rel=1e-12)
    V, s = found.averages.energy, found.variances
    masses = atoms.get_masses()
    assert internal_energy(V, T, 1) == pytest.approx(3 * K * T, rel=1e-10)
    truth = 3 * oscillators(held, mass, T)
    assert free_energy(V, np.full(1, T), s, masses) == pytest.approx(truth, rel=1e-10)


def test_laws_and_passes():
    """One pass of a harmonic atom is enough, and slopes that fall let a variance grow twofold."""
    matrix = np.diag([2.0, 2.0, 2.0])
    crystal = HarmonicCrystal(POTENTIAL, np.zeros((1, 3)), matrix)
    placed = crystal.at(Atoms("Cu", [[0, 0, 0]]))
    found = solve_variances(placed, Isothermal(300), np.array([0.012]), 1.0)
    assert found.passes == 2 and found.variances[0] == pytest.approx(K * 300 / 2.0, rel=1e-12)
    mass = np.array([63.546])
    law = Isentropic(mass * K * 300 * found.variances, mass)
    same = solve_variances(placed, law, np.array([0.01]), 1.0)
    assert law.temperatures(same.variances)[0] == pytest.approx(300, rel=1e-9)
    # stiffer by four: frequencies and the temperature double, the entropy stays
    crystal.matrix = 4 * matrix
    stiff = solve_variances(crystal.at(Atoms("Cu", [[0, 0, 0]])), law, np.array([0.01]), 1.0)
    assert law.temperatures(stiff.variances)[0] == pytest.approx(600, rel=1e-9)


class Fading:
    """An atom that is held less the wider it is."""

    def __init__(self, slope):
        self.slope = slope

    def evaluate(self, s):
        return Averages(np.zeros(2), np.zeros((2, 3)), np.zeros((3, 3)), self.slope(s))


def test_what_does_not_come_to_rest():
    start = np.full(2, 0.01)
    with pytest.raises(UnstableCrystal, match=r"variance of atom 1: .* smax, 0.05 Å\^2, at 300 K"):
        solve_variances(Fading(lambda s: np.array([5.0, -1.0])), Isothermal(300), start, 0.05)
    slow = Fading(lambda s: 1.5 * K * 300 / np.array([0.01, s[1] ** 0.9]))
    with pytest.raises(
        NotConverged, match=r"passes: found 20 used up, .* of atom 1 still"
    ) as error:
        solve_variances(slow, Isothermal(300), np.array([0.01, 0.02]), 1.0, passes=20)
    assert error.value.atom == 1
    with pytest.raises(UnstableCrystal, match="atom 0: found an energy that is no number"):
        solve_variances(Fading(lambda s: np.full(2, np.nan)), Isothermal(300), start, 0.05)


def test_what_swings_is_damped():
    """Substitution alone would go too far each time: the slope grows as the square of the variance."""
    swing = Fading(lambda s: np.array([1.5 * K * 300 / 0.01, s[1] ** 2 * 1e5]))
    found = solve_variances(swing, Isothermal(300), np.array([0.02, 0.02]), 1.0)
    assert found.variances == pytest.approx([0.01, (1.5 * K * 300 / 1e5) ** (1 / 3)], rel=1e-9)
    assert found.passes < 60


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_actions_that_are_none(bad):
    with pytest.raises(ValueError, match="isentropic: found m kT s"):
        Isentropic(np.array([1.0, bad]), np.ones(2))


@pytest.mark.parametrize(
    ("variances", "words"),
    [
        ([0.01, -0.01], r"variance of atom 1: found -0.01 Å\^2, expected more than 0"),
        ([np.nan, 0.01], r"variance of atom 0: found nan Å\^2"),
        ([0.01, 0.2], r"variance of atom 1: found 0.2 Å\^2, .* at most smax, 0.05"),
        ([0.01], r"variances: found shape \(1,\), expected \(2,\)"),
    ],
)
@pytest.mark.parametrize("name", ["exact", "q3"])
def test_variances_that_are_none(name, variances, words):
    average = make_average(name, POTENTIAL, smax=0.05)
    with pytest.raises(ValueError, match=words):
        average.at(bulk("Cu", a=3.61) * (2, 1, 1)).evaluate(np.array(variances))
