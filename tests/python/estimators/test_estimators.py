"""Linear estimators and the check on unseen trajectories: oracles, invariants, the real ensemble."""

import inspect
import sys

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import BayesianRidge
from sklearn.utils.estimator_checks import estimator_checks_generator
from threadpoolctl import threadpool_limits

from dbar.estimators import (
    LinearEstimator,
    RDFEstimator,
    YieldClassifier,
    leave_trajectory_out,
    stack,
)
from dbar.trajectory import Trajectory
from ensembles import columns, ensemble

SEED = 20241


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


# `target="plain"`: the contract feeds features without an atom count. Left out of what
# `parametrize_with_checks` runs: other array libraries than NumPy, which are not supported.
CONTRACT = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{name}")
    for kind in (LinearEstimator, RDFEstimator, YieldClassifier)
    for estimator, check in estimator_checks_generator(kind(target="plain"))
    if (name := getattr(check, "func", check).__name__) != "check_array_api_input"
]


@pytest.mark.parametrize(("estimator", "check"), CONTRACT)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


def data(rng, n=200, size=6, atoms=100.0):
    """Descriptors with an atom count, and an extensive observable with noise."""
    mix = rng.standard_normal((size, size))
    D = np.column_stack([np.full(n, atoms), 50.0 + rng.standard_normal((n, size)) @ mix])
    theta = rng.standard_normal(size)
    return D, D[:, 1:] @ theta + 3.0 * atoms + 0.3 * rng.standard_normal(n)


# ---- the regression ---------------------------------------------------------------------------


def test_equals_bayesian_ridge_on_whitened_features():
    rng = np.random.default_rng(SEED)
    D, y = data(rng)
    X, new = D[:, 1:], D[:7, 1:] + 1.0
    model = LinearEstimator(target="plain").fit(X, y)
    off = X - X.mean(axis=0)
    _, s, vt = np.linalg.svd(off / off.std(axis=0) / np.sqrt(len(X)), full_matrices=False)
    basis = (vt.T / s) / off.std(axis=0)[:, None]
    ridge = BayesianRidge().fit(off @ basis, (y - y.mean()) / y.std())
    want, std = ridge.predict((new - X.mean(axis=0)) @ basis, return_std=True)
    mean, got = model.predict(new, return_std=True)
    np.testing.assert_allclose(mean, want * y.std() + y.mean(), rtol=1e-6)
    # BayesianRidge takes the intercept for known, here it has its n-th of the noise variance
    both = np.sqrt(std**2 + 1 / ridge.alpha_ / len(X)) * y.std()
    np.testing.assert_allclose(got, both, rtol=1e-5)
    np.testing.assert_allclose(X @ model.coef_ + model.intercept_, model.predict(X), rtol=1e-10)


def test_extensive_observables_add_up():
    """Two copies of a system: twice the value, sqrt(2) times the noise."""
    rng = np.random.default_rng(SEED)
    D, y = data(rng, n=5000)
    model = LinearEstimator().fit(D, y)
    mean, std = model.predict(D, return_std=True)
    twice, spread = model.predict(2 * D, return_std=True)
    np.testing.assert_allclose(twice, 2 * mean, rtol=1e-12)
    np.testing.assert_allclose(spread, np.sqrt(2) * std, rtol=1e-2)
    np.testing.assert_allclose(D[:, 1:] @ model.coef_ + model.intercept_ * D[:, 0], mean)


def test_per_atom_targets_do_not_grow():
    rng = np.random.default_rng(SEED)
    D, y = data(rng)
    model = LinearEstimator(target="per-atom").fit(D, y / D[:, 0])
    np.testing.assert_allclose(model.predict(3 * D), model.predict(D), rtol=1e-12)
    total = LinearEstimator().fit(D, y)
    np.testing.assert_allclose(total.predict(D), D[:, 0] * model.predict(D), rtol=1e-12)


def test_sizes_mix_in_one_fit():
    rng = np.random.default_rng(SEED)
    small, y_small = data(rng, 150)
    large = np.vstack([small[k : k + 2].sum(axis=0) for k in range(0, 150, 2)])
    y_large = np.array([y_small[k : k + 2].sum() for k in range(0, 150, 2)])
    model = LinearEstimator().fit(np.vstack([small, large]), np.concatenate([y_small, y_large]))
    assert model.score(large, y_large) > 0.99
    _, std = model.predict(large, return_std=True)
    assert np.mean(np.abs(model.predict(large) - y_large) < 1.645 * std) == pytest.approx(
        0.9, abs=0.08
    )


def test_directions_of_little_variance_are_not_lost():
    """The observable is a difference of two nearly equal descriptors."""
    rng = np.random.default_rng(SEED)
    base, small = rng.standard_normal(300), rng.standard_normal(300)
    X = np.column_stack([base, base + 1e-7 * small])
    assert LinearEstimator(target="plain").fit(X, small).score(X, small) > 0.999999
    cut = LinearEstimator(target="plain", n_components=1).fit(X, small)
    assert cut.score(X, small) < 0.1


def test_constant_features_change_nothing():
    rng = np.random.default_rng(SEED)
    D, y = data(rng)
    padded = np.insert(D, 3, 7.0 * D[:, 0], axis=1)
    a, b = LinearEstimator().fit(D, y), LinearEstimator().fit(padded, y)
    np.testing.assert_allclose(a.predict(D), b.predict(padded), rtol=1e-10)
    assert b.coef_[2] == 0.0


def test_several_outputs_are_fitted_independently():
    rng = np.random.default_rng(SEED)
    D, y = data(rng)
    both = LinearEstimator().fit(D, np.column_stack([y, rng.standard_normal(len(y))]))
    mean, std = both.predict(D, return_std=True)
    one, one_std = LinearEstimator().fit(D, y).predict(D, return_std=True)
    np.testing.assert_allclose(mean[:, 0], one, rtol=1e-9)
    np.testing.assert_allclose(std[:, 0], one_std, rtol=1e-6)


# ---- honest standard deviations ---------------------------------------------------------------


def offsets(rng, runs=30, n=60, spread=1.0):
    """Trajectories with an offset each that no descriptor knows."""
    D = [rng.standard_normal((n, 4)) for _ in range(runs)]
    y = [d @ [1.0, 2.0, 0.0, -1.0] + spread * rng.normal() + 0.1 * rng.normal(size=n) for d in D]
    return D, y


def test_standard_deviation_is_that_of_unseen_trajectories():
    D, y = offsets(np.random.default_rng(SEED))
    held = leave_trajectory_out(LinearEstimator(target="plain"), D, y)
    z = (held.truth - held.mean) / held.std
    assert np.sqrt(np.mean(z**2)) == pytest.approx(1.0, abs=0.06)
    assert held.coverage(0.9) == pytest.approx(0.9, abs=0.06)
    X, t, groups = stack(D, y)
    assert LinearEstimator(target="plain").fit(X, t, groups).std_scale_[0] > 1.0


def test_held_out_trajectories_are_not_remembered():
    """A model that remembers every snapshot is perfect on random frames and useless here."""

    class Memory(BaseEstimator):
        def fit(self, X, y):
            self.X_, self.y_ = X, y
            return self

        def predict(self, X):
            return self.y_[[np.argmin(np.abs(self.X_[:, 0] - x[0])) for x in X]]

    rng = np.random.default_rng(SEED)
    D = [np.sort(rng.normal() + 0.01 * rng.random((40, 1)), axis=0) for _ in range(8)]
    y = [np.full(40, rng.normal()) for _ in D]
    held = leave_trajectory_out(Memory(), D, y)
    assert held.r2 < 0.5
    assert np.array_equal(held.truth, np.concatenate(y))
    with pytest.raises(ValueError, match="no standard deviation"):
        held.coverage()


def test_pops_adds_the_misfit_of_the_model():
    """Noise-free target that is not linear: both intervals cover; POPS is the wider far out."""
    rng = np.random.default_rng(SEED)
    D, y = data(rng)
    bayes, pops = LinearEstimator().fit(D, y), LinearEstimator(noise="pops").fit(D, y)
    mean, std = pops.predict(D, return_std=True)
    np.testing.assert_allclose(mean, bayes.predict(D), rtol=1e-12)
    assert np.mean(np.abs(y - mean) < 1.645 * std) > 0.88
    far = D.copy()
    far[:, 1:] += 30.0
    assert (pops.predict(far, True)[1] > bayes.predict(far, True)[1]).all()
    np.testing.assert_array_equal(
        std, LinearEstimator(noise="pops").fit(D, y).predict(D, return_std=True)[1]
    )


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "popsregression", None)
    D, y = data(np.random.default_rng(SEED))
    with pytest.raises(ImportError, match=r"pip install dbar\[pops\]"):
        LinearEstimator(noise="pops").fit(D, y)


# ---- bad input --------------------------------------------------------------------------------


def test_bad_input_is_named():
    rng = np.random.default_rng(SEED)
    D, y = data(rng, 20)
    broken = D.copy()
    broken[4, 2] = np.nan
    with pytest.raises(ValueError, match="X contains NaN at snapshot 4, component 2"):
        LinearEstimator().fit(broken, y)
    wrong = y.copy()
    wrong[3] = np.inf
    with pytest.raises(ValueError, match="y contains inf at snapshot 3;"):
        LinearEstimator().fit(D, wrong)
    with pytest.raises(ValueError, match="n_samples = 2 snapshots, at least 3"):
        LinearEstimator().fit(D[:2], y[:2])
    with pytest.raises(ValueError, match="none of the 6 features varies"):
        LinearEstimator().fit(np.ones((20, 7)), y)
    with pytest.raises(ValueError, match="component 0 of D is -1 at snapshot 5"):
        LinearEstimator().fit(np.where(np.arange(20)[:, None] == 5, -1.0, D), y)
    with pytest.raises(ValueError, match="target is 'total', expected one of extensive"):
        LinearEstimator(target="total").fit(D, y)
    with pytest.raises(ValueError, match="noise is 'gp'"):
        LinearEstimator(noise="gp").fit(D, y)
    with pytest.raises(ValueError, match="expecting 7 features"):
        LinearEstimator().fit(D, y).predict(D[:, :4])
    with pytest.raises(ValueError, match="groups names one trajectory"):
        LinearEstimator().fit(D, y, np.zeros(20))


def test_bad_ensembles_are_named():
    D, y = offsets(np.random.default_rng(SEED), runs=3)
    with pytest.raises(ValueError, match=r"trajectory 1 has components \(3,\), trajectory 0 has"):
        leave_trajectory_out(LinearEstimator(), [D[0], D[1][:, :3]], y[:2])
    with pytest.raises(ValueError, match="trajectory 2 has 60 snapshots, its target 59"):
        stack(D, [y[0], y[1], y[2][1:]])
    with pytest.raises(ValueError, match="1 trajectory, at least 2"):
        leave_trajectory_out(LinearEstimator(), D[:1], y[:1])
    whole = stack([Trajectory(d) for d in D], y)
    np.testing.assert_array_equal(whole[0], np.concatenate(D))
    D[1][0, 0] = np.nan
    with pytest.raises(ValueError, match="D of trajectory 1 contains NaN at snapshot 0"):
        stack(D, y)


# ---- the real ensemble ------------------------------------------------------------------------


@pytest.mark.shared
def test_al_tension_leave_one_replica_out():
    """R^2 at least that of the plain reference; nominal 90 % intervals cover within 2 points."""
    runs = ensemble()
    D, count = [r.D for r in runs], [r.D[:, 0] for r in runs]
    scalars = columns(runs, "pe", "press")
    total = LinearEstimator()
    each = LinearEstimator(target="per-atom")
    energy = leave_trajectory_out(total, D, [c[:, 0] for c in scalars])
    assert energy.r2 > 0.9997 and energy.rmse < 1.3  # eV
    energy = leave_trajectory_out(
        each, D, [c[:, 0] / n for c, n in zip(scalars, count, strict=True)]
    )
    assert energy.r2 > 0.998
    press = leave_trajectory_out(each, D, [c[:, 1] for c in scalars])
    assert press.r2 > 0.997 and press.rmse < 210  # bar
    fcc, hcp, other = (
        leave_trajectory_out(total, D, [r.cna[:, k].astype(float) for r in runs]) for k in (0, 1, 4)
    )
    assert fcc.r2 > 0.998 and hcp.r2 > 0.999 and other.r2 > 0.987
    for held in (energy, press, fcc, hcp, other):
        assert held.coverage(0.9) == pytest.approx(0.9, abs=0.02)
    shear = leave_trajectory_out(each, D, columns(runs, "pxy", "pxz"))
    assert (shear.r2 < 0).all()  # D is invariant, shear on these planes has a sign


def test_no_components_are_refused():
    D = np.column_stack([np.full(50, 9.0), np.random.default_rng(0).normal(size=(50, 3))])
    with pytest.raises(ValueError, match="n_components is 0, expected an integer >= 1"):
        LinearEstimator(n_components=0).fit(D, D[:, 1])


@pytest.mark.parametrize("kind", [LinearEstimator, RDFEstimator, YieldClassifier])
def test_the_first_argument_is_called_x_as_everywhere_in_scikit_learn(kind):
    for name in ("fit", "predict", "predict_proba", "decision_function", "score"):
        if hasattr(kind, name):
            assert list(inspect.signature(getattr(kind, name)).parameters)[1] == "X", name
    D = np.column_stack([np.full(40, 10.0), 10 + np.random.default_rng(1).normal(size=(40, 3))])
    y = D[:, 1] > 10 if kind is YieldClassifier else D[:, 1]
    assert len(kind().fit(X=D, y=y).predict(X=D)) == 40
    D[3, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN at snapshot 3, component 2"):
        kind().fit(X=D, y=y)
