"""Observables of stored runs: brute force and ASE for g(r), stored counts for the structure."""

import itertools
import sys

import numpy as np
import pytest
from ase.build import bulk
from ase.geometry.rdf import get_rdf

from dbar.entropy.wigner_seitz import find_defects
from dbar.targets import (
    after_yield,
    dislocations,
    match_snapshots,
    observable,
    potential_energy,
    pressure,
    rdf,
    stress,
    structure_counts,
    vacancies,
    volume,
)
from dbar.trajectory import Snapshots, Trajectory
from ensembles import ensemble, trajectory

SEED = 20247


def snapshots(*systems):
    """`Snapshots` of ase.Atoms with equal numbers of atoms."""
    n = max(len(a) for a in systems)
    return Snapshots(
        step=np.arange(len(systems)),
        time=np.arange(len(systems), dtype=float),
        position=np.array([a.positions for a in systems]),
        id=np.tile(np.arange(1, n + 1), (len(systems), 1)),
        species=np.ones((len(systems), n), dtype=int),
        edges=np.array([a.cell.array for a in systems]),
        origin=np.zeros((len(systems), 3)),
    )


def crystal(rng, size=(4, 4, 4), noise=0.1, shear=0.0):
    atoms = bulk("Al", cubic=True) * size
    cell = atoms.cell.array.copy()
    cell[1, 0] = shear
    atoms.set_cell(cell, scale_atoms=True)
    atoms.positions += noise * rng.standard_normal(atoms.positions.shape)
    return atoms


# ---- thermodynamic outputs --------------------------------------------------------------------


def run(**observables):
    return Trajectory(
        np.ones((4, 3)), observables={k: np.full(4, v) for k, v in observables.items()}
    )


def test_thermo_columns():
    full = run(pe=-3.0, press=10.0, pxx=1.0, pyy=2.0, pzz=3.0, pxy=4.0, pxz=5.0, pyz=6.0, lx=2.0, ly=3.0, lz=4.0)  # fmt: skip
    assert potential_energy(full)[0] == -3.0 and pressure(full)[1] == 10.0
    np.testing.assert_array_equal(stress(full)[2], [-1, -2, -3, -4, -5, -6])
    assert volume(full)[0] == 24.0
    assert volume(run(vol=7.0))[0] == 7.0


def test_missing_thermo_says_how_to_get_it():
    with pytest.raises(KeyError, match=r"no 'pe' \(it has: lx, press\); name it in the `thermo`"):
        potential_energy(run(press=1.0, lx=2.0))
    with pytest.raises(KeyError, match="no 'pyy'"):
        stress(run(pxx=1.0))
    with pytest.raises(ValueError, match="pe is nan at snapshot 0"):
        observable(run(pe=np.nan), "pe")


def test_yield_is_the_peak():
    s = np.array([0.0, 1.0, 2.0, 5.0, 3.0, 4.0, 1.0])
    np.testing.assert_array_equal(after_yield(s), np.arange(7) > 3)
    np.testing.assert_array_equal(after_yield(s, smooth=3), np.arange(7) > 4)
    with pytest.raises(ValueError, match="largest stress is at snapshot 6 of 7: no peak"):
        after_yield(np.arange(7.0))
    with pytest.raises(ValueError, match="smooth is 9"):
        after_yield(s, 9)


def test_rows_of_kept_positions():
    rng = np.random.default_rng(SEED)
    kept = snapshots(*(crystal(rng, (2, 2, 2)) for _ in range(3)))
    kept.step[:] = [0, 2, 3]
    np.testing.assert_array_equal(
        match_snapshots(Trajectory(np.ones((4, 3)), snapshots=kept)), [0, 2, 3]
    )
    kept.step[2] = 9
    with pytest.raises(ValueError, match="kept at step 9, which D does not have"):
        match_snapshots(Trajectory(np.ones((4, 3)), snapshots=kept))
    with pytest.raises(ValueError, match="kept no positions"):
        match_snapshots(Trajectory(np.ones((4, 3))))


# ---- g(r) -------------------------------------------------------------------------------------


def test_rdf_equals_brute_force_over_images():
    """Sheared cell smaller than twice the largest distance."""
    rng = np.random.default_rng(SEED)
    atoms = crystal(rng, (2, 2, 2), shear=1.3)
    r, g = rdf(snapshots(atoms), 6.0, 24)
    edges = np.linspace(0, 6.0, 25)
    counts = np.zeros(24)
    x, cell = atoms.positions, atoms.cell.array
    for shift in itertools.product(range(-2, 3), repeat=3):
        d = np.linalg.norm(x[None] + np.array(shift) @ cell - x[:, None], axis=2).ravel()
        counts += np.histogram(d[d > 1e-9], edges)[0]
    shell = 4 / 3 * np.pi * np.diff(edges**3)
    want = counts / (len(x) * shell * len(x) / atoms.get_volume())
    np.testing.assert_allclose(g[0], want, rtol=1e-12)
    np.testing.assert_allclose(r, 0.5 * (edges[1:] + edges[:-1]))


def test_rdf_equals_ase():
    atoms = crystal(np.random.default_rng(SEED))
    want, _ = get_rdf(atoms, 7.0, 50)
    _, g = rdf(snapshots(atoms), 7.0, 50)
    np.testing.assert_allclose(g[0], want, rtol=1e-9)


def test_ideal_gas_and_cluster():
    rng = np.random.default_rng(SEED)
    gas = bulk("Al", cubic=True) * (10, 10, 10)
    gas.positions = rng.random(gas.positions.shape) @ gas.cell.array
    _, g = rdf(snapshots(gas), 10.0, 10)
    np.testing.assert_allclose(g[0][2:], 1.0, atol=0.03)
    pair = bulk("Al", cubic=True)[:2]
    d = np.linalg.norm(pair.positions[1] - pair.positions[0])
    r, g = rdf(snapshots(pair), 5.0, 10, periodic=(False,) * 3, volume=100.0)
    assert np.count_nonzero(g) == 1 and abs(r[np.argmax(g[0])] - d) <= 0.25
    edges = r[np.argmax(g[0])] + np.array([-0.25, 0.25])
    assert g.max() == pytest.approx(100.0 / 2 / (4 / 3 * np.pi * np.diff(edges**3)[0]))


def test_rdf_bad_input():
    kept = snapshots(crystal(np.random.default_rng(SEED), (2, 2, 2)))
    with pytest.raises(ValueError, match=r"r_max is 0\.0 and n_bins 10"):
        rdf(kept, 0.0, 10)
    kept.position[0, 3, 1] = np.nan
    with pytest.raises(ValueError, match=r"position of atom 4 is .* at step 0"):
        rdf(kept, 5.0)
    kept.id[0, 1:] = 0
    with pytest.raises(ValueError, match="1 atoms at step 0, at least 2"):
        rdf(kept, 5.0)


# ---- vacancies --------------------------------------------------------------------------------


@pytest.mark.parametrize("drift", [0.0, 0.9, 40.3])
def test_vacancies_of_a_sheared_strained_crystal_that_drifts(drift):
    """Seven atoms taken out, one put between: counted, wherever the crystal as a whole is."""
    rng = np.random.default_rng(SEED)
    sites = (bulk("Al", cubic=True) * (4, 4, 4)).get_scaled_positions()
    atoms = crystal(rng, noise=0.15, shear=1.1)
    atoms.set_cell(atoms.cell.array @ np.diag([1.06, 0.97, 0.98]), scale_atoms=True)
    atoms.positions += drift * np.array([0.3, -0.5, 0.8])
    del atoms[rng.choice(len(atoms), 7, replace=False)]
    assert vacancies(snapshots(atoms), sites) == {"vacancies": [7], "interstitials": [0]}
    between = atoms.copy()
    between.append("Al")
    between.positions[-1] = atoms.positions[5] + [0.9, 0.6, 0.3]
    assert vacancies(snapshots(between), sites) == {"vacancies": [7], "interstitials": [1]}


def test_vacancies_equal_ovito():
    """Atoms far off, so that many sites are empty or crowded; as many one way as the other."""
    rng = np.random.default_rng(SEED)
    perfect = bulk("Al", cubic=True) * (3, 4, 4)
    tilt = np.array([[0, 0, 0], [2.0, 0, 0], [0, 1.0, 0]])
    perfect.set_cell(perfect.cell.array + tilt, scale_atoms=True)
    moved = 1.2 * rng.standard_normal((len(perfect) // 2, 3))
    atoms = perfect.copy()
    atoms.positions += np.concatenate([moved, -moved])
    found = vacancies(snapshots(atoms), perfect.get_scaled_positions() % 1.0)
    want = find_defects(atoms, perfect)
    assert found["vacancies"][0] == want.vacancies == found["interstitials"][0] > 20


def test_vacancies_bad_input():
    kept = snapshots(crystal(np.random.default_rng(SEED), (2, 2, 2)))
    with pytest.raises(ValueError, match=r"sites: found shape \(4, 2\), expected \(number of"):
        vacancies(kept, np.zeros((4, 2)))
    with pytest.raises(
        ValueError, match=r"sites: found 1 in site 1, expected fractions of the box"
    ):
        vacancies(kept, [[0, 0, 0], [0.5, 1.0, 0]])
    with pytest.raises(ValueError, match=r"sites: found nan in site 0"):
        vacancies(kept, [[np.nan, 0, 0]])
    kept.position[0, 3, 1] = np.nan
    with pytest.raises(ValueError, match="position of atom 4 is"):
        vacancies(kept, [[0, 0, 0]])


# ---- structure, through OVITO -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["cna", "ptm"])
def test_structure_of_crystals(method):
    rng = np.random.default_rng(SEED)
    kept = snapshots(crystal(rng, noise=0.05))
    assert structure_counts(kept, method)["fcc"][0] == 256
    iron = bulk("Fe", cubic=True) * (5, 5, 5)
    counts = structure_counts(snapshots(iron), method)
    assert counts["bcc"][0] == 250 and counts["fcc"][0] == 0
    assert set(counts) == {"fcc", "hcp", "bcc", "ico", "other"}


def test_perfect_crystal_has_no_dislocations():
    found = dislocations(snapshots(crystal(np.random.default_rng(SEED), noise=0.02)))
    assert found["total"][0] == found["junctions"][0] == 0
    assert "1/6<112>" in found


def test_structure_bad_input():
    kept = snapshots(crystal(np.random.default_rng(SEED), (2, 2, 2)))
    with pytest.raises(ValueError, match="method is 'voronoi', expected 'cna' or 'ptm'"):
        structure_counts(kept, "voronoi")
    with pytest.raises(ValueError, match="lattice is 'sc', expected one of fcc"):
        dislocations(kept, "sc")


def test_missing_package_is_named(monkeypatch):
    kept = snapshots(crystal(np.random.default_rng(SEED), (2, 2, 2)))
    monkeypatch.setitem(sys.modules, "ovito.data", None)
    for analyse in (structure_counts, dislocations):
        with pytest.raises(ImportError, match=r"pip install dbar\[ovito\]"):
            analyse(kept)


@pytest.mark.shared
def test_al_tension_structure():
    """CNA equals the counts that LAMMPS stored; Shockley partials carry the plasticity."""
    (replica,) = ensemble(replicas=[0])
    whole = trajectory(replica)
    rows = match_snapshots(whole)
    counts = structure_counts(whole.snapshots, "cna", cutoff=3.45)
    for k, name in enumerate(("fcc", "hcp", "bcc", "ico", "other")):
        np.testing.assert_array_equal(counts[name], replica.cna[rows, k])
    lines = dislocations(whole.snapshots)
    families = [name for name in lines if "<" in name or name == "other"]
    np.testing.assert_allclose(sum(lines[name] for name in families), lines["total"], rtol=1e-4)
    np.testing.assert_allclose(lines["screw"] + lines["edge"], lines["total"])
    assert lines["total"][0] == 0.0
    assert lines["1/6<112>"].sum() > 0.5 * lines["total"].sum() > 0.0
