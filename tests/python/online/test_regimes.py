"""What the monitor says through changes: states, steps, regimes, restarts, gaps, ensembles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbar.online import ALARM, TRUSTED, WARNING, Monitor
from dbar.online.shared_learning import SharedLearning
from dbar.trust.change import GAP, ChangeTest
from dbar.trust.windows import components, window_ratios

SEED = 20237


def noise(rng, n, size=6, shift=0.0):
    """Snapshots (n, size + 1) of an autoregression about `shift`; element 0 counts atoms."""
    x, out = np.zeros(size), np.empty((n, size + 1))
    for k in range(n):
        x = 0.6 * x + rng.standard_normal(size)
        out[k, 1:] = x + shift
    out[:, 0] = 1.0
    return out


def watch(monitor, D, first=0):
    return [monitor.observe(10 * k, float(k), D[k - first]) for k in range(first, first + len(D))]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 10**6),
    jump=st.floats(0.0, 30.0),
    ramp=st.floats(-2.0, 2.0),
    begin=st.integers(20, 140),
    growth=st.floats(0.97, 1.04),
    gap=st.integers(1, 160),
)
def test_nothing_unknown_or_expired_is_trusted(seed, jump, ramp, begin, growth, gap):
    """Whatever happens: jumps, ramps, a process that explodes or dies out, snapshots left out."""
    rng = np.random.default_rng([SEED, seed])
    D, direction = noise(rng, 160), rng.normal(size=6)
    after = np.maximum(np.arange(160) - begin, 0)[:, None]
    D[:, 1:] = (D[:, 1:] + ramp * after * direction) * growth**after
    D[80:, 1:] += jump * rng.normal(size=6)
    steps = 10 * np.arange(160) + 35 * (np.arange(160) >= gap)
    monitor = Monitor(dict(seed=seed))
    seen = [monitor.observe(int(s), 0.1 * s, row) for s, row in zip(steps, D, strict=True)]
    for d in seen:
        if d.state == TRUSTED:
            assert d.tau_pred > 0.0 and d.mahalanobis <= 2.0 and d.evidence < 1.0
        assert not d.bound > 2.0


def test_a_shift_is_seen_and_persist_delays_it():
    D = noise(np.random.default_rng(SEED), 120)
    D[100:, 1:] += 12.0
    for persist in (1, 3):
        seen = watch(Monitor(dict(persist=persist)), D)
        assert next(k for k, d in enumerate(seen) if d.state == ALARM) == 99 + persist
        assert seen[-1].change_step == 1000 and seen[-1].regime == 2


def shocked():
    D = noise(np.random.default_rng(SEED), 140)
    D[100, 1:] += 30.0
    return watch(Monitor(), D)


def test_one_shock_alarms_at_once():
    seen = shocked()
    assert seen[100].state == ALARM and seen[100].change_step == 1000


def test_one_shock_is_no_regime():
    assert {d.regime for d in shocked()} == {1}


@pytest.fixture(scope="module")
def there_and_back():
    D = noise(np.random.default_rng(SEED), 210)
    D[70:140, 1:] += 15.0
    return D


def test_a_regime_that_returns_has_its_number_again(there_and_back):
    monitor = Monitor()
    regimes = [d.regime for d in watch(monitor, there_and_back)]
    assert [regimes[k] for k in (60, 130, 150, 209)] == [1, 2, 3, 1]
    assert monitor.moments.count[0] > 100  # both stays


def test_restart_is_exact_through_changes(there_and_back):
    whole, again = Monitor(), Monitor()
    for k, row in enumerate(there_and_back):
        a, b = (m.observe(10 * k, float(k), row) for m in (whole, again))
        assert (a.state, a.mahalanobis, a.evidence, a.tau_pred, a.regime, a.change_step) == (
            b.state, b.mahalanobis, b.evidence, b.tau_pred, b.regime, b.change_step,
        )  # fmt: skip
        saved = {name: value.copy() for name, value in again.get_state().items()}
        again = Monitor.from_state(None, saved)
    for name, value in whole.get_state().items():
        np.testing.assert_array_equal(value, again.get_state()[name], err_msg=name)


def test_a_reference_freezes_the_model(there_and_back):
    seen = watch(Monitor(dict(reference=60)), there_and_back)
    assert len({d.refits for d in seen[60 + GAP + 1 :]}) == 1
    assert min(d.mahalanobis for d in seen[80:140]) > 10.0
    assert np.mean([d.mahalanobis for d in seen[145:]]) < 3.0


def test_a_gap_inside_a_change_stays_a_gap():
    test = ChangeTest()
    first = np.array([False, False, True, False])
    test.begin(np.ones((4, 3)), first)
    assert list(test.first) == [True, False, True, False]


def test_a_gap_during_a_change():
    """The alarms before it stand, none comes of it, and what is new is not trusted after it."""
    D = noise(np.random.default_rng(SEED), 130)
    D[100:, 1:] += 12.0
    steps = 10 * np.arange(130)
    steps[102:] += 55
    whole, again, seen = Monitor(), Monitor(), []
    for step, row in zip(steps.tolist(), D, strict=True):
        d, e = (m.observe(step, 0.1 * step, row) for m in (whole, again))
        assert (d.state, d.evidence, d.regime) == (e.state, e.evidence, e.regime)
        seen.append(d)
        again = Monitor.from_state(None, {k: v.copy() for k, v in again.get_state().items()})
    assert [d.state for d in seen[98:102]] == [TRUSTED, TRUSTED, ALARM, ALARM]
    assert all(d.state == WARNING and d.mahalanobis > 2.0 for d in seen[102:106])
    assert all(d.change_step == 1000 for d in seen[100:])


def test_a_gap_alone_is_no_change():
    D = noise(np.random.default_rng(SEED), 160)
    steps = 10 * np.arange(160)
    steps[102:] += 55
    monitor = Monitor()
    seen = [monitor.observe(int(s), 0.1 * s, row) for s, row in zip(steps, D, strict=True)]
    assert all(d.state != ALARM and d.regime == 1 for d in seen)


def test_a_gap_gives_no_evidence_and_forgets_nothing():
    rows = noise(np.random.default_rng(SEED), 90)[:, 1:]
    test = ChangeTest()
    for k, row in enumerate(rows):
        evidence = test.observe(row, k != 60)
        if 60 <= k < 64:
            assert evidence == 0.0 and not test.ready
    assert test.ready and len(test.rows) == 90


def test_components_equal_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    for n in (30, 80):
        x = np.random.default_rng(SEED).standard_normal((n, 50)) * np.arange(1, 51)
        z = (x - x.mean(axis=0)) / x.std(axis=0)
        ours = (x - x.mean(axis=0)) @ components(x, 4)
        want = PCA(4, svd_solver="full").fit_transform(z)
        np.testing.assert_allclose(np.abs(ours), np.abs(want), rtol=1e-6, atol=1e-8)


def test_ratios_of_gaussian_data_have_the_stated_distribution():
    """White noise has no tails and no scale that moves: single-snapshot ratios follow F."""
    from scipy import stats

    rng, p = np.random.default_rng(SEED), []
    for _ in range(300):
        found = window_ratios(rng.standard_normal((92, 4)), np.arange(92) == 0, GAP, 4)
        p.append(stats.f.sf(found.value[0], found.above[0], found.below[0]))
    # conservative: no more small p than stated
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 1e-3
    assert np.mean(np.array(p) < 0.1) > 0.02


@pytest.mark.parametrize("noisy", [0, 1])
def test_data_without_noise_are_no_change(noisy):
    D = np.ones((100, 5))
    D[:, 1] += np.arange(100) * 0.1
    D[:, 2] += noisy * np.random.default_rng(SEED).standard_normal(100)
    assert all(d.state != ALARM for d in watch(Monitor(), D))


def partners(folder, monitors):
    """Let the monitors learn together in a folder."""
    common = {"schema": 1, "descriptor": {}, "units": "lj", "order": 1, "n_bags": 20,
              "coverage": 0.25, "seed": 0, "virial": False}  # fmt: skip
    common |= dict.fromkeys(("size", "dt", "nevery", "nrepeat", "nfreq"), 1)
    parts = []
    for r, monitor in enumerate(monitors):
        part = SharedLearning(folder, common, r, 0, len(monitors), say=lambda line: None)
        part.begin(*(monitor.share() if monitor.moments is not None and r == 0 else (None,)))
        parts.append(part)
    return parts


def test_replicas_are_pooled_by_regime(tmp_path):
    monitors = []
    for r in range(2):
        monitors.append(Monitor(dict(replica=r)))
        watch(monitors[r], noise(np.random.default_rng([SEED, r]), 60))
    parts = partners(tmp_path, monitors)
    for regime, together in ((1, True), (2, False)):
        total = parts[1].pool(monitors[1].moments, regime, monitors[1].learnt)
        assert (total.count[0] > monitors[1].moments.count[0]) == together
        assert (0 in parts[1].seen) == together
    for part in parts:
        part.close(None)


def test_a_replica_that_changes_is_left_out_until_it_comes_back(tmp_path):
    """Replica 0 goes to another regime and back, replica 1 stays: only equal regimes are pooled."""
    D = [noise(np.random.default_rng([SEED, r]), 260) for r in range(2)]
    D[0][90:170, 1:] += 15.0
    monitors = [Monitor(dict(replica=r), stride=10) for r in range(2)]
    parts = partners(tmp_path, monitors)
    together = {}
    for monitor, part in zip(monitors, parts, strict=True):
        monitor.partners = part
    for k in range(260):
        for r, monitor in enumerate(monitors):
            d = monitor.observe(10 * k, float(k), D[r][k])
            together.setdefault(r, []).append((d.regime, dict(monitor.pooled)))
    assert together[0][80][0] == together[1][80][0] == 1
    assert set(together[1][80][1]) == {0, 1}  # of one regime
    alone = [pooled for regime, pooled in together[0] if regime == 2]
    assert alone and set(together[1][160][1]) == {1}
    assert together[0][-1][0] == 1 and set(together[1][-1][1]) == {0, 1}
    for monitor, part in zip(monitors, parts, strict=True):
        part.close(*monitor.share())


@pytest.mark.parametrize(("shifts", "shared"), [((15.0, 15.0), True), ((15.0, -15.0), False)])
def test_second_regimes_are_pooled_if_they_are_alike(tmp_path, shifts, shared):
    """Both replicas change at the same time; their second regimes have one number in any case."""
    D = [noise(np.random.default_rng([SEED, 7, r]), 200) for r in range(2)]
    monitors = [Monitor(dict(replica=r), stride=10) for r in range(2)]
    parts = partners(tmp_path, monitors)
    for r, (monitor, part) in enumerate(zip(monitors, parts, strict=True)):
        D[r][90:, 1:] += shifts[r]
        monitor.partners = part
    for k in range(200):
        for r, monitor in enumerate(monitors):
            monitor.observe(10 * k, float(k), D[r][k])
    for r, (monitor, part) in enumerate(zip(monitors, parts, strict=True)):
        assert monitor.regimes.number == 2
        assert set(monitor.pooled) == ({0, 1} if shared else {r})
        part.close(*monitor.share())
