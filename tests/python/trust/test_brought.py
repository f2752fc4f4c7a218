"""Change at the start of a run, by a model of other runs: windows, rates, power, exact restart."""

import numpy as np
import pytest

from dbar.forecast import VAR
from dbar.trust.brought import BroughtTest, rest_of, root_of, whitened_errors

SEED = 20263
COEF = np.array([[0.9, 0.1, 0.0], [-0.1, 0.9, 0.0], [0.0, 0.0, 0.7]])


def run(seed, n=120, offset=0.0, tails=None):
    """Snapshots (n, 3); `offset` is how much runs differ, in units of the noise."""
    rng = np.random.default_rng([SEED, seed])
    noise = rng.normal(size=(n + 50, 3)) if tails is None else rng.standard_t(tails, (n + 50, 3))
    drift, y = offset * rng.normal(size=3), np.zeros((n + 50, 3))
    for k in range(1, len(y)):
        y[k] = COEF @ y[k - 1] + noise[k] + drift
    return y[50:]


def left_out(runs):
    found = []
    for r, Y in enumerate(runs):
        model = VAR(1, random_state=0).fit([X for k, X in enumerate(runs) if k != r])
        found.append(whitened_errors(model, Y))
    return found


def evidence(test, errors):
    return np.array([test.observe(e) for e in errors])


def test_errors_are_those_of_the_model_in_units_of_its_noise():
    runs = [run(k) for k in range(5)]
    model = VAR(1, random_state=0).fit(runs)
    errors = whitened_errors(model, runs[0])
    for n in (1, 50, 119):
        ahead = model.forecast(runs[0][:n], 1)[0]
        want = np.linalg.solve(model.noise_cov_, runs[0][n] - ahead) @ (runs[0][n] - ahead)
        assert np.square(errors[n - 1]).sum() == pytest.approx(want, rel=1e-9)
    root = root_of(model.noise_cov_)
    np.testing.assert_allclose(root.T @ model.noise_cov_ @ root, np.eye(3), atol=1e-10)


def test_windows_by_a_loop():
    from dbar.trust.brought import _windows
    from dbar.trust.windows import MEANS, SIZES

    errors = np.random.default_rng(1).normal(size=(6, 3))
    for n in range(1, 7):
        got = _windows(errors[:n])
        for k, w in enumerate((*MEANS, *SIZES)):
            part = errors[max(n - w, 0) : n]
            if len(part) < w:
                assert np.isnan(got[k])
            elif k < len(MEANS):
                assert got[k] == pytest.approx(w * sum(c.mean() ** 2 for c in part.T) / 3)
            else:
                assert got[k] == pytest.approx(sum((e**2).sum() for e in part) / w / 3)


@pytest.mark.parametrize(("offset", "tails"), [(0.0, None), (0.5, None), (0.0, 5)])
def test_rate_of_false_alarms(offset, tails):
    """At rest evidence reaches 1 at most as often as stated, also where runs differ or have tails."""
    rate, hits, count = 1e-2, 0, 0
    for group in range(6):
        runs = [run(1000 * group + k, offset=offset, tails=tails) for k in range(8)]
        rest, model = rest_of(left_out(runs)), VAR(1, random_state=0).fit(runs)
        for seed in range(100, 140):
            errors = whitened_errors(model, run(seed, 34, offset, tails))
            hits += int((evidence(BroughtTest(rest, rate), errors) >= 1.0).any())
            count += 1
    # so many runs of 33 snapshots would hold a false alarm each with p = 1 - 0.99^33 = 0.28
    print(f"offset {offset}, tails {tails}: {hits} of {count} runs")
    assert hits <= 0.28 * count


def test_a_jump_is_seen_at_once():
    rest = rest_of(left_out([run(k) for k in range(8)]))
    model = VAR(1, random_state=0).fit([run(k) for k in range(8)])
    seen = 0
    for seed in range(300, 340):
        Y = run(seed, 20)
        Y[12:] += 6.0
        e = evidence(BroughtTest(rest, 1e-4), whitened_errors(model, Y))
        assert (e[:10] < 1.0).all()
        seen += (e[11:13] >= 1.0).any()
    assert seen >= 38


def test_a_gap_forgets():
    test = BroughtTest(rest_of(left_out([run(k) for k in range(4)])), 1e-4)
    for _ in range(3):
        test.observe(np.full(3, 2.0))
    assert test.observe(None) == 0.0 and test.errors is None
    assert 0.0 < test.observe(np.full(3, 2.0)) and len(test.errors) == 1
