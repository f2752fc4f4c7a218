"""A fitted basis where it is used: the kernels' functions are those of the fit, and keep what it promised."""

import numpy as np
import pytest

from bases import alloy, primitive
from dbar.basis import OptimalBasis, optimal_basis
from dbar.descriptors import SOAP, Expansion

KINDS = [(mixed, each) for mixed in (False, True) for each in (False, True)]


def fitted(mixed, each, **given):
    expansion = primitive(nmax=None, lmax=None, **given)  # the defaults of the kernels, 4 and 3
    frames = [alloy(seed) for seed in range(3)]
    return expansion, frames, optimal_basis(frames, expansion, qmax=2, mixed=mixed, per_centre=each)


@pytest.mark.parametrize(("mixed", "each"), KINDS)
def test_the_residual_variance_is_what_the_kernels_leave_out(mixed, each):
    """1 - sum |contracted|^2 / sum |primitive|^2 over central atoms of each block; 1e-8, splines of 1e-10."""
    expansion, frames, basis = fitted(mixed, each)
    contracted = Expansion(4.0, basis=basis, width=0.5, species=["Al", "Cu"])
    species = np.concatenate([atoms.get_chemical_symbols() for atoms in frames])
    before, after = (
        np.concatenate([(d.per_atom(atoms) ** 2).sum(axis=1) for atoms in frames])
        for d in (expansion, contracted)
    )
    for block, found in zip(basis.blocks, basis.residual_variance, strict=True):
        inside = species == block if each else np.full(len(species), True)
        assert 1 - after[inside].sum() / before[inside].sum() == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize(("mixed", "each"), KINDS)
def test_functions_of_the_fit_are_those_of_the_kernels(mixed, each):
    """A dimer along z: its coefficient l, m = 0 is I_ql(r) Y_l0 (1)."""
    from ase import Atoms

    _, _, basis = fitted(mixed, each)
    r = 2.3
    pair = Atoms("AlCu", [[0, 0, 0], [0, 0, r]])
    found = Expansion(4.0, basis=basis, species=["Al", "Cu"]).per_atom(pair)[0]  # around Al
    found = found.reshape(-1, 2, 16)[0 if mixed else 1]
    for degree in range(4):
        expected = np.asarray(basis.functions(degree, [r]))[0, 1, :, 0] * np.sqrt(
            (2 * degree + 1) / (4 * np.pi)
        )
        m0 = degree * degree + degree
        np.testing.assert_allclose(found[:, m0], expected, atol=1e-9 * np.abs(expected).max())


def test_a_file_of_the_fit(tmp_path):
    _, frames, basis = fitted(True, True)
    basis.save(tmp_path / "basis.json")
    again = OptimalBasis.load(tmp_path / "basis.json")
    given = {"species": ["Al", "Cu"], "order": 2}
    values = [
        SOAP(4.0, basis=each, **given).per_atom(frames[0])
        for each in (tmp_path / "basis.json", basis, again)
    ]
    assert (values[0] == values[1]).all() and (values[0] == values[2]).all()


def test_a_contracted_basis_is_no_primitive():
    _, frames, basis = fitted(False, False)
    contracted = Expansion(4.0, basis=basis, species=["Al", "Cu"])
    with pytest.raises(ValueError, match="primitive basis: found 'dbar-basis/1,") as error:
        optimal_basis(frames, contracted, qmax=1)
    assert len(str(error.value)) < 200
