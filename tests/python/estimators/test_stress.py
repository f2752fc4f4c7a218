"""Stress from V: one theta, rotations, noise of trace and deviator, the real ensemble."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from threadpoolctl import threadpool_limits

from dbar.estimators import StressEstimator, leave_trajectory_out
from dbar.trajectory import tensor_to_voigt, voigt_to_tensor
from ensembles import columns, ensemble

SEED = 20242
THETA = np.array([0.0, 2.0, -1.0, 0.5])


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(limits=1):
        yield


def data(rng, n=300, trace=0.0, deviator=0.0):
    """V, stress (3, 3) with isotropic noise of two sizes, volume, D."""
    V = voigt_to_tensor(rng.standard_normal((n, 4, 6)))
    V[:, 0] = 0.0
    volume = 10.0 + rng.random(n)
    D = np.column_stack([np.full(n, 50.0), rng.standard_normal((n, 3))])
    g = rng.standard_normal((n, 3, 3))
    g = (g + g.swapaxes(1, 2)) / np.sqrt(2)  # off-diagonal 1, diagonal sqrt(2): Frobenius-isotropic
    mean = np.trace(g, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3
    noise = (deviator * (g - mean) + trace * mean) / np.sqrt(2)
    return V, np.einsum("nkab,k->nab", V, THETA) / volume[:, None, None] + noise, volume, D


def test_theta_is_found_and_both_shapes_agree():
    V, stress, volume, _ = data(np.random.default_rng(SEED))
    model = StressEstimator().fit(V, stress, volume)
    np.testing.assert_allclose(model.theta_, THETA, atol=1e-4)
    np.testing.assert_allclose(model.predict(V, volume), stress, atol=1e-4)
    flat = StressEstimator().fit(tensor_to_voigt(V), tensor_to_voigt(stress), volume)
    np.testing.assert_allclose(flat.theta_, model.theta_, rtol=1e-12)
    assert flat.predict(V, volume).shape == (300, 6)
    assert model.score(V, stress, volume) > 0.9999


def test_matches_stacked_least_squares():
    """Equal noise in all parts and much data: ridge is least squares of the stacked rows."""
    V, stress, volume, D = data(np.random.default_rng(SEED), 3000, trace=0.1, deviator=0.1)
    model = StressEstimator().fit(V, stress, volume, D)
    iso = D[:, :, None, None] * np.eye(3)
    rows = np.concatenate([V[:, 1:], iso], axis=1) / volume[:, None, None, None]
    A = rows.swapaxes(0, 1).reshape(rows.shape[1], -1).T  # Frobenius: shear counts twice
    want = np.linalg.lstsq(A, stress.ravel(), rcond=None)[0]
    np.testing.assert_allclose(np.concatenate([model.theta_[1:], model.phi_]), want, atol=2e-3)


@pytest.mark.parametrize("with_d", [False, True])
def test_rotating_the_system_rotates_the_stress(with_d):
    """Of the prediction and of the fit itself."""
    rng = np.random.default_rng(SEED)
    V, stress, volume, D = data(rng, trace=0.3, deviator=0.1)
    D = D if with_d else None
    R = Rotation.random(random_state=1).as_matrix()
    turned_v = np.einsum("ac,bd,nkcd->nkab", R, R, V)
    turned_s = np.einsum("ac,bd,ncd->nab", R, R, stress)
    model = StressEstimator().fit(V, stress, volume, D)
    other = StressEstimator().fit(turned_v, turned_s, volume, D)
    want = np.einsum("ac,bd,ncd->nab", R, R, model.predict(V, volume, D))
    np.testing.assert_allclose(model.predict(turned_v, volume, D), want, atol=1e-12)
    np.testing.assert_allclose(other.theta_, model.theta_, atol=1e-9)
    np.testing.assert_allclose(other.noise_std_, model.noise_std_, rtol=1e-9)


def test_noise_of_trace_and_deviator():
    V, stress, volume, _ = data(np.random.default_rng(SEED), 4000, trace=0.5, deviator=0.1)
    model = StressEstimator().fit(V, stress, volume)
    np.testing.assert_allclose(model.noise_std_, [0.5, 0.1], rtol=0.05)
    mean, std = model.predict(V, volume, return_std=True)
    inside = np.abs(stress - mean) < 1.6449 * std
    for component in ((0, 0), (1, 1), (0, 1), (1, 2)):
        assert inside[:, component[0], component[1]].mean() == pytest.approx(0.9, abs=0.02)


def test_extensivity():
    V, stress, volume, D = data(np.random.default_rng(SEED))
    model = StressEstimator().fit(V, stress, volume, D)
    np.testing.assert_allclose(
        model.predict(2 * V, 2 * volume, 2 * D), model.predict(V, volume, D), rtol=1e-12
    )


def test_ideal_gas_pressure_is_the_count():
    """Stress -N kT/V delta_ab: found in phi_0 and nowhere else."""
    V, _, volume, D = data(np.random.default_rng(SEED))
    stress = -0.025 * (D[:, 0] / volume)[:, None, None] * np.eye(3)
    model = StressEstimator().fit(V, stress, volume, D)
    assert model.phi_[0] == pytest.approx(-0.025, rel=1e-4)
    np.testing.assert_allclose(model.theta_, 0.0, atol=1e-5)


def test_bad_input_is_named():
    V, stress, volume, D = data(np.random.default_rng(SEED), 20)
    model = StressEstimator()
    with pytest.raises(ValueError, match=r"V has shape \(20, 4, 5\)"):
        model.fit(V[:, :, 0].repeat(2, axis=2)[:, :, :5], stress, volume)
    with pytest.raises(ValueError, match=r"stress has shape \(20, 5\)"):
        model.fit(V, np.zeros((20, 5)), volume)
    with pytest.raises(ValueError, match="volume is 0 at snapshot 3"):
        model.fit(V, stress, np.where(np.arange(20) == 3, 0.0, volume))
    with pytest.raises(ValueError, match=r"volume has shape \(19,\)"):
        model.fit(V, stress, volume[1:])
    with pytest.raises(ValueError, match="V is zero in all snapshots"):
        model.fit(0 * V, stress, volume)
    with pytest.raises(ValueError, match="n_samples = 2 snapshots"):
        model.fit(V[:2], stress[:2], volume[:2])
    V[2, 1, 0, 0] = np.nan
    with pytest.raises(ValueError, match="V contains NaN at snapshot 2, component 1, 0"):
        model.fit(V, stress, volume)
    V[2, 1, 0, 0] = 0.0
    model.fit(V, stress, volume)
    with pytest.raises(ValueError, match="D is given, unlike at fit"):
        model.predict(V, volume, D)
    with pytest.raises(ValueError, match="V has 3 components, expected 4"):
        model.predict(V[:, :3], volume)


@pytest.mark.shared
def test_al_tension_leave_one_replica_out():
    """V alone, and with D: all six components, 90 % intervals within 5 points."""
    runs = ensemble()
    V, D = [r.V for r in runs], [r.D for r in runs]
    stress = [-c for c in columns(runs, "pxx", "pyy", "pzz", "pxy", "pxz", "pyz")]
    volume = [c[:, 0] for c in columns(runs, "vol")]
    alone = leave_trajectory_out(StressEstimator(), V, stress, volume)
    both = leave_trajectory_out(StressEstimator(), V, stress, volume, D)
    assert (alone.r2 > [0.999, 0.945, 0.945, 0.9975, 0.999, 0.999]).all()
    assert (both.r2 > [0.9994, 0.955, 0.956, 0.998, 0.999, 0.9996]).all()
    assert (both.rmse < 270).all()  # bar; sigma_xx spans 70,000
    for held in (alone, both):
        np.testing.assert_allclose(held.coverage(0.9), 0.9, atol=0.05)
