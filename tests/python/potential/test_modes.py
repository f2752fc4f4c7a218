"""Zero modes are counted from positions, and leave the other modes as they are."""

import numpy as np
import pytest

from dbar.potential.modes import count_zero_modes, log_determinant, normal_modes, zero_modes

NO, ALL = np.zeros(3, bool), np.ones(3, bool)


def points(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 3))


def line(n, direction):
    return np.arange(n)[:, None] * np.array(direction, dtype=float)


@pytest.mark.parametrize(
    ("positions", "pbc", "count"),
    [
        (points(7), NO, 6),
        (1e-4 * points(7) + 1e3, NO, 6),  # small and far away
        (line(5, (1, 2, 3)), NO, 5),
        (line(2, (0, 0, 1)), NO, 5),
        (points(1), NO, 3),
        (points(7), ALL, 3),
        (points(7), np.array([True, True, False]), 3),
        (points(7), np.array([False, True, False]), 4),  # a wire turns around its axis
        (line(7, (0, 1, 0)), np.array([False, True, False]), 3),  # a chain on the axis does not
        (line(7, (1, 0, 0)), np.array([False, True, False]), 4),
    ],
)
def test_counted(positions, pbc, count):
    masses = np.random.default_rng(1).uniform(1, 200, len(positions))
    zero = zero_modes(positions, masses, np.diag([9.0, 9, 9]), pbc)
    assert zero.shape == (3 * len(positions), count)
    np.testing.assert_allclose(zero.T @ zero, np.eye(count), atol=1e-12)
    centred = positions - positions.mean(axis=0)
    assert count_zero_modes(centred.T @ centred, np.diag([9.0, 9, 9]), pbc) == count


@pytest.mark.parametrize("thin", [1e-9, 1e-3])
def test_nearly_on_a_line(thin):
    """Five zero modes below 1e-6 of the length, six above; along a periodic slanted axis three, four."""
    axis = np.array([1.0, 2, 3]) / 14**0.5
    positions = line(5, axis) + thin * points(5)
    centred, along = positions - positions.mean(axis=0), np.array([axis, [0, 1, 0], [0, 0, 1]])
    for pbc, count in ((NO, 5), (np.array([True, False, False]), 3)):
        more = count + (thin > 1e-6)
        assert count_zero_modes(centred.T @ centred, along, pbc) == more
        assert zero_modes(positions, np.ones(5), along, pbc).shape[1] == more


def test_rigid_motions_lie_in_them():
    """An arbitrary translation and small rotation of a cluster, mass-weighted."""
    positions, masses = points(6), np.arange(1.0, 7.0)
    zero = zero_modes(positions, masses, np.eye(3), NO)
    motion = np.array([0.3, -1, 2]) + np.cross([0.2, 0.5, -0.7], positions)
    weighted = (motion * np.sqrt(masses)[:, None]).ravel()
    np.testing.assert_allclose(zero @ (zero.T @ weighted), weighted, atol=1e-12)


@pytest.mark.parametrize("count", [3, 5, 6])
def test_other_modes_are_those_of_the_matrix(count):
    """A matrix with a known null space: all other eigenvalues, vectors and the determinant."""
    rng = np.random.default_rng(count)
    basis = np.linalg.qr(rng.normal(size=(24, 24)))[0]
    values = np.sort(rng.uniform(0.1, 9, 24 - count))
    matrix = basis[:, count:] * values @ basis[:, count:].T
    modes = normal_modes(matrix, basis[:, :count])
    np.testing.assert_allclose(modes.values, values, rtol=1e-12)
    np.testing.assert_allclose(matrix @ modes.vectors, modes.vectors * values, atol=1e-12)
    assert np.abs(basis[:, :count].T @ modes.vectors).max() < 1e-13
    np.testing.assert_allclose(modes.participation.sum(axis=0), 1.0, rtol=1e-12)
    expected = np.log(values).sum()
    assert log_determinant(matrix, basis[:, :count]) == pytest.approx(expected, abs=1e-11)


def test_noise_in_the_null_space_does_not_matter():
    """Its eigenvalues are as large as those of soft modes: who picks by size takes the wrong ones."""
    rng = np.random.default_rng(5)
    basis = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    values = np.array([0.2, 0.1, -0.3, 0.05, 1, 2, 3, 4, 5, 6, 7, 8])
    modes = normal_modes(basis * values @ basis.T, basis[:, :3])
    np.testing.assert_allclose(modes.values, values[3:], rtol=1e-12)


def test_determinant_of_no_minimum_is_refused():
    with pytest.raises(ValueError, match=r"eigenvalues: found -0.5, expected positive ones"):
        log_determinant(np.diag([0.0, 0, 0, 2, -0.5, 1]), np.eye(6)[:, :3])
