"""Bayesian ridge from sufficient statistics against scikit-learn on the samples themselves."""

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from dbar.statistics.ridge import bayesian_ridge, least_squares

SEED = 20232


def problem(n, p, q, noise, rng):
    x = rng.standard_normal((n, p)) @ rng.standard_normal((p, p)) + rng.standard_normal(p)
    return x, x @ rng.standard_normal((p, q)) * 0.3 + noise * rng.standard_normal((n, q)) + 1.0


def sums(parts):
    z = [np.hstack(part) for part in parts]
    mean = np.array([a.mean(axis=0) for a in z])
    comoment = np.array([(a - a.mean(axis=0)).T @ (a - a.mean(axis=0)) for a in z])
    return np.array([len(a) for a in z]), mean, comoment


@pytest.mark.parametrize(
    ("sizes", "p", "noise"),
    [((40, 200, 1000), 6, 0.5), ((25, 30), 20, 1.0), ((8, 12), 15, 0.5), ((300,), 6, 1e-3)],
)
def test_equals_scikit_learn(sizes, p, noise):
    rng = np.random.default_rng(SEED)
    parts = [problem(n, p, 4, noise, rng) for n in sizes]
    fit = bayesian_ridge(*sums(parts), p)
    for b, (x, y) in enumerate(parts):
        for k in range(4):
            want = BayesianRidge().fit(x, y[:, k])
            np.testing.assert_allclose(fit.coef[b, k], want.coef_, rtol=0, atol=1e-6)
            np.testing.assert_allclose(fit.intercept[b, k], want.intercept_, rtol=0, atol=1e-6)
            np.testing.assert_allclose(fit.noise_precision[b, k], want.alpha_, rtol=1e-6)
            np.testing.assert_allclose(fit.weight_precision[b, k], want.lambda_, rtol=1e-6)
            assert fit.n_iter[b, k] == want.n_iter_
            cov = fit.coef_cov(b, k)
            np.testing.assert_allclose(cov, want.sigma_, atol=1e-6 * np.abs(want.sigma_).max())
            residual = y[:, k] - x @ fit.coef[b, k] - fit.intercept[b, k]
            total = ((y[:, k] - y[:, k].mean()) ** 2).sum()
            rss = residual @ residual
            np.testing.assert_allclose(fit.residual[b, k, k], rss, atol=1e-9 * total)


def test_constant_regressor_and_constant_output():
    rng = np.random.default_rng(SEED)
    x, y = problem(60, 4, 2, 0.3, rng)
    x[:, 1], y[:, 0] = 5.0, 2.0
    fit = bayesian_ridge(*sums([(x, y)]), 4)
    assert np.isfinite(fit.coef).all()
    assert abs(fit.coef[0, 1, 1]) < 1e-12
    np.testing.assert_allclose(fit.coef[0, 0], 0.0, atol=1e-12)
    np.testing.assert_allclose(fit.intercept[0, 0], 2.0, atol=1e-12)


def test_least_squares_equals_lstsq():
    rng = np.random.default_rng(SEED)
    parts = [problem(n, 5, 3, 0.5, rng) for n in (50, 80)]
    fit = least_squares(*sums(parts), 5)
    for b, (x, y) in enumerate(parts):
        want = np.linalg.lstsq(np.hstack([np.ones((len(x), 1)), x]), y, rcond=None)[0]
        np.testing.assert_allclose(fit.intercept[b], want[0], atol=1e-10)
        np.testing.assert_allclose(fit.coef[b], want[1:].T, atol=1e-10)


def test_a_bag_with_one_sample_is_an_error():
    with pytest.raises(ValueError, match="bag 1 holds 1 samples"):
        bayesian_ridge(np.array([5, 1]), np.zeros((2, 3)), np.ones((2, 3, 3)), 2)
