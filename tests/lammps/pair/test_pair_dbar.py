"""`pair_style dbar` with the coefficients of SNAP potentials equals LAMMPS's own `pair_style snap`.

Both sum the same terms in another order: 1e-11 relative leaves room for rounding, and is a hundred times
less than what is promised.
"""

import functools
import re

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list
from ase.units import bar

from blocks import read_dump
from dbar.descriptors import Expansion
from dbar.potential import LinearPotential
from harness import run_lammps
from snap_models import CASES, START, assert_equal, output, read_output

RTOL = 1e-11
VALUES = ("START", "MOVED", "MINIMUM")


@pytest.fixture(scope="module")
def crystals(tmp_path_factory):
    """crystals(name): a case, the folder with its crystal and model, and what `pair_style snap` says of it."""

    @functools.cache
    def make(name):
        case, folder = CASES[name], tmp_path_factory.mktemp(name)
        case.export(folder)
        text = START + case.box() + case.pair("snap") + "write_data crystal.data nocoeff\n"
        run_lammps(folder, text + output("snap") + "run 0\n")
        return case, folder, read_output(folder, "snap")

    return make


WAYS = {  # potential, ranks, newton, threads
    "Ta, 1 rank": ("Ta", 1, "on", 1),
    "Ta, 2 ranks, newton off": ("Ta", 2, "off", 1),
    "Mo, 2 ranks": ("Mo", 2, "on", 1),
    "WBe, 1 rank": ("WBe", 1, "on", 1),
    "WBe, 2 ranks": ("WBe", 2, "on", 1),
    "WBe, 4 ranks": ("WBe", 4, "on", 1),
    "WBe, 1 rank, newton off": ("WBe", 1, "off", 1),
    "WBe, 4 ranks, newton off": ("WBe", 4, "off", 1),
    "WBe, 2 ranks, newton pair on, bond off": ("WBe", 2, "on off", 1),
    "WBe, 2 ranks, newton pair off, bond on": ("WBe", 2, "off on", 1),
    "WBe, 1 rank, 3 threads": ("WBe", 1, "on", 3),
    "WBe, 2 ranks, 2 threads, newton off": ("WBe", 2, "off", 2),
}


@pytest.mark.parametrize("way", WAYS)
def test_equals_pair_style_snap(crystals, way):
    name, ranks, newton, threads = WAYS[way]
    case, folder, expected = crystals(name)
    text = START + f"newton {newton}\nread_data crystal.data\n" + case.pair("dbar")
    text += output("dbar") + "run 0\n"
    run_lammps(folder, text, np=ranks, env={"OMP_NUM_THREADS": str(threads)})
    assert_equal(read_output(folder, "dbar"), expected, RTOL)


@pytest.mark.parametrize("name", ["Ta", "WBe"])
def test_python_gives_the_same_numbers(crystals, name):
    case, folder, expected = crystals(name)
    model = case.export(folder)
    text = START + "read_data crystal.data\n" + case.pair("snap")
    text += 'dump x all custom 1 x.dump id type x y z\ndump_modify x sort id format float "%.17g"\n'
    run_lammps(folder, text + "run 0\n")
    _, cell, rows = read_dump(folder / "x.dump")[0]
    symbols = np.array(case.elements.split())[rows[:, 0].astype(int) - 1]
    atoms = Atoms(symbols, positions=rows[:, 1:], cell=cell, pbc=True)
    energies, forces, _ = model.evaluate(atoms)
    stress = model.stress(atoms)[[0, 1, 2, 5, 4, 3]]
    found = {"energies": energies, "forces": forces, "energy": np.array([model.energy(atoms)])}
    assert_equal(found, {name: expected[name] for name in found}, RTOL)
    # LAMMPS and ASE differ in the last digits of eV per cubic angstrom
    assert_equal({"p": -stress / bar}, {"p": expected["pressure"]}, 1e-6)
    atoms.calc = model.calculator()
    assert atoms.get_potential_energy() == pytest.approx(expected["energy"][0], rel=RTOL)
    np.testing.assert_allclose(atoms.get_stress(), model.stress(atoms), atol=1e-12)


@pytest.mark.parametrize(("ranks", "newton"), [(1, "on"), (2, "off")])
def test_spherical_expansion(lammps, tmp_path, ranks, newton):
    """With lmax 0 a potential of pairs: what D of two atoms says, over all pairs of the crystal.

    The radial functions are splines of accuracy 1e-10, the same on both sides.
    """
    descriptor = Expansion(4.0, nmax=3, lmax=0)
    theta = np.array([0.7, -1.1, 0.4])
    LinearPotential([-2.0, *theta], descriptor, ["Ta"]).export(tmp_path / "model.json")
    case = CASES["Ta"]
    text = START + f"newton {newton}\n" + case.box() + case.pair("dbar") + output("dbar")
    text += 'dump x all custom 1 x.dump id type x y z\ndump_modify x sort id format float "%.17g"\n'
    lammps(text + "run 0\n", np=ranks)
    found = read_output(tmp_path, "dbar")
    _, cell, rows = read_dump(tmp_path / "x.dump")[0]
    atoms = Atoms("Ta" * len(rows), positions=rows[:, 1:], cell=cell, pbc=True)
    i, d, r = neighbor_list("idD", atoms, 4.0)

    def of_two(distance):  # energy of one of two atoms
        return descriptor.compute(Atoms("Ta2", [[0, 0, 0], [0, 0, distance]]))[0][1:] @ theta / 2

    step = 1e-6  # small, as the cutoff function bends at once at both of its ends
    energy = np.array([of_two(x) for x in d])
    slope = np.array([of_two(x + step) - of_two(x - step) for x in d]) / (2 * step)
    energies = -2.0 + np.bincount(i, energy, minlength=len(atoms))
    # both atoms of a pair have its energy
    pulls = 2 * (slope / d)[:, None] * r
    forces = np.stack([np.bincount(i, pulls[:, c], minlength=len(atoms)) for c in range(3)], 1)
    assert_equal({"energies": found["energies"]}, {"energies": energies}, RTOL)
    assert_equal({"energy": found["energy"]}, {"energy": energies.sum()}, RTOL)
    assert_equal({"forces": found["forces"]}, {"forces": forces}, 1e-7)
    virial = -0.5 * np.einsum("pa,pb->ab", r, pulls)[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    pressure = virial / atoms.get_volume() / bar
    # LAMMPS and ASE differ in the last digits of eV per cubic angstrom
    assert_equal({"p": found["pressure"]}, {"p": pressure}, 1e-6)


def started(case, style, newton="on", overlay=False):
    """A crystal that `pair_style snap` makes and leaves as start.data, for others to read."""
    text = START + f"newton {newton}\n"
    text += case.box() if style == "snap" else "read_data start.data\n"
    text += case.pair(style, overlay)
    return text + ("write_data start.data nocoeff\n" if style == "snap" else "")


STYLES = (
    ("snap", "on", 1),
    ("dbar", "on", 2),
    ("dbar", "off", 2),
)  # the first one is the reference


def test_with_repulsion(lammps, tmp_path):
    """Two elements, `hybrid/overlay` with zbl."""
    case = CASES["WBe"]
    case.export(tmp_path)
    for style, newton, ranks in STYLES:
        text = started(case, style, newton, overlay=True) + output(style + newton)
        lammps(text + "run 0\n", np=ranks)
    for newton in ("on", "off"):
        assert_equal(read_output(tmp_path, f"dbar{newton}"), read_output(tmp_path, "snapon"), RTOL)


def test_minimum_and_trajectory(lammps, tmp_path):
    """As the authors of Ta06A mean it, with zbl: the same minimum, the same 40 steps in two runs."""
    case = CASES["Ta"]
    case.export(tmp_path)
    results = []
    for style, newton, ranks in STYLES:
        text = started(case, style, newton, overlay=True) + "thermo_style custom step pe\nrun 0\n"
        text += "print 'START $(pe:%.15g)'\ntimestep 0.0005\nfix m all nve\nrun 20\nrun 20\n"
        text += "print 'MOVED $(pe:%.15g)'\nunfix m\nminimize 1e-14 1e-8 300 3000\n"
        text += "print 'MINIMUM $(pe:%.15g)'\n"
        printed = lammps(text, np=ranks).output
        results.append([float(re.search(rf"^{w} (\S+)", printed, re.M)[1]) for w in VALUES])
    start, moved, minimum = results[0]
    assert minimum < moved - 1.0 < start - 2.0
    np.testing.assert_allclose(results[1:], [results[0]] * 2, rtol=1e-9)


@pytest.mark.parametrize("newton", ["on", "off"])
def test_types_that_are_not_seen(lammps, tmp_path, newton):
    """`hybrid` with NULL: atoms of the other type are neither centres nor neighbours, as for snap."""
    case = CASES["WBe"]
    case.export(tmp_path)
    for style in ("snap", "dbar"):
        start = started(case, style, newton if style == "dbar" else "on")
        pair = f"pair_style hybrid {style} lj/cut 5.0\npair_coeff * * {style} "
        pair += getattr(case, style).replace("W Be", "W NULL") + "\n"
        pair += "pair_coeff 2 2 lj/cut 0.1 2.2\npair_coeff 1 2 lj/cut 0.2 2.4\n"
        lammps(start + pair + output(style) + "run 0\n", np=1 if style == "snap" else 2)
    assert_equal(read_output(tmp_path, "dbar"), read_output(tmp_path, "snap"), RTOL)
