"""The synthetic part of the change benchmark: what is drawn is what is said, and it continues where it ended."""

import json
import subprocess
import sys

import numpy as np
import pytest
from changes import power_cases, rest_cases
from changes.processes import ATOMS, Hidden

from harness import ROOT


@pytest.mark.parametrize("heavy", [False, True])
def test_the_hidden_process_is_stationary_from_its_first_snapshot(heavy):
    ends = []
    for seed in range(400):
        hidden = Hidden(np.random.default_rng(3), 3, "directly", 0.8, heavy)
        hidden.rng = np.random.default_rng([4, seed])
        hidden.x = np.linalg.cholesky(hidden.cov) @ hidden.rng.standard_normal(3)
        ends.append(hidden.move(3)[-1])
    found = np.cov(np.array(ends).T)
    np.testing.assert_allclose(found, hidden.cov, atol=0.25 * np.abs(hidden.cov).max())
    assert abs(np.abs(np.linalg.eigvals(hidden.T)).max() - 0.8) < 1e-12


def test_descriptors_and_shifts_have_the_size_that_is_said():
    hidden = Hidden(np.random.default_rng(1), 12, "descriptors", 0.5)
    D = hidden.descriptors(hidden.move(20))
    assert D.shape == (20, 56) and (D[:, 0] == ATOMS).all()
    one, every = hidden.directions()
    np.testing.assert_allclose(every**2, np.diag(hidden.cov))
    u = one / np.linalg.norm(one)
    assert np.linalg.norm(one) == pytest.approx(np.sqrt(u @ hidden.cov @ u))


def test_cases_that_differ_in_the_rate_see_the_same_snapshots():
    fine, coarse = (rest_cases.Case("rest", 5, "directly", 30, rate) for rate in (1e-3, 1e-2))
    assert (fine.horizon, coarse.horizon) == (1000, 100)
    first = fine.snapshots(7, 0)
    assert len(first) == 31 + 1000
    np.testing.assert_array_equal(fine.snapshots(7, 0), first)
    assert not np.array_equal(fine.snapshots(7, 1)[:10], first[:10])
    drift = rest_cases.Case("drift", 5, "directly", 30, 1e-2, linear=0.5).snapshots(7, 0)
    assert np.abs(drift[-20:, 1:] - drift[:20, 1:]).max() > 10.0
    keys = [case.key for case in rest_cases.cases((1e-2, 1e-3))]
    assert len(set(keys)) == len(keys)


def test_noise_grows_as_said():
    case = rest_cases.Case("noise", 5, "directly", 100, 1e-2, doubling=20.0)
    ratios = []
    for k in range(40):
        steps = np.square(np.diff(case.snapshots(7, k)[:, 1:], axis=0)).mean(axis=1)
        ratios.append(steps[160:190].mean() / steps[40:70].mean())
    assert np.median(ratios) == pytest.approx(2.0 ** (120 / 20), rel=0.3)


def test_a_large_change_is_seen_and_its_delay_summed_up():
    delays = power_cases.Power(5, "directly", 30, 1e-3).play(7, 0)
    assert set(delays) == set(power_cases.changes())
    assert delays["shift 3 sigma, all"] is not None
    part = power_cases.summary([0, 4, 5, None, None])
    assert (part["seen_5"], part["seen_10"], part["median_delay"]) == (0.4, 0.6, 5.0)
    assert power_cases.summary([None, None, 1])["median_delay"] is None


def test_an_ended_run_is_continued_and_not_repeated(tmp_path):
    file = tmp_path / "arl.json"
    words = ["--quick", "--only", "12 directly, train 30,", "--power", "1", "--json", str(file)]

    def run(alarms):
        command = [sys.executable, ROOT / "benchmarks/change_arl.py", *words, "--alarms", alarms]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(file.read_text())["run_length"], done.stdout

    (first, text), (again, _), (more, _) = run("1"), run("1"), run("2")
    assert first == again and "rest, 12 directly, train 30" in text
    (row,) = more.values()
    assert row["judged"] >= 200 > next(iter(first.values()))["judged"]
    assert row["factor_low"] <= row["factor"] <= row["factor_high"]
