"""What the analysis needs of VAR beyond tests/python/forecast/test_var.py, and the second signal."""

import numpy as np
import pytest
from sklearn.linear_model import BayesianRidge

from dbar.forecast import VAR
from dbar.statistics.moments import bag_members, lagged
from dbar.trust import ForecastTrust, InnovationTrust, Mahalanobis, choose_dimension
from dbar.trust.innovation import detrended

SEED = 20241


def slow(rng, n=200, size=3, runs=3):
    """Runs (runs, n, size) of a VAR(2) near persistence."""
    x = np.zeros((n + 50, runs, size))
    for k in range(2, n + 50):
        x[k] = 0.8 * x[k - 1] + 0.15 * x[k - 2] + rng.standard_normal((runs, size))
    return list(x[50:].swapaxes(0, 1))


@pytest.mark.parametrize("order", [1, 3])
def test_persistence_prior_is_the_ridge_of_the_steps(order):
    X = slow(np.random.default_rng(SEED))
    model = VAR(order, 6, 0.3, 5, "persistence").fit(X)
    Z = np.vstack([lagged(x, order) for x in X])
    member = np.vstack([bag_members(5, r, np.arange(order, 200), 6, 0.3) for r in range(3)])
    p = 3 * order
    for b in range(6):
        rows = Z[member[:, b]]
        for k in range(3):
            want = BayesianRidge().fit(rows[:, :p], rows[:, p + k] - rows[:, k])
            coef = want.coef_.copy()
            coef[k] += 1.0
            np.testing.assert_allclose(model.bag_coef_[b, :, k].ravel(), coef, rtol=0, atol=1e-6)
            assert abs(model.bag_intercept_[b, k] - want.intercept_) < 1e-6
    residual = Z[:, p:] - Z[:, :p] @ model.coef_.transpose(1, 0, 2).reshape(3, p).T
    residual -= model.intercept_
    np.testing.assert_allclose(model.noise_cov_mle_, residual.T @ residual / len(Z), rtol=1e-9)


def test_persistence_prior_keeps_slow_drift():
    """A random walk seen for 60 snapshots, 5 bags of a quarter: shrinkage towards zero forecasts a
    relaxation that is not there, shrinkage towards persistence does so less.
    """
    rng = np.random.default_rng(SEED)
    radius = {"evidence": [], "persistence": []}
    for _ in range(20):
        X = np.cumsum(rng.standard_normal((60, 4)), axis=0)
        for prior, found in radius.items():
            model = VAR(1, 5, 0.25, 1, prior).fit(X)
            found.append(np.mean(np.diag(model.coef_[0])))
    assert 0.95 < np.mean(radius["persistence"]) < 1.02
    assert np.mean(radius["evidence"]) < np.mean(radius["persistence"]) - 0.02


@pytest.mark.parametrize("prior", ["evidence", "persistence", None])
def test_one_snapshot_at_a_time_equals_batch(prior):
    """Only bags that the snapshot joined are solved again: nothing may be left stale."""
    X = slow(np.random.default_rng(SEED))
    batch = VAR(2, 8, 0.3, 3, prior).fit([X[0], X[1][:60]])
    online = VAR(2, 8, 0.3, 3, prior).partial_fit(X[0], 0).partial_fit(X[1][:30], 1)
    for row in X[1][30:60]:
        online.partial_fit(row, 1)
    for name in ("coef_", "intercept_", "noise_cov_", "bag_coef_", "bag_noise_eig_", "coef_cov_"):
        np.testing.assert_allclose(getattr(online, name), getattr(batch, name), atol=1e-8)
    again = VAR(2, 8, 0.3, 3, prior).fit([X[0], X[1][:60]]).fit(X[2])
    np.testing.assert_array_equal(again.coef_, VAR(2, 8, 0.3, 3, prior).fit(X[2]).coef_)


@pytest.mark.parametrize("order", [1, 3])
def test_draws_in_blocks(order):
    """Draws come in blocks, each with its own generator: more draws do not change the first, and
    the mean and covariance are those of the process (5 standard errors).
    """
    X = slow(np.random.default_rng(SEED))
    model = VAR(order, random_state=1).fit(X)
    few = model.forecast(X[0], 8, 300, random_state=4)
    many = model.forecast(X[0], 8, 4000, random_state=4)
    np.testing.assert_array_equal(few[:250], many[:250])
    cov = model.forecast_cov(8)
    off = many.mean(axis=0) - model.forecast(X[0], 8)
    std = np.sqrt(np.einsum("tii->ti", cov))
    assert np.all(np.abs(off) < 5 * std / np.sqrt(4000))
    for k in range(8):
        np.testing.assert_allclose(np.cov(many[:, k].T), cov[k], atol=0.12 * std[k].max() ** 2)


def test_growth_raises_the_bound():
    X = slow(np.random.default_rng(SEED))
    model, measure = VAR(random_state=0).fit(X), Mahalanobis().fit(X)
    trust = ForecastTrust(model, measure)
    aware = ForecastTrust(model, measure, growth=10 * trust.sigma_m2_)
    assert aware.sigma_m2_ == pytest.approx(10 * trust.sigma_m2_)
    assert aware.tau_pred(X[0][:20]) <= trust.tau_pred(X[0][:20])


# ---- second signal ----------------------------------------------------------------------------


def test_detrended_equals_its_definition():
    e = np.random.default_rng(SEED).standard_normal((40, 3)) + 2.0
    got = detrended(e, memory=8, gap=2, least=4)
    for n in range(40):
        past = e[max(0, n - 10) : max(0, n - 2)]
        if len(past) < 4:
            assert np.isnan(got[n])
        else:
            want = np.square(e[n] - past.mean(axis=0)).mean() / (1 + 1 / len(past))
            assert got[n] == pytest.approx(want)


def loaded(rng, n, change=None, size=20, speed=0.02):
    """Descriptors of a run under load: nonlinear drift, an offset of its own, and from `change`
    on noise that is twice as large.
    """
    t = np.arange(n)[:, None] * speed
    scale = np.where(np.arange(n) >= (n if change is None else change), 2.0, 1.0)[:, None]
    mix = np.random.default_rng(1).standard_normal((3, size))
    drift = np.hstack([t, t**2, t**3 / 3]) @ mix
    noise = rng.standard_normal((n, size)) * scale
    return 10.0 * drift + 3.0 * rng.standard_normal(size) + noise


def test_drift_beyond_the_training_is_silent_and_change_is_not():
    """12 replicas trained on 60 snapshots of a drift that goes on to 100: in 40 new replicas the
    score exceeds its level (stated 1e-3) in less than 1 % of 100 snapshots, M leaves its range in
    all, and noise twice as large is noticed within 10 snapshots in at least 95 %.
    """
    rng = np.random.default_rng(SEED)
    train = [loaded(rng, 60) for _ in range(12)]
    trust = InnovationTrust(6).fit(train)
    measure = Mahalanobis(6).fit(train)
    false, late, left = [], [], 0
    for _ in range(40):
        X = loaded(rng, 130, change=100)
        score = trust.score(X)
        false.append(np.mean(score[12:100] > trust.level_))
        left += measure.score(X)[99] > 2.0
        after = np.flatnonzero(score[100:] > trust.level_)
        late.append(after[0] if len(after) else 99)
    print(f"false {np.mean(false):.4f}, M above 2 in {left} of 40, delays {np.bincount(late)}")
    assert np.mean(false) < 0.01
    assert left == 40
    assert np.mean(np.array(late) <= 10) >= 0.95


def test_dimension_is_chosen_where_the_change_is_seen():
    """The change lies in directions of small variance: few dimensions do not see it."""
    rng = np.random.default_rng(SEED)
    paths, events = [], []
    for r in range(8):
        X = loaded(rng, 110, change=80 + r)
        paths.append(X)
        events.append(80 + r)
    dim, counts = choose_dimension(paths, 60, events, (1, 4, 8), 5, 10)
    assert set(counts) == {1, 4, 8}
    assert dim in (4, 8)
    assert counts[dim] >= max(counts.values()) - 1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda X: InnovationTrust(0), "n_components is 0"),
        (lambda X: InnovationTrust(memory=3), "memory 3 and gap 2"),
        (lambda X: InnovationTrust(false_alarm=0.0), "false_alarm is 0.0"),
        (lambda X: InnovationTrust(2).fit(X[:2]), "2 trajectories, at least 3"),
        (lambda X: InnovationTrust(2).fit([x[:8] for x in X]), "8 snapshots, at least 12"),
        (lambda X: InnovationTrust(20).fit([x[:14] for x in X]), "transitions for 20 latent"),
        (lambda X: InnovationTrust(2).fit(X).score(X[0][:, :4]), r"shape \(60, 4\), expected"),
        (lambda X: InnovationTrust(2).fit([*X[:3], X[3][:, :4]]), r"trajectory 3 has shape"),
        (lambda X: choose_dimension(X, 30, [1], (2,), 5, 5), "1 events for 4 trajectories"),
    ],
)
def test_bad_input_of_the_second_signal(call, text):
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=text):
        call([rng.standard_normal((60, 25)) for _ in range(4)])
