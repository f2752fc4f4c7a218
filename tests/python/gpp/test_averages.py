"""Averages against each other, against quadrature, and their derivatives against differences."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy import stats

from dbar.gpp import UnstableCrystal, load_potential, make_average, relax_bulk, write_lammps
from harness import run_lammps
from packet_models import central_differences, copper, strain_difference
from packet_oracles import disordered
from packet_quadrature import ExactOracle

POTENTIAL = copper()
EXACT = make_average("exact", POTENTIAL)
CUTOFFS = (4.29, 4.32)  # of V and of the density


def test_exact_pairs_against_quadrature():
    """A cell in disorder: tables of the kernel and points of Gauss and Legendre."""
    atoms, s = disordered(1)
    kernel = EXACT.at(atoms).evaluate(s)
    oracle = ExactOracle(POTENTIAL, smax=0.05, cutoffs=CUTOFFS).at(atoms).evaluate(s)
    assert kernel.energy == pytest.approx(oracle.energy, abs=1e-6)
    assert kernel.forces == pytest.approx(oracle.forces, abs=1e-6)
    assert kernel.strain == pytest.approx(oracle.strain, abs=1e-5)
    assert kernel.slopes == pytest.approx(oracle.slopes, abs=1e-5)


@pytest.mark.parametrize(
    ("form", "file", "elements"),
    [("eam/alloy", "CuNi.eam.alloy", "Ni Cu"), ("eam/fs", "AlFe_mm.eam.fs", "Fe Al")],
)
def test_alloys_without_variance_are_those_of_lammps(tmp_path, form, file, elements):
    """Types in another order than the file's; neighbours of one kind see another density in eam/fs."""
    names = elements.split()
    potential = load_potential(file, *names)
    assert potential.form == form
    atoms = bulk(names[0], "fcc", cubic=True, a=3.8) * (3, 3, 3)
    atoms.symbols[::3] = names[1]
    atoms.rattle(0.1, seed=2)
    write_lammps(tmp_path / "cell.data", atoms, names)
    script = f"""units metal
read_data cell.data
pair_style {form}
pair_coeff * * {file} {elements}
thermo_style custom pe
thermo_modify format float %.12g
run 0"""
    said = run_lammps(tmp_path, script).output
    truth = float(said.split("PotEng")[1].split()[0])
    for name in ("exact", "q3"):
        found = make_average(name, potential).at(atoms).evaluate(1e-12)
        assert found.energy == pytest.approx(truth, abs=1e-6)


@pytest.mark.parametrize("name", ["exact", "q3", "q5", "mc"])
def test_derivatives_are_differences(name):
    """Forces, thermal forces d<V>/ds and the strain."""
    options = {"mc": {"samples": 200, "seed": 5}}.get(name, {})
    average = make_average(name, POTENTIAL, **options)
    if name == "q5":  # 6499 points a site
        atoms = bulk("Cu", a=3.65) * (2, 1, 1)
        s = np.array([0.006, 0.011])
        atoms.rattle(0.05, seed=3)
    else:
        atoms, s = disordered(1, cells=(1, 1, 1))
    found = average.at(atoms).evaluate(s)
    scale = np.max(np.abs(found.forces))
    for atom, axis in ((0, 0), (1, 2)):
        force, slope = central_differences(average, atoms, s, atom, axis)
        assert found.forces[atom, axis] == pytest.approx(force, abs=1e-5 * scale)
        assert found.slopes[atom] == pytest.approx(slope, rel=1e-5)
    if name != "mc":
        assert found.strain == pytest.approx(strain_difference(average, atoms, s), abs=2e-5)


@pytest.mark.parametrize("name", ["exact", "q3", "q5"])
def test_without_variance_it_is_the_potential(name):
    """Static copper of X. D. Dai et al.: 3.6100 A, -3.4903 eV."""
    average = make_average(name, POTENTIAL)
    energies = [average.at(bulk("Cu", a=a)).evaluate(1e-10).energy for a in (3.6, 3.61, 3.62)]
    assert energies[1] == pytest.approx(-3.4903, abs=5e-5)
    assert min(energies) == energies[1]


@pytest.mark.parametrize("method", ["direct", "metropolis"])
def test_monte_carlo_lies_within_its_bars(method):
    """Of 95 % within two standard errors as many as chance allows, not fewer and not all."""
    # 18 neighbours are all that come near at this variance
    atoms, s = bulk("Cu", a=3.63), 0.002
    truth = EXACT.at(atoms).evaluate(s).energy
    repeats, samples = (200, 400) if method == "direct" else (40, 5000)
    inside = 0
    for seed in range(repeats):
        average = make_average(
            "mc", POTENTIAL, neighbours=18, samples=samples, method=method, seed=seed
        )
        found = average.at(atoms).evaluate(s)
        inside += abs(found.energy - truth) < 1.96 * found.error
    low, high = stats.binom.interval(0.998, repeats, 0.95)
    if method == "metropolis":  # blocks of a walk as short as this say a little too little
        low = stats.binom.ppf(0.001, repeats, 0.90)
    assert low <= inside <= high


def test_monte_carlo_against_exact_pairs_in_disorder():
    """What the exact pairs approximate: the embedding energy by three points."""
    atoms, s = disordered(4, cells=(1, 1, 1))
    drawn = make_average("mc", POTENTIAL, samples=20000, seed=1).at(atoms).evaluate(s)
    exact = EXACT.at(atoms).evaluate(s)
    assert drawn.error / len(atoms) < 1e-3
    assert abs(drawn.energy - exact.energy) < 4 * drawn.error


# spread over angles of copper turned about [001], with a and s of the exact averages: the paper's
# averages of third order depend on the axes, the more the more neighbours there are
@pytest.mark.parametrize(
    ("temperature", "name", "neighbours", "spread"),
    [
        (300, "q3", 18, 2.5), (500, "q3", 18, 7.7), (800, "q3", 18, 23.0),
        (300, "q3", 42, 6.4), (500, "q3", 42, 22.0), (800, "q3", 42, 72.0),
        (300, "q5", 18, 0.2), (800, "q5", 18, 4.6),
    ],
)  # fmt: skip
def test_how_much_rotation_matters(temperature, name, neighbours, spread):
    """In meV; 5 % or half of the last digit."""
    crystal = relax_bulk(POTENTIAL, "fcc", temperature)
    average = make_average(name, POTENTIAL, neighbours=neighbours)
    angles = (0, 45) if name == "q5" else np.arange(0, 91, 5)
    energies = turned(average, crystal, angles)
    assert 1000 * np.ptp(energies) == pytest.approx(spread, rel=0.05, abs=0.05)


def turned(average, crystal, angles):
    energies = []
    for angle in angles:
        atoms = bulk("Cu", a=crystal.a)
        atoms.rotate(angle, "z", rotate_cell=True)
        energies.append(average.at(atoms).evaluate(crystal.variance).energy)
    return energies


def test_exact_pairs_do_not_know_the_axes():
    crystal = relax_bulk(POTENTIAL, "fcc", 800)
    energies = turned(EXACT, crystal, (0, 17, 45, 61))
    assert np.ptp(energies) < 1e-12 * abs(energies[0])


def test_compression_through_a_shell():
    """Neighbours by mean distance jump when a shell comes within the cutoff, by probability not."""
    # 24 neighbours at sqrt(3/2) a cross 4.32 at a = 3.5273
    steps = {}
    for choice in (None, 1e-4, "exact"):
        average = EXACT if choice == "exact" else make_average("q3", POTENTIAL, neighbours=choice)
        before, after = (average.at(bulk("Cu", a=a)).evaluate(0.01) for a in (3.5275, 3.5271))
        slope = 0.5 * np.trace(before.strain + after.strain)
        steps[choice] = after.energy - before.energy - slope * np.log(3.5271 / 3.5275)
    assert abs(steps[None]) > 1e-3
    assert abs(steps["exact"]) < 1e-6 and abs(steps[1e-4]) < 1e-6


def test_densities_that_scatter_too_much():
    """Two atoms that are seldom within the cutoff: a point of the embedding energy would be below zero."""
    atoms = Atoms("Cu2", [[0, 0, 0], [4.2, 0, 0]])
    with pytest.raises(UnstableCrystal, match="atom 0: found a density that scatters"):
        EXACT.at(atoms).evaluate(0.02)


def test_numbers_of_neighbours_are_shells():
    with pytest.raises(ValueError, match=r"neighbours: found 20, .* whole shells \(12, 18, 42"):
        make_average("q3", POTENTIAL, neighbours=20).at(bulk("Cu", a=3.61)).evaluate(0.01)
    with pytest.raises(ValueError, match=r"neighbours: found 2 around atom 0, expected 12"):
        make_average("q3", POTENTIAL, neighbours=12).at(
            Atoms("Cu3", [[0, 0, k] for k in (0, 2.5, 5)])
        )


@pytest.mark.parametrize("neighbours", [0, -3, 1.5, 0.0, "18", True])
def test_choices_that_are_none(neighbours):
    with pytest.raises(ValueError, match=r"neighbours: found .*, expected a number"):
        make_average("q3", POTENTIAL, neighbours=neighbours)
