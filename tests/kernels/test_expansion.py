"""The family expansion: values against quadrature and featomic, derivatives against differences."""

import numpy as np
import pytest
from vesin import NeighborList

from dbar import _kernels
from dbar.descriptors import Expansion
from descriptor_checks import VOIGT, check_forces, check_virial, salt
from expansion_oracles import by_featomic, by_quadrature, harmonics, on_shells, orbitals
from many_digits import radial_integrals

RCUT = 4.5
DVR = [{"nmax": 5, "lmax": 6, "width": 1.5}, {"nmax": 40, "lmax": 3, "sigma": 0.3}]
CASES = [
    {"nmax": 4, "lmax": 3},
    {"nmax": 6, "lmax": 5, "sigma": 0.3, "width": 4.5},
    {"nmax": 1, "lmax": 8, "sigma": 0.8, "width": 1.5},
    {"nmax": 9, "lmax": 1},
    {"nmax": 3, "lmax": 2, "sigma": 0.12},  # arguments of 1F1 up to 700
]


def neighbourhood(seed=1, n=12):
    """Neighbours of three centres at distances from 0.02 to beyond the cutoff, two species."""
    rng = np.random.default_rng(seed)
    r = rng.normal(size=(n, 3))
    r *= (np.linspace(0.02, 4.7, n) / np.linalg.norm(r, axis=1))[:, None]
    rng.shuffle(r)
    return [0, 1, 0], [0, 5, 5, n], r, rng.integers(0, 2, n)


def kernel(nspecies=2, **settings):
    words = [str(w) for key, value in settings.items() for w in (key, *np.atleast_1d(value))]
    return _kernels.Kernel("expansion", RCUT, words, nspecies)


def test_harmonics_of_the_oracle_are_orthonormal_and_point_along_y_z_x():
    """The oracle itself: otherwise a shared mistake in signs or norm would pass."""
    cosine, w = np.polynomial.legendre.leggauss(12)
    phi = 2 * np.pi * np.arange(24) / 24
    sine = np.sqrt(1 - cosine**2)[:, None]
    n = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine[:, None] + 0 * phi], axis=-1)
    Y = harmonics(5, n.reshape(-1, 3))
    overlap = Y.T @ (np.repeat(w, 24)[:, None] * 2 * np.pi / 24 * Y)
    np.testing.assert_allclose(overlap, np.eye(36), atol=1e-13)
    np.testing.assert_allclose(
        harmonics(1, np.eye(3))[:, 1:], np.sqrt(0.75 / np.pi) * np.eye(3)[:, [1, 2, 0]], atol=1e-15
    )
    x, w = np.polynomial.legendre.leggauss(300)
    x, w = 20 * (x + 1), 20 * w
    R = orbitals(5, 4.0, x)
    np.testing.assert_allclose((R * w * x**2) @ R.T, np.eye(5), atol=1e-12)


@pytest.mark.parametrize("settings", [CASES[0], {"nmax": 3, "lmax": 6, "sigma": 0.4, "width": 3.5}])
def test_one_neighbourhood_by_quadrature(settings):
    """1e-8 was asked for; the splines of accuracy 1e-12 leave 1e-12."""
    r = neighbourhood()[2][:5]
    given = {"sigma": 0.5, "width": 0.5, **settings}
    expected = by_quadrature(r, RCUT, **given)
    B = kernel(1, accuracy=1e-12, **given).per_atom([0], [0, 5], r, [0] * 5)
    assert np.abs(B.reshape(expected.shape) - expected).max() < 1e-11


@pytest.mark.parametrize(("nmax", "sigma"), [(8, 0.5), (12, 0.5), (12, 0.15)])
def test_orbitals_that_are_nearly_dependent(nmax, sigma):
    """Against sixty digits; the overlaps of twelve have a condition number of 4e7. 1e-10 of the largest is asked for."""
    radii = np.array([0.4, 1.7, 3.1, 4.2])
    r = np.zeros((4, 3))
    r[:, 2] = radii
    words = {"nmax": nmax, "lmax": 4, "sigma": sigma, "width": 1e-6}
    B = kernel(1, **words).per_atom([0] * 4, range(5), r, [0] * 4).reshape(4, nmax, 25)
    for degree in (0, 4):
        expected = radial_integrals(nmax, degree, RCUT, sigma, radii)
        found = B[:, :, degree * degree + degree].T / np.sqrt((2 * degree + 1) / (4 * np.pi))
        assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


@pytest.mark.parametrize("settings", DVR)
def test_values_on_shells(settings):
    r = neighbourhood()[2][:5]
    given = {"sigma": 0.5, "width": 0.5, **settings}
    expected = on_shells(r, RCUT, **given)
    B = kernel(1, accuracy=1e-12, basis="dvr", **given).per_atom([0], [0, 5], r, [0] * 5)
    assert np.abs(B.reshape(expected.shape) - expected).max() < 1e-11


def test_shells_and_orbitals_see_the_same_density():
    """Of few neighbours, whose density both bases hold whole: int rho_lm^2 x^2 dx of each l m."""
    r = neighbourhood()[2][1:4]
    near = [0], [0, 3], r, [0] * 3
    shells = kernel(1, nmax=40, lmax=4, basis="dvr", width=4.5).per_atom(*near).reshape(40, 25)
    fine = on_shells(r, RCUT, 300, 4, 0.5, 4.5)
    np.testing.assert_allclose((shells**2).sum(axis=0), (fine**2).sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize("settings", CASES)
def test_two_species_periodic_against_featomic(settings):
    """featomic without splines; ours of the default accuracy, 1e-10 of each function's maximum."""
    atoms = salt()
    given = {"sigma": 0.5, "width": 0.5, **settings}
    expected = by_featomic(atoms, RCUT, species=[11, 17], **given)
    D, _ = Expansion(RCUT, species=["Na", "Cl"], perspecies=True, **given).compute(atoms)
    # Every function gives about 60 terms per centre species, some of them cancel in the sum.
    assert np.abs(D[1:] - expected.ravel()).max() < 2e-8 * np.abs(expected).max()
    fine = Expansion(RCUT, species=["Na", "Cl"], perspecies=True, accuracy=1e-12, **given)
    assert np.abs(fine.compute(atoms)[0][1:] - expected.ravel()).max() < 1e-10
    assert D[0] == len(atoms)


@pytest.mark.parametrize("settings", [*CASES, DVR[0] | {"basis": "dvr"}])
def test_gradient_is_the_derivative_by_neighbour(settings):
    type_, first, r, rtype = neighbourhood()
    k = kernel(**settings)
    theta = np.random.default_rng(2).normal(size=k.size)
    gradient, energy = k.gradient(type_, first, r, rtype, theta)
    np.testing.assert_allclose(energy, k.per_atom(type_, first, r, rtype) @ theta, atol=1e-12)
    step = 1e-5
    for p, c in np.ndindex(*r.shape):
        sides = []
        for sign in (1, -1):
            moved = r.copy()
            moved[p, c] += sign * step
            sides.append(k.compute(type_, first, moved, rtype)[0] @ theta)
        slope = (sides[0] - sides[1]) / (2 * step)
        assert abs(slope - gradient[p, c]) < 1e-7 * np.abs(gradient).max()


@pytest.mark.parametrize("settings", CASES)
def test_forces_of_a_periodic_crystal(settings):
    """Forces through the sum over pairs equal differences of the energy; they add up to zero."""
    atoms = salt()
    descriptor = Expansion(RCUT, species=["Na", "Cl"], **settings)
    near = descriptor._near(atoms, 1)
    theta = np.random.default_rng(3).normal(size=descriptor.n_components)
    i, j = NeighborList(cutoff=RCUT, full_list=True).compute(
        atoms.positions, atoms.cell.array, True, "ij"
    )
    atom = j[np.argsort(i, kind="stable")]
    energy, force, strain = descriptor._kernel.forces(
        near.type, near.first, near.r, near.rtype, atom, theta
    )
    D, V = descriptor.compute(atoms, virial=True)
    assert energy == pytest.approx(D[1:] @ theta, abs=1e-11)
    np.testing.assert_allclose(strain, theta @ V[1:][(slice(None), *VOIGT)], atol=1e-11)
    assert np.abs(force.sum(axis=0)).max() < 1e-12 * np.abs(force).sum()
    check_forces(descriptor, atoms, theta, force)


@pytest.mark.parametrize("settings", [*CASES, DVR[1] | {"basis": "dvr"}])
def test_virial_is_the_derivative_by_symmetric_strain(settings):
    atoms = salt(4)
    descriptor = Expansion(RCUT, species=["Na", "Cl"], perspecies=True, **settings)
    D, V = descriptor.compute(atoms, virial=True)
    np.testing.assert_allclose(D, descriptor.compute(atoms)[0], atol=1e-12 * np.abs(D).max())
    check_virial(descriptor, atoms, V)


def test_virial_and_gradient_agree():
    """theta.V is the symmetric part of sum r_a dE/dr_b, whose other part is not zero."""
    near = neighbourhood()
    k = kernel(nmax=5, lmax=4)
    theta = np.random.default_rng(5).normal(size=k.size)
    _, V = k.compute(*near, True)
    gradient, _ = k.gradient(*near, theta)
    tensor = near[2].T @ gradient
    assert np.abs(tensor - tensor.T).max() > 0.1 * np.abs(tensor).max()
    symmetric = 0.5 * (tensor + tensor.T)
    np.testing.assert_allclose(symmetric[VOIGT], theta @ V, atol=1e-12 * np.abs(V).max() * k.size)


def test_rotation_and_inversion():
    atoms = salt(6)
    descriptor = Expansion(RCUT, nmax=5, lmax=6, species=["Na", "Cl"])
    D, _ = descriptor.compute(atoms)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    turn *= np.linalg.det(turn)
    turned, mirrored = atoms.copy(), atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T, scale_atoms=True)
    mirrored.set_cell(-atoms.cell.array, scale_atoms=True)
    D, d, inverse = (
        descriptor.compute(a)[0][1:].reshape(10, 49) for a in (atoms, turned, mirrored)
    )
    for l in range(7):  # noqa: E741
        block = slice(l * l, (l + 1) ** 2)
        np.testing.assert_allclose(
            np.linalg.norm(d[:, block], axis=1), np.linalg.norm(D[:, block], axis=1), rtol=1e-10
        )
        np.testing.assert_allclose(inverse[:, block], (-1) ** l * D[:, block], atol=1e-11)
    # l = 1 is a vector with components y z x.
    np.testing.assert_allclose(d[:, [3, 1, 2]], D[:, [3, 1, 2]] @ turn.T, atol=1e-11)


@pytest.mark.parametrize("distance", [0.0, 1e-12, 1e-7])
def test_neighbour_at_the_centre(distance):
    """Core and shell of one atom: the limit r -> 0 from the series of 1F1, and finite slopes."""
    nmax, lmax = 3, 3
    k = kernel(1, nmax=nmax, lmax=lmax, accuracy=1e-12, width=RCUT)
    near = [0], [0, 1], np.array([[0.6, 0.0, 0.8]]) * distance, [0]
    B = k.per_atom(*near).reshape(nmax, 16)
    expected = by_quadrature(np.zeros((1, 3)), RCUT, nmax, 0, 0.5, RCUT)[:, 0]
    np.testing.assert_allclose(B[:, 0], expected, atol=1e-12)
    assert np.abs(B[:, 1:]).max() <= 2 * distance
    D, V = k.compute(*near, True)
    assert np.isfinite(D).all() and np.abs(V).max() <= 2 * distance
    for m in range(16):
        gradient, _ = k.gradient(*near, np.eye(16)[m].repeat(3).reshape(16, 3).T.ravel())
        # Only l = 1 has a slope at the centre: along y, z, x.
        direction = {1: 1, 2: 2, 3: 0}.get(m)
        for c in range(3):
            size = abs(gradient[0, c])
            assert 0.1 < size < 10.0 if c == direction else size <= 10 * distance


def test_smooth_at_the_centre_and_at_the_cutoff():
    k = kernel(1, nmax=4, lmax=2)
    theta = np.cos(np.arange(k.size))

    def slope(x):
        return k.gradient([0], [0, 1], [[0.0, 0.0, x]], [0], theta)[0][0]

    np.testing.assert_allclose(slope(1e-9), slope(-1e-9), atol=1e-7)
    for edge in (RCUT, RCUT - 0.5):
        np.testing.assert_allclose(slope(edge - 1e-9), slope(edge + 1e-9), atol=1e-7)
    assert not slope(RCUT + 1e-9).any() and not k.per_atom([0], [0, 1], [[0, 0, RCUT]], [0]).any()


def test_only_some_neighbours():
    atoms = salt(7)
    every = Expansion(RCUT, species=["Na", "Cl"]).compute(atoms, virial=True)
    for neighbors in (["Cl"], "Cl", [2]):
        one = Expansion(RCUT, species=["Na", "Cl"], neighbors=neighbors)
        D, V = one.compute(atoms, virial=True)
        np.testing.assert_array_equal(D[1:], every[0][65:])
        np.testing.assert_array_equal(V[1:], every[1][65:])
        assert one.labels[0] == "Cl,n0,l0,m0" and one.labels[-1] == "Cl,n3,l3,m3"
        assert one.settings()["neighbors"] == [2] and one.n_components == 64
    k = kernel(3, neighbors=[3, 1])
    assert k.labels[0] == "1,n0,l0,m0" and k.labels[64] == "3,n0,l0,m0" and k.size == 128
    assert k.cutoff(0, 1) == 0.0 and k.cutoff(1, 0) == RCUT == k.cutoff()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nmax": 0}, "nmax: found '0', expected an integer from 1 to 40"),
        (
            {"nmax": 13},
            "nmax: found 13 with basis gto, expected an integer from 1 to 12, or basis dvr",
        ),
        ({"basis": "spline"}, "basis: found 'spline', expected gto, dvr, or a file"),
        ({"lmax": 13}, "lmax: found '13', expected an integer from 0 to 12"),
        ({"sigma": 0.0}, "sigma: found 0, expected a length above 0"),
        ({"sigma": 0.001}, "sigma: found 0.001, expected a length from Rcut / 100 to Rcut 4.5"),
        ({"width": -1.0}, "width: found -1, expected a length above 0 and up to Rcut"),
        ({"width": 5.0}, "width: found 5, expected a length above 0 and up to Rcut 4.5"),
        ({"accuracy": 1e-15}, "accuracy: found 1e-15, expected a number from 1e-12 to 0.01"),
        ({"neighbors": ["Cl"]}, "neighbors: found 'Cl', expected different species numbers from 1"),
        (
            {"neighbors": [3]},
            "neighbors: found '3', expected different species numbers from 1 to 1",
        ),
        ({"neighbors": [1, 1]}, "neighbors: found '1', expected different species"),
        ({"neighbors": [0.5]}, "neighbors: found '0.5', expected different species"),
        ({"neighbors": []}, "neighbors: found 'accuracy', expected different species"),
    ],
)
def test_bad_settings(given, message):
    with pytest.raises(ValueError, match=message):
        Expansion(RCUT, **given)


def test_settings_round_trip():
    descriptor = Expansion(RCUT, nmax=3, sigma=0.35, species=["Na", "Cl"], neighbors=["Cl"])
    settings = descriptor.settings()
    assert settings.pop("family") == "expansion"
    assert Expansion(**settings).settings() == descriptor.settings()
    with pytest.raises(ValueError, match="found keyword 'twojmax', expected one of: nmax, lmax"):
        _kernels.Kernel("expansion", RCUT, ["twojmax", "8"], 1)
    assert repr(descriptor) == (
        "Expansion(rcut=4.5, nmax=3, sigma=0.35, neighbors=['Cl'], species=['Na', 'Cl'])"
    )


def test_operations():
    """Counted, not timed: six derivatives of all components take little more than a gradient, as they are moments too."""
    value, strain, gradient = (
        kernel(nmax=8, lmax=6).operations(w) for w in ("D", "D+V", "gradient")
    )
    assert value[0] == strain[0] == gradient[0] == 0.0  # nothing is coupled at the centre
    assert 392 < value[1] < gradient[1] < 4 * value[1] and strain[1] < 4 * value[1]
