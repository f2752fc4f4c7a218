"""VAR against statsmodels, scikit-learn, scipy and long simulations."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.linalg import solve_discrete_lyapunov
from scipy.stats import chi2
from sklearn.linear_model import BayesianRidge
from statsmodels.tsa.api import VAR as StatsVAR

from dbar.forecast import VAR
from dbar.statistics.moments import bag_members, lagged

SEED = 20233


def process(rng, size=4, order=1, radius=0.9):
    """A stable VAR with a companion spectral radius of `radius`."""
    coef = rng.standard_normal((order, size, size)) / size
    top = np.hstack(list(coef))
    full = np.vstack([top, np.eye((order - 1) * size, order * size)])
    ratio = radius / np.abs(np.linalg.eigvals(full)).max()
    coef = coef * (ratio ** np.arange(1, order + 1))[:, None, None]
    root = rng.standard_normal((size, size)) / 2 + np.eye(size)
    return coef, rng.standard_normal(size), root @ root.T


def simulate(rng, coef, c, S, n, runs=1, burn=200):
    """Trajectories (runs, n, K)."""
    order, size = coef.shape[:2]
    noise = rng.standard_normal((n + burn, runs, size)) @ np.linalg.cholesky(S).T
    out = np.zeros((n + burn + order, runs, size))
    for k in range(n + burn):
        past = sum(out[k + order - 1 - p] @ coef[p].T for p in range(order))
        out[k + order] = past + c + noise[k]
    return out[burn + order :].swapaxes(0, 1)


def plain(order=1, **kw):
    return VAR(order=order, n_bags=1, coverage=1.0, random_state=0, prior=None, **kw)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("data", ["macro", "synthetic"])
def test_one_bag_without_prior_equals_statsmodels(order, data):
    if data == "macro":
        frame = sm.datasets.macrodata.load().data[["realgdp", "realcons", "realinv"]]
        X = np.diff(np.log(frame.to_numpy()), axis=0)
    else:
        X = simulate(np.random.default_rng(SEED), *process(np.random.default_rng(1)), 300)[0]
    want = StatsVAR(X).fit(order, trend="c")
    got = plain(order).fit(X)
    np.testing.assert_allclose(got.coef_, want.coefs, rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.intercept_, want.intercept, rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.noise_cov_, want.sigma_u, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(got.noise_cov_mle_, want.sigma_u_mle, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(got.forecast(X, 8), want.forecast(X[-order:], 8), atol=1e-8)
    np.testing.assert_allclose(got.forecast_cov(8), want.mse(8), rtol=1e-8, atol=1e-12)
    size, cov = X.shape[1], want.cov_params()
    if order == 1:  # sampling covariance of the coefficients, entry by entry
        x_root = np.linalg.inv(got.moments_.comoment[0, :size, :size])
        rows = np.kron(x_root, got.noise_cov_)
        np.testing.assert_allclose(rows, np.asarray(cov)[size:, size:], rtol=1e-7, atol=1e-12)


def test_each_bag_equals_scikit_learn_on_its_subset():
    rng = np.random.default_rng(SEED)
    X = list(simulate(rng, *process(rng, order=2), 120, runs=2))
    model = VAR(order=2, n_bags=5, coverage=0.3, random_state=11).fit(X)
    Z = np.vstack([lagged(x, 2) for x in X])
    member = np.vstack([bag_members(11, r, np.arange(2, 120), 5, 0.3) for r in (0, 1)])
    for b in range(5):
        rows = Z[member[:, b]]
        for k in range(4):
            want = BayesianRidge().fit(rows[:, :8], rows[:, 8 + k])
            got = model.bag_coef_[b, :, k, :].ravel()
            np.testing.assert_allclose(got, want.coef_, rtol=0, atol=1e-6)
            assert abs(model.bag_intercept_[b, k] - want.intercept_) < 1e-6
    np.testing.assert_allclose(model.coef_, model.bag_coef_.mean(axis=0), atol=1e-14)
    want = np.cov(model.bag_intercept_.T)
    np.testing.assert_allclose(model.intercept_cov_, want, rtol=1e-10, atol=1e-15)
    assert model.coef_cov_.shape == (32, 32)
    assert model.noise_eig_cov_.shape == (4, 4)


def test_partial_fit_equals_fit():
    rng = np.random.default_rng(SEED)
    X = list(simulate(rng, *process(rng, order=2), 90, runs=2))
    batch = VAR(order=2, n_bags=4, random_state=2).fit(X)
    stream = VAR(order=2, n_bags=4, random_state=2)
    for replica in (0, 1):
        for part in np.array_split(X[replica], 3):
            stream.partial_fit(part, replica)
    for name in ("coef_", "intercept_", "noise_cov_", "bag_coef_", "bag_noise_eig_"):
        np.testing.assert_allclose(getattr(stream, name), getattr(batch, name), atol=1e-8)
    # a gap in time: the pieces do not share a transition
    broken = plain().partial_fit(X[0][:40]).partial_fit(X[0][40:], start=50)
    want = plain().fit([X[0][:40], X[0][40:]])
    np.testing.assert_allclose(broken.coef_, want.coef_, atol=1e-10)


@pytest.mark.parametrize("cut", [1, 2, 3, 40])
def test_partial_fit_goes_on_where_fit_ended(cut):
    """The transitions between the two parts count, for each trajectory by its number."""
    rng = np.random.default_rng(SEED)
    X = list(simulate(rng, *process(rng, order=2), 90, runs=2))
    whole = VAR(order=2, n_bags=4, random_state=2).fit(X)
    parts = VAR(order=2, n_bags=4, random_state=2).fit([X[0][:-cut], X[1][:-cut]])
    parts.partial_fit(X[0][-cut:], 0).partial_fit(X[1][-cut:], 1)
    assert parts.n_transitions_ == whole.n_transitions_ == 2 * 88
    np.testing.assert_array_equal(parts.moments_.count, whole.moments_.count)
    np.testing.assert_allclose(parts.bag_coef_, whole.bag_coef_, atol=1e-8)
    # another number is another trajectory, and so is a gap
    assert parts.partial_fit(X[0][:10], 2).n_transitions_ == 2 * 88 + 8
    assert parts.partial_fit(X[0][:10], 0, start=200).n_transitions_ == 2 * 88 + 16


def test_partial_fit_after_statistics_begins_a_trajectory():
    rng = np.random.default_rng(SEED)
    X = simulate(rng, *process(rng), 90)[0]
    given = VAR(n_bags=4, coverage=0.5, random_state=2).fit(X).moments_
    model = VAR(n_bags=4, coverage=0.5, random_state=2).fit_moments(given)
    assert model.partial_fit(X[:10], 1).n_transitions_ == 89 + 9


def test_synthetic_process_is_recovered_within_sampling_error():
    """Criterion: the coefficient error, scaled by S x (Z'Z)^-1, is a chi-square: its sum over 40
    independent data sets lies inside the central 99.9 % band. S: each entry within 5 standard
    errors of the Wishart distribution. Bagged ridge: within 1.5 times the least-squares error.
    """
    rng = np.random.default_rng(SEED)
    coef, c, S = process(rng)
    total = plain_error = bagged_error = 0.0
    for X in simulate(rng, coef, c, S, 400, runs=40):
        model = plain().fit(X)
        n, mean, comoment = (model.moments_.count[0], *[
            model.moments_.mean[0, :4], model.moments_.comoment[0, :4, :4],
        ])  # fmt: skip
        full = np.zeros((5, 5))
        full[0, 0], full[0, 1:], full[1:, 0] = n, n * mean, n * mean
        full[1:, 1:] = comoment + n * np.outer(mean, mean)
        off = np.column_stack([model.intercept_ - c, model.coef_[0] - coef[0]])
        total += np.trace(np.linalg.solve(S, off) @ full @ off.T)
        std = np.sqrt((S**2 + np.outer(np.diag(S), np.diag(S))) / model.dof_)
        assert np.all(np.abs(model.noise_cov_ - S) < 5 * std)
        bagged = VAR(n_bags=20, random_state=1).fit(X)
        plain_error += np.square(model.coef_ - coef).sum()
        bagged_error += np.square(bagged.coef_ - coef).sum()
    low, high = chi2.ppf([0.0005, 0.9995], 20 * 40)
    assert low < total < high
    assert bagged_error < 1.5 * plain_error


def test_bag_spread_is_the_sampling_error_of_the_full_fit():
    """f/(1-f) times the bag covariance, averaged over data sets, against the scatter of the full
    fits: within 30 % for the trace (intercepts about the mean of the data, so they are not
    dominated by the slope).
    """
    rng = np.random.default_rng(SEED)
    coef, _, S = process(rng)
    full, bags = [], []
    for X in simulate(rng, coef, np.zeros(4), S, 600, runs=60):
        model = VAR(n_bags=40, coverage=0.25, random_state=5).fit(X)
        full.append(plain().fit(X).coef_.ravel())
        bags.append(np.trace(model.coef_cov_) * model.bag_scale_)
    assert 0.7 < np.mean(bags) / np.trace(np.cov(np.array(full).T)) < 1.3


@pytest.mark.parametrize("order", [1, 2])
def test_steady_state_against_scipy_and_a_long_simulation(order):
    rng = np.random.default_rng(SEED)
    model = plain(order).fit(simulate(rng, *process(rng, 3, order, 0.8), 500)[0])
    steady = model.steady_state()
    size = 3 * order
    top = np.hstack(list(model.coef_))
    full = np.vstack([top, np.eye(size - 3, size)])
    source = np.zeros((size, size))
    source[:3, :3] = model.noise_cov_
    np.testing.assert_allclose(steady.cov, solve_discrete_lyapunov(full, source)[:3, :3], rtol=1e-9)
    X = simulate(rng, model.coef_, model.intercept_, model.noise_cov_, 5000, runs=200)
    flat = X.reshape(-1, 3)
    error = np.sqrt(np.diag(steady.long_run_cov) / len(flat))
    assert np.all(np.abs(flat.mean(axis=0) - steady.mean) < 5 * error)
    np.testing.assert_allclose(np.cov(flat.T), steady.cov, atol=0.02 * np.trace(steady.cov))
    means = X.mean(axis=1) * np.sqrt(5000)
    ratio = np.trace(np.cov(means.T)) / np.trace(steady.long_run_cov)
    assert abs(ratio - 1) < 5 * np.sqrt(2 / 200)
    eig = np.linalg.eigvals(full)
    assert steady.radius == pytest.approx(np.abs(eig).max())
    assert np.abs(model.spectrum_[0]) == pytest.approx(steady.radius)


def test_unstable_process_has_no_steady_state_and_says_so():
    X = np.cumsum(1.05 ** np.arange(60))[:, None] + np.random.default_rng(0).normal(size=(60, 1))
    model = plain().fit(X)
    assert not model.stable_
    with pytest.raises(ValueError, match=r"spectral radius is 1\.0\d+, a steady state needs"):
        model.steady_state()
    assert np.isfinite(model.forecast(X, 20)).all()


@pytest.mark.parametrize(
    ("bags", "length", "epistemic"), [(20, 4000, False), (1, 40, True), (20, 160, True)]
)
def test_interval_coverage_of_forecasts(bags, length, epistemic):
    """Nominal 90 % and 50 % intervals, 1 and 10 steps ahead, on 2400 new runs of the process:
    within 3 points. A long training covers without parameter draws; a short one needs them, from
    the sampling covariance of one fit or from the bags.
    """
    rng = np.random.default_rng(SEED)
    coef, c, S = process(rng)
    sets = 120 if epistemic else 4
    inside = {}
    for _ in range(sets):
        model = plain() if bags == 1 else VAR(n_bags=bags, random_state=3)
        model.fit(simulate(rng, coef, c, S, length)[0])
        for X in simulate(rng, coef, c, S, 12, runs=2400 // sets):
            draws = model.forecast(X[:2], 10, 200, epistemic, rng)
            for level in (0.9, 0.5):
                band = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], axis=0)
                hit = (X[2:] > band[0]) & (X[2:] < band[1])
                inside.setdefault((level, 1), []).append(hit[0].mean())
                inside.setdefault((level, 10), []).append(hit[9].mean())
    for (level, _), hits in inside.items():
        assert abs(np.mean(hits) - level) < 0.03, {k: np.mean(v) for k, v in inside.items()}


def test_forecast_draws_have_the_stated_mean_and_covariance():
    rng = np.random.default_rng(SEED)
    X = simulate(rng, *process(rng, order=2), 300)[0]
    model = VAR(order=2, random_state=1).fit(X)
    draws = model.forecast(X, 5, 20000, random_state=7)
    want = model.forecast_cov(5)
    assert draws.shape == (20000, 5, 4)
    std = np.sqrt(np.einsum("tii->ti", want))
    assert np.all(np.abs(draws.mean(axis=0) - model.forecast(X, 5)) < 5 * std / np.sqrt(20000))
    for k in range(5):
        np.testing.assert_allclose(np.cov(draws[:, k].T), want[k], atol=0.05 * std[k].max() ** 2)
    again = model.forecast(X, 5, 20000, random_state=7)
    np.testing.assert_array_equal(draws, again)
    wider = model.forecast(X, 5, 5000, epistemic=True, random_state=7)
    assert np.trace(np.cov(wider[:, 4].T)) > np.trace(want[4])


def test_implied_timescales():
    coef = np.diag([0.9, 0.5])[None]
    X = list(simulate(np.random.default_rng(SEED), coef, np.zeros(2), np.eye(2), 20000, runs=2))
    model = plain().fit(X)
    want = -1 / np.log([0.9, 0.5])
    np.testing.assert_allclose(model.implied_timescales([1, 2, 5]), np.tile(want, (3, 1)), rtol=0.1)
    np.testing.assert_allclose(model.implied_timescales([1, 2], X)[:, 0], want[0], rtol=0.1)
    np.testing.assert_allclose(
        model.implied_timescales([1], X), model.implied_timescales([1]), rtol=1e-3
    )


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        (dict(order=0), "order is 0"),
        (dict(n_bags=0), "n_bags is 0"),
        (dict(coverage=1.5), "coverage is 1.5"),
        (dict(prior="flat"), "prior is 'flat'"),
    ],
)
def test_bad_settings(setting, text):
    with pytest.raises(ValueError, match=text):
        VAR(**setting)


def test_bad_data():
    good = np.random.default_rng(0).normal(size=(30, 3))
    bad = good.copy()
    bad[7, 2] = np.nan
    with pytest.raises(ValueError, match="trajectory 1 is nan at snapshot 7, component 2"):
        VAR().fit([good, bad])
    with pytest.raises(ValueError, match="trajectory 1 has 2 components, expected 3"):
        VAR().fit([good, good[:, :2]])
    with pytest.raises(ValueError, match=r"trajectory 0 has shape \(30,\)"):
        VAR().fit([good[:, 0]])
    with pytest.raises(ValueError, match="1 transitions of order 1, at least 2"):
        VAR().fit(good[:2])
    with pytest.raises(ValueError, match="use more snapshots or a larger coverage"):
        VAR(coverage=0.01, random_state=0).fit(good[:10])
    with pytest.raises(ValueError, match=r"history has shape \(1, 3\), expected \(at least 2, 3\)"):
        VAR(order=2, random_state=0).fit(good).forecast(good[:1], 3)
