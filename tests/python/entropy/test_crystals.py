"""Crystals and chains against formulas, phonopy, and integrals over the Brillouin zone."""

import numpy as np
import phonopy
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from phonopy.structure.atoms import PhonopyAtoms

from dbar.entropy import ReferenceCalculator, formation_entropy, reference
from lennard_jones import COEFF, commensurate, fcc, fcc_eigenvalues, mesh, pair

A, RCUT = 1.55, 2.6  # lattice constant; no shell of neighbours lies near the cutoff
STYLE = f"lj/cut {RCUT}"


@pytest.fixture(scope="module")
def crystals():
    """References of fcc supercells of 2, 3 and 4 cells along each edge."""
    with ReferenceCalculator(STYLE, COEFF, 0.3, units="lj") as calculator:
        return {size: calculator(fcc(A, size), f"fcc{size}") for size in (2, 3, 4)}


def test_dimer():
    """One mode: H has the eigenvalue 2 V''(r), M^-1/2 H M^-1/2 has V''/mu."""
    r = 2 ** (1 / 6)
    atoms = Atoms("ArX", [[0.3, 0, 0], [0.3, 0, r]], masses=[3.0, 5.0])
    found = reference(atoms, "lj/cut 10", COEFF, 0.7, units="lj", species=["Ar", "X"],
                      setup=[], commands=["pair_coeff 1*2 1*2 1.0 1.0"])  # fmt: skip
    second = pair(r)[2]
    assert found.n_zero == 5 and found.n_modes == 1
    assert found.log_det == pytest.approx(np.log(2 * second), abs=1e-8)
    omega = np.sqrt(second * (1 / 3 + 1 / 5))
    assert found.angular_frequencies[0] == pytest.approx(omega, rel=1e-8)
    x = omega / (2 * np.pi) / 0.7  # h = 1 in lj
    assert found.entropy == pytest.approx(1 - np.log(x), abs=1e-8)
    assert found.free_energy == pytest.approx(0.7 * np.log(x), abs=1e-8)


@pytest.mark.parametrize("n", [3, 10])
def test_linear_chain(n):
    """A stretched chain of nearest neighbours: 2 k (1 - cos q) along it with k = V'', across it with
    k = V'/a (twice); the product of 2 (1 - cos(2 pi j / n)) over j = 1..n-1 is n^2.
    """
    a = 1.15
    atoms = Atoms(f"Ar{n}", [[0.4, -0.2, a * k] for k in range(n)], cell=[0, 0, n * a])
    atoms.pbc = [False, False, True]
    found = reference(atoms, "lj/cut 1.6", COEFF, units="lj")
    _, first, second = pair(a)
    assert found.n_zero == 3  # it lies on its axis
    expected = (n - 1) * (np.log(second) + 2 * np.log(first / a)) + 6 * np.log(n)
    assert found.log_det == pytest.approx(expected, abs=1e-7)
    phase = 2 * np.pi * np.arange(1, n) / n
    values = 2 * np.outer([second, first / a, first / a], 1 - np.cos(phase)).ravel()
    np.testing.assert_allclose(found.angular_frequencies**2, np.sort(values), rtol=1e-7)
    # per atom the integral over the zone is ln V'' + 2 ln V'/a, of which the three modes at q = 0
    # and 6 ln n in all are what a chain of n lacks
    limit = np.log(second) + 2 * np.log(first / a)
    assert found.log_det - n * limit == pytest.approx(6 * np.log(n) - limit, abs=1e-7)


@pytest.mark.parametrize("size", [2, 3])
def test_crystal_has_the_modes_of_its_commensurate_waves(crystals, size):
    """D(q) of the pair potential, written down: all but the three at Gamma."""
    q = commensurate(A, size)
    assert len(q) == 4 * size**3
    values = np.sort(fcc_eigenvalues(A, RCUT, q).ravel())
    np.testing.assert_allclose(values[:3], 0, atol=1e-9)
    found = crystals[size]
    assert found.n_zero == 3
    np.testing.assert_allclose(found.angular_frequencies**2, values[3:], rtol=1e-7)
    assert found.log_det == pytest.approx(np.log(values[3:]).sum(), abs=1e-6)


def test_phonopy(crystals):
    """Displacements, symmetry and Fourier sums of phonopy, forces of ASE: nothing of ours."""
    unit = fcc(A, 1)
    cell = PhonopyAtoms(["Ar"] * 4, scaled_positions=unit.get_scaled_positions(), cell=unit.cell[:])
    phonon = phonopy.Phonopy(cell, np.diag([3, 3, 3]), primitive_matrix=np.eye(3))
    phonon.generate_displacements(distance=3e-4, is_plusminus=True)
    forces = []
    for one in phonon.supercells_with_displacements:
        atoms = Atoms("Ar108", positions=one.positions, cell=one.cell, pbc=True)
        atoms.calc = LennardJones(sigma=1, epsilon=1, rc=RCUT, smooth=False)
        forces.append(atoms.get_forces())
    phonon.forces = forces
    phonon.produce_force_constants()
    values = []
    for q in np.stack(np.meshgrid(*3 * [np.arange(3) / 3]), axis=-1).reshape(-1, 3):
        phonon.dynamical_matrix.run(q)
        values.append(np.linalg.eigvalsh(phonon.dynamical_matrix.dynamical_matrix))
    values = np.sort(np.ravel(values))[3:] * phonon.masses[0]  # of argon: ours is 1
    np.testing.assert_allclose(crystals[3].angular_frequencies, np.sqrt(values), rtol=1e-5)


def test_limit_is_the_integral_over_the_brillouin_zone(crystals):
    """A cell of n atoms lacks three modes at q = 0, where ln omega^2 goes as 2 ln q: log_det is n
    times the integral + 2 ln n + a constant, up to terms that vanish as n^(-2/3).
    """
    sums = {m: np.log(fcc_eigenvalues(A, RCUT, mesh(A, m))).sum(axis=1).mean() for m in (12, 24)}
    integral = (8 * sums[24] - sums[12]) / 7  # a shifted mesh has an error of 1/m^3
    constant = {}
    for size, found in crystals.items():
        n = 4 * size**3
        constant[size] = found.log_det - n * integral - 2 * np.log(n)
    assert abs(constant[4] - constant[3]) < abs(constant[3] - constant[2]) < 0.5
    assert abs(constant[4] - constant[3]) < 0.1
    per_atom = [abs(one.log_det / len(one.atoms) - integral) for one in crystals.values()]
    assert per_atom[0] > per_atom[1] > per_atom[2] and per_atom[2] < 0.05


def test_doubled_cell_has_the_modes_of_the_single_one():
    """And those of waves that change sign from one half to the other: at fixed boundaries an entropy
    is not additive. What is exact: every mode of the single cell is a mode of the doubled one.
    """
    atoms = fcc(A, 2)
    del atoms[5]
    with ReferenceCalculator(STYLE, COEFF, units="lj", relax=True) as calculator:
        single = calculator(atoms)
        double = calculator(single.atoms * (2, 1, 1))
    left = list(double.angular_frequencies)
    for omega in single.angular_frequencies:
        k = int(np.argmin(np.abs(np.array(left) - omega)))
        assert left.pop(k) == pytest.approx(omega, rel=1e-7)
    assert len(left) == double.n_modes - single.n_modes == 3 * len(atoms)
    # the half that is left belongs to the edge of the zone and has no mode at rest
    assert min(left) > 0.1 and double.log_det != pytest.approx(2 * single.log_det, abs=1.0)


def test_perfect_crystal_forms_without_entropy(crystals):
    """In the same cell exactly, in both forms; and the size that a cell lacks shows in a larger one."""
    for form in ("temperature", "determinant"):
        assert formation_entropy(crystals[3], crystals[3], form) == 0.0
        larger = formation_entropy(crystals[4], crystals[2], form)
        assert larger != pytest.approx(0.0, abs=0.1)


def test_formation_entropy_is_the_definition(crystals):
    atoms = fcc(A, 3)
    del atoms[0]
    bulk = crystals[3]
    defect = reference(atoms, STYLE, COEFF, 0.3, units="lj", relax=True)
    expected = defect.entropy - 107 / 108 * bulk.entropy
    assert formation_entropy(defect, bulk) == pytest.approx(expected, abs=1e-12)
    form = formation_entropy(defect, bulk, "determinant")
    assert form == pytest.approx(-0.5 * (defect.log_det - 107 / 108 * bulk.log_det), abs=1e-12)
    # 3 (107 - 108) / 108 modes do not cancel: each has ln(k_B T / hbar) + 1 = ln(2 pi T) + 1
    gap = -3 * (1 - 107 / 108) * (np.log(2 * np.pi * 0.3) + 1)
    assert formation_entropy(defect, bulk) - form == pytest.approx(gap, abs=1e-9)
    assert formation_entropy(defect.at(0.9), bulk.at(0.9)) != pytest.approx(form, abs=1e-3)


def test_formation_of_what_does_not_go_together(crystals):
    small, large = crystals[2], crystals[3]
    with pytest.raises(ValueError, match=r"form: found 'eq3', expected temperature or determinant"):
        formation_entropy(large, large, "eq3")
    with pytest.raises(ValueError, match=r"bulk: found the cell .* or one that repeats to it"):
        formation_entropy(large, small)
    with pytest.raises(ValueError, match=r"temperature: found 0.5 of the bulk, expected 0.3 as"):
        formation_entropy(large, large.at(0.5))
    with pytest.raises(ValueError, match=r"statistics: found quantum of the bulk, expected classi"):
        formation_entropy(large, large.at(0.3, "quantum"))
    other = reference(fcc(1.01 * A, 2), STYLE, COEFF, 0.3, units="lj")
    with pytest.raises(ValueError, match=r"bulk: found the cell .*same lattice at the same volume"):
        formation_entropy(small, other)
