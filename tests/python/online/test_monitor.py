"""The monitor's contract: settings, states, exact restart, gaps, bad input, cost."""

import time

import numpy as np
import pytest

from dbar.online import ALARM, LEARNING, TRUSTED, WARNING, Monitor, MonitorConfig
from dbar.statistics.moments import LaggedMoments
from dbar.trust.change import GAP

SEED = 20235


def run(rng, n=200, size=10, natoms=2285.0, drift=0.0):
    """Correlated snapshots (n, size + 1) with descriptor-like scales; element 0 counts atoms."""
    mix = rng.standard_normal((size, size)) * 10.0 ** rng.uniform(0, 3, size)
    x = np.empty((n, size))
    state = rng.standard_normal(size) * 2
    for k in range(n):
        state = 0.8 * state + rng.standard_normal(size)
        x[k] = state + drift * k
    return np.hstack([np.full((n, 1), natoms), x @ mix + 1e5])


def watch(monitor, D, first=0, stride=100):
    return [
        monitor.observe(stride * k, 0.2 * k, D[k - first]) for k in range(first, first + len(D))
    ]


def same(a, b):
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert isinstance(value, np.ndarray)
        np.testing.assert_array_equal(value, b[key], err_msg=key)


# ---- states -----------------------------------------------------------------------------------


def test_learning_then_trusted_then_alarm_at_a_jump():
    D = run(np.random.default_rng(SEED), 160)
    D[150:, 1:] += 6.0 * D[:150, 1:].std(axis=0)
    monitor = Monitor()
    seen = watch(monitor, D)
    config = MonitorConfig()
    learning = [d for d in seen[:150] if d.state == LEARNING]
    # so many transitions, one snapshot more, and GAP snapshots that are in question
    assert len(learning) == config.min_snapshots + 1 + GAP
    assert all(d.mahalanobis == d.tau_pred == d.bound == 0.0 for d in learning)
    assert all(d.state in (TRUSTED, WARNING) for d in seen[len(learning) : 150])
    assert seen[150].state == ALARM
    assert seen[150].innovation_p < 1e-6
    assert seen[150].novel > 0.999
    assert seen[-1].snapshots == 160
    assert seen[-1].refits > 10
    # three snapshots beyond the level confirm the change: a new regime, learnt from the first
    assert [d.state for d in seen[150:]] == [ALARM] * 3 + [LEARNING] * 7
    assert [d.regime for d in seen[149:154]] == [1, 1, 1, 1, 2]
    assert {d.change_step for d in seen[:150]} == {-1}
    assert {d.change_step for d in seen[150:]} == {15000}
    assert (monitor.regimes.first, monitor.regimes.past[0].last) == (15000, 14900)
    for d in seen[len(learning) : 153]:
        assert d.mahalanobis == pytest.approx(np.square(d.latent).mean())
        assert d.latent.shape == d.forecast[0].shape == d.forecast[1].shape
        assert d.tau_pred >= 0.0
        assert d.bound > 0.0
        assert 0.0 <= d.novel <= 1.0


def test_a_snapshot_is_judged_before_it_is_learnt():
    """Prequential: the verdict uses the model frozen before; what follows cannot change it."""
    D = run(np.random.default_rng(SEED), 90)
    first = watch(Monitor(), D[:70])
    other = D.copy()
    other[70:] += 1e3
    second = watch(Monitor(), other)
    for a, b in zip(first, second, strict=False):
        assert (a.state, a.mahalanobis, a.innovation, a.tau_pred) == (
            b.state, b.mahalanobis, b.innovation, b.tau_pred,
        )  # fmt: skip


def test_verdict_against_explicit_formulas():
    """Innovation, its probability and leverage from the textbook regression on raw snapshots."""
    from scipy.stats import f as f_distribution

    D = run(np.random.default_rng(SEED), 60, size=4)
    monitor = Monitor(dict(latent_dim=4, min_snapshots=40, refit_growth=10.0))
    last = 41 + GAP  # the first snapshot that is judged
    d = watch(monitor, D[: last + 1])[-1]
    x, y = D[:40, 1:], D[1:41, 1:]  # 40 transitions were learnt at the fit
    A = np.hstack([np.ones((40, 1)), x])
    coef = np.linalg.lstsq(A, y, rcond=None)[0]
    residual = y - A @ coef
    nu, dim = 40 - 5, 4
    S = residual.T @ residual / nu
    new = np.concatenate([[1.0], D[last - 1, 1:]])
    error = D[last, 1:] - new @ coef
    t2 = error @ np.linalg.solve(S, error) / (1 + new @ np.linalg.solve(A.T @ A, new))
    assert d.innovation == pytest.approx(t2 * (nu - dim - 1) / (nu * dim), rel=1e-6)
    want = f_distribution.sf(t2 * (nu - dim + 1) / (nu * dim), dim, nu - dim + 1)
    assert d.innovation_p == pytest.approx(want, rel=1e-5)
    # M in the latent space is the distance under the model's own Sigma, training mean 1
    latent = monitor.model.latent(y)
    assert np.square(latent).mean() == pytest.approx(1.0, abs=1e-9)


def test_expired_forecast_is_a_warning():
    """A model never refitted: sigma_M^2 t / dtau must reach m_limit - 1 and warn from there on."""
    seen = watch(Monitor(dict(refit_growth=10.0)), run(np.random.default_rng(SEED), 200))
    expired = [d.growth >= 1.0 for d in seen]
    assert any(expired)
    assert all(d.state >= WARNING for d, late in zip(seen, expired, strict=True) if late)


def test_tau_pred_agrees_with_forecast_trust():
    from dbar.forecast import VAR
    from dbar.trust import ForecastTrust, Mahalanobis

    D = run(np.random.default_rng(SEED), 400, size=6)
    monitor = Monitor(dict(latent_dim=6, min_snapshots=399 - GAP))
    watch(monitor, D)
    latent = monitor.moments.project(monitor.model.shift, monitor.model.basis)
    measure = Mahalanobis()
    measure.mean_, measure.factor_, measure.dim_ = np.zeros(6), np.eye(6), 6
    trust = ForecastTrust(VAR(1, 20, 0.25, 0).fit_moments(latent), measure, dtau=0.2)
    y = monitor.model.latent(D[:, 1:])
    trust.sigma_m2_ = monitor.model.sigma_m2
    for k in range(50, 400):
        tau = monitor.model.time_to_limit(y[k], 2.0) * 0.2
        assert tau == pytest.approx(trust.tau_pred(y[: k + 1]), rel=1e-3)
    trust.limit = 4.0  # what was made for another limit does not serve
    tau = monitor.model.time_to_limit(y[-1], 4.0) * 0.2
    assert tau == pytest.approx(trust.tau_pred(y), rel=1e-3)


def test_predictable_drift_is_not_an_alarm_but_its_end_is():
    """Ten runs under steady drift (a whole noise width every four snapshots): at a stated rate of
    1e-3 at most 10 of 1,200 judged snapshots may alarm; when the drift jumps back, all ten do
    within 3 snapshots.
    """
    false, late = 0, []
    for r in range(10):
        D = run(np.random.default_rng(SEED + r), 160, drift=0.25)
        D[150:, 1:] = D[:10, 1:]
        seen = watch(Monitor(dict(false_alarm=1e-3, seed=r)), D)
        false += sum(d.state == ALARM for d in seen[30:150])
        late.append(min(k for k in range(150, 160) if seen[k].state == ALARM) - 150)
    assert false <= 10
    assert max(late) <= 3


# ---- saving and adding --------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("cut", [0, 1, 10, 25, 26, 77])
def test_state_round_trip_is_bit_exact(cut, order):
    D = run(np.random.default_rng(SEED), 100)
    config = MonitorConfig(order=order, n_bags=5)
    whole = Monitor(config)
    want = watch(whole, D)
    first = Monitor(config)
    watch(first, D[:cut])
    saved = {key: value.copy() for key, value in first.get_state().items()}
    again = Monitor.from_state(config, saved)
    same(again.get_state(), saved)
    got = watch(again, D[cut:], first=cut)
    same(again.get_state(), whole.get_state())
    for a, b in zip(want[cut:], got, strict=True):
        assert (a.state, a.mahalanobis, a.innovation, a.tau_pred, a.bound, a.refits) == (
            b.state, b.mahalanobis, b.innovation, b.tau_pred, b.bound, b.refits,
        )  # fmt: skip


def test_a_state_of_other_settings_is_refused():
    monitor = Monitor()
    watch(monitor, run(np.random.default_rng(SEED), 30))
    state = monitor.get_state()
    with pytest.raises(ValueError, match="made with n_bags 20, not 10"):
        Monitor.from_state(dict(n_bags=10), state)
    state["ints"][0] = 99
    with pytest.raises(ValueError, match="schema 99, expected 4"):
        Monitor.from_state(None, state)


def test_statistics_of_replicas_add_up():
    rng = np.random.default_rng(SEED)
    X, Y = run(rng, 60), run(rng, 80)
    a, b = Monitor(dict(replica=0)), Monitor(dict(replica=1))
    watch(a, X)
    watch(b, Y)
    a.add_statistics(b.moments)
    both = LaggedMoments(10, 1, 20, 0.25, 0)
    for replica, Z in enumerate((X, Y)):
        rows = np.hstack([Z[:-1, 1:], Z[1:, 1:]])[:-GAP]  # the newest are still in question
        both.add_batch(rows, 100 * np.arange(1, len(Z) - GAP), replica)
    np.testing.assert_array_equal(a.moments.count, both.count)
    np.testing.assert_allclose(a.moments.mean, both.mean, rtol=1e-12)
    before = a.refits
    assert watch(a, X[:1], first=60)[0].refits == before + 1
    # X[:1] follows at the stride, so that one more of the transitions in question is learnt
    assert a.model.count == 138 - 2 * GAP + 1
    with pytest.raises(ValueError, match="once the first snapshot"):
        Monitor().add_statistics(both)


# ---- input ------------------------------------------------------------------------------------


def test_bad_snapshots():
    monitor = Monitor()
    D = run(np.random.default_rng(SEED), 5)
    watch(monitor, D)
    D[4, 3] = np.nan
    with pytest.raises(ValueError, match=r"D\[3\] is nan at step 500, expected a finite number"):
        monitor.observe(500, 1.0, D[4])
    with pytest.raises(ValueError, match="snapshot at step 500 has 9 components, expected 10"):
        monitor.observe(500, 1.0, D[0, :10])
    with pytest.raises(ValueError, match=r"D has shape \(5, 11\) at step 500"):
        monitor.observe(500, 1.0, D)
    assert monitor.snapshots == 5
    assert monitor.observe(500, 1.0, D[0]).snapshots == 6


def test_virial_is_learnt_on_request():
    rng = np.random.default_rng(SEED)
    D = run(rng, 60, size=3)
    V = rng.standard_normal((60, 4, 6))
    monitor = Monitor(dict(virial=True))
    with pytest.raises(ValueError, match="V is missing at step 0"):
        monitor.observe(0, 0.0, D[0])
    with pytest.raises(ValueError, match=r"V has shape \(4, 3\) at step 0, expected \(4, 6\)"):
        monitor.observe(0, 0.0, D[0], V[0, :, :3])
    bad = V[0].copy()
    bad[2, 4] = np.inf
    with pytest.raises(ValueError, match=r"V\[2, 4\] is inf at step 0"):
        monitor.observe(0, 0.0, D[0], bad)
    for k in range(60):
        d = monitor.observe(k, float(k), D[k], V[k])
    assert monitor.chain.size == 21
    assert d.refits > 0


def test_gaps_break_the_chain_and_the_arrays_of_the_caller_are_not_kept():
    D = run(np.random.default_rng(SEED), 80)
    monitor = Monitor()
    watch(monitor, D[:60])
    row = D[60].copy()
    d = monitor.observe(6550, 13.0, row)
    row[:] = 0.0
    # the snapshot after the gap pushes one of the GAP that were in question out of it
    assert monitor.moments.count[0] == 59 - GAP + 1
    assert d.innovation == 0.0
    assert d.innovation_p == 1.0
    assert d.mahalanobis > 0.0
    assert d.state in (TRUSTED, WARNING)
    np.testing.assert_array_equal(monitor.chain.buffer[0], D[60, 1:])
    d = monitor.observe(6650, 13.2, D[61])
    assert d.innovation > 0.0
    for k in range(GAP):
        monitor.observe(6750 + 100 * k, 13.4 + 0.2 * k, D[62 + k])
    # all 59 before the gap and the one after it, none across it
    assert monitor.moments.count[0] == 60
    rows = np.hstack([D[:-1, 1:], D[1:, 1:]])
    rows = np.concatenate([rows[:59], rows[60:61]])
    np.testing.assert_allclose(monitor.moments.mean[0], rows.mean(axis=0), rtol=1e-12)


def test_constant_and_noiseless_data_do_no_harm():
    monitor = Monitor()
    assert {d.state for d in watch(monitor, np.ones((60, 8)))} == {LEARNING}
    moving = run(np.random.default_rng(SEED), 60, size=7)
    assert watch(monitor, moving, first=60)[-1].state >= TRUSTED
    line = np.ones((80, 4)) + np.arange(80.0)[:, None] * [0.0, 1.0, 2.0, -1.0]
    seen = watch(Monitor(), line)
    assert all(d.state in (LEARNING, TRUSTED, WARNING) for d in seen)
    assert watch(Monitor(), run(np.random.default_rng(SEED), 60, size=1))[-1].state >= TRUSTED


def test_data_that_vary_less_than_rounding_are_still_being_learnt():
    """A crystal at rest: sums that differ by summation order only must not end the run."""
    D = 1e5 * (1.0 + 4e-13 * np.random.default_rng(SEED).standard_normal((120, 6)))
    assert {d.state for d in watch(Monitor(), D)} == {LEARNING}


def test_forecast_of_descriptors():
    D = run(np.random.default_rng(SEED), 300, size=6)
    monitor = Monitor(dict(latent_dim=6))
    with pytest.raises(ValueError, match="0 snapshots seen, no model yet"):
        monitor.forecast(3)
    watch(monitor, D)
    mean, std = monitor.forecast(200)
    assert mean.shape == std.shape == (200, 6)
    np.testing.assert_allclose(
        mean[-1], D[:, 1:].mean(axis=0), atol=0.5 * D[:, 1:].std(axis=0).max()
    )
    assert np.all((std[-1] / D[:, 1:].std(axis=0) > 0.6) & (std[-1] / D[:, 1:].std(axis=0) < 1.5))


# ---- cost -------------------------------------------------------------------------------------


def test_cost_per_snapshot_and_per_refit_does_not_grow():
    """K = 55, 20 bags: a snapshot costs less than twelve spectra of a 55 x 55 matrix (about six
    here), a refit less than 150; at 1500 snapshots neither is dearer than twice what it was at 150.
    Spectra are timed in between, because the machine may be busy.
    """
    D = run(np.random.default_rng(SEED), 1500, size=55)
    monitor = Monitor(dict(latent_dim=20))
    observe, refit, spectrum, square = [], [], [], D[:100, 1:].T @ D[:100, 1:]
    for k, row in enumerate(D):
        before, start = monitor.refits, time.perf_counter()
        monitor.observe(k, float(k), row)
        middle = time.perf_counter()
        (observe if monitor.refits == before else refit).append(middle - start)
        np.linalg.eigh(square)
        spectrum.append(time.perf_counter() - middle)
    assert np.median(observe) < 12.0 * np.median(spectrum)
    assert np.median(observe[-300:]) < 2.0 * np.median(observe[120:420])
    assert np.min(refit[-12:]) < 150.0 * np.median(spectrum)
    assert np.min(refit[-12:]) < 2.0 * np.min(refit[12:24])


@pytest.mark.parametrize("start", [[0, 7], [0, 93], [0, 3, 200], [0, 5, 4, 100]])
def test_an_odd_first_interval_is_no_stride(start):
    """It learns what it would have learnt without the snapshots of before, and none of those."""
    D = run(np.random.default_rng(SEED), 90)
    plain, odd = Monitor(), Monitor()
    steps = [*start[:-1], *range(start[-1], start[-1] + 9000, 100)]
    for step, row in zip(steps, D, strict=False):
        odd.observe(step, 0.002 * step, row)
    for step, row in zip(steps[len(start) - 1 :], D[len(start) - 1 :], strict=False):
        plain.observe(step, 0.002 * step, row)
    assert odd.refits == plain.refits > 3 and odd.chain.stride == 100
    np.testing.assert_array_equal(odd.moments.count, plain.moments.count)
    np.testing.assert_allclose(odd.moments.mean, plain.moments.mean)
    assert odd.dtau == pytest.approx(0.2) and odd.state == plain.state
    # the same from any checkpoint
    for cut in (1, 2, 3, 4, 5):
        other = Monitor()
        for k, (step, row) in enumerate(zip(steps, D, strict=False)):
            if k == cut:
                other = Monitor.from_state(None, other.get_state())
            other.observe(step, 0.002 * step, row)
        same(other.get_state(), odd.get_state())
