"""Mahalanobis distance, its growth and the trust horizon, each evaluated a second way."""

import numpy as np
import pytest
from sklearn.covariance import oas as sklearn_oas

from dbar.forecast import VAR
from dbar.trust import ForecastTrust, Mahalanobis
from dbar.trust.growth import sigma_m2
from dbar.trust.mahalanobis import oas

SEED = 20234


def trajectory(rng, n=400, size=4, slow=0.9, n_runs=1):
    coef = np.diag(np.linspace(slow, 0.2, size)) + 0.05 * rng.standard_normal((size, size))
    x = np.zeros((n_runs, size))
    out = np.empty((n + 100, n_runs, size))
    for k in range(n + 100):
        x = x @ coef.T + rng.standard_normal((n_runs, size))
        out[k] = x
    return out[100:].swapaxes(0, 1)


def unit(size):
    return Mahalanobis().fit_cov(1000, np.zeros(size), np.eye(size), np.eye(size))


# ---- OAS --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p"), [(30, 5), (200, 12), (10, 12), (50, 1)])
def test_oas_equals_scikit_learn(n, p):
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((n, p)) @ rng.standard_normal((p, p))
    want, shrinkage = sklearn_oas(X)
    got, mine = oas(np.cov(X.T, bias=True).reshape(p, p), n)
    np.testing.assert_allclose(got, want, rtol=1e-10)
    assert mine == pytest.approx(shrinkage, rel=1e-10)


def test_trap_data_whitened_by_their_own_covariance():
    """There the OAS denominator is rounding noise; the shrinkage must stay within [0, 1]."""
    X = np.random.default_rng(SEED).standard_normal((150, 10))
    X -= X.mean(axis=0)
    w, v = np.linalg.eigh(X.T @ X / len(X))
    X = X @ v / np.sqrt(w)
    cov, shrinkage = oas(X.T @ X / len(X), len(X))
    assert 0.0 <= shrinkage <= 1.0
    np.testing.assert_allclose(cov, np.eye(10), atol=1e-12)
    assert Mahalanobis().fit(X).score(X).mean() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.shared
def test_trap_standardised_descriptors(shared_data):
    """OAS of standardised descriptors leaves a training mean near 0.25; here it is 1, and held-out
    snapshots of the training range stay near it.
    """
    D = np.load(shared_data / "al-tension" / "al_tension_01.npz")["D"][:, 1:]
    Z = (D - D.mean(axis=0)) / D.std(axis=0)
    cov, _ = sklearn_oas(Z)
    naive = np.einsum("ti,ij,tj->t", Z, np.linalg.inv(cov), Z).mean() / 55
    assert naive < 0.5
    model = Mahalanobis(n_components=10).fit(D)
    assert model.score(D).mean() == pytest.approx(1.0, abs=1e-9)
    assert Mahalanobis().fit(D).score(D).mean() == pytest.approx(1.0, abs=1e-9)
    odd = Mahalanobis(n_components=10).fit(D[::2])
    assert 0.8 < odd.score(D[1::2]).mean() < 1.4


# ---- Mahalanobis ------------------------------------------------------------------------------


def test_training_mean_is_one_and_constant_components_do_no_harm():
    X = trajectory(np.random.default_rng(SEED))[0] * [1e-3, 1.0, 1e4, 1e2] + 1e5
    X = np.hstack([np.full((len(X), 1), 2285.0), X])
    model = Mahalanobis().fit(X)
    assert model.dim_ == 4
    assert model.score(X).mean() == pytest.approx(1.0, abs=1e-9)
    assert model.score(X[7]) == pytest.approx(model.score(X)[7])
    off = X - model.mean_
    want = np.einsum("ti,ij,tj->t", off, model.precision_, off) / 4
    np.testing.assert_allclose(model.score(X), want, rtol=1e-6)


def test_distances_with_many_samples_are_those_of_the_covariance():
    X = trajectory(np.random.default_rng(SEED), 20000)[0]
    model = Mahalanobis().fit(X)
    off = X - X.mean(axis=0)
    want = np.einsum("ti,ij,tj->t", off, np.linalg.inv(np.cov(X.T)), off) / 4
    np.testing.assert_allclose(model.score(X), want, rtol=0.01)


def test_shrinkage_is_towards_equal_spread_in_units_of_the_noise():
    """Few samples: Sigma^-1 lies between the empirical precision and the one of the steps."""
    cov, steps = np.diag([100.0, 1.0]), np.diag([4.0, 0.1])
    few = Mahalanobis().fit_cov(40, np.zeros(2), cov, steps).precision_
    many = Mahalanobis().fit_cov(1e9, np.zeros(2), cov, steps).precision_
    np.testing.assert_allclose(many, np.linalg.inv(cov), rtol=1e-6)
    ratio = few[1, 1] / few[0, 0]
    assert 40.0 < ratio < 99.0  # ratio of the noise precisions, of the covariances
    assert np.trace(few @ cov) == pytest.approx(2.0)


def test_bad_data():
    X = np.random.default_rng(0).standard_normal((20, 3))
    X[4, 1] = np.inf
    with pytest.raises(ValueError, match="descriptor 1 is inf at snapshot 4"):
        Mahalanobis().fit(X)
    with pytest.raises(ValueError, match="3 snapshots, at least 4"):
        Mahalanobis().fit(X[:3])
    with pytest.raises(ValueError, match="no descriptor varies"):
        Mahalanobis().fit(np.ones((20, 3)))


# ---- bound and horizon ------------------------------------------------------------------------------


def fitted(order=1, n=400, **kw):
    X = trajectory(np.random.default_rng(SEED), n)[0]
    return VAR(order=order, random_state=0, **kw).fit(X), Mahalanobis().fit(X), X


@pytest.mark.parametrize("order", [1, 2])
def test_tau_pred_solves_its_equation(order):
    model, measure, X = fitted(order)
    trust = ForecastTrust(model, measure, dtau=0.2)
    history = X[:300]
    tau = trust.tau_pred(history)
    k = int(tau / 0.2)
    bound = trust.bound(history, k + 1)
    assert np.interp(tau, 0.2 * np.arange(k + 2), bound) == pytest.approx(2.0, abs=1e-6)
    assert np.all(bound[: k + 1] < 2.0)
    # expected M: the same by brute force over draws
    draws = model.forecast(history, 6, 20000, random_state=1)
    want = measure.score(draws).mean(axis=0)
    np.testing.assert_allclose(trust.expected(history, 6)[1:], want, rtol=0.03)
    assert trust.efficiency(history) == pytest.approx(tau / trust.tau_m_)
    far = history.copy()
    far[-1] += 100.0
    assert trust.tau_pred(far) == 0.0


def test_maximum_rule_and_null():
    """sigma_M^2 is never below dtau / tau_M; the harmonic mapping of the supplement would be."""
    model, measure, X = fitted()
    raw = sigma_m2(model, measure)
    trust = ForecastTrust(model, measure, dtau=0.5, training_time=100.0, n_replicas=2)
    assert trust.tau_m_ == 200.0
    assert trust.sigma_m2_ == max(raw, 0.5 / 200.0)
    assert 1.0 / (1.0 / raw + 200.0 / 0.5) < min(raw, 0.5 / 200.0)
    np.testing.assert_allclose(trust.null([0.0, 200.0]), [0.0, 1.0])
    one = VAR(n_bags=1, coverage=1.0, prior=None).fit(X)
    floor = ForecastTrust(one, measure, dtau=0.5)
    assert floor.sigma_m2_ == pytest.approx(1.0 / (len(X) - 1))
    assert floor.efficiency() == pytest.approx(1.0)


def test_unstable_spectrum_gives_a_finite_horizon():
    rng = np.random.default_rng(SEED)
    X = 1.03 ** np.arange(120)[:, None] * [1.0, 0.5] + 0.1 * rng.standard_normal((120, 2))
    model = VAR(random_state=0).fit(X)
    assert not model.stable_
    trust = ForecastTrust(model, Mahalanobis().fit(X))
    assert np.isfinite(trust.sigma_m2_)
    assert 0.0 <= trust.tau_pred(X[:60]) < 120.0
