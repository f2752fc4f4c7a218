"""Intrinsic dimension in windows: known clouds, closed forms, then the real ensemble."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from clouds import ball
from dbar.study import danco, per_atom, two_nn, whitened, windows, with_virial
from ensembles import ensemble

SEED = 20246


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def mean_of_first(points):
    return points[:, 0].mean()


def test_windows_follow_a_change_of_dimension():
    rng = np.random.default_rng(SEED)
    X = [np.vstack([ball(rng, 30, 2, 6), rng.standard_normal((30, 6))]) for _ in range(20)]
    found = windows(X, 30)
    np.testing.assert_array_equal(found.centre, [14.5, 44.5])
    assert found.dimension[0] < 3.0 < 4.5 < found.dimension[1]
    assert np.all(found.error > 0.0) and np.all(found.error < 1.0)
    found = windows(X, 20, 10, method=len, surrogates=0, jackknife=False)
    assert len(found.centre) == 5 and set(found.dimension) == {400}
    assert np.isnan(found[2:]).all()


def test_jackknife_of_a_mean():
    """For a mean of replica means the jackknife is their standard error, exactly."""
    X = np.random.default_rng(SEED).standard_normal((7, 24, 3))
    found = windows(list(X), 8, method=mean_of_first, surrogates=0)
    means = X[..., 0].reshape(7, 3, 8).mean(axis=2)
    np.testing.assert_allclose(found.dimension, means.mean(axis=0), atol=1e-14)
    want = means.std(axis=0, ddof=1) / np.sqrt(7)
    np.testing.assert_allclose(found.error, want, rtol=1e-12)


def test_jackknife_leaves_a_replica_out_of_the_metric_too():
    X = np.random.default_rng(SEED).standard_normal((5, 12, 2)) * [1.0, 50.0]

    def second_moment(points):
        return np.mean(points**2)

    found = windows(list(X), 12, method=second_moment, metric="standard", surrogates=0)
    # standardised on the very points: 1 with any replica left out
    assert found.dimension == pytest.approx(1.0, rel=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-12)
    assert windows(list(X), 12, method=second_moment, surrogates=0).error > 1.0


def test_metric_is_fitted_on_the_snapshots_named():
    rng = np.random.default_rng(SEED)
    X = rng.standard_normal((6, 40, 4)) @ rng.standard_normal((4, 4)) * [1, 10, 100, 1000] + 7.0
    X = np.concatenate([X, np.full((6, 40, 1), 3.0)], axis=2)

    def covariance(points):
        seen.append(np.cov(points.T, bias=True))
        return 0.0

    for metric, want in (("whitened", np.eye(4)), ("standard", np.ones(4))):
        seen = []
        options = dict(method=covariance, jackknife=False, surrogates=0)
        windows(list(X), 20, metric=metric, fitted=(20, 40), **options)
        got = [c if metric == "whitened" else np.diag(c) for c in seen]
        np.testing.assert_allclose(got[1], want, atol=1e-10)
        assert np.abs(got[0] - want).max() > 0.05
    seen = []
    windows(whitened(list(X)), 40, **options)
    windows(list(X), 40, metric="whitened", **options)
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-12)


def test_surrogate_of_a_gaussian_is_the_gaussian():
    """A Gaussian cloud of 5 directions in 9: curve and surrogate agree within their errors."""
    rng = np.random.default_rng(SEED)
    mix = rng.standard_normal((5, 9)) * np.array([8, 4, 2, 1, 1])[:, None]
    X = rng.standard_normal((20, 60, 5)) @ mix
    found = windows(list(X), 30)
    off = (found.dimension - found.surrogate) / np.hypot(found.error, found.surrogate_error)
    assert np.abs(off).max() < 3.0
    again = windows(list(X), 30, jackknife=False)
    np.testing.assert_array_equal(again.surrogate, found.surrogate)
    other = windows(list(X), 30, jackknife=False, random_state=1)
    assert np.all(other.surrogate != found.surrogate)


def test_surrogate_of_a_curved_sheet_has_more_dimensions():
    """A circle is one-dimensional, the Gaussian of its covariance two: geometry shows."""
    rng = np.random.default_rng(SEED)
    angle = 2 * np.pi * rng.random((10, 40))
    X = np.stack([np.cos(angle), np.sin(angle)], axis=2)
    found = windows(list(X), 40)
    assert found.dimension[0] == pytest.approx(1.0, rel=0.1)
    assert found.surrogate[0] == pytest.approx(2.0, rel=0.1)


def test_surrogates_have_the_covariance_of_the_window():
    X = np.random.default_rng(SEED).standard_normal((4, 25, 3)) * [1, 2, 3] + 5.0
    moments = []

    def note(points):
        moments.append((points.mean(axis=0), np.cov(points.T)))
        return 0.0

    windows(list(X), 25, method=note, jackknife=False, surrogates=1000)
    moments = moments[:1000] if len(moments[0]) else moments
    flat = X.reshape(-1, 3)
    drawn = [m for m in moments if not np.allclose(m[0], flat.mean(axis=0), atol=1e-12)]
    # means of 100 points scatter by std / 10, the mean of 1,000 of them by std / 316
    off = np.mean([m[0] for m in drawn], axis=0) - flat.mean(axis=0)
    assert np.all(np.abs(off) < 4 * flat.std(axis=0) / np.sqrt(100 * 1000))
    np.testing.assert_allclose(np.mean([m[1] for m in drawn], axis=0), np.cov(flat.T), atol=0.1)


def test_neighbours_of_other_replicas():
    """Slow walks: a point's own run holds its neighbours, and hides the cloud."""
    rng = np.random.default_rng(SEED)
    X = [ball(rng, 1, 4) + 1e-3 * rng.standard_normal((10, 4)) for _ in range(60)]
    X = [x + np.linspace(0, 0.02, 10)[:, None] * rng.standard_normal(4) for x in X]
    own = windows(X, 10, jackknife=False, surrogates=0).dimension[0]
    others = windows(X, 10, neighbours="others", jackknife=False, surrogates=0).dimension[0]
    groups = np.repeat(np.arange(60), 10)
    assert others == two_nn(np.concatenate(X), groups=groups)
    assert own < 2.6 and others == pytest.approx(4.0, rel=0.2)
    with pytest.raises(ValueError, match="'others', which danco cannot do"):
        windows(X, 10, method=danco, neighbours="others")


def test_with_virial():
    rng = np.random.default_rng(SEED)
    D, V = rng.random((4, 3)), rng.random((4, 3, 6))
    D[:, 0] = 10.0
    got = with_virial(D, V)
    assert got.shape == (4, 14)
    np.testing.assert_array_equal(got[:, :2], D[:, 1:] / 10.0)
    np.testing.assert_array_equal(got[2, 2:8], V[2, 1] / 10.0)
    full = V[:, :, [[0, 3, 4], [3, 1, 5], [4, 5, 2]]]  # xx yy zz xy xz yz
    np.testing.assert_array_equal(with_virial(D, full), got)
    with pytest.raises(ValueError, match=r"V: found shape \(4, 2, 6\), expected \(4, 3, 6\)"):
        with_virial(D, V[:, 1:])


def test_bad_input_is_named():
    x = np.random.default_rng(SEED).standard_normal((20, 3))
    with pytest.raises(ValueError, match=r"trajectory 1 has shape \(20, 2\)"):
        windows([x, x[:, :2]], 5)
    with pytest.raises(ValueError, match="width is 30 and stride 30"):
        windows([x], 30)
    with pytest.raises(ValueError, match="jackknife: found 2 replicas, expected at least 3"):
        windows([x, x], 10)
    with pytest.raises(ValueError, match="metric: found 'plain', expected one of raw, standard"):
        windows([x] * 3, 10, metric="plain")
    with pytest.raises(ValueError, match=r"fitted: found \(0, 21\), expected .* <= 20 snapshots"):
        windows([x] * 3, 10, metric="whitened", fitted=(0, 21))
    with pytest.raises(ValueError, match="fitted: metric 'raw' is fitted to nothing"):
        windows([x] * 3, 10, fitted=(0, 10))
    with pytest.raises(ValueError, match="neighbours: found 'own'"):
        windows([x] * 3, 10, neighbours="own")
    with pytest.raises(ValueError, match="surrogates: found -1"):
        windows([x] * 3, 10, surrogates=-1)
    with pytest.raises(ValueError, match="none of the 2 coordinates varies in snapshots 0:5"):
        windows([np.ones((20, 2))] * 3, 10, metric="standard", fitted=(0, 5))
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match="trajectory 0 contains NaN at snapshot 3, component 1"):
        windows([x], 10)


@pytest.mark.shared
def test_al_tension_without_a_scale():
    """D and V as they are: 5 to 7 dimensions, as the paper finds, and no fall within the error."""
    runs = ensemble()
    found = windows([with_virial(r.D, r.V) for r in runs], 15)
    before, after = found.dimension[:5], found.dimension[6:]
    assert 5.0 < before.min() and before.max() < 7.5
    assert before.mean() == pytest.approx(6.2, abs=0.2)
    error = np.sqrt(np.mean(found.error**2))
    assert 0.5 < error < 1.1
    assert abs(before.mean() - after.mean()) < error


@pytest.mark.shared
def test_al_tension_scaled_before_yield():
    """Whitened below 6 % strain it falls through yield, and a Gaussian falls with it."""
    X = [per_atom(r.D) for r in ensemble()]
    found = windows(X, 15, metric="whitened", fitted=(0, 60), surrogates=4)
    for curve in (found.dimension, found.surrogate):
        assert curve[:5].mean() > 2.0 * curve[6:].mean()
    assert found.dimension[6:].max() < 12.0 and found.dimension[:5].min() > 15.0
