"""Numbers of the page "validation" that have no figure: dimension, stress, memory, clouds.

Oracles: closed forms and processes that are known; for the recorded replicas what was measured on
them before there was a page.
"""

import copy
import sys

import numpy as np
import pytest

from dbar.study import windows
from harness import ROOT

sys.path += [str(ROOT / "examples"), str(ROOT / "examples/al-tension")]

import memory
import tension_numbers
import validation

SEED = 20271


@pytest.fixture
def numbers():
    return validation.read(validation.STORE / "numbers.json")


def mean_of_first(points):
    return points[:, 0].mean()


def test_the_fall_has_the_error_of_a_mean():
    """For a mean the fall is that of the replica means, its error their standard error, exactly."""
    X = list(np.random.default_rng(SEED).standard_normal((7, 40, 3)))
    settings = {"method": mean_of_first}
    whole = windows(X, 8, jackknife=False, **settings)
    before, after = whole.centre < 16, whole.centre > 24
    found = tension_numbers.through(X, 8, whole, before, after, settings)
    falls = np.array([x[:16, 0].mean() - x[24:, 0].mean() for x in X])
    assert found["fall"][0] == pytest.approx(falls.mean(), abs=1e-13)
    assert found["fall"][1] == pytest.approx(falls.std(ddof=1) / np.sqrt(7), rel=1e-10)
    assert found["before"]["mean"] == pytest.approx(np.mean([x[:16, 0] for x in X]), abs=1e-13)
    low, high = found["after"]["windows"]
    assert low < found["after"]["mean"] < high
    # a Gaussian of the window's covariance has its mean, up to that of so many points
    gap, error = found["gaussian_fall"][0] - found["fall"][0], found["gaussian_fall"][1]
    assert abs(gap) < 4 * error and error < 0.5


def test_r2_has_the_error_of_replicas():
    from dbar.estimators import LinearEstimator, leave_trajectory_out

    rng = np.random.default_rng(SEED)
    D = [np.column_stack([np.full(30, 10.0), rng.normal(size=(30, 2))]) for _ in range(8)]
    y = [np.column_stack([d @ [0, 1, 2], d @ [0, 1, 2] + rng.normal(size=30)]) for d in D]
    r2 = tension_numbers.r2_and_error(leave_trajectory_out(LinearEstimator("per-atom"), D, y))
    exact, noisy = r2  # of the second: 5 of what is explained, 1 of noise
    assert exact[0] == pytest.approx(1.0, abs=1e-6) and exact[1] < 1e-6
    assert noisy[0] == pytest.approx(5.0 / 6.0, abs=3 * noisy[1]) and 0.005 < noisy[1] < 0.06


def test_a_few_snapshots_of_an_exact_law():
    rng = np.random.default_rng(SEED)
    D = [np.column_stack([np.full(30, 10.0), rng.normal(size=(30, 9))]) for _ in range(6)]
    y = [d @ np.arange(10) for d in D]
    assert tension_numbers.drawn(D, y, 30, 0) == pytest.approx(1.0, abs=1e-6)
    # one axis of nine explains what it explains, on average 1/9
    assert tension_numbers.drawn(D, y, 80, 0, axes=1) < 0.6


def walks(rng, decay, n=400, runs=8):
    """Runs (n, K) of independent processes that keep these shares of themselves, settled."""
    X = np.zeros((runs, n + 200, len(decay)))
    for k in range(1, n + 200):
        X[:, k] = np.array(decay) * X[:, k - 1] + rng.standard_normal((runs, len(decay)))
    return list(X[:, 200:])


def test_memory_of_a_known_process():
    """Relaxation -dtau / ln 0.9 at every lag, one cloud; the sum of two processes is rejected."""
    rng = np.random.default_rng(SEED)
    X = walks(rng, [0.9, 0.6, 0.4, 0.2, 0.1])
    found = memory.memory_and_dips(X, 0.5)
    true = -0.5 / np.log(0.9)
    m = found["memory"]
    assert m["lags_ps"] == pytest.approx([0.5, 1.0, 2.5, 5.0, 10.0])
    assert m["model_ps"] == pytest.approx(true, rel=0.15) and m["p"] > 0.05
    assert all(abs(time - true) < 3 * error for time, error in m["along_ps"][:4])
    assert found["unimodality"]["p_holm"].min() > 0.05
    slow, fast = walks(rng, [0.97] * 5), walks(rng, [0.3] * 5)
    mixed = memory.memory_and_dips([a + 3 * b for a, b in zip(slow, fast, strict=True)], 0.5)[
        "memory"
    ]
    assert mixed["p"] == pytest.approx(1 / 61)
    assert mixed["largest"]["data"] > mixed["largest"]["model"] + 0.1
    assert mixed["along_ps"][-1][0] > 2 * mixed["model_ps"]


def test_two_clouds_are_told():
    rng = np.random.default_rng(SEED)
    X = walks(rng, [0.5] * 5)
    for x in X:
        x[:, 0] += 12.0 * (rng.random(len(x)) < 0.5)
    assert memory.memory_and_dips(X, 1.0)["unimodality"]["p_holm"].min() < 0.01


@pytest.mark.parametrize(
    ("example", "path"),
    [
        ("recorded-al-tension", ("dimensions", "width_percent")),
        ("recorded-al-tension", ("stresses", "r2", "D")),
        ("recorded-al-tension", ("few_snapshots", "draws")),
        ("recorded-pt-anneal", ("memory", "along_ps")),
        ("recorded-pt-anneal", ("unimodality", "p")),
    ],
)
def test_they_move_the_page_and_missing_ones_are_named(numbers, example, path):
    other = copy.deepcopy(numbers)
    *way, last = path
    place = other[example]
    for word in way:
        place = place[word]
    place[last] = (2.0 * np.array(place[last])).tolist()
    assert validation.render(other) != validation.render(numbers)
    del place[last]
    with pytest.raises(validation.ValidationError, match=f"'{last}'.*; found examples al-shear"):
        validation.render(other)


def test_verdicts_follow_the_numbers(numbers):
    """Of a dimension that falls by far more than Gaussians, and a memory as the model's."""
    other = copy.deepcopy(numbers)
    tension, anneal = other["recorded-al-tension"], other["recorded-pt-anneal"]
    curves = tension["dimensions"]["curves"]
    curves["D and V, as they are, TwoNN"]["fall"] = [4.0, 0.5]
    curves["D, whitened, DANCo"]["gaussian_fall"] = [2.0, 1.0]
    anneal["memory"] |= {"p": 0.5, "largest": None}
    words = ("It falls at yield", "The fall tells of the shape", "- Platinum (p of")
    for found, verdict in ((numbers, "**Does not hold.**"), (other, "**Holds.**")):
        lines = validation.render(found).splitlines()
        for word in words:
            (line,) = (one for one in lines if word in one)
            assert verdict in line


def test_the_stored_numbers_are_those_of_earlier_measurements(numbers):
    """`docs/api/study.md`, `docs/api/estimators.md`, `docs/theory/held-out-promises.md`."""
    tension, anneal = numbers["recorded-al-tension"], numbers["recorded-pt-anneal"]
    curves = tension["dimensions"]["curves"]
    raw, white = curves["D and V, as they are, TwoNN"], curves["D, whitened, DANCo"]
    assert raw["before"]["mean"] == pytest.approx(6.2, abs=0.05)
    assert raw["before"]["windows"] == pytest.approx([5.5, 7.0], abs=0.05)
    assert raw["after"]["windows"] == pytest.approx([5.2, 6.5], abs=0.05)
    assert white["before"]["mean"] == pytest.approx(38, abs=0.5)
    assert white["after"]["windows"] == pytest.approx([7, 8], abs=0.05)
    r2 = {name: np.array(pairs)[:, 0] for name, pairs in tension["stresses"]["r2"].items()}
    was = [0.987, 0.392, 0.480, -0.566, -0.343, 0.976]
    np.testing.assert_allclose(r2["D"], was, atol=0.003)
    was = [0.9993, 0.953, 0.953, 0.9980, 0.9991, 0.9996]
    np.testing.assert_allclose(r2["D and V"], was, atol=5e-4)
    was = [0.9995, 0.956, 0.957, 0.9982, 0.9994, 0.9997]
    np.testing.assert_allclose(r2["theta"], was, atol=5e-4)
    rows = tension["few_snapshots"]["rows"]
    # medians of 20 draws, which scatter
    was = [0.980, 0.992, 0.994, 0.994, 0.996, 0.997, 0.997]
    np.testing.assert_allclose([row["third"][0] for row in rows], was, atol=0.002)
    assert min(row["all"][0] for row in rows) < 0.94
    both = tension["memory"], anneal["memory"]
    for found, first, last, model in zip(both, (29, 27), (52, 183), (30, 28), strict=True):
        ends = [found["estimated_ps"][0], found["estimated_ps"][-1], found["model_ps"]]
        np.testing.assert_allclose(ends, [first, last, model], atol=0.5)
    ends = [(m["along_ps"][0][0], m["along_ps"][-1][0]) for m in both]
    np.testing.assert_allclose(ends, [(29, 22), (25, 66)], atol=0.6)
    assert anneal["memory"]["p"] == pytest.approx(0.016, abs=0.001) and tension["memory"]["p"] > 0.2
    p = anneal["unimodality"]["p_holm"]
    assert p[0] < 0.05 < min(p[1:]) and min(tension["unimodality"]["p"]) > 0.4
