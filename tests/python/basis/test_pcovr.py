"""Functions of l = 0 that see a property, against scikit-matter and scikit-learn on explicit data."""

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from sklearn.linear_model import Ridge
from skmatter.decomposition import PCovR

from bases import alloy, primitive
from dbar.basis import BasisFit, optimal_basis
from dbar.basis.eigenbasis import eigenbasis, signed
from dbar.basis.pcovr import covariates, projector, regression
from dbar.basis.properties import property_of

FRAMES = [alloy(seed) for seed in range(6)]
MANY = [alloy(seed) for seed in range(60)]


def data(seed=0, n=300, d=5):
    """Coefficients whose variances span eight decades, and a property that a weak one decides."""
    turn, _ = np.linalg.qr(np.random.default_rng(17).normal(size=(d, d)))
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, d)) + 1.0) * 10.0 ** -np.arange(d) @ turn
    y = 3.0 + X @ turn.T[:, 3] * 1e3 + rng.normal(0, 0.3, n)
    return X, y


def moments(X, y):
    z = np.column_stack([X, y])
    return len(z), z.mean(axis=0), (z - z.mean(axis=0)).T @ (z - z.mean(axis=0))


def gcv(X, y, strength):
    """Golub, Heath and Wahba's criterion by the hat matrix, and scikit-learn's weights."""
    n = len(y)
    x = X - X.mean(axis=0)
    model = Ridge(alpha=strength, solver="svd").fit(X, y)
    hat = x @ np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T) + 1.0 / n
    left = y - model.predict(X)
    return left @ left / (n - np.trace(hat)) ** 2, model.coef_


@pytest.mark.parametrize("n", [12, 300])
def test_the_regression_is_the_ridge_that_cross_validation_chooses(n):
    X, y = data(n=n)
    strengths = np.linalg.eigvalsh(np.cov(X.T, bias=True) * n)[-1] * np.geomspace(1e-14, 1, 57)
    tried = [gcv(X, y, strength) for strength in strengths]
    best, expected = min(tried, key=lambda found: found[0])
    weights, explained = regression(*moments(X, y))
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    alone = np.square(y - y.mean()).sum() / (n - 1) ** 2
    assert explained == pytest.approx(1 - best / alone, abs=1e-6)
    far, y_far = data(9, 1000)  # standard deviations of signal and noise are 1 and 0.3
    far, y_far = (a - b for a, b in ((far, X.mean(axis=0)), (y_far, y.mean())))
    assert np.std(y_far - far @ weights) < 0.5


def test_a_property_of_noise_is_not_seen():
    """It would explain nothing elsewhere, so its weight vanishes and principal components stay."""
    X, _ = data()
    y = np.random.default_rng(2).normal(size=len(X))
    weights, explained = regression(*moments(X, y))
    assert explained < 0.02  # 5 of 300 degrees of freedom
    _, plain = eigenbasis(X.T @ X)
    found = signed(covariates(X.T @ X, weights, explained, 0.1))
    assert np.abs((found * plain).sum(axis=1)[:2]).min() > 0.99


@pytest.mark.parametrize("mixing", [0.9, 0.5, 0.1, 0.01])
def test_the_projector_is_that_of_scikit_matter(mixing):
    """X of unit size, the property's approximation of size R^2, columns up to their sign."""
    X, y = data()
    weights, explained = regression(*moments(X, y))
    Y = X @ weights
    Y *= np.sqrt(explained) / np.linalg.norm(Y)
    model = PCovR(
        mixing=mixing, n_components=5, space="feature", svd_solver="full", regressor="precomputed"
    )
    with pytest.warns(UserWarning, match="does not automatically center"):
        model.fit(X / np.linalg.norm(X), Y[:, None], weights[:, None])
    P = projector(X.T @ X, weights, explained, mixing)
    expected = model.pxt_ * np.sign((model.pxt_ * P).sum(axis=0))
    np.testing.assert_allclose(P, expected, rtol=1e-5, atol=1e-6 * np.abs(P).max())


@pytest.mark.parametrize("mixing", [1.0, 0.1])
def test_orthonormal_functions_span_the_same(mixing):
    X, y = data(1)
    weights, explained = regression(*moments(X, y))
    P = projector(X.T @ X, weights, explained, mixing)
    U = covariates(X.T @ X, weights, explained, mixing)
    np.testing.assert_allclose(U @ U.T, np.eye(5), atol=1e-12)
    for q in range(1, 6):
        inside = U[:q].T @ (U[:q] @ P[:, :q])
        np.testing.assert_allclose(inside, P[:, :q], atol=1e-9 * np.abs(P[:, :q]).max())


def test_columns_of_the_projector_are_neither_orthogonal_nor_of_one_size():
    """Why they are made orthonormal: errors of a spline would grow with them, and RV would mean nothing."""
    X, y = data()
    P = projector(X.T @ X, *regression(*moments(X, y)), 0.1)
    norms = np.linalg.norm(P, axis=0)
    assert norms.max() > 50 * norms[1:].min()
    assert abs(P[:, 0] @ P[:, 1]) > 0.1 * norms[0] * norms[1]


def test_without_a_weight_of_the_target_it_is_not_seen():
    plain = optimal_basis(FRAMES, primitive(), qmax=3)
    seen = optimal_basis(FRAMES, primitive(), qmax=3, targets=np.arange(6.0), mixing=1.0)
    np.testing.assert_allclose(seen.matrices, plain.matrices, atol=1e-7)
    np.testing.assert_allclose(seen.eigenvalues, plain.eigenvalues, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", ["structure", "atom"])
@pytest.mark.parametrize("mixed", [False, True])
def test_one_function_is_enough_for_a_property_that_is_linear_in_them(mixed, kind):
    """y = w c for a w across the functions of large variance: q = 1 has it, principal components have not."""
    frames = MANY if kind == "structure" else FRAMES
    expansion = primitive("dvr", 8)
    each = [expansion.per_atom(atoms).reshape(len(atoms), 16, 9)[:, :, 0] for atoms in frames]
    C = np.concatenate(each).T @ np.concatenate(each)
    C = C if mixed else np.kron(np.eye(2), np.ones((8, 8))) * C
    w = np.linalg.eigh(C)[1][:, 10]
    local = [c @ w for c in each]
    targets = local if kind == "atom" else [y.mean() for y in local]
    basis = optimal_basis(frames, expansion, qmax=1, mixed=mixed, targets=targets, mixing=0.01)
    plain = optimal_basis(frames, expansion, qmax=1, mixed=mixed)

    def explained(basis):
        U = basis.matrices[0, :, 0]  # species, q, n
        x = np.einsum("aqn,ian->iaq", U, np.concatenate(each).reshape(-1, 2, 8))
        x = x.sum(axis=1) if mixed else x.reshape(len(x), -1)
        y = np.concatenate(local)
        x, y = x - x.mean(axis=0), y - y.mean()
        return 1 - np.square(y - x @ np.linalg.lstsq(x, y)[0]).sum() / np.square(y).sum()

    assert explained(basis) > 0.9 and explained(plain) < 0.5


def test_residual_variance_of_supervised_functions_is_what_a_projection_leaves():
    expansion = primitive()
    targets = [expansion.per_atom(atoms)[:, 27] for atoms in FRAMES]
    basis = optimal_basis(FRAMES, expansion, qmax=2, targets=targets)
    c = np.concatenate([expansion.per_atom(atoms) for atoms in FRAMES]).reshape(-1, 2, 4, 9)
    left = 0.0
    for a, degree in np.ndindex(2, 3):
        z, U = c[:, a, :, degree**2 : (degree + 1) ** 2], basis.matrices[0, a, degree]
        left += np.square(z - U.T @ (U @ z)).sum()
    assert basis.residual_variance[0] == pytest.approx(left / np.square(c).sum(), abs=1e-12)
    plain = optimal_basis(FRAMES, expansion, qmax=2)
    assert np.array_equal(basis.matrices[:, :, 1:], plain.matrices[:, :, 1:])
    assert not np.allclose(basis.matrices[:, :, 0], plain.matrices[:, :, 0], atol=0.01)


@pytest.mark.parametrize("kind", ["structure", "atom"])
def test_targets_add_up_over_fits(kind):
    rng = np.random.default_rng(4)
    targets = [rng.normal(size=len(a)) if kind == "atom" else rng.normal() for a in FRAMES]
    whole = optimal_basis(FRAMES, primitive(), qmax=3, per_centre=True, targets=targets)
    one, other = (BasisFit(primitive(), per_centre=True) for _ in range(2))
    for k in (5, 0, 3, 1, 4, 2):
        (one if k % 2 else other).add(FRAMES[k], targets[k])
    found = other.merge(one).basis(3)
    np.testing.assert_allclose(found.matrices, whole.matrices, atol=1e-6)


def test_blocks_share_the_mean_of_a_structure():
    """Weights of two kinds of centres: a property that counts copper alone is seen around copper."""
    expansion = primitive(nmax=3)
    each = [expansion.per_atom(a).reshape(len(a), 6, 9)[:, :, 0] for a in FRAMES]
    y = [c[a.symbols == "Cu"].sum(axis=0)[4] / len(a) for a, c in zip(FRAMES, each, strict=True)]
    fit = BasisFit(expansion, mixed=True, per_centre=True)
    for atoms, value in zip(FRAMES, y, strict=True):
        fit.add(atoms, value)
    copper = fit._sums.moments[1]
    _, mean, comoment = copper.snapshots()
    np.testing.assert_allclose(comoment[4, :-1], comoment[-1, :-1], atol=1e-12)
    assert mean[4] == pytest.approx(mean[-1]) and copper.count[0] == 6


# ---- properties by name --------------------------------------------------------------------------


def test_names_of_properties():
    atoms = alloy(0)
    atoms.info["gap"] = 1.5
    atoms.arrays["charge"] = np.arange(32.0)
    atoms.calc = SinglePointCalculator(atoms, energy=-64.0, energies=np.full(32, -2.0))
    assert property_of(atoms, "gap") == 1.5 and property_of(atoms, "energy") == -64.0
    assert property_of(atoms, "energy_per_atom") == -2.0
    assert property_of(atoms, "gap_per_atom") == 1.5 / 32
    assert np.array_equal(property_of(atoms, "charge"), np.arange(32.0))
    assert property_of(atoms, "energies").shape == (32,)
    atoms.info["energy_per_atom"] = 7.0
    assert property_of(atoms, "energy_per_atom") == 7.0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hardness", "hardness: found charge, energy, gap, numbers, positions, stress, word, expected a"),
        ("positions", "positions: found array"),
        ("stress", "stress: found array"),
        ("word", "word: found 'x', expected a finite number, or one for each of the 32 atoms"),
        ("gap", "gap: found nan"),
        ("word_per_atom", "word: found 'x', expected a finite number"),
    ],
)  # fmt: skip
def test_names_that_are_refused(name, said):
    atoms = alloy(0)
    atoms.info |= {"gap": np.nan, "word": "x"}
    atoms.arrays["charge"] = np.arange(32.0)
    atoms.calc = SinglePointCalculator(atoms, energy=-64.0, stress=np.zeros(6))
    with pytest.raises(ValueError) as caught:
        property_of(atoms, name)
    assert said in str(caught.value)


def test_results_of_other_positions_are_not_taken():
    atoms = alloy(0)
    atoms.calc = SinglePointCalculator(atoms, energy=-64.0)
    atoms.positions[0] += 0.1
    with pytest.raises(ValueError, match="energy: found"):
        property_of(atoms, "energy")


def test_targets_by_name_are_targets_by_value():
    frames = [atoms.copy() for atoms in FRAMES]
    for k, atoms in enumerate(frames):
        atoms.calc = SinglePointCalculator(atoms, energy=float(k * k * len(atoms)))
    named = optimal_basis(iter(frames), primitive(), qmax=2, targets="energy_per_atom")
    given = optimal_basis(frames, primitive(), qmax=2, targets=[float(k * k) for k in range(6)])
    assert named.content() == given.content()
