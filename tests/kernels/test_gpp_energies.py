"""Energies of atoms between Gaussian packets: finite differences, Monte-Carlo, bulk copper, and what is refused."""

import numpy as np
import pytest
from ase.build import bulk
from scipy.optimize import brentq

from dbar import _kernels
from packet_oracles import BOLTZMANN, Star, copper, disordered, tables, whole_list

SPLIT = {"all": {}, "F(m)": {"mean_density_only": True}, "no centre": {"shared_centre": False}}


def shaken_alloy():
    """Al and Fe on one lattice, with variances of each kind."""
    potential = tables("AlFe_mm.eam.fs", "Al", "Fe")
    atoms, s = disordered(3, a=3.9, cells=(2, 2, 1))
    return potential, atoms, s, np.arange(len(atoms)) % 3 // 2


def shaken_copper():
    atoms, s = disordered(5, cells=(2, 2, 2))
    return copper(), atoms, s, np.zeros(len(atoms), int)


@pytest.mark.parametrize("parts", SPLIT)
@pytest.mark.parametrize("system", [shaken_copper, shaken_alloy])
def test_finite_differences(system, parts):
    """By means, variances and strain; central differences of these steps miss less than 1e-7 of the largest."""
    potential, atoms, s, types = system()

    def evaluate(moved=atoms, s=s):
        return potential.evaluate(types, *whole_list(potential, moved), s, **SPLIT[parts])

    _, forces, virial, by_s = evaluate()
    assert np.abs(virial - virial.T).max() < 1e-12 * np.abs(virial).max()
    assert np.abs(forces.sum(axis=0)).max() < 1e-11
    total = lambda *at, **more: evaluate(*at, **more)[0].sum()  # noqa: E731
    rng = np.random.default_rng(0)
    for atom in rng.choice(len(atoms), 5, replace=False):
        axis, h, k = rng.integers(3), 1e-4, 1e-3 * s[atom]
        ends = []
        for sign in (1, -1):
            moved, wider = atoms.copy(), s.copy()
            moved.positions[atom, axis] += sign * h
            wider[atom] += sign * k
            ends.append((total(moved), total(s=wider)))
        (up, up_s), (down, down_s) = ends
        assert forces[atom, axis] == pytest.approx((down - up) / (2 * h), abs=1e-6)
        assert by_s[atom] == pytest.approx((up_s - down_s) / (2 * k), rel=1e-6)
    for a, b in ((0, 0), (0, 1), (2, 1)):
        ends = []
        for sign in (1, -1):
            strain, moved = np.eye(3), atoms.copy()
            strain[a, b] += sign * 1e-5
            moved.set_cell(atoms.cell @ strain, scale_atoms=True)
            ends.append(total(moved))
        assert virial[a, b] == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=2e-6)


def test_parts_of_an_energy():
    """A pair adds to the atom it starts from: stars add up to the whole, and what is left out makes a difference."""
    potential, atoms, s, types = shaken_alloy()
    i, j, vectors = whole_list(potential, atoms)
    whole = potential.evaluate(types, i, j, vectors, s)
    alone = potential.evaluate(types, i[:0], j[:0], vectors[:0], s)[0]  # F(0) of each
    sums = [np.zeros_like(part) for part in whole]
    for atom in range(len(atoms)):
        mine = i == atom
        parts = potential.evaluate(types, i[mine], j[mine], vectors[mine], s)
        assert parts[0][atom] == pytest.approx(whole[0][atom], rel=1e-13)
        np.testing.assert_array_equal(np.delete(parts[0], atom), np.delete(alone, atom))
        for total, part in zip(sums[1:], parts[1:], strict=True):
            total += part
    for total, right in zip(sums[1:], whole[1:], strict=True):
        np.testing.assert_allclose(total, right, rtol=0, atol=1e-11 * np.abs(right).max())
    few = potential.evaluate(types, i, j, vectors, s, mean_density_only=True)[0]
    apart = potential.evaluate(types, i, j, vectors, s, shared_centre=False)[0]
    assert np.abs(few - whole[0]).max() > 1e-4 and np.abs(apart - whole[0]).max() > 1e-5


def test_monte_carlo():
    """Three shaken stars of copper: energies to 0.003 meV, gradients to 0.0005 meV/angstrom on average.

    Standard errors of 40,000 draws: 0.0005 meV and 0.0004 meV/angstrom. All thirty: benchmarks/gpp_bench.py.
    """
    off, gradients, errors = [], [], []
    for seed in range(3):
        star = Star(copper(), *disordered(seed))
        energy, gradient, error, gradient_error = star.drawn(40000, np.random.default_rng(seed))
        found, found_gradient = star.found()
        off.append(found - energy)
        gradients.append(found_gradient - gradient)
        errors.append(np.sqrt(np.mean(gradient_error**2)))
        assert error < 7e-7
    assert np.abs(off).max() < 3e-6 + 3 * 6e-7
    assert np.abs(np.concatenate(gradients)).mean() < 5e-7 + np.mean(errors)


def test_moments_of_the_density():
    """The variance with the shared centre, to the second order of the slopes that it leaves out; half without it."""
    star = Star(copper(), bulk("Cu", "fcc", a=3.66, cubic=True) * (3, 3, 3), np.full(108, 0.01))
    m, v, *_ = star.moments()
    R, S = np.linalg.norm(star.r, axis=1), np.full(len(star.r), 0.02)
    potential = star.potential
    assert potential.density(0, 0, R, S)[0].sum() == pytest.approx(m, rel=1e-9)
    spread = potential.density_variance(0, 0, R, S)[0].sum()
    slope = potential.density_slope(0, 0, R, S)[0]
    G = (slope / R) @ star.r
    shared = spread + 0.01 * (G @ G - (slope**2).sum())
    assert shared == pytest.approx(v, rel=0.05)
    assert 1.8 < spread / shared < 2.2


def rest(potential, a, temperature, isentropic=None):
    """Energy and virial of bulk copper with the variance at rest, and that variance.

    At rest the virial of the means is the whole pressure: what the packets' own motion brings, -3 kT, takes the
    kinetic part away.
    """
    atoms = bulk("Cu", "fcc", a=a)
    pairs, s = whole_list(potential, atoms), np.array([0.005])
    for _ in range(100):
        V, _, virial, by_s = potential.evaluate([0], *pairs, s)
        heat = BOLTZMANN * temperature if isentropic is None else isentropic
        new = _kernels.next_variances(s, by_s, heat, isentropic is not None)
        assert 0.5 * s <= new <= 2.0 * s
        done, s = abs(new - s) < 1e-13 * s, new
        if done:
            break
    kT = BOLTZMANN * temperature if isentropic is None else isentropic / s[0]
    return V[0] + 1.5 * kT, np.trace(virial), s[0]


@pytest.mark.parametrize(
    "T, a, E, s", [(300, 3.63090, -3.41218, 0.004206), (800, 3.66836, -3.27889, 0.011867)]
)
def test_bulk_copper(T, a, E, s):
    """Lattice constant, energy and variance where the free energy is least; the energy to 0.01 meV of draws."""
    potential = copper()
    found = brentq(lambda x: rest(potential, x, T)[1], 3.6, 3.7, xtol=1e-10)
    assert found == pytest.approx(a, abs=1e-5)
    energy, _, variance = rest(potential, found, T)
    assert energy == pytest.approx(E, abs=1e-5)
    assert variance == pytest.approx(s, rel=1e-3)
    star = Star(
        potential, bulk("Cu", "fcc", a=found, cubic=True) * (3, 3, 3), np.full(108, variance)
    )
    drawn, _, error, _ = star.drawn(60000, np.random.default_rng(T))
    assert error < 4e-6
    assert energy == pytest.approx(drawn + 1.5 * BOLTZMANN * T, abs=1e-5 + 2 * error)


def test_static_copper():
    """Nearly no temperature: a0 = 3.6100 and -3.4903 eV of the potential, as published."""
    potential = copper()
    a = brentq(lambda x: rest(potential, x, 1e-3)[1], 3.6, 3.63, xtol=1e-10)
    assert a == pytest.approx(3.6100, abs=5e-5)
    assert rest(potential, a, 1e-3)[0] == pytest.approx(-3.4903, abs=5e-5)


def test_isentropic_compression():
    """kT s is kept; copper of 300 K is 319.6 K warm once each axis is 1 % shorter."""
    potential = copper()
    a = brentq(lambda x: rest(potential, x, 300.0)[1], 3.6, 3.7, xtol=1e-10)
    kept = BOLTZMANN * 300.0 * rest(potential, a, 300.0)[2]
    assert rest(potential, a, None, kept)[2] == pytest.approx(kept / BOLTZMANN / 300.0, rel=1e-10)
    warm = kept / rest(potential, 0.99 * a, None, kept)[2] / BOLTZMANN
    assert warm == pytest.approx(319.6, abs=0.1)


def test_a_density_that_scatters_too_much():
    """Two atoms alone, seldom within the cutoff: a point of <F> would be below zero."""
    potential = copper()
    i, j = [0, 1], [1, 0]
    r = np.array([[4.2, 0.0, 0.0], [-4.2, 0.0, 0.0]])
    with pytest.raises(_kernels.BadSetting, match="atom 0: found a density that scatters"):
        potential.evaluate([0, 0], i, j, r, [0.02, 0.02])
    assert np.isfinite(potential.evaluate([0, 0], i, j, 0.6 * r, [0.005, 0.005])[0]).all()


FINE = {"types": [0, 0], "i": [0, 1], "j": [1, 0], "vectors": [[2.5, 0, 0], [-2.5, 0, 0]]}
REFUSED = {
    "type": ({"types": [0, 1]}, ["types", "found 1", "0 to 0"]),
    "index": ({"j": [1, 2]}, ["i, j", "found 2", "0 to 1"]),
    "lengths": ({"j": [1]}, ["j", "found 1 numbers", "2"]),
    "shape": ({"vectors": [[2.5, 0, 0]]}, ["vectors", "(2, 3)"]),
    "on top": ({"vectors": np.zeros((2, 3))}, ["vectors", "length 0", "above 0"]),
    "not a number": ({"vectors": np.full((2, 3), np.nan)}, ["vectors", "nan"]),
    "few variances": ({"variances": [0.01]}, ["variances", "1 numbers", "2"]),
    "negative": ({"variances": [0.01, -0.01]}, ["variances", "-0.01", "atom 1", "smax = 0.05"]),
    "NaN": ({"variances": [np.nan, 0.01]}, ["variances", "nan", "atom 0"]),
    "too large": ({"variances": [0.01, 0.06]}, ["variances", "0.06", "smax = 0.05"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    change, words = REFUSED[case]
    potential = copper()
    with pytest.raises(_kernels.BadSetting) as error:
        potential.evaluate(**{**FINE, "variances": [0.01, 0.01], **change})
    for word in [*words, "expected"]:
        assert word in str(error.value)
    with pytest.raises(_kernels.BadSetting, match=r"S: found 0\.11"):
        potential.pair(0, 0, 2.5, 0.11)
    with pytest.raises(_kernels.BadSetting, match=r"R: found 0\.0"):
        potential.pair(0, 0, 0.0, 0.01)
