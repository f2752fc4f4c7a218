"""Resampled ensembles against closed forms, and against the replicas left out."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dbar.estimators import LinearEstimator
from dbar.forecast import VAR
from dbar.statistics.companion import companion, embed
from dbar.statistics.latent import Latent
from dbar.study import InitialConditions, linear_decoder, resample
from ensembles import columns, ensemble

SEED = 20245


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def runs(rng, order=1, size=3, n=200, count=6):
    T = [
        0.6 * np.eye(size) + 0.15 * rng.standard_normal((size, size)) / (p + 1)
        for p in range(order)
    ]
    T = [t / (1 + 0.8 * p) * (0.6 if order > 1 else 1) for p, t in enumerate(T)]
    out = []
    for _ in range(count):
        x = [rng.standard_normal(size) * 2 + 3 for _ in range(order)]
        while len(x) < n:
            x.append(sum(t @ x[-1 - p] for p, t in enumerate(T)) + 0.5 + rng.standard_normal(size))
        out.append(np.array(x))
    return out


def test_initial_conditions_are_the_moments_of_the_window():
    X = runs(np.random.default_rng(SEED))
    ic = InitialConditions((2, 6), order=2).fit(X)
    pairs = np.array([np.r_[x[k], x[k - 1]] for x in X for k in (3, 4, 5)])
    assert ic.n_histories_ == len(pairs) == 18
    np.testing.assert_allclose(ic.mean_, pairs.mean(axis=0))
    np.testing.assert_allclose(ic.cov_, np.cov(pairs.T))
    drawn = ic.sample(200_000, 1)
    newest_first = drawn[:, ::-1].reshape(len(drawn), -1)
    np.testing.assert_allclose(newest_first.mean(axis=0), ic.mean_, atol=0.03)
    np.testing.assert_allclose(np.cov(newest_first.T), ic.cov_, atol=0.08)
    shrunk = InitialConditions((2, 6), order=2, shrink=True).fit(X)
    assert np.trace(shrunk.cov_) == pytest.approx(np.trace(ic.cov_))
    assert np.linalg.cond(shrunk.cov_) < np.linalg.cond(ic.cov_)


@pytest.mark.parametrize("order", [1, 2])
def test_moments_equal_the_closed_form(order):
    """Mean and covariance of the Gaussian process at every step, within 5 standard errors."""
    X = runs(np.random.default_rng(SEED), order)
    model = VAR(order=order, random_state=0).fit(X)
    ic = InitialConditions((0, 8), order=order).fit(X)
    n, steps, size = 20_000, 12, 3
    got = resample(model, ic, steps, n, random_state=1)
    A, S = companion(model.coef_), embed(model.noise_cov_, order)
    shift = np.zeros(order * size)
    shift[:size] = model.intercept_
    mean, cov = ic.mean_, ic.cov_
    for k in range(steps + 1):
        m, C = mean[:size], cov[:size, :size]
        error = np.sqrt(np.diag(C) / n)
        assert np.all(np.abs(got.mean[k] - m) < 5 * error)
        spread = np.sqrt((C**2 + np.outer(np.diag(C), np.diag(C))) / n)
        assert np.all(np.abs(got.cov[k] - C) < 5 * spread)
        mean, cov = A @ mean + shift, A @ cov @ A.T + S
    assert got.final.shape == (n, order, size)
    again = resample(model, got.final, 3, random_state=2)
    np.testing.assert_allclose(again.mean[0], got.mean[-1], rtol=1e-12)


def test_epistemic_draws_equal_perturbed_models():
    """Spread of member means: each member keeps one draw of the parameters."""
    X = runs(np.random.default_rng(SEED), n=60, count=1)
    model = VAR(n_bags=20, coverage=0.4, random_state=0).fit(X)
    start = np.broadcast_to(X[0][-1], (4000, 1, 3))
    plain = resample(model, start, 10, random_state=1)
    wide = resample(model, start, 10, epistemic=True, random_state=1)
    assert np.all(
        np.trace(wide.cov[2:], axis1=1, axis2=2) > np.trace(plain.cov[2:], axis1=1, axis2=2)
    )
    draws = model.forecast(X[0], 10, 4000, random_state=3)
    rng = np.random.default_rng(4)
    coef, intercept = model.draw_parameters(4000, rng)
    moved = np.einsum("nij,j->ni", coef, X[0][-1]) + intercept
    want = np.cov(moved.T) + model.noise_cov_  # one step: parameters, then noise
    np.testing.assert_allclose(wide.cov[1], want, atol=0.15 * np.trace(want) / 3)
    np.testing.assert_allclose(plain.cov[-1], np.cov(draws[:, -1].T), atol=0.2)


def test_estimators_through_time():
    """A linear estimator has the distribution that the latent moments give it; noise adds."""
    rng = np.random.default_rng(SEED)
    X = runs(rng)
    mix = rng.standard_normal((3, 5))
    D = [np.column_stack([np.full(len(x), 10.0), x @ mix + 4.0]) for x in X]
    theta = rng.standard_normal(5)
    y = [d[:, 1:] @ theta + 0.5 * rng.standard_normal(len(d)) for d in D]
    estimator = LinearEstimator().fit(np.vstack(D), np.concatenate(y))
    model = VAR(random_state=0).fit(X)
    ic = InitialConditions((0, 20)).fit(X)
    decode = linear_decoder(X, D)
    np.testing.assert_allclose(decode(X[0]), D[0], atol=1e-10)
    options = dict(decode=decode, random_state=1, n=8000)
    watched = {"pe": estimator, "double": lambda d: 2 * d[:, 1]}
    quiet = resample(model, ic, 5, estimators=watched, noise=False, **options)
    loud = resample(model, ic, 5, estimators={"pe": estimator}, **options)
    w = mix @ estimator.coef_
    for k in (0, 5):
        want = w @ quiet.cov[k] @ w
        assert quiet.values["pe"][k].var() == pytest.approx(want, rel=1e-2)
        assert loud.values["pe"][k].var() == pytest.approx(want + 0.25, rel=0.06)
    np.testing.assert_array_equal(quiet.mean, loud.mean)
    assert quiet.quantiles("pe").shape == (6, 5)
    edges, density = quiet.density("double", 40)
    np.testing.assert_allclose((density * np.diff(edges)).sum(axis=1), 1.0)
    with pytest.raises(KeyError, match="no estimator 'hcp', expected one of pe, double"):
        quiet.quantiles("hcp")


def test_bad_input_is_named():
    X = runs(np.random.default_rng(SEED), n=20, count=3)
    with pytest.raises(ValueError, match="trajectory 0 has 20 snapshots, the window ends at 30"):
        InitialConditions((0, 30)).fit(X)
    with pytest.raises(ValueError, match=r"window is \(3, 4\), expected .* at least 2"):
        InitialConditions((3, 4), order=2).fit(X)
    with pytest.raises(ValueError, match="1 history in the window"):
        InitialConditions((3, 4)).fit(X[:1])
    with pytest.raises(ValueError, match="trajectory 1 has components"):
        InitialConditions((0, 4)).fit([X[0], X[1][:, :2]])
    model = VAR(order=2, random_state=0).fit(X)
    with pytest.raises(ValueError, match=r"histories have shape \(1600, 1, 3\)"):
        resample(model, InitialConditions((0, 4)).fit(X), 3)
    with pytest.raises(ValueError, match="n is 1 and steps 3"):
        resample(model, np.zeros((1, 2, 3)), 3)
    wild = VAR(random_state=0).fit(X)
    wild.coef_ = 1e5 * wild.coef_
    with pytest.raises(ValueError, match=r"beyond 1e100 at step \d+ of 200: the model is unstable"):
        resample(wild, np.ones((10, 1, 3)), 200)


@pytest.mark.shared
def test_al_tension_bands_hold_what_was_left_out():
    """From the first 1.2 ps through yield to 15 % strain: the 5-95 % bands of 1,600 members from
    12 replicas, against the other 4, in four folds; constant noise makes them wide before yield.
    """
    runs = ensemble()
    S = [r.D[:, 1:] / r.D[:, :1] for r in runs]
    thermo = columns(runs, "pe", "pxx")
    targets = {
        "pe": [c[:, 0] / r.n for c, r in zip(thermo, runs, strict=True)],
        "hcp": [r.cna[:, 1] / r.n for r in runs],
        "sxx": [-c[:, 1] for c in thermo],
    }
    inside = {name: [] for name in targets}
    for fold in range(4):
        train = [k for k in range(16) if k % 4 != fold]
        A = np.concatenate([S[k] for k in train])
        off = A - A.mean(axis=0)
        space = Latent.fit(len(A), A.mean(axis=0), off.T @ off, 10)
        Y = [space(S[k]) for k in train]
        model = VAR(random_state=0).fit(Y)
        estimators = {
            name: LinearEstimator(target="plain").fit(
                np.concatenate(Y), np.concatenate([column[k] for k in train])
            )
            for name, column in targets.items()
        }
        start = InitialConditions((0, 6), shrink=True).fit(Y)
        cloud = resample(model, start, 144, 1600, estimators, random_state=1)
        for name, column in targets.items():
            low, high = cloud.quantiles(name, (0.05, 0.95)).T
            truth = np.array([column[k][5:] for k in range(16) if k % 4 == fold])
            inside[name].append((truth >= low) & (truth <= high))
    for name in targets:
        held = np.concatenate(inside[name])
        for part in (held[:, :70], held[:, 70:100], held[:, 100:]):  # before, at, after yield
            assert part.mean() > 0.87, name
    assert np.concatenate(inside["pe"]).mean() == pytest.approx(0.92, abs=0.04)
