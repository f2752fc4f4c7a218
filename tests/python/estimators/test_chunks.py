"""Observables of chunks: what is learnt from them, sums against the whole, chunks without atoms."""

import chunk_hcp
import numpy as np
import pytest

from dbar.estimators import (
    ChunkEstimator,
    LinearEstimator,
    StressEstimator,
    chunk_stress,
    in_no_chunk,
    leave_trajectory_out,
)

THETA = np.array([0.7, 1.0, -2.0, 0.0, 0.5])


def chunks(T=60, n=9, seed=3, most=30):
    """D (T, n, 5) of Poisson numbers of atoms, a third of the chunks empty, and noise like 1/sqrt(N)."""
    rng = np.random.default_rng(seed)
    atoms = rng.integers(0, most, size=(T, n)) * (rng.random((T, n)) > 0.3)
    x = rng.normal(size=(T, n, 4))
    D = np.concatenate([atoms[..., None], atoms[..., None] * x], axis=2).astype(float)
    noise = 0.05 * np.sqrt(atoms) * rng.normal(size=(T, n))
    return D, D @ THETA + noise


def test_a_chunk_is_a_snapshot_of_its_atoms():
    D, y = chunks()
    some = D[..., 0] > 0
    model = ChunkEstimator().fit(D, y)
    same = LinearEstimator().fit(D[some], y[some])
    mean, std = model.predict(D, return_std=True)
    m, s = same.predict(D[some], return_std=True)
    np.testing.assert_allclose(mean[some], m, rtol=1e-12)
    np.testing.assert_allclose(std[some], s, rtol=1e-12)
    assert not mean[~some].any() and not std[~some].any() and (~some).sum() > 100
    np.testing.assert_allclose(model.estimator_.coef_, THETA[1:], atol=0.02)
    assert model.estimator_.intercept_ == pytest.approx(THETA[0], abs=0.02)


def test_chunks_add_up_to_the_whole():
    D, y = chunks()
    model = ChunkEstimator().fit(D, y)
    whole = D.sum(axis=1)
    total = model.predict(D).sum(axis=1)
    np.testing.assert_allclose(total, model.estimator_.predict(whole), rtol=1e-12)


def test_the_weight_of_a_chunk_is_its_number_of_atoms():
    """The weighted fit has smaller errors than one of all chunks alike, over many samples."""
    errors = []
    for seed in range(40):
        D, y = chunks(T=12, seed=seed, most=200)
        some = D[..., 0] > 0
        model = ChunkEstimator(n_components=4).fit(D, y).estimator_
        x, per_atom = D[some, 1:] / D[some, :1], y[some] / D[some, 0]
        alike = LinearEstimator("plain", n_components=4).fit(x, per_atom)
        errors.append([np.sum((e.coef_ - THETA[1:]) ** 2) for e in (model, alike)])
    weighted, alike = np.mean(errors, axis=0)
    assert weighted < 0.6 * alike


def test_per_atom_observables_have_no_value_where_nothing_is():
    D, _ = chunks()
    some = D[..., 0] > 0
    fraction = np.full(D.shape[:2], np.nan)  # of a chunk without atoms nothing is looked at
    fraction[some] = D[some, 1] / D[some, 0]
    mean, std = ChunkEstimator(target="per-atom").fit(D, fraction).predict(D, return_std=True)
    np.testing.assert_allclose(mean[some], fraction[some], atol=1e-3)
    assert np.isnan(mean[~some]).all() and np.isnan(std[~some]).all()


def test_several_observables_groups_and_least():
    D, y = chunks()
    both, groups = np.dstack([y, 2 * y]), np.repeat([0, 1, 2], 20)
    model = ChunkEstimator(least=10).fit(D, both, groups=groups)
    large = D[..., 0] >= 10
    same = LinearEstimator().fit(
        D[large], both[large], groups=np.broadcast_to(groups[:, None], large.shape)[large]
    )
    np.testing.assert_allclose(model.estimator_.coef_, same.coef_)
    np.testing.assert_allclose(model.estimator_.std_scale_, same.std_scale_)
    found = model.predict(D)
    assert found.shape == (60, 9, 2) and not found[D[..., 0] == 0].any()
    empty = np.zeros_like(D[:2])
    assert model.predict(empty).shape == (2, 9, 2) and not model.predict(empty).any()
    mean, std = model.predict(empty, return_std=True)
    assert not mean.any() and not std.any()
    # whole trajectories are left out as of any other estimator
    held = leave_trajectory_out(
        ChunkEstimator(), [D[g == groups].reshape(-1, 5)[:, None] for g in range(3)],
        [y[g == groups].reshape(-1, 1) for g in range(3)],
    )  # fmt: skip
    assert held.r2 > 0.99


@pytest.mark.parametrize("with_d", [False, True])
def test_stress_of_chunks_is_that_of_the_whole_on_average(with_d):
    rng = np.random.default_rng(0)
    V = rng.normal(size=(40, 5, 4, 3, 3))
    V = V + V.swapaxes(-1, -2)
    V[:, :, 0] = 0.0
    V[:, 2] = 0.0  # a chunk without atoms
    D = rng.random((40, 5, 4)) * (np.arange(5) != 2)[:, None]
    volume, total = np.array([1.0, 2.0, 1.0, 3.0, 1.5]), 8.5
    stress = np.einsum("tkab,k->tab", V.sum(axis=1), [0, 1.0, -2.0, 0.5]) / total
    more = (D.sum(axis=1),) if with_d else ()
    model = StressEstimator().fit(V.sum(axis=1), stress, np.full(40, total), *more)
    found = chunk_stress(model, V, volume, *((D,) if with_d else ()))
    assert found.shape == (40, 5, 3, 3) and not found[:, 2].any()
    np.testing.assert_allclose(
        np.einsum("tcab,c->tab", found, volume) / total,
        model.predict(V.sum(axis=1), np.full(40, total), *more), rtol=1e-10,
    )  # fmt: skip
    for c in range(5):
        want = np.einsum("tkab,k->tab", V[:, c], [0, 1.0, -2.0, 0.5]) / volume[c]
        np.testing.assert_allclose(found[:, c], want, atol=2e-3 * np.abs(want).max() + 1e-12)
    with pytest.raises(ValueError, match="V of chunks has shape"):
        chunk_stress(model, V[:, 0, 0], volume)
    with pytest.raises(ValueError, match=r"volume has shape \(4,\), expected \(5,\) or \(40, 5\)"):
        chunk_stress(model, V, volume[1:])


def test_atoms_in_no_chunk():
    D, _ = chunks()
    whole = D.sum(axis=1)
    assert not in_no_chunk(whole, D).any()
    rest = in_no_chunk(whole, D[:, 1:])
    np.testing.assert_allclose(rest, D[:, 0], atol=1e-9)
    wrong = whole.copy()
    wrong[7, 2] *= 1 + 1e-6
    with pytest.raises(ValueError, match=r"component 2 of the chunks adds up to .* at snapshot 7"):
        in_no_chunk(wrong, D)
    wrong = whole.copy()
    wrong[3, 0] -= 1
    with pytest.raises(ValueError, match=r"chunks have .* atoms at snapshot 3, expected at most"):
        in_no_chunk(wrong, D)
    with pytest.raises(ValueError, match=r"whole has shape \(59, 5\), expected \(60, 5\)"):
        in_no_chunk(whole[1:], D)
    wrong = whole.copy()
    wrong[1, 2] = np.nan
    with pytest.raises(ValueError, match="whole contains NaN at snapshot 1, component 2"):
        in_no_chunk(wrong, D)


@pytest.mark.shared
def test_hcp_atoms_in_voxels_of_runs_left_out(shared_data):
    """Of a third of the runs of benchmarks/chunk_hcp.py; positions and counts are checked on the way."""
    paths = sorted((shared_data / "al-tension").glob("*.npz"))[:5]
    parts = [chunk_hcp.voxels(path, (4, 4, 4)) for path in paths]
    D, hcp = (np.concatenate(found) for found in zip(*parts, strict=True))
    found = chunk_hcp.held_out(D, hcp, np.repeat(np.arange(5), 15), folds=5)
    assert found["voxels"] > 0.9
    assert found["voxels, learnt on wholes"] < found["voxels"] - 0.05
    assert found["whole"] > 0.95
    assert 0.85 < found["inside 90 %"] < 0.98


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda D, y: (D[0], y[0]), "D of chunks has shape"),
        (lambda D, y: (D, y[:, 1:]), r"y has shape \(60, 8\), expected \(60, 9\) or"),
        (lambda D, y: (np.where(D == D[5, 3, 2], np.nan, D), y), "contains NaN at snapshot"),
        (lambda D, y: (-D, y), r"component 0 of chunk \d is -"),
        (lambda D, y: (0 * D, y), "0 chunks have 1 atoms or more, at least 3 are needed"),
    ],
)
def test_bad_input(change, says):
    with pytest.raises(ValueError, match=says):
        ChunkEstimator().fit(*change(*chunks()))


def test_bad_parameters():
    D, y = chunks()
    with pytest.raises(ValueError, match="target is 'plain', expected 'extensive' or 'per-atom'"):
        ChunkEstimator(target="plain").fit(D, y)
    with pytest.raises(ValueError, match=r"groups has shape \(9,\), expected \(60,\)"):
        ChunkEstimator().fit(D, y, groups=np.arange(9))
