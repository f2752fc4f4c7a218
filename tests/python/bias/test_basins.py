"""Phases however far apart, few, or counted: kernels as wide as their neighbourhood."""

import warnings

import numpy as np
import pytest

from dbar.bias import Basins
from dbar.bias.neighbourhood import bandwidths, make_cells, resolution

OPEN = np.array([np.inf])


def labelled(rng, count, share):
    """Frames of two phases, of which the first holds exactly that share."""
    return rng.permutation(count) < round(share * count)


def fit(s, **settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return Basins.fit(s, **settings)


@pytest.mark.parametrize("share", [0.5, 0.25])
@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("count", [24, 40, 100, 1000])
def test_phases_far_apart_are_two(count, dim, share):
    """At 24 frames a kernel of all frames reaches from one to the other."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        first = labelled(rng, count, share)
        s = np.where(first, 0.0, 1e5)[:, None] + rng.normal(size=(count, dim))
        found = fit(s)
        assert len(found.weight) == 2, seed
        np.testing.assert_allclose(np.sort(found.weight), np.sort([share, 1 - share]), atol=1e-9)
        p = found.probabilities(s)
        assert np.array_equal(p.argmax(axis=1) == np.argmin(found.mean[:, 0]), first)
        # each with the width of its own frames
        widths = np.sqrt(np.diagonal(found.cov, axis1=1, axis2=2))
        assert (0.25 < widths).all() and (widths < 1.8).all()


def test_small_effective_number_of_frames():
    """Five frames of each phase carry nearly all of the weight; the others are there."""
    rng = np.random.default_rng(2)
    s = np.concatenate([rng.normal(0.0, 1e-5, 200), rng.normal(1.0, 1e-5, 200)])
    heavy = np.r_[:5, 200:205]
    log_weights = np.full(400, -6.0)
    log_weights[heavy] = 0.0
    with pytest.warns(UserWarning, match=r"found 1\d(\.\d)? effective frames, expected 20 or more"):
        found = Basins.fit(s, log_weights)
    np.testing.assert_allclose(np.sort(found.mean[:, 0]), [0.0, 1.0], atol=1e-4)


def test_three_phases_on_two_scales():
    """Two phases eight widths apart, and one that is a million widths away."""
    rng = np.random.default_rng(5)
    s = np.concatenate([rng.normal(c, 1.0, 1500) for c in (0.0, 8.0, 1e6)])
    found = fit(s)
    np.testing.assert_allclose(np.sort(found.mean[:, 0]), [0.0, 8.0, 1e6], atol=0.2)


@pytest.mark.parametrize("count", [40, 200, 3000])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_one_phase_is_one(dim, count):
    for seed in range(4):
        s = np.random.default_rng(seed).normal(size=(count, dim))
        assert len(fit(s).weight) == 1, seed


INTEGERS = {
    "two values": (lambda rng, a: np.where(a, 0, 12), [0, 12]),
    "one of them rare": (lambda rng, a: np.where(np.cumsum(a) % 5 == 1, 0, 7), [0, 7]),
    "neighbours are one": (lambda rng, a: rng.choice([0, 1, 2], len(a), p=[0.2, 0.6, 0.2]), [1]),
    "counts": (
        lambda rng, a: np.rint(np.where(a, rng.normal(5, 2, len(a)), rng.normal(90, 9, len(a)))),
        [5, 90],
    ),
    "a value and a spread": (
        lambda rng, a: np.where(a, 0, np.rint(rng.normal(150, 8, len(a)))),
        [0, 150],
    ),
    "two decimals": (lambda rng, a: np.round(np.where(a, 0.1, 0.5) + 0.01 * rng.normal(size=len(a)), 2), [0.1, 0.5]),
    "constant but for digits": (lambda rng, a: np.where(a, 0.0, 3.7), [0.0, 3.7]),
}  # fmt: skip


@pytest.mark.parametrize("case", INTEGERS)
def test_integers(case):
    make, expected = INTEGERS[case]
    rng = np.random.default_rng(11)
    s = make(rng, labelled(rng, 600, 0.4)).astype(float)
    found = fit(s)
    means = np.sort(found.mean[:, 0])
    assert len(means) == len(expected)
    np.testing.assert_allclose(means, expected, atol=0.02 * max(expected) + 0.02)
    assert found.probabilities(s).max(axis=1).min() > 0.9


def test_an_integer_beside_a_variable_with_all_digits():
    rng = np.random.default_rng(3)
    a = labelled(rng, 900, 0.3)
    s = np.column_stack([np.where(a, 4, 6), np.where(a, 0.0, 0.3) + 0.03 * rng.normal(size=900)])
    found = fit(s)
    np.testing.assert_allclose(found.mean, [[6, 0.3], [4, 0.0]], atol=0.01)
    assert resolution(s).tolist() == [1.0, 0.0]
    assert resolution(np.array([[0.25], [1.5]])).tolist() == [0.01]


@pytest.mark.parametrize("centre", [0.0, np.pi, 2.0])
def test_narrow_phases_on_a_circle_wherever_it_is_cut(centre):
    rng = np.random.default_rng(4)
    s = np.concatenate([rng.normal(centre, 0.02, 60), rng.normal(centre + 2.0, 0.2, 140)])
    s = (s + np.pi) % (2 * np.pi) - np.pi
    found = fit(s, period=2 * np.pi)
    assert len(found.weight) == 2
    np.testing.assert_allclose(found.weight, [0.7, 0.3], atol=1e-9)
    off = np.angle(np.exp(1j * (found.mean[:, 0] - [centre + 2.0, centre])))
    np.testing.assert_allclose(off, 0.0, atol=0.05)
    np.testing.assert_allclose(np.sqrt(found.cov[:, 0, 0]), [0.2, 0.02], rtol=0.25)


def test_kernels_have_silvermans_width_in_each_phase():
    """Two phases of widths 1 and 0.2: of each the rule for its own frames."""
    rng = np.random.default_rng(6)
    z = np.concatenate([rng.normal(0.0, 1.0, 2000), rng.normal(50.0, 0.2, 500)])[:, None]
    cells = make_cells(z, np.full(2500, 1 / 2500), 200, OPEN)
    width = np.sqrt(bandwidths(cells, 2500.0, np.zeros(1), OPEN)[:, 0, 0])
    for centre, sigma, count in ((0.0, 1.0, 2000), (50.0, 0.2, 500)):
        near = np.abs(cells.at[:, 0] - centre) < sigma
        expected = sigma * (4.0 / 3.0 / count) ** 0.2
        assert np.median(width[near]) == pytest.approx(expected, rel=0.2)


def test_too_few_effective_frames_are_said():
    rng = np.random.default_rng(1)
    with pytest.warns(UserWarning, match="found 25 effective frames, expected 30 or more for 2"):
        Basins.fit(rng.normal(size=(25, 2)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Basins.fit(rng.normal(size=(200, 2)))
        # a weight of nothing is no frame
        Basins.fit(rng.normal(size=100), np.where(np.arange(100) < 50, 0.0, -1e4))


@pytest.mark.parametrize("period", [0.0, np.nan, [1.0, 2.0]])
def test_bad_period(period):
    with pytest.raises(ValueError, match=r"period: found .*, expected 1 positive numbers"):
        Basins.fit(np.random.default_rng(1).random(100), period=period)
