"""Steady states beside unit roots: block examples worked by hand, and long simulations."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from dbar.forecast import VAR

SEED = 20233


def given(coef, intercept, noise):
    """A model with these parameters."""
    coef = np.asarray(coef, dtype=float)
    model = VAR(len(coef), n_bags=1, coverage=1.0, random_state=0, prior=None)
    model.coef_, model.intercept_ = coef, np.asarray(intercept, dtype=float)
    model.noise_cov_ = np.asarray(noise, dtype=float)
    return model


def test_a_unit_root_beside_a_block_that_relaxes():
    """A random walk that feeds nothing: the rest is a VAR of its own, to be solved by itself."""
    rng = np.random.default_rng(SEED)
    A = np.array([[0.7, 0.2, 0.0], [-0.2, 0.6, 0.1], [0.0, 0.3, 0.4]])
    T = np.zeros((4, 4))
    T[0], T[1:, 1:] = [1.0, 0.4, -0.3, 0.2], A
    root = rng.standard_normal((4, 4))
    S, c = root @ root.T, np.array([0.3, 1.0, -2.0, 0.5])
    model = given(T[None], c, S)
    with pytest.raises(ValueError, match="null_space=True gives that of the directions"):
        model.steady_state()
    found = model.steady_state(null_space=True)
    np.testing.assert_array_equal(found.settles, [False, True, True, True])
    np.testing.assert_allclose(np.abs(found.unsettled), [[1, 0, 0, 0]], atol=1e-12)
    gain = np.linalg.inv(np.eye(3) - A)
    np.testing.assert_allclose(found.mean[1:], gain @ c[1:], rtol=1e-10)
    want = solve_discrete_lyapunov(A, S[1:, 1:])
    np.testing.assert_allclose(found.cov[1:, 1:], want, rtol=1e-10)
    want = gain @ S[1:, 1:] @ gain.T
    np.testing.assert_allclose(found.long_run_cov[1:, 1:], want, rtol=1e-10)
    assert found.radius == pytest.approx(1.0, abs=1e-12)
    # what does not settle has no number
    assert np.abs(found.cov[0]).max() < 1e-10 and abs(found.mean[0]) < 1e-10


@pytest.mark.parametrize("roots", [(1.0,), (1.0, 1.0), (-1.0,), (1.02,)])
def test_turned_blocks(roots):
    """In a turned frame no component settles, but the directions off the roots do."""
    rng = np.random.default_rng(SEED)
    n, size = len(roots), 5
    inner = np.diag(roots)
    if n == 2:
        inner[0, 1] = 0.5  # one Jordan block: a single eigenvector
    stable = rng.standard_normal((size - n, size - n))
    stable *= 0.9 / np.abs(np.linalg.eigvals(stable)).max()
    frame = np.linalg.qr(rng.standard_normal((size, size)))[0]
    block = np.zeros((size, size))
    block[:n, :n], block[n:, n:] = inner, stable
    block[:n, n:] = rng.standard_normal((n, size - n))
    root = rng.standard_normal((size, size))
    S, c = root @ root.T, rng.standard_normal(size)
    found = given([frame @ block @ frame.T], c, S).steady_state(null_space=True)
    assert not found.settles.any() and found.unsettled.shape == (n, size)
    np.testing.assert_allclose(found.unsettled @ frame[:, n:], 0.0, atol=1e-6)
    W = frame[:, n:]
    noise, drift = W.T @ S @ W, W.T @ c
    want = np.linalg.solve(np.eye(size - n) - stable, drift)
    np.testing.assert_allclose(W.T @ found.mean, want, rtol=1e-6)
    want = solve_discrete_lyapunov(stable, noise)
    np.testing.assert_allclose(W.T @ found.cov @ W, want, rtol=1e-6, atol=1e-8 * np.trace(want))


def test_against_a_long_simulation_of_order_two():
    """x walks, y follows x and half of its own past: y - x settles, neither x nor y does."""
    T = np.array([[[1.0, 0.0], [0.5, 0.3]], [[0.0, 0.0], [0.0, 0.2]]])
    S = np.array([[0.5, 0.1], [0.1, 1.0]])
    model = given(T, [0.0, 0.4], S)
    found = model.steady_state(null_space=True)
    assert not found.settles.any() and found.unsettled.shape == (1, 2)
    w = np.array([-1.0, 1.0])  # y - x
    np.testing.assert_allclose(found.unsettled @ w, 0.0, atol=1e-9)
    X = model.forecast(np.zeros((2, 2)), 3000, 400, random_state=1)[:, 500:]
    gap = X @ w
    means = gap.mean(axis=1)
    assert abs(means.mean() - w @ found.mean) < 5 * means.std() / np.sqrt(400)
    assert gap.var() == pytest.approx(w @ found.cov @ w, rel=0.02)
    ratio = means.var() * gap.shape[1] / (w @ found.long_run_cov @ w)
    assert abs(ratio - 1) < 5 * np.sqrt(2 / 400)
    assert X[:, -1, 0].var() == pytest.approx(0.5 * 3000, rel=5 * np.sqrt(2 / 400))  # a walk


def test_without_a_null_space_it_is_the_steady_state():
    rng = np.random.default_rng(SEED)
    coef = 0.3 * rng.standard_normal((2, 3, 3))
    model = given(coef / 2, [1.0, 2.0, 3.0], np.eye(3))
    plain, found = model.steady_state(), model.steady_state(null_space=True)
    for a, b in zip(plain, found, strict=True):
        np.testing.assert_array_equal(a, b)
    assert found.settles.all() and found.unsettled.shape == (0, 3)


def test_nothing_relaxes():
    with pytest.raises(ValueError, match="all 2 directions have no steady state, expected at"):
        given([np.eye(2)], [0.0, 0.0], np.eye(2)).steady_state(null_space=True)
