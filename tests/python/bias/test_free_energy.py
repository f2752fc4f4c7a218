"""Errors by blocks and free energies: do the error bars cover the truth?"""

import functools

import numpy as np
import pytest
from scipy.stats import binom

from dbar.bias import final_bias, free_energy, free_energy_difference, itre, tiwary_parrinello
from dbar.statistics.block_error import block_sums, effective_size, log_ratio
from metadynamics import bin_masses, replicas

WELLS = bin_masses(np.array([-4.0, 0.0, 4.0]))
EDGES = np.linspace(-1.8, 1.8, 13)


def within(hits, runs, level):
    """A count that a true coverage of `level` gives all but once in a thousand."""
    low, high = binom.interval(0.999, runs, level)
    return low <= hits <= high


def correlated(rng, count, tau):
    """AR(1) with unit variance and correlation time `tau`."""
    a = np.exp(-1.0 / tau)
    noise = rng.normal(size=count) * np.sqrt(1 - a * a)
    x = np.empty(count)
    x[0] = rng.normal()
    for t in range(1, count):
        x[t] = a * x[t - 1] + noise[t]
    return x


@pytest.mark.parametrize("tau", [0.2, 20.0])
def test_block_errors_of_correlated_frames(tau):
    rng, runs = np.random.default_rng(21), 300
    hits, errors, values = {0.68: 0, 0.95: 0}, [], []
    for _ in range(runs):
        x = correlated(rng, 4000, tau)
        found = free_energy_difference(np.zeros(4000), x > 0, x <= 0, 2.0)
        for level in hits:
            low, high = found.interval(level)
            hits[level] += low <= 0.0 <= high
        errors.append(found.error)
        values.append(found.value)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)
    for level, count in hits.items():
        assert within(count, runs, level), (level, count / runs)


def test_a_run_that_is_too_short_says_so():
    x = np.repeat([0.0, 1.0, 0.0, 1.0], 500)
    assert not free_energy_difference(np.zeros(2000), x > 0.5, x < 0.5, 1.0).plateau
    x = np.tile([0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0], 250)
    assert free_energy_difference(np.zeros(2000), x > 0.5, x < 0.5, 1.0).plateau


@functools.cache
def many(last):
    return replicas(60, 400_000, seed=31, pace=1000, every=200, last=last)


@pytest.mark.parametrize("estimator", ["itre", "tiwary", "final"])
def test_error_bars_of_metadynamics_cover_the_truth(estimator):
    # the weights of final_bias are exact only while no hill is laid
    runs = many(100_000 if estimator == "final" else None)
    count = len(runs.s)
    truth = -np.log(WELLS[0] / WELLS[1])
    surface = -np.log(bin_masses(EDGES) / (EDGES[1] - EDGES[0]))
    live = surface - surface.min() < 6.0
    hits, bins, values = {0.68: 0, 0.95: 0}, {0.68: [], 0.95: []}, []
    for run in range(count):
        s, hills = runs.s[run], runs.hills(run)
        if estimator == "itre":
            log_w = itre(s, runs.time, hills, 1.0, iterations=8).log_weights
        elif estimator == "tiwary":
            log_w = tiwary_parrinello(s, runs.time, hills, 1.0).log_weights
        else:
            log_w = final_bias(s, hills, 1.0).log_weights
        s, log_w = s[len(s) // 4 :], log_w[len(s) // 4 :]
        wells = free_energy_difference(log_w, s < 0, s >= 0, 1.0)
        found = free_energy(s, log_w, 1.0, bins=12, bounds=[(-1.8, 1.8)])
        values.append(wells.value)
        for level in hits:
            low, high = wells.interval(level)
            hits[level] += low <= truth <= high
            low, high = found.estimate.interval(level)
            inside = (low <= surface) & (surface <= high) & np.isfinite(found.error)
            bins[level].append(inside[live].mean())
    assert abs(np.mean(values) - truth) < 0.05
    for level, hit in hits.items():
        assert within(hit, count, level), (level, hit / count)
        # bins of one run depend on each other: as if there were one per run
        assert within(round(count * np.mean(bins[level])), count, level), np.mean(bins[level])


@pytest.fixture(scope="module")
def normal():
    rng = np.random.default_rng(5)
    return rng.normal(size=(40_000, 2)) * [1.0, 0.5]


def test_surface_of_two_variables(normal):
    """Frames of exp(-F), one half weighted: F must come back as if it were not."""
    log_w = np.where(normal[:, 0] > 0, np.log(0.25), 0.0)
    found = free_energy(normal, log_w, 1.3, bins=(15, 11), bounds=[(-1.5, 1.5), (-0.8, 0.8)])
    x, y = np.meshgrid(*found.axes, indexing="ij")
    p = np.exp(-0.5 * x**2 - 2 * y**2) / (2 * np.pi * 0.5) * np.where(x > 0, 0.25, 1.0) / 0.625
    inside = np.abs(x) > 0.11  # the bin in the middle is half weighted
    z = ((found.F + 1.3 * np.log(p)) / found.error)[inside]
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.2)
    assert 0.6 * len(normal) < found.n_eff < 0.9 * len(normal)


def test_kernel_density_and_its_broadening(normal):
    s = normal[:, 0]
    found = free_energy(s, np.zeros(len(s)), 1.0, 41, [(-2, 2)], "kde", bandwidth=0.3)
    variance = 1.0 + 0.3**2
    exact = 0.5 * found.axes[0] ** 2 / variance + 0.5 * np.log(2 * np.pi * variance)
    z = (found.F - exact) / found.error
    assert np.abs(z).max() < 4.0 and found.error.max() < 0.05
    default = free_energy(s, np.zeros(len(s)), 1.0, 41, [(-2, 2)], "kde")
    exact = 0.5 * found.axes[0] ** 2 + 0.5 * np.log(2 * np.pi)
    assert np.abs(default.F - exact).max() < 0.1


def test_kernel_density_on_a_circle():
    s = np.random.default_rng(4).uniform(-np.pi, np.pi, 20_000)
    found = free_energy(
        s, np.zeros(len(s)), 1.0, 9, [(-np.pi, np.pi)], "kde", bandwidth=0.3, period=[2 * np.pi]
    )
    np.testing.assert_allclose(found.F, np.log(2 * np.pi), atol=0.06)
    assert found.F[0] == pytest.approx(found.F[-1], abs=1e-12)


@pytest.mark.parametrize("method", ["kde", "histogram"])
def test_a_well_is_as_deep_wherever_the_circle_is_cut(method):
    """F = -4.5 cos s: a quarter of the circle from the bottom it is 4.5 kT up, cut anywhere."""
    s0 = np.random.default_rng(8).vonmises(0.0, 4.5, 20_000)
    depths = []
    for centre in (0.0, 1.0, np.pi, -np.pi, 7.0):
        s = (s0 + centre + np.pi) % (2 * np.pi) - np.pi
        bounds = [(centre - np.pi, centre + np.pi)]
        found = free_energy(s, np.zeros(len(s)), 1.0, 81, bounds, method, period=[2 * np.pi])
        depths.append(found.F[20] - found.F[40])
    assert depths[0] == pytest.approx(4.5, abs=0.25)
    np.testing.assert_allclose(depths, depths[0], rtol=1e-9)


def test_bandwidth_of_two_variables_one_of_which_is_periodic():
    rng = np.random.default_rng(9)
    s = np.column_stack([rng.normal(np.pi, 0.2, 8000), rng.normal(0.0, 1.0, 8000)])
    one = free_energy(s, np.zeros(8000), 1.0, 21, [(2.5, 3.8), (-2, 2)], "kde")
    cut = np.column_stack([(s[:, 0] + np.pi) % (2 * np.pi) - np.pi, s[:, 1]])
    two = free_energy(
        cut, np.zeros(8000), 1.0, 21, [(2.5, 3.8), (-2, 2)], "kde", period=[2 * np.pi, np.inf]
    )
    np.testing.assert_allclose(two.F, one.F, rtol=1e-6, atol=1e-6)


def test_kernels_wider_than_the_circle():
    s = np.random.default_rng(4).normal(0.0, 0.1, 2000)
    found = free_energy(s, np.zeros(2000), 1.0, 9, [(-1, 1)], "kde", bandwidth=3.0, period=[2.0])
    np.testing.assert_allclose(found.F, np.log(2.0), atol=1e-6)
    wider = free_energy(s, np.zeros(2000), 1.0, 9, [(-1, 1)], "kde", bandwidth=1e12, period=[2.0])
    np.testing.assert_allclose(wider.F, np.log(2.0), atol=1e-6)
    with pytest.raises(ValueError, match="bandwidth: found inf, expected positive numbers"):
        free_energy(s, np.zeros(2000), 1.0, 9, [(-1, 1)], "kde", bandwidth=np.inf, period=[2.0])


def test_angles_that_go_round_several_times():
    s = np.random.default_rng(4).normal(0.0, 5.0, 2000)
    found = free_energy(s, np.zeros(2000), 1.0, 9, period=[2 * np.pi])
    assert np.ptp([found.axes[0][0], found.axes[0][-1]]) < 2 * np.pi
    np.testing.assert_allclose(found.F, np.log(2 * np.pi), atol=0.3)


@pytest.mark.parametrize("period", [0.0, -1.0, np.nan, [1.0, 2.0], [[1.0]]])
def test_periods_that_are_none(period):
    with pytest.raises(ValueError, match=r"period: found .* expected 1 positive numbers"):
        free_energy(np.linspace(0, 1, 64), np.zeros(64), 1.0, method="kde", period=period)


def test_bins_beyond_a_period_are_refused():
    with pytest.raises(ValueError, match=r"bounds: found \[\[-4\.0, 4\.0\]\], expected at most"):
        free_energy(np.linspace(0, 1, 64), np.zeros(64), 1.0, bounds=[(-4, 4)], period=[2 * np.pi])


def test_weights_that_overflow():
    s = np.linspace(-1, 1, 400)[np.random.default_rng(1).permutation(400)]
    log_w = 3000.0 * s
    assert 1.0 <= effective_size(log_w) < 2.0
    assert np.isfinite(free_energy_difference(log_w, s > 0.9, s > 0.5, 1.0).value)
    found = free_energy(s, np.zeros(400), 1.0, 10, [(-1, 3)])
    assert np.isinf(found.F[-1]) and np.isinf(found.error[-1])


def test_log_ratio_against_resampled_blocks():
    """Independent blocks: the error is that of a bootstrap over them."""
    rng = np.random.default_rng(2)
    a, b = rng.exponential(1.0, 500), rng.exponential(2.0, 500)
    found = log_ratio(a, b, 1)
    draws = rng.integers(0, 500, (4000, 500))
    spread = np.log(a[draws].sum(axis=1) / b[draws].sum(axis=1)).std()
    assert found.value == pytest.approx(np.log(a.sum() / b.sum()), abs=1e-14)
    assert found.error == pytest.approx(spread, rel=0.25)
    np.testing.assert_array_equal(block_sums(np.arange(7.0), 3), [3.0, 12.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_weights": [0.0] * 39 + [np.nan]}, "log_weights: found shape"),
        ({"s": np.zeros((40, 3))}, r"s: found shape \(40, 3\), expected"),
        ({"s": np.zeros(10), "log_weights": np.zeros(10)}, "found 10 frames, at least 32"),
        ({"bounds": [(1.0, 0.0)]}, "bounds: found"),
        ({"method": "spline"}, "method: found 'spline', expected 'histogram' or 'kde'"),
        ({"method": "kde", "bandwidth": 0.0}, "bandwidth: found 0.0, expected positive"),
    ],
)
def test_bad_values(change, message):
    given = {"s": np.linspace(0, 1, 40), "log_weights": np.zeros(40), "kT": 1.0}
    with pytest.raises(ValueError, match=message):
        free_energy(**{**given, **change})
