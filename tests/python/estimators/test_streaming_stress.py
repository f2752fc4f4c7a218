"""Pressure learnt from a stream: equal to the estimator of all snapshots, mergeable, restartable."""

import numpy as np
import pytest

from dbar.estimators.streaming_stress import StreamingStress
from dbar.estimators.stress import StressEstimator

K, SEED = 9, 20262


def data(n, seed=SEED, noise=1.0):
    """D (n, K+1), V (n, K+1, 6), volume, pressure (n, 6) of an equivariant law with noise."""
    rng = np.random.default_rng(seed)
    D = np.column_stack([np.full(n, 50.0), rng.normal(3.0, 1.0, (n, K)) * np.logspace(0, -3, K)])
    V = rng.normal(size=(n, K + 1, 6)) * np.logspace(0, -3, K + 1)[:, None]
    V[:, 0] = 0.0
    volume = 800.0 + rng.normal(size=n)
    theta = np.random.default_rng(1).normal(size=(2, K + 1)) * np.logspace(0, 3, K + 1) * 40.0
    iso = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    stress = np.einsum("nkc,k->nc", V, theta[0]) + (D @ theta[1])[:, None] * iso
    return D, V, volume, -stress / volume[:, None] + noise * rng.normal(size=(n, 6))


def learnt(D, V, volume, pressure):
    stream = StreamingStress(K)
    for row in zip(D, V, volume, pressure, strict=True):
        stream.observe(*row)
    return stream


def test_equals_the_fit_of_all_snapshots():
    D, V, volume, pressure = data(120)
    stream = learnt(D, V, volume, pressure).fit()
    batch = StressEstimator().fit(V, -pressure, volume, D)
    mean, std = batch.predict(V, volume, D, return_std=True)
    press, press_std = batch.pressure(V, volume, D)
    for n in range(0, 120, 17):
        got, width = stream.predict(D[n], V[n], volume[n])
        width = width / stream._ranks.width
        np.testing.assert_allclose(got, [*-mean[n], press[n]], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(width, [*std[n], press_std[n]], rtol=1e-8)


def test_the_pressure_is_a_third_of_the_trace_and_its_noise_is_that_of_the_trace():
    D, V, volume, pressure = data(4000)
    batch = StressEstimator().fit(V, -pressure, volume, D)
    press, std = batch.pressure(V, volume, D)
    stress = batch.predict(V, volume, D)
    np.testing.assert_allclose(press, -stress[:, :3].mean(axis=1), rtol=1e-9)
    # three independent components of noise 1
    off = pressure[:, :3].mean(axis=1) - press
    assert off.std() == pytest.approx(3**-0.5, rel=0.05)
    np.testing.assert_allclose(std, 3**-0.5, rtol=0.05)


def test_halves_shared_equal_the_whole():
    rows = data(120)
    whole = learnt(*rows).fit()
    a, b = (learnt(*(part[k] for part in rows)) for k in (slice(0, 50), slice(50, 120)))
    a.take([b.share()])
    b.take([a.share()])
    want = whole.predict(rows[0][7], rows[1][7], rows[2][7])[0]
    for half in (a, b):
        got = half.predict(rows[0][7], rows[1][7], rows[2][7])[0]
        np.testing.assert_allclose(got, want, rtol=1e-8)


def test_restart_continues_bit_for_bit():
    rows = data(90)
    whole, again = StreamingStress(K), StreamingStress(K)
    for n, row in enumerate(zip(*rows, strict=True)):
        for a, b in zip(whole.observe(*row), again.observe(*row), strict=True):
            np.testing.assert_array_equal(a, b)
        if n == 40:
            for one in (whole, again):
                one.take([learnt(*(part[:30] for part in data(90, 5))).share()])
        again = StreamingStress.from_state(K, again.get_state())


def test_bands_hold():
    rows, inside = data(400), []
    stream = StreamingStress(K)
    for n, row in enumerate(zip(*rows, strict=True)):
        mean, std = stream.observe(*row)
        if n >= 60:
            truth = np.append(row[3], row[3][:3].mean())
            inside.append(np.abs(truth - mean) < 1.6449 * std)
    print(f"{np.mean(inside):.3f} of {np.size(inside)}")
    assert 0.87 < np.mean(inside) < 0.93
