"""The family soap: values against featomic, derivatives against differences, invariance."""

import numpy as np
import pytest

from dbar import _kernels
from dbar.descriptors import SOAP, Expansion
from descriptor_checks import check_forces, check_invariance, check_virial, salt
from soap_oracles import (
    coefficients,
    density_correlations,
    power_spectrum,
    radial_spectrum,
    soap_kernel,
    triple_spectrum,
    triples,
)

RCUT = 4.5
NUMBERS, SYMBOLS = [11, 17], ["Na", "Cl"]
CASES = [
    {"nmax": 4, "lmax": 3, "sigma": 0.5, "width": 0.5},
    {"nmax": 5, "lmax": 6, "sigma": 0.4, "width": 2.0, "center": 1.0},
    {"nmax": 3, "lmax": 2, "sigma": 0.6, "width": 1.0, "scale": [1.0, 2.5, 4.0]},
    {"nmax": 3, "lmax": 1, "sigma": 0.6, "width": 1.0, "center": 0.5, "scale": [2.0, 3.0, 3.0]},
    {"nmax": 1, "lmax": 0, "sigma": 0.6, "width": 1.0},
]


def soap(order, case, **more):
    return SOAP(RCUT, order=order, species=SYMBOLS, accuracy=1e-12, **case, **more)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("order", "invariants"), [(1, radial_spectrum), (2, power_spectrum), (3, triple_spectrum)]
)
def test_two_species_periodic_against_featomic(order, invariants, case):
    """featomic without splines; 1e-8 of the largest component was asked for."""
    atoms = salt()
    expected = invariants(coefficients(atoms, NUMBERS, rcut=RCUT, **case))
    descriptor = soap(order, case)
    found = descriptor.per_atom(atoms)
    assert found.shape == expected.shape and len(descriptor.labels) == expected.shape[1]
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()
    D, _ = descriptor.compute(atoms)
    np.testing.assert_allclose(D[1:], found.sum(axis=0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_scalar_products_are_those_of_featomic(case):
    """Also with the power spectrum that featomic makes itself."""
    atoms = salt(1)
    values = soap(2, case).per_atom(atoms)
    expected = soap_kernel(atoms, rcut=RCUT, **case)
    assert np.abs(values @ values.T - expected).max() < 1e-9 * np.abs(expected).max()


def test_order_1_lies_in_order_2_of_a_centre():
    """With its own Gaussian c = c' + w g; products with g are linear in c'."""
    case = {"nmax": 3, "lmax": 2, "sigma": 0.5, "width": 1.0}
    atoms = salt(2)
    bare = soap(2, case).per_atom(atoms)
    first = soap(1, case).per_atom(atoms)
    with_centre = soap(2, case | {"center": 1.0}).per_atom(atoms)
    difference = with_centre - bare  # of one species: linear in order 1 and a constant
    for symbol in SYMBOLS:
        of = [s == symbol for s in atoms.get_chemical_symbols()]
        design = np.column_stack([np.ones(sum(of)), first[of]])
        found, *_ = np.linalg.lstsq(difference[of], design, rcond=None)
        assert np.abs(difference[of] @ found - design).max() < 1e-9


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    "case", [*CASES, CASES[2] | {"scale": [1.0, 2.5, 1.5]}, CASES[1] | {"basis": "dvr"}]
)
def test_gradient_and_virial_are_derivatives(order, case):
    check_derivatives(soap(order, case))


@pytest.mark.parametrize(("nmax", "lmax"), [(2, 3), (3, 2)])
def test_derivatives_of_odd_components(nmax, lmax):
    case = {"nmax": nmax, "lmax": lmax, "sigma": 0.5, "width": 1.0}
    check_derivatives(soap(3, case, parity="both"))


def check_derivatives(descriptor):
    atoms = salt(3)
    theta = np.random.default_rng(5).normal(size=descriptor.n_components)
    energies, forces, strain = descriptor.gradient(atoms, theta)
    np.testing.assert_allclose(energies, descriptor.per_atom(atoms) @ theta, atol=1e-11)
    _, V = descriptor.compute(atoms, virial=True)
    np.testing.assert_allclose(strain, np.tensordot(theta, V[1:], 1), atol=1e-10)
    check_forces(descriptor, atoms, theta, forces)
    check_virial(descriptor, atoms, V)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_invariance(order):
    check_invariance(soap(order, CASES[1]), salt(6))


@pytest.mark.parametrize(("nmax", "lmax", "size"), [(4, 3, 304), (6, 4, 1734), (8, 6, 9760)])
def test_number_of_components_of_order_3(nmax, lmax, size):
    kernel = _kernels.Kernel("soap", RCUT, ["order", "3", "nmax", str(nmax), "lmax", str(lmax)], 1)
    assert kernel.size == size == len(set(kernel.labels))


def test_order_3_against_density_correlations():
    """featomic's iterated products, even and odd, each up to the sign of its three degrees."""
    case = {"nmax": 2, "lmax": 2, "sigma": 0.5, "width": 1.0}
    atoms = salt(8)
    expected = density_correlations(atoms, NUMBERS, rcut=RCUT, **case)
    found = soap(3, case, parity="both").per_atom(atoms)
    list_of = triples(4, 2, "both")
    assert found.shape == (8, len(list_of))
    for degrees in {tuple(degree for degree, _ in three) for three in list_of}:
        here = [
            k for k, three in enumerate(list_of) if tuple(degree for degree, _ in three) == degrees
        ]
        theirs = np.stack(
            [expected[degrees][(slice(None), *(q for _, q in list_of[k]))] for k in here], axis=1
        )
        sign = np.sign((theirs * found[:, here]).sum())
        assert np.abs(theirs).max() > 1e-9
        np.testing.assert_allclose(found[:, here], sign * theirs, atol=1e-10)


def test_odd_components_change_their_sign_with_inversion():
    case = {"nmax": 2, "lmax": 3, "sigma": 0.5, "width": 1.0}
    atoms = salt(9)
    mirrored = atoms.copy()
    mirrored.set_cell(-atoms.cell.array, scale_atoms=True)
    descriptor = soap(3, case, parity="both")
    a, b = (descriptor.per_atom(x) for x in (atoms, mirrored))
    odd = np.array(
        [sum(degree for degree, _ in three) % 2 for three in triples(4, 3, "both")], bool
    )
    assert 0 < odd.sum() < len(odd) and np.abs(a[:, odd]).max() > 1e-6
    np.testing.assert_allclose(b[:, odd], -a[:, odd], atol=1e-13)
    np.testing.assert_allclose(b[:, ~odd], a[:, ~odd], atol=1e-13)
    even = soap(3, case)
    np.testing.assert_array_equal(even.per_atom(atoms), a[:, ~odd])
    theta = np.random.default_rng(1).normal(size=descriptor.n_components)
    _, V = descriptor.compute(atoms, virial=True)
    strain = descriptor.gradient(atoms, theta)[2]
    np.testing.assert_allclose(strain, np.tensordot(theta, V[1:], 1), atol=1e-12)


def test_many_channels_and_a_batch_that_fills_no_vector():
    """The tiles of all sizes, against sums over the coefficients of the expansion."""
    for nmax in (1, 2, 3, 5, 7, 9, 11, 12):
        case = {"nmax": nmax, "lmax": 2, "sigma": 0.5, "width": 0.5}
        atoms = salt(nmax)[:7]
        c = Expansion(RCUT, species=SYMBOLS, accuracy=1e-12, **case).per_atom(atoms)
        expected = power_spectrum(c.reshape(7, 2 * nmax, 9))
        descriptor = soap(2, case)
        np.testing.assert_allclose(
            descriptor.per_atom(atoms), expected, atol=1e-13 * np.abs(expected).max()
        )
        theta = np.cos(np.arange(descriptor.n_components))
        _, V = descriptor.compute(atoms, virial=True)
        strain = descriptor.gradient(atoms, theta)[2]
        scale = np.abs(V).max() * len(theta)
        np.testing.assert_allclose(strain, np.tensordot(theta, V[1:], 1), atol=1e-13 * scale)


def test_labels_and_some_neighbours():
    descriptor = SOAP(RCUT, nmax=2, lmax=1, species=SYMBOLS)
    assert descriptor.labels[:3] == ["Na,n0,Na,n0,l0", "Na,n0,Na,n0,l1", "Na,n0,Na,n1,l0"]
    assert descriptor.labels[-1] == "Cl,n1,Cl,n1,l1" and descriptor.n_components == 20
    one = SOAP(RCUT, nmax=2, lmax=1, species=SYMBOLS, neighbors="Cl")
    keep = [k for k, name in enumerate(descriptor.labels) if "Na" not in name]
    atoms = salt(7)
    assert one.labels == [descriptor.labels[k] for k in keep]
    np.testing.assert_allclose(
        one.per_atom(atoms), descriptor.per_atom(atoms)[:, keep], rtol=1e-13, atol=1e-13
    )
    third = SOAP(RCUT, order=3, nmax=2, lmax=1, species=SYMBOLS)
    assert third.labels[0] == "Na,n0,l0,Na,n0,l0,Na,n0,l0"
    assert third.labels[-1] == "Cl,n1,l0,Cl,n1,l1,Cl,n1,l1"
    first = SOAP(RCUT, order=1, nmax=2, species=SYMBOLS)
    assert first.labels == ["Na,n0", "Na,n1", "Cl,n0", "Cl,n1"]


def test_settings_round_trip():
    for scale in (None, [1.0, 2.0, 3.0]):
        descriptor = SOAP(RCUT, order=1, center=0.5, scale=scale, species=SYMBOLS)
        settings = descriptor.settings()
        assert settings.pop("family") == "soap" and settings["scale"] == scale
        assert SOAP(**settings).settings() == descriptor.settings()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"order": 4}, "soap order: found '4', expected an integer from 1 to 3"),
        ({"parity": "odd"}, "soap parity: found 'odd', expected even or both"),
        ({"parity": "both"}, "soap parity: found both with order 2, expected even, or order 3"),
        (
            {"order": 3, "nmax": 12, "lmax": 12},
            "soap: found [0-9.e+]+ components of a centre, expected at most 500000",
        ),
        ({"nmax": 13}, "soap nmax: found 13 with basis gto, expected an integer from 1 to 12"),
        ({"center": -1.0}, "soap center: found -1, expected a number from 0"),
        ({"center": 1.0, "neighbors": [1]}, "soap center: found 1 with neighbors 1, expected all"),
        ({"scale": [1.0, 2.0]}, "soap scale: found 'neighbors'|soap scale: found 'accuracy'"),
        ({"scale": [1.0, 0.0, 2.0]}, "soap scale: found 0, expected three numbers above 0"),
        ({"sigma": 0.0}, "soap sigma: found 0, expected a length above 0"),
        ({"width": 5.0}, "soap width: found 5, expected a length above 0 and up to Rcut 4.5"),
    ],
)
def test_bad_settings(given, message):
    with pytest.raises(ValueError, match=message):
        SOAP(RCUT, species=SYMBOLS, **given)


def test_operations_are_counted():
    kernel = _kernels.Kernel("soap", 5.0, ["nmax", "8", "lmax", "6"], 1)
    value, strain, gradient = (kernel.operations(w) for w in ("D", "D+V", "gradient"))
    assert value[0] == 36 * 49 and strain[0] > 13 * value[0] and gradient[0] == 64 * 49
