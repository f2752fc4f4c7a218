"""Estimators learnt from a stream: equal to those of all snapshots at once, mergeable, restartable."""

import numpy as np
import pytest

from dbar.estimators.readout import Readout
from dbar.estimators.streaming import StreamingReadout
from dbar.statistics.factor import RowFactor

SEED = 20261
KINDS = {"pe": "extensive", "press": "per-atom", "hcp": "extensive"}
K = 24


def data(n=150, seed=SEED, changing=True, noise=1.0):
    """Snapshots (n, K + 1) whose singular values fall over six decades, and observables (n, 3)."""
    rng = np.random.default_rng(seed)
    atoms = rng.integers(800, 1200, n).astype(float) if changing else np.full(n, 1000.0)
    turn = np.linalg.qr(np.random.default_rng(SEED).standard_normal((K, K)))[0]
    x = rng.standard_normal((n, K)) * np.logspace(0, -6, K) @ turn + np.linspace(5, 9, K)
    # what is learnt hangs on all directions, the small ones too
    theta = turn.T @ (
        np.logspace(0, 5, K)[:, None] * np.random.default_rng(1).standard_normal((K, 3))
    )
    y = x @ theta + 0.3 + noise * rng.standard_normal((n, 3)) / np.sqrt(atoms)[:, None]
    extensive = [kind == "extensive" for kind in KINDS.values()]
    return np.column_stack([atoms, x * atoms[:, None]]), np.where(extensive, y * atoms[:, None], y)


def learnt(D, Y):
    stream = StreamingReadout(KINDS, K)
    for d, y in zip(D, Y, strict=True):
        stream.observe(d, y)
    return stream


@pytest.mark.parametrize("changing", [False, True])
def test_equals_the_fit_of_all_snapshots(changing):
    D, Y = data(changing=changing)
    new, _ = data(40, SEED + 1, changing)
    batch = Readout(KINDS).fit([D], [Y])
    stream = learnt(D, Y).fit()
    mean, std = stream.predict(new)
    want, width = batch.predict(new)
    np.testing.assert_allclose(mean, want, rtol=1e-8)
    np.testing.assert_allclose(std / stream.width, width, rtol=1e-8)


def test_equals_scikit_learn_on_whitened_features():
    from sklearn.linear_model import BayesianRidge

    D, Y = data(changing=False)
    X = D[:, 1:] / 1000.0
    u, s, v = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    scale = X.std(axis=0)
    u, s, v = np.linalg.svd((X - X.mean(axis=0)) / scale, full_matrices=False)
    Z = u * np.sqrt(len(X))
    new = (D[:9, 1:] / 1000.0 - X.mean(axis=0)) / scale @ v.T / s * np.sqrt(len(X))
    mean, _ = learnt(D, Y).fit().predict(D[:9])
    for k, (name, kind) in enumerate(KINDS.items()):
        y = Y[:, k] / (1000.0 if kind == "extensive" else 1.0)
        level = y.std()
        model = BayesianRidge().fit(Z, (y - y.mean()) / level)
        want = (model.predict(new) * level + y.mean()) * (1000.0 if kind == "extensive" else 1.0)
        np.testing.assert_allclose(mean[:, k], want, rtol=1e-8, err_msg=name)


def test_halves_merged_equal_the_whole():
    D, Y = data()
    whole = learnt(D, Y).fit()
    both = learnt(D[:70], Y[:70]).merge(learnt(D[70:], Y[70:]))
    assert both.count == whole.count == len(D)
    np.testing.assert_allclose(both.predict(D)[0], whole.predict(D)[0], rtol=1e-8)


def test_restart_continues_bit_for_bit():
    D, Y = data()
    whole, again = StreamingReadout(KINDS, K), StreamingReadout(KINDS, K)
    for d, y in zip(D, Y, strict=True):
        for a, b in zip(whole.observe(d, y), again.observe(d, y), strict=True):
            np.testing.assert_array_equal(a, b)
        saved = {name: value.copy() for name, value in again.get_state().items()}
        again = StreamingReadout.from_state(KINDS, K, saved)
    np.testing.assert_array_equal(whole.predict(D)[1], again.predict(D)[1])


@pytest.mark.parametrize("tails", ["gauss", "t5"])
def test_bands_of_predictions_hold(tails):
    """Nominal 90 % of what comes next, once there are more snapshots than features."""
    inside = []
    for seed in range(6):
        D, Y = data(400, SEED + 10 + seed, noise=0.0)
        rng = np.random.default_rng(seed)
        raw = rng.standard_normal(Y.shape) if tails == "gauss" else rng.standard_t(5, Y.shape)
        raw /= raw.std()
        size = np.where([k == "extensive" for k in KINDS.values()], D[:, :1], 1.0)
        Y = Y + 0.05 * raw * size / np.sqrt(D[:, :1] / 1000.0)
        stream = StreamingReadout(KINDS, K)
        for n, (d, y) in enumerate(zip(D, Y, strict=True)):
            mean, std = stream.observe(d, y)
            if n >= 110:
                inside.append(np.abs(y - mean) < 1.6449 * std)
    print(f"{tails}: {np.mean(inside):.3f} of {np.size(inside)}")
    assert 0.87 < np.mean(inside) < 0.93


def test_errors_that_grow_widen_the_bands():
    D, Y = data(300, noise=1.0)
    stream = StreamingReadout(KINDS, K)
    D2, Y2 = data(300, noise=4.0)
    before = after = None
    for n in range(300):
        d, y = (D[n], Y[n]) if n < 200 else (D2[n], Y2[n])
        _, std = stream.observe(d, y)
        before = std / D[n, 0] if n == 199 else before
        after = std / D[n, 0] if n == 299 else after
    assert (after > 2.0 * before).all()


def test_what_does_not_vary_has_no_model():
    stream = StreamingReadout({"pe": "extensive"}, 3)
    for _ in range(40):
        assert stream.observe(np.array([8.0, 1.0, 2.0, 3.0]), [1.0]) == (None, None)
    with pytest.raises(ValueError, match="40 snapshots learnt"):
        stream.predict(np.array([[8.0, 1.0, 2.0, 3.0]]))


@pytest.mark.parametrize(
    ("D", "values", "says"),
    [
        (np.ones(3), [1.0], r"D has shape \(3,\), expected \(4,\)"),
        (np.array([0.0, 1, 1, 1]), [1.0], "0 atoms"),
        (np.array([1.0, np.nan, 1, 1]), [1.0], "not finite"),
        (np.ones(4), [1.0, 2.0], r"\(2,\) values, expected 1"),
        (np.ones(4), [np.inf], "pe is not finite"),
    ],
)
def test_refuses(D, values, says):
    with pytest.raises(ValueError, match=says):
        StreamingReadout({"pe": "extensive"}, 3).observe(D, values)


def test_refuses_other_observables():
    with pytest.raises(ValueError, match="expected 'extensive' or 'per-atom'"):
        StreamingReadout({"pe": "plain"}, 3)
    with pytest.raises(ValueError, match="cannot be added"):
        StreamingReadout({"pe": "extensive"}, 3).merge(StreamingReadout({"ke": "extensive"}, 3))


def test_the_factor_keeps_what_squares_lose():
    """Directions of 1e-10 of the largest: their covariance is below the rounding of the sum."""
    rng = np.random.default_rng(SEED)
    Z = rng.standard_normal((100, 5)) * [1e3, 1.0, 1e-3, 1e-5, 1e-7]
    w = rng.uniform(0.5, 2.0, 100)
    factor = RowFactor(5)
    for z, weight in zip(Z, w, strict=True):
        factor.add(z, weight)
    total, mean, rows = factor.centred()
    want = np.average(Z, axis=0, weights=w)
    np.testing.assert_allclose([total, *mean], [w.sum(), *want], rtol=1e-12)
    direct = np.sqrt(w / w.sum())[:, None] * (Z - want)
    np.testing.assert_allclose(np.linalg.svd(rows)[1], np.linalg.svd(direct)[1], rtol=1e-6)


def test_what_replicas_share_equals_the_whole():
    D, Y = data()
    whole = learnt(D, Y).fit()
    a, b = learnt(D[:70], Y[:70]), learnt(D[70:], Y[70:])
    for _ in range(2):  # what is taken replaces what was taken before
        a.take([b.share()])
    np.testing.assert_allclose(a.predict(D)[0], whole.predict(D)[0], rtol=1e-8)
    saved = StreamingReadout.from_state(KINDS, K, a.get_state())
    np.testing.assert_array_equal(saved.predict(D)[0], a.predict(D)[0])
    for d, y in zip(*data(40, SEED + 3), strict=True):
        for one, two in zip(a.observe(d, y), saved.observe(d, y), strict=True):
            np.testing.assert_array_equal(one, two)


def test_slopes_are_derivatives():
    D, Y = data()
    stream = learnt(D, Y).fit()
    step = np.zeros(K + 1)
    step[3] = 1e-3 * D[0, 0]
    up, down = stream.predict(D[:1] + step)[0][0], stream.predict(D[:1] - step)[0][0]
    want = (up - down) / 2e-3
    np.testing.assert_allclose(stream.slopes(D[0, 0])[:, 2], want, rtol=1e-6)


def test_an_observable_that_never_changed_has_no_estimate_until_it_does():
    """And the errors it did not make while it stood still do not count for its band."""
    D, Y = data(200, noise=1.0)
    still = Y.copy()
    still[:120, 2] = 0.0
    stream = StreamingReadout(KINDS, K)
    seen = [stream.observe(d, y) for d, y in zip(D, still, strict=True)]
    mean = np.array([m for m, _ in seen if m is not None])
    assert np.isfinite(mean[:, :2]).all()
    first = int(np.flatnonzero(np.isfinite(mean[:, 2]))[0])
    assert 120 - 12 < first < 120 - 12 + 14 and np.isfinite(mean[first:]).all()
    assert (stream.width > 0.1).all()
    whole = StreamingReadout.from_state(KINDS, K, stream.get_state())
    np.testing.assert_array_equal(whole.width, stream.width)
