"""Principal components and intrinsic dimension: known manifolds, then the real ensemble."""

import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dbar.study import danco, pca, two_nn, whitened, windows
from ensembles import ensemble

SEED = 20246


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def ball(rng, n, d, embedding=None):
    """Uniform in a ball of d dimensions, in a rotated space of `embedding`."""
    x = rng.standard_normal((n, d))
    x *= rng.random((n, 1)) ** (1 / d) / np.linalg.norm(x, axis=1, keepdims=True)
    if embedding:
        x = x @ np.linalg.qr(rng.standard_normal((embedding, d)))[0].T
    return x


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


def test_windows_follow_a_change_of_dimension():
    rng = np.random.default_rng(SEED)
    X = [np.vstack([ball(rng, 30, 2, 6), rng.standard_normal((30, 6))]) for _ in range(20)]
    centre, dimension = windows(X, 30)
    np.testing.assert_array_equal(centre, [14.5, 44.5])
    assert dimension[0] < 3.0 < 4.5 < dimension[1]
    centre, dimension = windows(X, 20, 10, method=len)
    assert len(centre) == 5 and set(dimension) == {400}


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
    with pytest.raises(ValueError, match=r"trajectory 1 has shape \(20, 2\)"):
        windows([x, x[:, :2]], 5)
    with pytest.raises(ValueError, match="width is 30 and stride 30"):
        windows([x], 30)
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


@pytest.mark.shared
def test_al_tension_windows():
    """In whitened coordinates the dimension rises to the yield and falls after it."""
    runs = ensemble()
    X = whitened([r.D[:, 1:] / r.D[:, :1] for r in runs])
    assert X[0].shape == (150, 55)
    for method, low, high in ((two_nn, 15, 24), (danco, 19, 33)):
        _, d = windows(X, 15, method=method)  # 1.5 % strain; yield lies in windows 4 to 6
        assert len(d) == 10
        assert low < d.min() and d.max() < high
        assert d[3:5].mean() > 1.1 * d[[0, 1, 7, 8, 9]].mean()
