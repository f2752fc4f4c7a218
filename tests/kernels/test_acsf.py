"""The family acsf: values against double and triple sums, derivatives against differences."""

import numpy as np
import pytest
from vesin import NeighborList

from dbar.descriptors import ACSF
from descriptor_checks import check_forces, check_invariance, check_virial, salt

RCUT = 4.2
SYMBOLS = ["Na", "Cl"]
CASES = [{}, {"grid": 3, "zeta": [2.0]}, {"grid": 2, "zeta": [1.0, 1.5, 16.0]}]


def cutoff(r):
    return np.where(r < RCUT, 0.5 * (1 + np.cos(np.pi * r / RCUT)), 0.0)


def sums(atoms, grid=5, zeta=(1.0, 4.0)):
    """G (atoms, K) by sums over neighbours and over pairs of them."""
    i, j, d = NeighborList(cutoff=RCUT, full_list=True).compute(
        atoms.positions, atoms.cell.array, True, "ijD"
    )
    kind = np.array([SYMBOLS.index(s) for s in atoms.get_chemical_symbols()])
    step = float(grid) ** (np.arange(grid + 1) / grid)
    eta, shift = (step / RCUT) ** 2, RCUT / step
    out = []
    for centre in range(len(atoms)):
        near = [d[(i == centre) & (kind[j] == a)] for a in (0, 1)]
        row = []
        for x in near:
            r = np.linalg.norm(x, axis=1)
            row += [(np.exp(-e * r**2) * cutoff(r)).sum() for e in eta]
            row += [
                (np.exp(-(((r - shift[m]) / (shift[m - 1] - shift[m])) ** 2)) * cutoff(r)).sum()
                for m in range(1, grid + 1)
            ]
        for a, b in ((0, 0), (0, 1), (1, 1)):
            x, y = near[a], near[b]
            rx, ry = np.linalg.norm(x, axis=1)[:, None], np.linalg.norm(y, axis=1)
            rxy = np.linalg.norm(x[:, None] - y, axis=2)
            cosine = x @ y.T / (rx * ry)
            once = np.triu(np.ones_like(cosine), 1) if a == b else np.ones_like(cosine)
            fc = cutoff(rx) * cutoff(ry) * cutoff(rxy) * once
            for e in eta:
                for sign in (1, -1):
                    for z in zeta:
                        angle = 2 ** (1 - z) * np.maximum(1 + sign * cosine, 0) ** z
                        row.append((angle * np.exp(-e * (rx**2 + ry**2 + rxy**2)) * fc).sum())
        out.append(row)
    return np.array(out)


def test_number_of_components():
    assert ACSF(RCUT).n_components == 35
    assert ACSF(RCUT, species=SYMBOLS).n_components == 2 * 11 + 3 * 24


@pytest.mark.parametrize("case", CASES)
def test_against_sums(case):
    atoms = salt()
    expected = sums(atoms, **case)
    descriptor = ACSF(RCUT, species=SYMBOLS, **case)
    found = descriptor.per_atom(atoms)
    assert found.shape == expected.shape and len(descriptor.labels) == found.shape[1]
    scale = np.abs(expected).max(axis=0)
    assert (np.abs(found - expected) <= 1e-12 * np.maximum(scale, 1e-3)).all()
    D, _ = descriptor.compute(atoms)
    np.testing.assert_allclose(D[1:], found.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradient_and_virial_are_derivatives(case):
    atoms = salt(3)
    descriptor = ACSF(RCUT, species=SYMBOLS, **case)
    theta = np.random.default_rng(5).normal(size=descriptor.n_components)
    energies, forces, strain = descriptor.gradient(atoms, theta)
    np.testing.assert_allclose(energies, descriptor.per_atom(atoms) @ theta, atol=1e-12)
    _, V = descriptor.compute(atoms, virial=True)
    np.testing.assert_allclose(strain, np.tensordot(theta, V[1:], 1), atol=1e-11)
    check_forces(descriptor, atoms, theta, forces)
    check_virial(descriptor, atoms, V)


def test_invariance_and_some_neighbours():
    atoms = salt(6)
    descriptor = ACSF(RCUT, species=SYMBOLS)
    check_invariance(descriptor, atoms)
    one = ACSF(RCUT, species=SYMBOLS, neighbors="Cl")
    keep = [k for k, name in enumerate(descriptor.labels) if "Na" not in name]
    assert one.labels == [descriptor.labels[k] for k in keep]
    np.testing.assert_allclose(one.per_atom(atoms), descriptor.per_atom(atoms)[:, keep], rtol=1e-13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"grid": 1}, "acsf grid: found '1', expected an integer from 2 to 20"),
        ({"zeta": [0.5]}, "acsf zeta: found 0.5, expected numbers from 1 to 256"),
        ({"zeta": []}, "acsf zeta: found nothing after it, expected numbers"),
        ({"neighbors": [3]}, "acsf neighbors: found '3', expected different species numbers"),
    ],
)
def test_bad_settings(given, message):
    with pytest.raises(ValueError, match=message):
        ACSF(RCUT, species=SYMBOLS, **given)


def test_settings_round_trip():
    descriptor = ACSF(RCUT, grid=3, zeta=[2.0], species=SYMBOLS)
    settings = descriptor.settings()
    assert settings.pop("family") == "acsf"
    assert ACSF(**settings).settings() == descriptor.settings()
    assert descriptor.labels[0] == "G2,Na,eta0" and descriptor.labels[-1] == "G3,Cl,Cl,eta3,-,zeta1"
