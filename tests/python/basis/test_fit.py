"""`dbar.basis`: the fit against loops, projections and what must not change it."""

import gc
import pickle
import weakref

import numpy as np
import pytest

from bases import alloy, brute_force, dimer, parts, primitive
from dbar.basis import BasisFit, optimal_basis
from dbar.basis.eigenbasis import signed
from dbar.basis.radial import radial_integrals
from dbar.descriptors import SOAP

FRAMES = [alloy(seed) for seed in range(3)]


def same(one, other, tolerance=1e-9):
    """Two bases of the same numbers."""
    np.testing.assert_allclose(one.matrices, other.matrices, atol=tolerance)
    scale = one.eigenvalues.max()
    np.testing.assert_allclose(one.eigenvalues, other.eigenvalues, atol=tolerance * scale)
    np.testing.assert_allclose(one.residual_variance, other.residual_variance, atol=tolerance)
    assert one.environments == other.environments


@pytest.mark.parametrize("per_centre", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_functions_are_eigenvectors_of_covariances_by_loops(mixed, per_centre):
    """Eigenvalues and eigenvectors of numpy; gaps of these data are above 1e-4 of the largest."""
    expansion = primitive()
    basis = optimal_basis(FRAMES, expansion, qmax=3, mixed=mixed, per_centre=per_centre)
    for b, centre in enumerate(expansion.species if per_centre else [None]):
        covariances, count = brute_force(FRAMES, expansion, mixed, centre)
        assert basis.environments[b] == count
        for (l, g), C in covariances.items():  # noqa: E741
            values, vectors = np.linalg.eigh(C)
            values, vectors = values[::-1], vectors[:, ::-1].T[:3]
            found = basis.matrices[b, :, l].swapaxes(0, 1).reshape(3, -1) if mixed else None
            found = basis.matrices[b, g, l] if found is None else found
            signs = np.sign((found * vectors).sum(axis=1, keepdims=True))
            np.testing.assert_allclose(found, signs * vectors, atol=1e-9)
            held = basis.eigenvalues[b, l] if mixed else basis.eigenvalues[b, g, l]
            np.testing.assert_allclose(held, values, atol=1e-12 * values[0])


@pytest.mark.parametrize("mixed", [False, True])
def test_residual_variance_is_what_a_projection_leaves(mixed):
    """|c - U^T U c|^2 / |c|^2 over all atoms, species, l and m, for each number of functions."""
    expansion = primitive()
    c = parts(np.concatenate([expansion.per_atom(atoms) for atoms in FRAMES]), expansion.lmax)
    total = sum((z**2).sum() for z in c)
    full = 8 if mixed else 4
    for q in range(1, full + 1):
        basis = optimal_basis(FRAMES, expansion, qmax=q, mixed=mixed)
        left = 0.0
        for l, z in enumerate(c):  # noqa: E741
            groups = [basis.matrices[0, :, l].swapaxes(0, 1).reshape(q, 8)]
            pieces = [z]
            if not mixed:
                groups, pieces = basis.matrices[0, :, l], np.split(z, 2, axis=1)
            for U, piece in zip(groups, pieces, strict=True):
                left += ((piece - U.T @ (U @ piece)) ** 2).sum()
        assert basis.residual_variance[0] == pytest.approx(left / total, abs=1e-12)
        assert basis.residual_variances()[0, q - 1] == basis.residual_variance[0]
    assert basis.residual_variance[0] == 0.0


def test_the_smallest_number_that_leaves_little_enough():
    for share in (0.3, 0.03, 1e-3, 0.0):
        basis = optimal_basis(FRAMES, primitive(), residual_variance=share, per_centre=True)
        assert (basis.residual_variance <= share).all()
        fewer = basis.residual_variances()[:, basis.qmax - 2]
        assert basis.qmax == 1 or (fewer > share).any()


def test_one_species_mixed_is_one_species_separate():
    frames = [alloy(seed) for seed in range(2)]
    expansion = primitive(species=None)
    mixed, separate = (optimal_basis(frames, expansion, qmax=3, mixed=m) for m in (True, False))
    assert np.array_equal(mixed.matrices, separate.matrices)
    assert np.array_equal(mixed.eigenvalues, separate.eigenvalues[:, 0])
    assert mixed.species == ("1",) and mixed.n_channels == separate.n_channels == 3


def test_one_distance_has_one_function():
    """All neighbours at r0: C = sum over m Y^2 times I_n(r0) I_n'(r0), whose function is I(r0)."""
    basis = optimal_basis([dimer(1.7)], primitive(nmax=5), qmax=1)
    assert basis.residual_variance[0] < 1e-14 and basis.environments == (2,)
    for a, degree in np.ndindex(2, 3):
        at = radial_integrals("gto", 5, degree, 4.0, 0.6, [1.7])[:, 0]
        U = basis.matrices[0, a, degree, 0]
        np.testing.assert_allclose(abs(U @ at), np.linalg.norm(at), rtol=1e-9)


@pytest.mark.parametrize("mixed", [False, True])
def test_a_rotation_changes_nothing(mixed):
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    turned = []
    for atoms in FRAMES:
        atoms = atoms.copy()
        atoms.set_cell(atoms.cell.array @ turn.T, scale_atoms=True)
        turned.append(atoms)
    one, other = (optimal_basis(f, primitive(), qmax=3, mixed=mixed) for f in (FRAMES, turned))
    same(one, other)


def test_order_and_division_change_the_rounding_alone():
    whole = optimal_basis(FRAMES, primitive(), qmax=3, per_centre=True)
    same(whole, optimal_basis(FRAMES[::-1], primitive(), qmax=3, per_centre=True))
    one, other = (BasisFit(primitive(), per_centre=True) for _ in range(2))
    other.add(FRAMES[2])
    other.add(FRAMES[0])
    assert one.merge(BasisFit(primitive(), per_centre=True)) is one and one.frames == 0
    one.add(FRAMES[1])
    same(whole, one.merge(other).basis(3))
    assert one.frames == 3 and one.environments.sum() == sum(map(len, FRAMES))
    one.merge(BasisFit(primitive(), per_centre=True))
    same(whole, one.basis(3))


def test_a_refit_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        optimal_basis(iter(FRAMES), primitive(), qmax=3, mixed=True).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("mixed", [False, True])
def test_the_largest_component_of_a_function_is_positive(mixed):
    basis = optimal_basis(FRAMES, primitive(), qmax=4, mixed=mixed)
    U = np.moveaxis(basis.matrices, 1, -2)
    U = U.reshape(*U.shape[:3], -1) if mixed else U
    assert (np.abs(U).max(axis=-1) == U.max(axis=-1)).all()


def test_equal_components_do_not_choose_the_sign_by_rounding():
    rows = np.array([[-0.5, 0.5 + 1e-13, 0.5, -0.5], [-0.5 - 1e-13, 0.5, 0.5, -0.5]])
    assert (signed(rows)[:, 0] > 0).all() and (signed(-rows)[:, 0] > 0).all()


def test_frames_are_not_kept():
    alive = []

    def frames(count):
        for seed in range(count):
            atoms = alloy(seed)
            alive.append(weakref.ref(atoms))
            yield atoms
            del atoms
            gc.collect()
            assert sum(ref() is not None for ref in alive) <= 1

    assert optimal_basis(frames(3), primitive(), qmax=2).environments == (96,)


def test_what_is_kept_does_not_grow_with_the_frames():
    """All that a fit holds, after one frame and after thirty: some digits of counts more."""
    fit, sizes = BasisFit(primitive(), mixed=True, per_centre=True), []
    for seed in range(30):
        fit.add(alloy(seed), float(seed))
        sizes.append(len(pickle.dumps(fit)))
    assert max(sizes) - min(sizes) < 20 and sizes[0] > 8 * 2 * 3 * 8 * 8


# ---- what must be refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "qmax, residual_variance: found neither"),
        ({"qmax": 2, "residual_variance": 0.1}, "qmax, residual_variance: found both"),
        ({"qmax": 5}, "qmax: found 5, expected an integer from 1 to 4"),
        ({"qmax": 9, "mixed": True}, "qmax: found 9, expected an integer from 1 to 8"),
        ({"qmax": 0}, "qmax: found 0"),
        ({"qmax": 2.0}, "qmax: found 2.0"),
        ({"qmax": True}, "qmax: found True"),
        ({"residual_variance": 1.5}, "residual_variance: found 1.5, expected a number from 0 to 1"),
        ({"residual_variance": np.nan}, "residual_variance: found nan"),
        ({"qmax": 2, "mixing": 0.0}, "mixing: found 0.0, expected a number from 1e-06 to 1"),
        ({"qmax": 2, "mixing": "x"}, "mixing: found 'x'"),
        ({"qmax": 2, "targets": [1.0, 2.0]}, "frame 2: targets: found no more"),
        ({"qmax": 2, "targets": [1.0, 2.0, 3.0, 4.0]}, "targets: found more than 3"),
        ({"qmax": 2, "targets": [1.0, np.nan, 3.0]}, "frame 1: targets: found nan"),
        ({"qmax": 2, "targets": [1.0, np.zeros(32), 3.0]}, "frame 1: targets: found one of each atom"),
        ({"qmax": 2, "targets": [1.0, np.zeros(31), 3.0]}, "frame 1: targets: found array"),
        ({"qmax": 2, "targets": [2.0, 2.0, 2.0]}, "targets: found 2 in all 3 samples"),
        ({"qmax": 2, "targets": "energy"}, "frame 0: energy: found numbers, positions, expected"),
    ],
)  # fmt: skip
def test_words_that_are_refused(words, said):
    with pytest.raises(ValueError) as caught:
        optimal_basis(FRAMES, primitive(), **words)
    assert said in str(caught.value)


def test_one_frame_has_too_few_targets():
    with pytest.raises(ValueError, match="targets: found 1, expected at least 2"):
        optimal_basis(FRAMES[:1], primitive(), qmax=2, targets=[1.0])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: SOAP(4.0), "primitive: found SOAP(rcut=4.0), expected a dbar.descriptors.Expansion"),
        (lambda: primitive(perspecies=True), "primitive perspecies: found True, expected False"),
        (lambda: primitive(neighbors=["Cu"]), "primitive neighbors: found ('Cu',), expected all"),
    ],
)  # fmt: skip
def test_primitives_that_are_refused(made, said):
    with pytest.raises(ValueError) as caught:
        BasisFit(made())
    assert said in str(caught.value)


def test_frames_that_are_refused():
    broken = alloy(0)
    broken.positions[3, 1] = np.nan
    alone = alloy(0)
    alone.symbols[:] = "Al"
    gas = dimer(3.9, "Al2")
    for frames, words, said in (
        ([], {}, "frames: found no atoms, expected at least one"),
        (["a.xyz"], {}, "frame 0: atoms: found 'a.xyz', expected an ase.Atoms"),
        ([FRAMES[0], broken], {}, "frame 1: atoms: found position"),
        ([alone], {"per_centre": True}, "frames: found no atoms of Cu, expected at least one"),
        ([alone], {}, "found atoms without any neighbour Cu within the cutoff"),
        ([alone], {"mixed": True}, "found atoms without any neighbour Cu within the cutoff"),
        ([dimer(1.5)], {"per_centre": True}, "atoms of Al without any neighbour Al within"),
        ([gas[:1]], {"species": ["Al"]}, "found atoms without any neighbour Al"),
        ([dimer(1.5, "AlAu")], {}, "frame 0: atoms: found species 'Au', expected one of: Al, Cu"),
    ):  # fmt: skip
        expansion = primitive(species=words.pop("species", ("Al", "Cu")))
        with pytest.raises(ValueError) as caught:
            optimal_basis(frames, expansion, qmax=2, **words)
        assert said in str(caught.value), said


def test_a_crystal_at_rest_says_nothing_of_odd_degrees():
    from ase.build import bulk

    atoms = bulk("Al", "fcc", a=4.0, cubic=True) * (2, 2, 2)
    with pytest.raises(ValueError, match="neighbours Al and l = 1 are all zero, as in a crystal"):
        optimal_basis(atoms, primitive(species=["Al"]), qmax=1)


def test_a_refused_frame_teaches_nothing():
    fit, whole = BasisFit(primitive()), optimal_basis(FRAMES[:1], primitive(), qmax=3)
    fit.add(FRAMES[0])
    broken = alloy(1)
    broken.positions[0] = np.inf
    for frame, target in ((broken, None), (FRAMES[1], 1.0)):
        with pytest.raises(ValueError):
            fit.add(frame, target)
    assert fit.frames == 1 and np.array_equal(fit.basis(3).matrices, whole.matrices)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda: BasisFit(primitive(), mixed=True), "mixed: found True, expected False"),
        (lambda: BasisFit(primitive(), per_centre=True), "per_centre: found True"),
        (lambda: BasisFit(primitive(nmax=3)), "nmax: found 3, expected 4 as in this fit"),
        (lambda: BasisFit(primitive(species=["Cu", "Al"])), "species: found"),
    ],
)
def test_what_is_not_merged(other, said):
    with pytest.raises(ValueError) as caught:
        BasisFit(primitive()).merge(other())
    assert said in str(caught.value)


def test_fits_with_and_without_targets_are_not_merged():
    one, other = BasisFit(primitive()), BasisFit(primitive())
    one.add(FRAMES[0])
    other.add(FRAMES[1], 1.0)
    with pytest.raises(ValueError, match="targets: found one of each structure, expected none"):
        one.merge(other)


def test_fewer_environments_than_functions_are_counted():
    """Two atoms cannot fill a covariance of four functions at l = 0; how many there were is told."""
    basis = optimal_basis([dimer(1.5)], primitive(), qmax=4)
    assert basis.environments == (2,) and (basis.eigenvalues[0, :, 0, 1:] < 1e-12).all()
