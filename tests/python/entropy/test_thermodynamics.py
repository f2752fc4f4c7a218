"""Entropy and free energy of oscillators against sums over levels, limits and derivatives."""

import mpmath
import numpy as np
import pytest

from dbar.entropy.thermodynamics import (
    check_temperature,
    density_of_states,
    mode_entropies,
    mode_free_energies,
)

X = np.array([1e-3, 0.1, 0.7, 3.0, 20.0, 200.0])


def levels(x):
    """Entropy and free energy over k_B T of the levels (n + 1/2) x, in 200 digits."""
    with mpmath.workdps(200):
        x = mpmath.mpf(float(x))
        z = mpmath.exp(-x / 2) / (1 - mpmath.exp(-x))
        energy = x * (mpmath.mpf(1) / 2 + 1 / mpmath.expm1(x))
        return float(energy + mpmath.log(z)), float(-mpmath.log(z))


def test_quantum_oscillator_is_the_sum_over_its_levels():
    expected = np.array([levels(x) for x in X]).T
    np.testing.assert_allclose(mode_entropies(X, "quantum"), expected[0], rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(mode_free_energies(X, "quantum"), expected[1], rtol=1e-12)


def test_quantum_becomes_classical_when_hot():
    """The difference of entropies is x^2 / 24, that of free energies too, up to x^4."""
    for function, sign in ((mode_entropies, 1.0), (mode_free_energies, 1.0)):
        for x in (0.2, 0.05):
            gap = function(np.array([x]), "quantum") - function(np.array([x]), "classical")
            assert gap[0] == pytest.approx(sign * x**2 / 24, rel=0.03 * x + 1e-3)


def test_quantum_freezes():
    assert mode_entropies(np.array([40.0, 800.0, 1e6]), "quantum") == pytest.approx(0, abs=1e-15)
    assert mode_free_energies(np.array([800.0]), "quantum") == pytest.approx(400.0)


@pytest.mark.parametrize("statistics", ["classical", "quantum"])
def test_entropy_is_the_slope_of_the_free_energy(statistics):
    """S = -dF/dT with F = T f(w / T), by differences: error (1e-4)^2."""
    w, t, h = np.array([0.3, 1.0, 4.0]), 0.8, 1e-4
    hot, cold = ((t + s) * mode_free_energies(w / (t + s), statistics) for s in (h, -h))
    slope = -(hot - cold) / (2 * h)
    np.testing.assert_allclose(slope, mode_entropies(w / t, statistics), rtol=1e-6)


@pytest.mark.parametrize(("bins", "width"), [(1, 0.0), (7, 0.0), (100, 0.0), (50, 0.4), (50, 9.0)])
def test_density_of_states_counts_the_modes(bins, width):
    frequencies = np.random.default_rng(0).uniform(0, 10, 57)
    edges, density = density_of_states(frequencies, bins, width)
    assert len(edges) == bins + 1 and len(density) == bins and edges[0] == 0
    assert np.sum(density * np.diff(edges)) == pytest.approx(57, rel=1e-12)


def test_density_of_states_is_where_the_modes_are():
    edges, density = density_of_states(np.array([1.5, 1.5, 3.0]), 3)
    np.testing.assert_allclose(density, [0, 2, 1], rtol=1e-8)
    edges, density = density_of_states(np.array([5.0]), 400, 0.5)
    middle = 0.5 * (edges[1:] + edges[:-1])
    expected = np.exp(-0.5 * ((middle - 5) / 0.5) ** 2) / (0.5 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(density, expected, atol=1e-3)


@pytest.mark.parametrize("bad", [0, -300.0, np.nan, np.inf, "hot", None])
def test_temperatures_that_are_none(bad):
    with pytest.raises(ValueError, match=r"temperature: found .*, expected a number above 0"):
        check_temperature(bad)


def test_wrong_words():
    with pytest.raises(
        ValueError, match=r"statistics: found 'bose', expected classical or quantum"
    ):
        mode_entropies(X, "bose")
    with pytest.raises(ValueError, match=r"statistics: found 'bose'"):
        mode_free_energies(X, "bose")
    with pytest.raises(ValueError, match=r"bins: found 0, expected an integer above 0"):
        density_of_states(X, 0)
    with pytest.raises(ValueError, match=r"width: found -1, expected a number from 0 on"):
        density_of_states(X, 3, -1)
