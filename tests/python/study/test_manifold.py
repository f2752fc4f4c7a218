"""Principal components and intrinsic dimension of known manifolds."""

import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from clouds import ball
from dbar.study import danco, pca, two_nn

SEED = 20246


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def swiss_roll(rng, n):
    """Uniform on the sheet (arc length of the spiral), so that its density is even."""
    angle = np.linspace(1.5 * np.pi, 4.5 * np.pi, 4000)
    arc = np.concatenate([[0], np.cumsum(np.sqrt(1 + angle[1:] ** 2) * np.diff(angle))])
    t = np.interp(rng.random(n) * arc[-1], arc, angle)
    return np.column_stack([t * np.cos(t), 60 * rng.random(n), t * np.sin(t)])


@pytest.mark.parametrize(("d", "embedding"), [(2, None), (3, 12), (5, 20)])
def test_hyper_balls(d, embedding):
    """Within 10 %; TwoNN of a ball falls below d as points near the surface gain weight."""
    x = ball(np.random.default_rng(SEED), 4000, d, embedding)
    assert two_nn(x) == pytest.approx(d, rel=0.1)
    assert danco(x[:1000]) == pytest.approx(d, rel=0.1)


def test_danco_in_eight_dimensions():
    assert danco(ball(np.random.default_rng(SEED), 1000, 8, 15)) == pytest.approx(8, rel=0.1)


def test_swiss_roll():
    x = swiss_roll(np.random.default_rng(SEED), 2000)
    assert two_nn(x) == pytest.approx(2, rel=0.1)
    assert danco(x) == 2


def test_danco_calibrations_agree():
    """Table and simulated hyper-balls; the fractional minimum is biased on a flat disc."""
    x = ball(np.random.default_rng(SEED), 600, 4, 8)
    assert danco(x) == danco(x, calibration="simulated") == 4
    assert danco(x, max_dim=3) == 3
    disc = np.column_stack([ball(np.random.default_rng(SEED), 600, 2), np.zeros(600)])
    assert danco(disc) == 2
    assert danco(disc, fractional=True) == pytest.approx(2.2, abs=0.05)


def test_convention_of_the_empirical_distribution():
    """F_i = i/N with i from 1, the largest tenth of the ratios left out of the line."""
    x = ball(np.random.default_rng(SEED), 200, 3)
    distance = np.linalg.norm(x[:, None] - x, axis=2)
    distance.sort(axis=1)
    ratio = np.sort(distance[:, 2] / distance[:, 1])[:180]
    log, F = np.log(ratio), np.arange(1, 181) / 200
    want = -(log @ np.log(1 - F)) / (log @ log)
    assert two_nn(x) == pytest.approx(want, rel=1e-9)
    other = -(log @ np.log(1 - np.arange(180) / 200)) / (log @ log)
    assert abs(other / want - 1) < 0.05


def test_neighbours_of_other_groups():
    """Ratios from a table of all distances: the nearest point of each other group."""
    rng = np.random.default_rng(SEED)
    x, groups = ball(rng, 200, 3), rng.permutation(np.repeat(np.arange(8), 25))
    distance = np.linalg.norm(x[:, None] - x, axis=2)
    nearest = np.array([distance[:, groups == g].min(axis=1) for g in range(8)]).T
    nearest[np.arange(200), groups] = np.inf
    nearest.sort(axis=1)
    log = np.log(np.sort(nearest[:, 1] / nearest[:, 0])[:180])
    F = np.arange(1, 181) / 200
    want = -(log @ np.log(1 - F)) / (log @ log)
    assert two_nn(x, groups=groups) == pytest.approx(want, rel=1e-9)
    # each point for itself: neighbours of all
    assert two_nn(x, groups=np.arange(200)) == pytest.approx(two_nn(x), rel=1e-9)
    # close pairs: their ratios are of no dimension, unless a pair is a group
    paired = np.repeat(x, 2, axis=0) + 1e-5 * rng.standard_normal((400, 3))
    assert two_nn(paired) < 1.0
    pair = np.repeat(np.arange(200), 2)
    assert two_nn(paired, groups=pair) == pytest.approx(two_nn(x), rel=0.02)


def test_other_groups_of_independent_points():
    """The bound on the bias: half of one over the number of groups."""
    rng = np.random.default_rng(SEED)
    found = [
        [two_nn(x), two_nn(x, groups=np.repeat(np.arange(8), 125))]
        for x in (ball(rng, 1000, 4) for _ in range(10))
    ]
    plain, others = np.mean(found, axis=0)
    assert 1.0 - 1.5 / (2 * 8) < others / plain < 1.0


def test_pca_of_the_ensemble_mean():
    rng = np.random.default_rng(SEED)
    t = np.linspace(0, 1, 60)
    path = np.column_stack([t, np.full(60, 3.0), 100 * t, np.sin(6 * t)])
    X = [path + 0.1 * rng.standard_normal((60, 4)) * [1, 0, 100, 1] for _ in range(9)]
    got = pca(X)
    mean = np.mean(X, axis=0)
    std = mean.std(axis=0)
    Z = (mean - mean.mean(axis=0)) / np.where(std > 0, std, 1)
    w = np.linalg.eigvalsh(Z.T @ Z)[::-1][:3]
    np.testing.assert_allclose(got.variance_ratio, w / w.sum(), rtol=1e-9)
    np.testing.assert_allclose(np.sum(got.scores**2, axis=0), w, rtol=1e-9)
    np.testing.assert_allclose(np.mean([got(x) for x in X], axis=0), got.scores, atol=1e-12)
    assert got.axes[1] == pytest.approx(0.0)
    assert pca(X, 2).scores.shape == (60, 2)


def test_bad_input_is_named():
    x = np.random.default_rng(SEED).standard_normal((20, 3))
    with pytest.raises(ValueError, match="n_samples = 4 points, at least 5"):
        two_nn(x[:4])
    with pytest.raises(ValueError, match="n_samples = 19 points, at least 20"):
        danco(x[:19])
    with pytest.raises(ValueError, match="20 points and 5 neighbours, the table has"):
        danco(x, neighbours=5)
    with pytest.raises(ValueError, match="calibration is 'fit'"):
        danco(x, calibration="fit")
    with pytest.raises(ValueError, match="all points are equal"):
        two_nn(np.ones((20, 3)))
    with pytest.raises(ValueError, match=r"discard is 0.0"):
        two_nn(x, 0.0)
    with pytest.raises(ValueError, match=r"groups: found shape \(19,\), expected \(20,\)"):
        two_nn(x, groups=np.arange(19))
    with pytest.raises(ValueError, match="groups: found 2 replicas, expected at least 3"):
        two_nn(x, groups=np.repeat([0, 1], 10))
    with pytest.raises(ValueError, match="none of the 3 components varies"):
        pca([np.ones((20, 3))])
    x[2, 1] = np.nan
    with pytest.raises(ValueError, match="X contains NaN at snapshot 2, component 1"):
        two_nn(x)
    with pytest.raises(ValueError, match="trajectory 0 contains NaN"):
        pca([x])


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skdim", None)
    with pytest.raises(ImportError, match=r"pip install dbar\[manifold\]"):
        two_nn(np.random.default_rng(0).random((20, 2)))
