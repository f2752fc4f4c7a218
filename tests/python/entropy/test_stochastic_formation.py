"""Formation entropies with common probes: crystals by waves, matching of sites, single defects."""

import numpy as np
import pytest

from dbar.entropy import (
    ImaginaryMode,
    ReferenceCalculator,
    formation_entropy,
    reference,
    stochastic_formation_entropy,
)
from dbar.entropy.bloch import Crystal
from dbar.entropy.probes import random_signs
from dbar.entropy.sites import matched_sites
from dbar.entropy.thermodynamics import mode_entropies
from lennard_jones import COEFF, commensurate, fcc, fcc_eigenvalues, matrix_of

A, CUT = 1.55, 2.3
LJ = {"pair_style": f"lj/cut {CUT}", "pair_coeff": COEFF, "units": "lj"}


def perfect():
    return fcc(A, 3)


def vacancy():
    atoms = perfect()
    del atoms[20]
    return atoms


def interstitial():
    """One in the middle of a cube's edge: an octahedral site; with the atoms in another order."""
    atoms = perfect()
    atoms.append("Ar")
    atoms.positions[-1] = atoms.positions[0] + [A / 2, 0, 0]
    return atoms[np.random.default_rng(2).permutation(len(atoms))]


@pytest.fixture(scope="module")
def references():
    """Perfect crystal, vacancy and interstitial at rest, by diagonalisation."""
    with ReferenceCalculator(**LJ, temperature=0.3, relax=True, retry=5) as calculator:
        return {make.__name__: calculator(make()) for make in (perfect, vacancy, interstitial)}


def shuffled(atoms, seed=4):
    order = np.random.default_rng(seed).permutation(len(atoms))
    return atoms[order], order


def test_crystal_is_its_matrix(references):
    """Unit cells are found whatever the order; products and eigenvalues are those of H."""
    atoms, _ = shuffled(references["perfect"].atoms)
    atoms.positions += [0.3, 7.1, -9.0]
    masses, matrix = np.full(len(atoms), 2.5), matrix_of(atoms, CUT)
    crystal = Crystal.of(atoms, masses)
    assert np.prod(crystal.times) * len(crystal.basis) == 108 and len(crystal.basis) <= 4
    waves = crystal.dynamical_matrices(lambda z: (matrix @ z.ravel()).reshape(-1, 3), masses)
    vector = np.random.default_rng(0).normal(size=324)
    assert crystal.apply(waves, vector) == pytest.approx(matrix @ vector / 2.5, abs=1e-9)
    values = crystal.eigenvalues(waves, masses)
    expected = np.linalg.eigvalsh(matrix / 2.5)
    still = np.argsort(np.abs(expected))[:3]
    assert values == pytest.approx(np.delete(expected, still), abs=1e-8)


def test_crystal_of_a_skewed_cell():
    """Primitive cells along primitive vectors: one atom a cell."""
    from ase.build import bulk

    atoms = bulk("Ar", "fcc", a=A) * (5, 4, 6)
    crystal = Crystal.of(atoms, np.ones(120))
    assert crystal.times == (5, 4, 6) and len(crystal.basis) == 1
    matrix = matrix_of(atoms, 1.5)
    waves = crystal.dynamical_matrices(lambda z: (matrix @ z.ravel()).reshape(-1, 3), np.ones(120))
    vector = np.random.default_rng(0).normal(size=360)
    assert crystal.apply(waves, vector) == pytest.approx(matrix @ vector, abs=1e-9)
    values = np.linalg.eigvalsh(matrix)
    still = np.argsort(np.abs(values))[:3]
    found = crystal.eigenvalues(waves, np.ones(120))
    assert found == pytest.approx(np.delete(values, still), abs=1e-8)


def test_crystal_of_two_species():
    """Rock salt with two masses: two places, and no step that exchanges them."""
    from ase.build import bulk

    atoms = bulk("NaCl", "rocksalt", a=1.9, cubic=True) * (2, 2, 3)
    atoms.set_masses(np.where(atoms.numbers == 11, 1.0, 3.0))
    masses = atoms.get_masses()
    matrix = matrix_of(atoms, 1.5)
    crystal = Crystal.of(atoms, masses)
    assert np.prod(crystal.times) * len(crystal.basis) == len(atoms)
    for place in range(len(crystal.basis)):
        assert len(set(atoms.numbers[crystal.sites[..., place].ravel()])) == 1
    waves = crystal.dynamical_matrices(lambda z: (matrix @ z.ravel()).reshape(-1, 3), masses)
    root = np.sqrt(masses).repeat(3)
    vector = np.random.default_rng(0).normal(size=3 * len(atoms))
    expected = matrix / root / root[:, None] @ vector
    assert crystal.apply(waves, vector) == pytest.approx(expected, abs=1e-9)
    values = np.linalg.eigvalsh(matrix / root / root[:, None])
    still = np.argsort(np.abs(values))[:3]
    assert crystal.eigenvalues(waves, masses) == pytest.approx(np.delete(values, still), abs=1e-8)


def test_no_crystal():
    """Holes, shaken atoms, and directions that are open have no small unit cells."""
    shaken, open_ = perfect(), perfect()
    shaken.rattle(1e-3, seed=1)
    open_.pbc = [True, True, False]
    for atoms in (vacancy(), shaken, open_):
        assert Crystal.of(atoms, np.ones(len(atoms))) is None


def test_matching():
    """Each atom near a site gets it, in any order, over the edge of the cell; others get none."""
    crystal = perfect()
    holed, order = shuffled(vacancy())
    holed.rattle(0.05, seed=2)
    holed.wrap()
    atoms, sites = matched_sites(holed, crystal)
    kept = np.delete(np.arange(108), 20)
    assert np.array_equal(atoms, np.arange(107)) and np.array_equal(sites, kept[order])
    crowd = perfect()
    crowd.append("Ar")
    crowd.positions[-1] = crowd.positions[7] + [0.1, 0, 0]
    crowd.positions[7] -= [0.2, 0, 0]  # the new one is nearer to the site
    atoms, sites = matched_sites(crowd, crystal)
    assert len(atoms) == 108 and 7 not in atoms
    assert sites[list(atoms).index(108)] == 7


@pytest.mark.parametrize("form", ["temperature", "determinant"])
@pytest.mark.parametrize("by_waves", [True, False])
def test_perfect_crystal_has_none(references, form, by_waves, monkeypatch):
    """S_f = 0 without noise, whatever the order of the atoms."""
    if not by_waves:
        monkeypatch.setattr(Crystal, "of", lambda *words: None)
    other, _ = shuffled(references["perfect"].atoms)
    found = stochastic_formation_entropy(
        other, references["perfect"].atoms, **LJ, temperature=0.3, form=form, probes=3
    )
    assert abs(found.entropy) < 1e-5 and found.std_error < 1e-5
    assert (found.matched, found.exact_bulk) == (108, by_waves)


def test_bulk_is_exact(references):
    """By waves, by diagonalisation, and by D(q) of the pair potential written down."""
    crystal = references["perfect"]
    q = commensurate(A, 3)[1:]
    gamma = fcc_eigenvalues(A, CUT, q)
    expected = {"determinant": -0.5 * np.sum(np.log(gamma))}
    omega = np.sqrt(gamma) / (2 * np.pi)  # h = 1
    expected["temperature"] = mode_entropies(omega / 0.3, "quantum").sum()
    for form, value in expected.items():
        found = stochastic_formation_entropy(
            crystal.atoms, crystal.atoms, **LJ, temperature=0.3, form=form, statistics="quantum",
            probes=2,
        )  # fmt: skip
        assert found.exact_bulk and found.bulk_entropy == pytest.approx(value, abs=1e-4)
    assert crystal.entropy == pytest.approx(
        mode_entropies(omega / 0.3, "classical").sum(), abs=1e-4
    )


@pytest.mark.parametrize("form", ["temperature", "determinant"])
@pytest.mark.parametrize("which", ["vacancy", "interstitial"])
def test_defects(references, which, form):
    defect, crystal = references[which], references["perfect"]
    found = stochastic_formation_entropy(
        defect.atoms, crystal.atoms, **LJ, temperature=0.3, form=form, probes=48, seed=1
    )
    expected = formation_entropy(defect, crystal, form)
    assert found.matched == min(len(defect.atoms), 108)
    assert abs(found.entropy - expected) < 2.5 * found.std_error
    assert found.entropy == pytest.approx(found.values.mean(), abs=1e-12)
    assert found.std_error == pytest.approx(found.values.std(ddof=1) / 48**0.5, abs=1e-12)


def test_noise_is_that_of_the_difference(references):
    """By matrices: values of each probe are z . (f(D_d) - f(D_b)) z, their variance follows."""
    crystal, holed = references["perfect"].atoms, references["vacancy"].atoms
    kept = np.delete(np.arange(324), [60, 61, 62])  # coordinates of all atoms but 20
    whole, typical = [], -0.5 * np.log(np.linalg.norm(matrix_of(crystal, CUT)) / 18)  # rms
    for atoms in (crystal, holed):
        values, vectors = np.linalg.eigh(matrix_of(atoms, CUT))
        still = np.argsort(np.abs(values))[:3]
        values, vectors = np.delete(values, still), np.delete(vectors, still, axis=1)
        whole.append((vectors * (-0.5 * np.log(values) - typical)) @ vectors.T)
    bulk = np.trace(whole[0]) + 321 * typical
    change = -whole[0]
    change[np.ix_(kept, kept)] += whole[1]
    found = stochastic_formation_entropy(
        holed, crystal, **LJ, form="determinant", probes=64, seed=2
    )
    signs = np.array([random_signs(108, 2, probe).ravel() for probe in range(64)])
    expected = np.einsum("pi,ij,pj->p", signs, change, signs) - 3 * typical + bulk / 108
    # the typical eigenvalue that was used is a random estimate of that here
    assert found.values == pytest.approx(expected, abs=0.05)
    off = change - np.diag(np.diag(change))
    spread = np.sqrt(2) * np.linalg.norm(off)
    assert found.values.std(ddof=1) == pytest.approx(spread, rel=0.3)  # 64 values: 0.09
    # of 200 seeds 95 % within two standard errors: as for the whole entropies
    numbers = [[random_signs(108, s, probe).ravel() for probe in range(32)] for s in range(200)]
    values = np.array([np.sum(one @ change * one, axis=1) for one in np.array(numbers)])
    error = values.std(axis=1, ddof=1) / 32**0.5
    held = np.mean(np.abs(values.mean(axis=1) - np.trace(change)) <= 2 * error)
    assert 0.90 <= held <= 0.985
    own = whole[1] - np.diag(np.diag(whole[1]))
    assert spread < 0.3 * np.sqrt(2) * np.linalg.norm(own)  # of S_d alone


def test_bulk_without_unit_cells(references, monkeypatch):
    """Two LAMMPS instead of waves: the same differences, and 1/N of the noise of the bulk more."""
    words = (references["vacancy"].atoms, references["perfect"].atoms)
    options = {**LJ, "temperature": 0.3, "probes": 6, "tolerance": 1e-5}
    exact = stochastic_formation_entropy(*words, **options)
    monkeypatch.setattr(Crystal, "of", lambda *words: None)
    found = stochastic_formation_entropy(*words, **options)
    assert exact.exact_bulk and not found.exact_bulk
    gap = found.values - exact.values
    assert np.abs(gap).max() < 0.2 and np.ptp(gap) > 1e-4  # of a noise of 10 k_B, a 108th
    bulk = exact.bulk_entropy + 108 * gap
    assert found.bulk_entropy == pytest.approx(bulk.mean(), abs=1e-2)


def test_slab_with_a_hole_in_its_face():
    """Open along one direction, so without waves: two LAMMPS, against diagonalisation."""
    slab = perfect()
    slab.pbc = [True, True, False]
    holed = slab.copy()
    del holed[np.argmax(holed.positions[:, 2])]
    with ReferenceCalculator(**LJ, temperature=0.3, relax=True, retry=3) as calculator:
        defect, whole = calculator(holed), calculator(slab)
    found = stochastic_formation_entropy(
        defect.atoms, whole.atoms, **LJ, temperature=0.3, probes=24
    )
    assert not found.exact_bulk and found.matched == 107
    assert abs(found.entropy - formation_entropy(defect, whole)) < 2.5 * found.std_error
    assert abs(found.bulk_entropy - whole.entropy) < 5.0  # a noise of 8 k_B, of 24 probes
    assert found.std_error < 0.6


def test_relaxed_on_the_way(references):
    found = stochastic_formation_entropy(
        vacancy(), perfect(), **LJ, temperature=0.3, probes=3, relax=True
    )
    again = stochastic_formation_entropy(
        references["vacancy"].atoms, references["perfect"].atoms, **LJ, temperature=0.3, probes=3
    )
    assert found.values == pytest.approx(again.values, abs=1e-3)


def strained(atoms):
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell[:] * [1, 1, 1 + 1e-5], scale_atoms=True)
    return atoms


def moved(atoms):
    atoms = atoms.copy()
    atoms.positions += A / 4
    return atoms


def renamed(atoms):
    atoms = atoms.copy()
    atoms.symbols[:] = "Kr"
    return atoms


def heavier(atoms):
    atoms = atoms.copy()
    atoms.set_masses([2.0] * len(atoms))
    return atoms


def open_cell(atoms):
    atoms = atoms.copy()
    atoms.pbc = [True, True, False]
    return atoms


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (strained, {}, r"bulk: found the cell .*, expected that of the defect"),
        (moved, {}, r"bulk: found 0 of 107 atoms of the defect within \S+ of its 108 sites"),
        (renamed, {}, r"species: found Ar and Kr, expected one and the same in defect and bulk"),
        (heavier, {}, r"masses: found 2 in the bulk, expected 1 as in the defect"),
        (open_cell, {}, r"pbc: found \[True, True, False\] of the bulk and .* expected the same"),
        (None, {"form": "local"}, r"form: found 'local', expected temperature or determinant"),
        (None, {"temperature": None}, r"temperature: found none, expected a number above 0, or "
                                      r"form='determinant'"),
        (None, {"temperature": -3.0}, r"temperature: found -3.0, expected a number above 0"),
        (None, {"probes": 1}, r"probes: found 1, expected an integer from 2 on"),
        (None, {"seed": 1.5}, r"seed: found 1.5, expected an integer from 0 on"),
        (None, {"tolerance": -1}, r"tolerance: found -1, expected a number above 0"),
        (None, {"retry": 2}, r"retry: found 2, expected none for two cells at once"),
        (None, {"tolerance": 1e-13, "max_steps": 12},
         r"defect and bulk: probe 1: steps: found a change of \S+ still to come after 12"),
    ],
)  # fmt: skip
def test_refused(references, change, options, message):
    crystal = references["perfect"].atoms
    if change is not None:
        crystal = change(crystal)
    with pytest.raises(ValueError, match=message):
        stochastic_formation_entropy(
            references["vacancy"].atoms, crystal, **LJ, **{"temperature": 0.3, **options}
        )


def test_what_is_not_relaxed_is_named(references):
    with pytest.raises(ValueError, match=r"defect: force on atom \d+: found .*; relax it first"):
        stochastic_formation_entropy(vacancy(), references["perfect"].atoms, **LJ, temperature=0.3)
    shaken = perfect()
    shaken.rattle(0.01, seed=3)
    with pytest.raises(ValueError, match=r"bulk: force on atom \d+: found .*; relax it first"):
        stochastic_formation_entropy(references["vacancy"].atoms, shaken, **LJ, temperature=0.3)


def test_unstable_bulk():
    """A stretched crystal is at rest, by symmetry, but no minimum."""
    stretched = fcc(1.9, 3)
    with pytest.raises(ImaginaryMode, match="bulk: found a mode with the imaginary") as caught:
        stochastic_formation_entropy(stretched, stretched, **LJ, temperature=0.3)
    step, matrix = caught.value.motion.ravel(), matrix_of(stretched, CUT)
    values = np.linalg.eigvalsh(matrix)
    assert step @ matrix @ step / (step @ step) == pytest.approx(values[0], rel=1e-5)


def test_reference_is_not_disturbed(references):
    """The same reference before and after: nothing stays behind in LAMMPS."""
    again = reference(references["vacancy"].atoms, **LJ, temperature=0.3)
    assert again.entropy == pytest.approx(references["vacancy"].entropy, abs=1e-6)
