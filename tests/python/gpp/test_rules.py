"""Cubature of third and fifth order on polynomials, and the random points."""

import itertools

import numpy as np
import pytest
from scipy import stats

from dbar.gpp import rules


def moment(powers):
    """Of independent standard normal variables: 0 for odd powers, (p - 1)!! for even ones."""
    return np.prod([0 if p % 2 else np.prod(np.arange(p - 1, 0, -2)) for p in powers])


def worst(rule, n, degree):
    """Largest error over the monomials of this degree in n variables."""
    points, weights = rule(n)
    errors = []
    for chosen in itertools.combinations_with_replacement(range(n), degree):
        powers = np.bincount(chosen, minlength=n) if degree else np.zeros(n, int)
        errors.append(abs(weights @ np.prod(points**powers, axis=1) - moment(powers)))
    return max(errors)


@pytest.mark.parametrize("n", [3, 6, 9])
@pytest.mark.parametrize(("rule", "last"), [(rules.q3, 3), (rules.q5, 5)])
def test_exact_up_to_their_degree_and_not_beyond(rule, last, n):
    for degree in range(last + 1):
        assert worst(rule, n, degree) < 1e-12 * n ** (degree / 2)
    assert worst(rule, n, last + 1) > 0.1


@pytest.mark.parametrize(("rule", "count"), [(rules.q3, 114), (rules.q5, 6499)])
def test_points_of_18_neighbours(rule, count):
    """2n and 2n^2 + 1 of them with n = 57; the shift of the third order is 7.5 sigma."""
    points, weights = rule(57)
    assert points.shape == (count, 57) and weights.shape == (count,)
    if count == 114:
        assert np.max(points) == pytest.approx(7.5, abs=0.1)
    else:
        assert np.min(weights) < 0


def test_draws_are_normal_and_follow_the_seed():
    points, weights = rules.direct(6, 20000, seed=3)
    assert np.sum(weights) == pytest.approx(1.0)
    assert stats.kstest(points.ravel(), "norm").pvalue > 1e-3
    assert np.array_equal(points, rules.direct(6, 20000, seed=3)[0])
    assert not np.array_equal(points, rules.direct(6, 20000, seed=4)[0])


def test_walk_is_normal_and_correlated():
    points, _ = rules.metropolis(6, 60000, seed=3)
    assert np.mean(points, axis=0) == pytest.approx(0.0, abs=0.1)
    assert np.mean(points**2, axis=0) == pytest.approx(1.0, abs=0.1)
    assert np.mean(points**4, axis=0) == pytest.approx(3.0, abs=0.6)
    # independent draws would give 0 with an error of 0.004
    steps = np.mean(points[1:] * points[:-1])
    assert 0.5 < steps < 0.99
    # a step is refused now and then, and accepted now and then
    stayed = np.mean(np.all(points[1:] == points[:-1], axis=1))
    assert 0.4 < stayed < 0.9
