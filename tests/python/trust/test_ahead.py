"""<M> ahead by blocks against one step after the other; how few steps a long horizon takes."""

import itertools

import numpy as np
import pytest

from dbar.forecast import VAR
from dbar.statistics.companion import affine
from dbar.trust import ForecastTrust, Mahalanobis
from dbar.trust.ahead import Horizons, expected_blocks


def fitted(slow=0.95, order=1, n=300, size=3):
    rng, x, rows = np.random.default_rng(5), np.zeros(size), []
    for _ in range(n):
        x = np.linspace(slow, 0.3, size) * x + rng.standard_normal(size)
        rows.append(x + 7.0)
    X = np.array(rows)
    return VAR(order, random_state=0).fit(X), Mahalanobis().fit(X), X


def stepwise(model, measure, history, steps):
    """<M> at 0 ... steps: forecast and covariance one step after the other."""
    spread = np.einsum("tij,ij->t", model.forecast_cov(steps), measure.precision_)
    ahead = measure.score(model.forecast(history, steps)) + spread / measure.dim_
    return np.append(measure.score(history[-1]), ahead)


@pytest.mark.parametrize("slow", [0.5, 0.95, 1.03])
@pytest.mark.parametrize("order", [1, 3])
def test_expected_m_is_that_of_single_steps(slow, order):
    model, measure, X = fitted(slow, order, 300 if slow < 1 else 80)
    trust = ForecastTrust(model, measure)
    for steps in (0, 1, 63, 64, 65, 700):
        want = stepwise(model, measure, X, steps)
        np.testing.assert_allclose(trust.expected(X, steps), want, rtol=1e-10)
        bound = want + trust.sigma_m2_ * np.arange(steps + 1)
        np.testing.assert_allclose(trust.bound(X, steps), bound, rtol=1e-10)


@pytest.mark.parametrize("slow", [0.5, 0.95, 1.03])
def test_tau_pred_is_that_of_single_steps(slow):
    model, measure, X = fitted(slow, n=300 if slow < 1 else 80)
    trust = ForecastTrust(model, measure, dtau=0.5)
    for sigma in (0.3, 1e-2, 3e-4):
        trust.sigma_m2_ = sigma
        steps = int(np.ceil(trust.limit / sigma)) + 1
        with np.errstate(over="ignore", invalid="ignore"):
            bound = stepwise(model, measure, X[:60], steps) + sigma * np.arange(steps + 1)
        k = np.argmax(~(bound < 2.0))
        part = (
            0.0 if not np.isfinite(bound[k]) else (2.0 - bound[k - 1]) / (bound[k] - bound[k - 1])
        )
        want = 0.5 * (k - 1 + part)
        assert trust.tau_pred(X[:60]) == pytest.approx(want, rel=1e-9)


def test_a_long_horizon_takes_no_step_of_its_own(monkeypatch):
    """2 million snapshots ahead, as of 10^6 transitions, in the steady state after some hundred."""
    model, measure, X = fitted()
    trust, calls = ForecastTrust(model, measure), []
    trust.sigma_m2_ = 1e-6
    for name in ("forecast", "forecast_cov"):
        original = getattr(VAR, name)
        monkeypatch.setattr(VAR, name, lambda m, *a, f=original: calls.append(a[-1]) or f(m, *a))
    assert 0.5e6 < trust.tau_pred(X) < 2e6
    assert sum(calls) == 0
    blocks = list(itertools.islice(expected_blocks(model, measure, X, 64), 40))
    assert len(blocks[0]) == 64 and len(blocks[-1]) == 4096
    assert blocks[-1][0] == pytest.approx(stepwise(model, measure, X, 3000)[-1], rel=1e-12)


def test_a_history_that_does_not_fit_is_refused():
    model, measure, X = fitted(order=2)
    with pytest.raises(ValueError, match=r"history has shape \(1, 3\), expected \(at least 2, 3\)"):
        ForecastTrust(model, measure).tau_pred(X[:1])


@pytest.mark.parametrize("slow", [0.5, 0.95, 1.03])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("block, near", [(8, 5e-3), (32, 5e-4)])
def test_many_states_at_once(slow, order, block, near):
    """Horizons up to two blocks exactly, others nearly; never beyond the largest asked for."""
    model, measure, X = fitted(slow, order, 300 if slow < 1 else 80)
    step = affine(model.coef_, model.intercept_)
    states = np.array([[*X[k - order : k][::-1].ravel(), 1.0] for k in range(10, 60)])
    now = measure.score(X[9:59])
    assert (now >= 2.0).any() and (now < 2.0).any()
    for sigma in (0.3, 1e-2, 3e-4):
        trust = ForecastTrust(model, measure)
        trust.sigma_m2_ = sigma
        want = np.array([trust.tau_pred(X[:k]) for k in range(10, 60)])
        parts = step, model.noise_cov_, measure.mean_, measure.factor_, sigma, 2.0
        found = Horizons(*parts, block=block).reach(states, now)
        off = np.abs(found - want) / np.maximum(want, 1.0)
        assert off.max() < near and off[want <= 2 * block].max(initial=0.0) < 1e-9
        capped = Horizons(*parts, 5.0, block).reach(states, now)
        np.testing.assert_allclose(capped, np.minimum(want, 5.0), rtol=1e-9)
