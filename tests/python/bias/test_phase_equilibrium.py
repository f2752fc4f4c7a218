"""Basins, differences of chemical potentials, transition temperatures, limit of large cells."""

import numpy as np
import pytest
from scipy.stats import binom

from dbar.bias import (
    Basins,
    delta_mu,
    finite_size,
    free_energy,
    plot_delta_mu,
    plot_finite_size,
    plot_free_energy,
    transition_temperature,
)
from dbar.bias.basins import quick_shift


def two_phases(rng, count, share=0.3, gap=4.0, dwell=1):
    """Frames of two Gaussian phases of two variables; A is first and has the given share."""
    labels = np.repeat(rng.random(-(-count // dwell)) < share, dwell)[:count]
    centre = np.where(labels[:, None], [0.0, 0.0], [gap, gap])
    return centre + rng.normal(size=(count, 2)) * np.where(labels[:, None], 0.5, 0.8), labels


def test_basins_of_two_phases():
    s, labels = two_phases(np.random.default_rng(1), 6000)
    found = Basins.fit(s)
    assert len(found.weight) == 2
    np.testing.assert_allclose(found.weight, [0.7, 0.3], atol=0.03)
    np.testing.assert_allclose(found.mean, [[4.0, 4.0], [0.0, 0.0]], atol=0.1)
    np.testing.assert_allclose(found.cov[1], 0.25 * np.eye(2), atol=0.04)
    p = found.probabilities(s)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    assert np.mean((p[:, 1] > 0.5) == labels) > 0.995
    middle = found.probabilities(np.array([[1.7, 1.7]]))[0]
    assert 0.01 < middle[0] < 0.99


def test_weights_move_the_shares():
    s, labels = two_phases(np.random.default_rng(1), 6000, share=0.5)
    found = Basins.fit(s, np.where(labels, np.log(4.0), 0.0))
    np.testing.assert_allclose(found.weight, [0.8, 0.2], atol=0.03)


def test_basins_on_a_circle():
    rng = np.random.default_rng(3)
    s = np.concatenate([rng.normal(np.pi, 0.3, 2000), rng.normal(0.0, 0.3, 2000)])
    s = (s + np.pi) % (2 * np.pi) - np.pi
    found = Basins.fit(s, period=[2 * np.pi])
    assert len(found.weight) == 2
    np.testing.assert_allclose(found.weight, 0.5, atol=0.02)
    means = np.sort(np.abs(np.angle(np.exp(1j * found.mean[:, 0]))))
    np.testing.assert_allclose(means, [0.0, np.pi], atol=0.05)
    assert found.probabilities(np.array([3.1, -3.1])).argmax(axis=1).tolist().count(1) in (0, 2)


def climb(points, density, cutoff, at):
    """Quick shift of one point as its authors tell it, step by step."""
    while True:
        apart = [
            np.inf if j == at else np.sum((points[j] - points[at]) ** 2) for j in range(len(points))
        ]
        reach = [j for j in range(len(points)) if density[j] > density[at] and apart[j] < cutoff]
        if reach:
            at = min(reach, key=lambda j: apart[j])
        else:
            return at


@pytest.mark.parametrize("cutoff", [0.1, 0.5, 3.0])
def test_quick_shift_step_by_step(cutoff):
    rng = np.random.default_rng(7)
    points, density = rng.normal(size=(80, 2)), rng.random(80)
    squared = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    found = quick_shift(squared, density, cutoff)
    assert 1 <= len(np.unique(found)) < 70
    assert found.tolist() == [climb(points, density, cutoff, k) for k in range(80)]


def test_delta_mu_of_known_phases_and_its_coverage():
    """Phases that last 20 frames each, and weights that undo a known bias between them."""
    rng, runs, n, kT, bias = np.random.default_rng(11), 150, 8, 0.5, 1.2
    truth = -kT * np.log(0.3 / 0.7 * np.exp(bias)) / n
    hits = {0.68: 0, 0.95: 0}
    for _ in range(runs):
        s, labels = two_phases(rng, 6000, dwell=20)
        found = delta_mu(np.where(labels, bias, 0.0), labels, ~labels, kT, n)
        for level in hits:
            low, high = found.interval(level)
            hits[level] += low <= truth <= high
    for level, count in hits.items():
        low, high = binom.interval(0.999, runs, level)
        assert low <= count <= high, (level, count / runs)
    p = Basins.fit(s).probabilities(s)
    soft = delta_mu(np.where(labels, bias, 0.0), p[:, 1], p[:, 0], kT, n)
    assert abs(soft.value - found.value) < 0.1 * soft.error
    assert found.n_blocks * found.block <= 6000 and found.block >= 20


@pytest.mark.parametrize("spread", [0.3, 2.0])
def test_transition_temperature_covers_the_truth(spread):
    """Five temperatures around 400 K; with large errors the interval is no longer symmetric."""
    rng, runs, T = np.random.default_rng(5), 1000, np.array([370.0, 385.0, 400.0, 415.0, 430.0])
    error = spread * np.array([0.3, 0.2, 0.1, 0.2, 0.3])
    hits, z = {0.68: 0, 0.95: 0}, []
    for _ in range(runs):
        found = transition_temperature(T, 0.01 * (T - 402.0) + rng.normal(0.0, error), error)
        z.append((found.temperature - 402.0) / found.error)
        for level in hits:
            low, high = found.interval(level)
            hits[level] += low <= 402.0 <= high
    for level, count in hits.items():
        low, high = binom.interval(0.999, runs, level)
        # where the slope may be zero the set has no ends, and the interval is all temperatures
        assert low <= count and (spread > 1.0 or count <= high), (level, count / runs)
    if spread < 1.0:
        assert np.std(z) == pytest.approx(1.0, abs=0.08)
    exact = transition_temperature(T, 0.01 * (T - 402.0), error)
    assert exact.temperature == pytest.approx(402.0, abs=1e-9)
    assert exact.entropy == pytest.approx(-0.01, rel=1e-9)
    assert exact.line.chi2 < 1e-18 and exact.line.dof == 3


def test_limit_of_large_cells():
    rng, L = np.random.default_rng(6), np.array([16.0, 20.0, 24.0, 32.0])
    error = np.array([2.0, 3.0, 4.0, 6.0])
    off = []
    for _ in range(500):
        line = finite_size(L, 393.0 - 900.0 / L + rng.normal(0.0, error), error)
        off.append((line.intercept - 393.0) / line(0.0)[1])
    assert np.std(off) == pytest.approx(1.0, abs=0.12) and abs(np.mean(off)) < 0.15
    # a polynomial fit of numpy's has the same coefficients and errors
    y = 393.0 - 900.0 / L + rng.normal(0.0, error)
    coef, cov = np.polyfit(1 / L, y, 1, w=1 / error, cov="unscaled")
    line = finite_size(L, y, error)
    np.testing.assert_allclose([line.slope, line.intercept], coef, rtol=1e-9)
    np.testing.assert_allclose(line.cov[::-1, ::-1], cov, rtol=1e-9)


def test_figures_have_units_on_their_axes(tmp_path):
    T, mu, error = np.array([380.0, 400.0, 420.0]), np.array([-0.2, 0.01, 0.3]), np.full(3, 0.05)
    found = transition_temperature(T, mu, error)
    ax = plot_delta_mu(T, mu, error, found, unit="meV", label="4 x 4 x 4")
    assert ax.get_xlabel() == "temperature (K)"
    assert ax.get_ylabel() == r"$\Delta\mu$ of the phases (meV per formula unit)"
    L = np.array([16.0, 20.0, 24.0])
    line = finite_size(L, T, error)
    ax = plot_finite_size(L, T, error, line)
    assert ax.get_xlabel() == "1 / L (1/angstrom)"
    assert ax.get_ylabel() == "transition temperature (K)" and ax.get_xlim()[0] == 0.0
    s = np.random.default_rng(1).normal(size=(4000, 2))
    flat = free_energy(s[:, 0], np.zeros(4000), 1.0, bins=20)
    ax = plot_free_energy(flat, names=["order"], energy_unit="kJ/mol", top=5)
    assert ax.get_ylabel() == "free energy (kJ/mol)" and ax.get_xlabel() == "order"
    ax.figure.savefig(tmp_path / "F.png")
    ax = plot_free_energy(free_energy(s, np.zeros(4000), 1.0, bins=12), names=["a", "b"], top=5)
    ax.figure.savefig(tmp_path / "F2.png")
    assert (tmp_path / "F2.png").stat().st_size > 5000


def test_bad_values():
    with pytest.raises(ValueError, match="n_units: found 0"):
        delta_mu(np.zeros(40), np.ones(40), np.ones(40), 1.0, 0)
    with pytest.raises(ValueError, match=r"in_a: expected .* numbers from 0 to 1"):
        delta_mu(np.zeros(40), 2 * np.ones(40), np.ones(40), 1.0, 1)
    with pytest.raises(ValueError, match="expected two points or more"):
        transition_temperature([300.0], [1.0], [0.1])
    with pytest.raises(ValueError, match="positive errors"):
        transition_temperature([300.0, 310.0], [1.0, 2.0], [0.1, 0.0])
    with pytest.raises(ValueError, match="length: found"):
        finite_size([0.0, 1.0], [1.0, 2.0], [0.1, 0.1])
    with pytest.raises(ValueError, match="a variable does not vary"):
        Basins.fit(np.zeros(100))
    with pytest.raises(ValueError, match="no basin holds a share 2"):
        Basins.fit(np.random.default_rng(1).normal(size=100), min_weight=2.0)
