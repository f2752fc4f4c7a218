"""What contracted functions are for, on less data than `benchmarks/basis_study.py` takes."""

import basis_study
import numpy as np
import pytest
from basis_study import coefficients, gfre_study, molecule_study, molecules, overlap_study, silicon

from bases import alloy, primitive
from soap_oracles import power_spectrum


def test_orbitals_and_shells_are_contracted_to_the_same_functions():
    """Overlap in space of the first six; the coarser sigma, as 12 orbitals do not resolve a finer one."""
    found, _ = overlap_study(silicon(600), rcut=5.0, sigma=0.6)
    assert set(found) == {0, 4} and all(len(values) == 6 for values in found.values())
    assert min(values.min() for values in found.values()) > 0.999


def test_few_contracted_functions_say_more_than_few_primitive_ones():
    """Error of the power spectrum of q functions towards that of 12 orbitals."""
    shape, rows = gfre_study(silicon(), "gto", 12, 0.5, sizes=(2, 6))
    assert shape == (2800, 390)
    for _, optimal, gto, dvr in rows:
        assert optimal < gto and optimal < dvr
    assert rows[1][1] < 0.1 * rows[0][1]


def test_power_spectra_of_the_study_are_those_of_soap():
    c = coefficients([alloy(0)], primitive())
    found = basis_study.power_spectrum(c)
    expected = power_spectrum(c)  # another order of the same components
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, rtol=1e-12)


def test_channels_around_carbon():
    """Of 100: at most 34 mixed ones and 45 separate ones leave 1e-4 of the variance."""
    (mixed, _), (separate, _) = molecule_study(molecules(), lmax=4)
    assert mixed <= 34 and separate <= 45


@pytest.mark.parametrize("order", [1, 2])
def test_orthonormal_covariates_predict_as_well_as_those_that_are_not(order):
    """Energies of copper, one to three functions; principal components alone do not see them."""
    norms, rows = basis_study.supervised_study(
        basis_study.copper(120), sizes=(1, 3), order=order, lmax=2
    )
    assert norms[:8].max() > 50 * norms[:8].min()
    for _, pca, raw, orthonormal in rows:
        assert orthonormal < 1.1 * raw and orthonormal < 0.2 * pca
