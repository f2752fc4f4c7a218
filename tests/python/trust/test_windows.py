"""The ratios of the test of change, against loops over the equations of docs/theory/change.md."""

import numpy as np
import pytest
from scipy import stats

from dbar.trust.change import GAP
from dbar.trust.levels import LEVELS, level_ratios
from dbar.trust.windows import LOCAL, MEANS, SIZES, window_ratios

SEED = 20251


def snapshots(n, size, slope=0.0, seed=SEED):
    """Autoregression (n, size) with a drift."""
    rng = np.random.default_rng(seed)
    x, out = np.zeros(size), []
    for _ in range(n):
        x = 0.7 * x + rng.standard_normal(size)
        out.append(x)
    return np.array(out) @ rng.standard_normal((size, size)) + slope * np.arange(n)[:, None]


def errors_by_loops(rows, known, dim, order):
    """Errors, means of regressors and all the rest of one snapshot, from scikit-learn and lstsq."""
    from sklearn.decomposition import PCA

    yard = rows[:known]
    z = (rows - yard.mean(axis=0)) / yard.std(axis=0)
    y = PCA(dim, svd_solver="full").fit(z[:known]).transform(z)
    n = known - order
    A = []
    for t in range(order, len(y)):
        lags = np.concatenate([y[t - k] for k in range(1, order + 1)])
        A.append(np.concatenate([lags, [1.0, (t - order) - (n - 1) / 2]]))
    A, target = np.array(A), y[order:]
    T = np.linalg.lstsq(A[:n], target[:n], rcond=None)[0]
    return A, target - A @ T, n


@pytest.mark.parametrize(("size", "slope"), [(6, 0.0), (60, 0.05), (110, 0.3)])
def test_errors_and_squares_equal_loops(size, slope):
    rows, order, dim = snapshots(92, size, slope), 4, 4
    found = window_ratios(rows, np.arange(92) == 0, GAP, order)
    A, e, n = errors_by_loops(rows, 92 - GAP, dim, order)
    nu = n - A.shape[1]
    S = e[:n].T @ e[:n] / nu
    inner = np.linalg.inv(A[:n].T @ A[:n])
    square = np.array(
        [
            x @ np.linalg.solve(S, x) / dim / (1 - a @ inner @ a)
            for x, a in zip(e[:n], A[:n], strict=True)
        ]
    )
    recent = square[-LOCAL:]
    scale = max(np.minimum(recent, 5 * np.median(recent)).mean(), 1.0)
    o = e[n - LOCAL : n].mean(axis=0)
    kappa = max(np.mean(square**2) / np.mean(square) ** 2 / (1 + 2 / dim), 1.0)
    for k, m in enumerate(MEANS):
        d, a = e[-m:].mean(axis=0) - o, A[-m:].mean(axis=0)
        F = d @ np.linalg.solve(S, d) / (dim * scale * (1 / m + a @ inner @ a + 1 / LOCAL))
        assert found.value[k] == pytest.approx(F * (nu - dim + 1) / nu, rel=1e-6)
        f = 1 / (nu - dim + 1) + 1 / (LOCAL * dim) + (kappa - 1) / (4 * kappa - 2) / m
        assert (found.above[k], found.below[k]) == (dim, pytest.approx(1 / f, rel=1e-6))
    g = 0.5 * 2 / (kappa * (1 + 2 / dim) - 1)
    for k, m in enumerate(SIZES, len(MEANS)):
        total = 0.0
        for x, a in zip(e[-m:], A[-m:], strict=True):
            total += (x - o) @ np.linalg.solve(S, x - o) / (1 + a @ inner @ a + 1 / LOCAL)
        assert found.value[k] == pytest.approx(total / m / dim / scale, rel=1e-6)
        assert (found.above[k], found.below[k]) == pytest.approx((m * g, LOCAL * g), rel=1e-6)


@pytest.mark.parametrize(("size", "slope"), [(6, 0.0), (60, 0.05), (110, 0.3)])
def test_levels_equal_loops(size, slope):
    """Parabola by polyfit, components by scikit-learn, the sum over pairs as a matrix product."""
    from scipy.linalg import solve_toeplitz
    from sklearn.decomposition import PCA

    rows = snapshots(92, size, slope)
    n, N, d, p = 92 - GAP, 92, 2, 3
    z = (rows - rows[:n].mean(axis=0)) / rows[:n].std(axis=0)
    t = np.arange(N)
    rest = z - np.array([np.polyval(np.polyfit(t[:n], c[:n], 2), t) for c in z.T]).T
    rest /= rest[:n].std(axis=0)
    y = PCA(d, svd_solver="full").fit(rest[:n]).transform(rest)
    ratios, times = np.zeros(len(LEVELS)), []
    for c in y.T:
        c0 = c[:n]
        g = [c0[: n - k] @ c0[k:] / n * n / (n - 3) for k in range(p + 1)]
        phi = solve_toeplitz(g[:p], g[1:])
        while len(g) < N:
            g.append(sum(phi[k] * g[-1 - k] for k in range(p)))
        g = np.array(g)
        G = g[np.abs(np.subtract.outer(t, t))]
        times.append(max(1 + 2 * sum(g[1 : n // 2]) / g[0], 1))
        X = np.vander(t, 3).astype(float)
        for k, m in enumerate(LEVELS):
            w = np.zeros(N)
            w[-m:] = 1 / m
            w[:n] -= X[-m:].mean(axis=0) @ np.linalg.pinv(X[:n])
            ratios[k] += (c[-m:].mean()) ** 2 / (w @ G @ w) / d
    found = level_ratios(rows, np.arange(N) == 0, GAP)
    np.testing.assert_allclose(found.value, ratios, rtol=1e-5)
    np.testing.assert_allclose(found.below, max(n / np.mean(times) - 3, 4), rtol=1e-5)
    np.testing.assert_array_equal(found.above, d)


def test_levels_of_white_noise_stay_below_the_stated_rate():
    p = []
    for seed in range(400):
        x = np.random.default_rng([SEED, seed]).standard_normal((92, 5))
        found = level_ratios(x, np.arange(92) == 0, GAP)
        p.append(stats.f.sf(found.value, found.above, found.below))
    assert (np.mean(np.array(p) < 0.1, axis=0) < 0.14).all()
    assert (np.mean(np.array(p) < 0.1, axis=0) > 0.005).all()


def test_levels_know_nothing_before_there_is_a_parabola_or_just_after_a_gap():
    rows, first = snapshots(92, 6), np.arange(92) == 0
    assert np.isnan(level_ratios(rows[:67], first[:67], GAP).value).all()
    assert np.isfinite(level_ratios(rows[:68], first[:68], GAP).value).all()
    first[50] = True
    assert np.isnan(level_ratios(rows, first, GAP).value).all()
    first[50], first[20] = False, True
    want = level_ratios(rows[20:], np.arange(72) == 0, GAP)
    np.testing.assert_array_equal(level_ratios(rows, first, GAP).value, want.value)
