"""The family afs: values against double sums over neighbours, derivatives against differences."""

import mpmath
import numpy as np
import pytest
from scipy.special import eval_jacobi
from vesin import NeighborList

from dbar import _kernels
from dbar.descriptors import AFS
from descriptor_checks import check_forces, check_invariance, check_virial, salt

RCUT = 4.8
SYMBOLS, WEIGHT = ["Na", "Cl"], [1.0, 0.7]
CASES = [
    {"nmax": 4, "lmax": 6},
    {"nmax": 10, "lmax": 10, "switch": False},
    {"nmax": 6, "lmax": 3, "radial": "loewdin", "selfpairs": False, "switch": False},
    {"nmax": 10, "lmax": 12, "radial": "loewdin"},
    {"nmax": 5, "lmax": 0, "selfpairs": False},
    {"nmax": 20, "lmax": 10, "selfpairs": False, "switch": False},
    {"nmax": 24, "lmax": 2},
]


def jacobi(nmax, r):
    y = 1 - r / RCUT
    return np.array(
        [np.sqrt((2 * n + 7) / RCUT) * y**3 * eval_jacobi(n, 0, 6, 2 * y - 1) for n in range(nmax)]
    )


def loewdin(nmax, r):
    """By S^-1/2 as it is written, whose condition number is 2e16 at nmax 10, with sixty digits."""
    with mpmath.workdps(60):
        a = range(1, nmax + 1)
        S = mpmath.matrix(
            [
                [mpmath.sqrt(mpmath.mpf((5 + 2 * p) * (5 + 2 * q))) / (5 + p + q) for q in a]
                for p in a
            ]
        )
        value, vector = mpmath.eigsy(S)
        root = vector * mpmath.diag([1 / mpmath.sqrt(v) for v in value]) * vector.T
        out = np.zeros((nmax, len(r)))
        for k, x in enumerate(r):
            y = 1 - mpmath.mpf(float(x)) / mpmath.mpf(RCUT)
            phi = mpmath.matrix(
                [mpmath.sqrt(mpmath.mpf(2 * p + 5)) * y ** (p + 2) / mpmath.sqrt(RCUT) for p in a]
            )
            out[:, k] = [float(g) for g in root * phi]
    return out


def double_sum(atoms, nmax=8, lmax=6, radial="jacobi", switch=True, selfpairs=True):
    """A (atoms, nmax (lmax + 1)) by all pairs of neighbours."""
    i, j, r = NeighborList(cutoff=RCUT, full_list=True).compute(
        atoms.positions, atoms.cell.array, True, "ijD"
    )
    weight = np.array([WEIGHT[SYMBOLS.index(s)] for s in atoms.get_chemical_symbols()])
    out = np.zeros((len(atoms), nmax, lmax + 1))
    for centre in range(len(atoms)):
        d = r[i == centre]
        length = np.linalg.norm(d, axis=1)
        g = {"jacobi": jacobi, "loewdin": loewdin}[radial](nmax, length) * weight[j[i == centre]]
        if switch:
            g = g * 0.5 * (1 + np.cos(np.pi * length / RCUT))
        n = d / length[:, None]
        angle = np.arccos(np.clip(n @ n.T, -1.0, 1.0))
        np.fill_diagonal(angle, 0.0)
        for l in range(lmax + 1):  # noqa: E741
            cosines = np.cos(l * angle)
            if not selfpairs:
                cosines = np.triu(cosines, 1)
            out[centre, :, l] = np.einsum("nk,kq,nq->n", g, cosines, g)
    return out.reshape(len(atoms), -1)


def afs(case, **more):
    return AFS(RCUT, species=SYMBOLS, weight=WEIGHT, **case, **more)


@pytest.mark.parametrize("case", CASES)
def test_against_the_double_sum(case):
    atoms = salt()
    expected = double_sum(atoms, **case)
    found = afs(case).per_atom(atoms)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()
    D, _ = afs(case).compute(atoms)
    np.testing.assert_allclose(D[1:], found.sum(axis=0), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("radial", [jacobi, loewdin])
@pytest.mark.parametrize("nmax", [1, 4, 10])
def test_radial_functions(nmax, radial):
    """Of one neighbour A_n0 = g_n^2; orthonormal in dr, to the largest nmax."""
    r = np.linspace(0.05, RCUT, 40)
    words = ["nmax", str(nmax), "lmax", "0", "radial", radial.__name__, "switch", "no"]
    kernel = _kernels.Kernel("afs", RCUT, words, 1)
    at = np.column_stack([r, 0 * r, 0 * r])
    B = kernel.per_atom(np.zeros(40, int), np.arange(41), at, np.zeros(40, int))
    g = radial(nmax, r)
    np.testing.assert_allclose(B, g.T**2, atol=1e-10 * (g**2).max())
    x, w = np.polynomial.legendre.leggauss(40)
    g = radial(nmax, RCUT * (x + 1) / 2)
    np.testing.assert_allclose((g * w * RCUT / 2) @ g.T, np.eye(nmax), atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_and_virial_are_derivatives(case):
    atoms = salt(3)
    descriptor = afs(case)
    theta = np.random.default_rng(5).normal(size=descriptor.n_components)
    energies, forces, strain = descriptor.gradient(atoms, theta)
    scale = np.abs(energies).max()
    np.testing.assert_allclose(
        energies, descriptor.per_atom(atoms) @ theta, atol=1e-11 * max(scale, 1.0)
    )
    _, V = descriptor.compute(atoms, virial=True)
    np.testing.assert_allclose(
        strain, np.tensordot(theta, V[1:], 1), atol=1e-11 * np.abs(V).max() * len(theta)
    )
    check_forces(descriptor, atoms, theta, forces)
    check_virial(descriptor, atoms, V)


def test_chebyshev_by_legendre():
    """What the addition theorem is used for: cos(l theta) in Legendre polynomials, of one pair of neighbours."""
    angle = 0.7
    r = np.array([[2.0, 0.0, 0.0], [2.0 * np.cos(angle), 2.0 * np.sin(angle), 0.0]])
    kernel = _kernels.Kernel("afs", RCUT, ["nmax", "1", "lmax", "12", "selfpairs", "no"], 1)
    B = kernel.per_atom([0], [0, 2], r, [0, 0])[0]
    np.testing.assert_allclose(B / B[0], np.cos(np.arange(13) * angle), atol=4e-15)


@pytest.mark.parametrize("case", CASES[:3])
def test_invariance(case):
    check_invariance(afs(case), salt(6))


@pytest.mark.parametrize("distance", [0.0, 1e-12])
def test_neighbour_at_the_centre(distance):
    """It has no direction: finite, and in l = 0 what its distance says."""
    kernel = _kernels.Kernel("afs", RCUT, ["nmax", "3", "lmax", "4"], 1)
    near = [0], [0, 1], np.array([[0.6, 0.0, 0.8]]) * distance, [0]
    D, V = kernel.compute(*near, True)
    np.testing.assert_allclose(D.reshape(3, 5)[:, 0], jacobi(3, np.zeros(1))[:, 0] ** 2, rtol=1e-9)
    assert np.isfinite(V).all()
    assert np.isfinite(kernel.gradient(*near, np.ones(15))[0]).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nmax": 25}, "afs nmax: found '25', expected an integer from 1 to 24"),
        (
            {"nmax": 11, "radial": "loewdin"},
            "afs nmax: found 11 with radial loewdin, expected an integer from 1 to 10",
        ),
        ({"radial": "gto"}, "afs radial: found 'gto', expected jacobi or loewdin"),
        ({"lmax": 13}, "afs lmax: found '13', expected an integer from 0 to 12"),
        ({"weight": [1.0]}, "afs weight: found 1, expected 2 numbers"),
    ],
)
def test_bad_settings(given, message):
    with pytest.raises(ValueError, match=message):
        AFS(RCUT, species=SYMBOLS, **given)


def test_settings_round_trip_and_labels():
    descriptor = AFS(RCUT, nmax=2, lmax=1, selfpairs=False, radial="loewdin", species=SYMBOLS)
    settings = descriptor.settings()
    assert settings.pop("family") == "afs" and settings["selfpairs"] is False
    assert AFS(**settings).settings() == descriptor.settings()
    assert descriptor.labels == ["n1,l0", "n1,l1", "n2,l0", "n2,l1"]
    descriptor.selfpairs = True
    assert descriptor.settings()["selfpairs"] is True
