"""g(r) from D in a few singular vectors: synthetic histograms, and those of kept positions."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dbar.estimators import RDFEstimator, leave_trajectory_out
from dbar.targets import match_snapshots, rdf
from ensembles import ensemble, trajectory

SEED = 20243


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def data(rng, n=200, noise=0.0):
    """Histograms that are two shapes in amounts linear in D/N."""
    D = np.column_stack([np.full(n, 80.0), 80.0 * rng.standard_normal((n, 4))])
    amounts = D[:, 1:] / 80.0 @ rng.standard_normal((4, 2))
    shapes = rng.standard_normal((2, 30))
    return D, 1.0 + amounts @ shapes + noise * rng.standard_normal((n, 30))


def test_histograms_of_two_shapes_need_two_components():
    D, g = data(np.random.default_rng(SEED))
    model = RDFEstimator(n_components=5).fit(D, g)
    assert model.basis_.shape == (2, 30)
    np.testing.assert_allclose(model.predict(D), g, atol=1e-3)
    np.testing.assert_allclose(model.basis_ @ model.basis_.T, np.eye(2), atol=1e-12)
    assert model.explained_variance_ratio_.sum() == pytest.approx(1.0)
    one = RDFEstimator(n_components=1).fit(D, g)
    assert one.score(D, g) < model.score(D, g)


def test_standard_deviation_covers():
    rng = np.random.default_rng(SEED)
    D, g = data(rng, 1000, noise=0.2)
    mean, std = RDFEstimator(n_components=3).fit(D[:500], g[:500]).predict(D[500:], return_std=True)
    assert np.mean(np.abs(g[500:] - mean) < 1.6449 * std) == pytest.approx(0.9, abs=0.015)


def test_does_not_depend_on_size():
    D, g = data(np.random.default_rng(SEED), noise=0.1)
    model = RDFEstimator().fit(D, g)
    np.testing.assert_allclose(model.predict(2 * D), model.predict(D), rtol=1e-12)


def test_bad_input_is_named():
    D, g = data(np.random.default_rng(SEED), 20)
    with pytest.raises(ValueError, match="n_components is 0"):
        RDFEstimator(n_components=0).fit(D, g)
    with pytest.raises(ValueError, match="target is 'extensive', expected 'per-atom' or 'plain'"):
        RDFEstimator(target="extensive").fit(D, g)
    with pytest.raises(ValueError, match="n_samples = 2"):
        RDFEstimator().fit(D[:2], g[:2])
    g[3, 7] = np.nan
    with pytest.raises(ValueError, match="y contains NaN at snapshot 3, component 7"):
        RDFEstimator().fit(D, g)


@pytest.mark.shared
def test_al_tension_leave_one_replica_out():
    """Every tenth snapshot of every replica: 225 training snapshots for 55 descriptors."""
    runs = [trajectory(run) for run in ensemble()]
    g = [rdf(run.snapshots, 8.0, 80)[1] for run in runs]
    D = [run.D[match_snapshots(run)] for run in runs]
    held = leave_trajectory_out(RDFEstimator(n_components=5), D, g)
    spread = held.truth.var(axis=0)
    total = 1.0 - np.sum(held.rmse**2) / spread.sum()  # R^2 of the histogram as a whole
    assert total > 0.98  # five singular vectors of the data themselves leave 0.987
    assert held.rmse.max() < 0.09 < 6.0 < held.truth.max()
    shells = spread > 1e-2 * spread.max()
    assert np.median(held.r2[shells]) > 0.97
    assert held.coverage(0.9)[shells].mean() == pytest.approx(0.9, abs=0.05)
