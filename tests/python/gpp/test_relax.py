"""Defects, surfaces and cells at temperature, and the calculator in the hands of ASE."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc100
from ase.constraints import FixAtoms
from ase.optimize import BFGS

from dbar.gpp import (
    NotConverged,
    PacketCalculator,
    UnstableCrystal,
    make_average,
    relax,
    relax_bulk,
)
from packet_models import copper

POTENTIAL = copper()


def cell_of(temperature, repeat=4, **options):
    crystal = relax_bulk(POTENTIAL, "fcc", temperature, **options)
    return crystal, crystal.atoms * (repeat, repeat, repeat)


# of another program: 255 atoms in the cell of the crystal
@pytest.mark.parametrize(("T", "energy"), [(1e-3, 1.244), (300, 1.232), (800, 1.211)])
def test_vacancy(T, energy):
    crystal, perfect = cell_of(T)
    holed = perfect.copy()
    del holed[0]
    found = relax(holed, POTENTIAL, T)
    assert found.free_energy - 255 * crystal.free_energy == pytest.approx(energy, abs=1e-3)
    assert found.force < 1e-4
    assert found.atoms.get_array("variance") == pytest.approx(found.variances)
    # those beside the hole are wider than those far from it
    far = np.linalg.norm(found.atoms.get_positions(), axis=1)
    if T > 1:
        nearest = perfect.get_all_distances(mic=True)[0, 1:] < 0.75 * crystal.a
        assert np.min(found.variances[nearest]) > np.median(found.variances)
    assert len(far) == 255


def test_perfect_cell_is_the_bulk():
    crystal, atoms = cell_of(300, 3)
    found = relax(atoms, POTENTIAL, 300)
    assert found.free_energy / 108 == pytest.approx(crystal.free_energy, abs=1e-9)
    assert found.variances == pytest.approx(crystal.variance, rel=1e-7)
    assert found.springs == pytest.approx(8.617333262e-5 * 300 / crystal.variance, rel=1e-7)
    assert np.sum(found.entropies) == pytest.approx(108 * crystal.entropy, rel=1e-8)


@pytest.mark.parametrize("cell", ["isotropic", "free"])
def test_cells_relax_to_the_bulk(cell):
    crystal, atoms = cell_of(300, 3, pressure=1.0)
    atoms.set_cell(1.01 * np.asarray(atoms.cell), scale_atoms=True)
    if cell == "free":
        atoms.set_cell(np.asarray(atoms.cell) @ np.diag([1.01, 1.0, 0.995]), scale_atoms=True)
    atoms.rattle(0.02, seed=1)
    found = relax(atoms, POTENTIAL, 300, cell=cell, pressure=1.0, force_tolerance=1e-5)
    assert found.atoms.get_volume() == pytest.approx(27 * crystal.a**3, rel=1e-5)
    assert found.atoms.cell.lengths() == pytest.approx(3 * crystal.a, rel=1e-5)
    assert found.free_energy / 108 == pytest.approx(crystal.free_energy, abs=1e-6)


def test_surface_is_softer():
    """The outermost layer moves more, the middle as in the crystal; what is fixed stays."""
    crystal, _ = cell_of(300)
    slab = fcc100("Cu", (4, 4, 7), a=crystal.a, vacuum=8.0)
    slab.pbc = (True, True, False)
    slab.set_constraint(FixAtoms(mask=slab.get_tags() == 4))
    found = relax(slab, POTENTIAL, 300)
    tags = slab.get_tags()
    layer = [np.mean(found.variances[tags == k]) for k in range(1, 5)]
    assert layer[0] > 1.3 * max(layer[1:])
    assert layer[3] == pytest.approx(crystal.variance, rel=0.03)
    moved = found.atoms.get_positions() - slab.get_positions()
    assert np.all(moved[tags == 4] == 0) and np.min(np.abs(moved[tags == 1, 2])) > 1e-3
    assert found.atoms.constraints


def test_isentropic():
    """A compressed cell at one entropy of each atom warms as the bulk does."""
    _, atoms = cell_of(300, 3)
    before = relax(atoms, POTENTIAL, 300)
    atoms = before.atoms.copy()
    atoms.set_cell(0.99 * np.asarray(atoms.cell), scale_atoms=True)
    found = relax(atoms, POTENTIAL, isentropic=before.actions)
    assert found.temperatures == pytest.approx(319.6, abs=0.1)
    assert found.entropies == pytest.approx(before.entropies, rel=1e-9)
    with pytest.raises(ValueError, match="isentropic: found atoms without the array 'variance'"):
        del atoms.arrays["variance"]
        relax(atoms, POTENTIAL, isentropic=before.actions)


@pytest.mark.parametrize("name", ["exact", "q3"])
def test_calculator(name):
    """Energy, forces and stress belong together, and optimisers of ASE find the same rest."""
    _, atoms = cell_of(300, 3)
    del atoms[0]
    atoms.rattle(0.02, seed=3)
    options = {"tolerance": 1e-12}
    atoms.calc = PacketCalculator(POTENTIAL, 300, name, **options)
    forces, stress = atoms.get_forces(), atoms.get_stress(voigt=False)
    energies, strained = [], []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions[5, 1] += sign * 1e-4
        moved.calc = PacketCalculator(POTENTIAL, 300, name, **options)
        energies.append(moved.get_potential_energy())
        other = atoms.copy()
        other.set_cell(np.asarray(atoms.cell) @ np.diag([1 + sign * 1e-5, 1, 1]), scale_atoms=True)
        other.calc = PacketCalculator(POTENTIAL, 300, name, **options)
        strained.append(other.get_potential_energy())
    assert forces[5, 1] == pytest.approx((energies[1] - energies[0]) / 2e-4, abs=1e-5)
    slope = (strained[0] - strained[1]) / 2e-5 / atoms.get_volume()
    assert stress[0, 0] == pytest.approx(slope, rel=1e-4)
    if name == "exact":
        BFGS(atoms, logfile=None).run(fmax=1e-3)
        found = relax(atoms, POTENTIAL, 300)
        assert atoms.get_potential_energy() == pytest.approx(found.free_energy, abs=1e-5)
        assert atoms.calc.results["helmholtz"] == atoms.get_potential_energy()


def test_warm_starts_are_shorter():
    _, atoms = cell_of(800, 3)
    atoms.rattle(0.05, seed=1)
    atoms.calc = PacketCalculator(POTENTIAL, 800, tolerance=1e-6)
    atoms.get_potential_energy()
    cold = atoms.calc.results["passes"]
    atoms.rattle(1e-5, seed=2)
    atoms.get_potential_energy()
    assert atoms.calc.results["passes"] <= cold - 2
    atoms.calc.start_from(np.full(108, 0.001))  # three doublings away
    atoms.rattle(1e-5, seed=3)
    atoms.get_potential_energy()
    assert atoms.calc.results["passes"] >= cold + 2


def test_unstable_and_not_converged():
    _, atoms = cell_of(300, 3)
    far = Atoms("Cu2", [[0, 0, 0], [0, 0, 9.0]])
    with pytest.raises(UnstableCrystal, match="variance of atom 0: found it growing beyond smax"):
        relax(far, POTENTIAL, 300)
    with pytest.raises(UnstableCrystal, match="at 20000 K"):
        relax(atoms, POTENTIAL, 20000)
    atoms.rattle(0.1, seed=1)
    with pytest.raises(
        NotConverged, match=r"steps: found a force of .* at atom \d+ after"
    ) as error:
        relax(atoms, POTENTIAL, 300, steps=2)
    assert 0 <= error.value.atom < 108
    with pytest.raises(NotConverged, match=r"passes: found 1 used up, and the variance of atom"):
        relax(atoms, POTENTIAL, 300, passes=1)


@pytest.mark.parametrize(
    ("make", "change", "words"),
    [
        (lambda: bulk("Cu", cubic=True, a=3.6) * (2, 2, 2), {},
         r"cell: found 7.2000 Å between the faces along a, expected .* 8.64 Å"),
        (lambda: bulk("Al", cubic=True, a=4.0) * (3, 3, 3), {},
         "atoms: found the element Al, expected one of the potential"),
        (lambda: Atoms(), {}, "atoms: found none"),
        (None, {"cell": "open"}, "cell: found 'open', expected one of fixed, isotropic, free"),
        (None, {"pressure": 1.0}, "pressure: found 1.0 with the cell fixed"),
        (None, {"cell": "free", "positions": False}, "cell: found free with positions"),
        (None, {"temperature": 0.0}, "temperature: found 0.0"),
        (None, {"temperature": None}, "temperature: found none, expected it or isentropic"),
        (None, {"smax": 3.0}, "smax: found 3"),
    ],
)  # fmt: skip
def test_refused(make, change, words):
    atoms = cell_of(300, 3)[1] if make is None else make()
    with pytest.raises(ValueError, match=words):
        relax(atoms, POTENTIAL, **{"temperature": 300, **change})
    if make is None:
        atoms.set_array("variance", np.full(108, -0.1))
        with pytest.raises(ValueError, match=r"variance of atom 0: found -0.1"):
            relax(atoms, POTENTIAL, 300)
        slab = atoms.copy()
        slab.pbc = (True, True, False)
        with pytest.raises(ValueError, match="cell: found free with periodic directions"):
            relax(slab, POTENTIAL, 300, cell="free")


def test_exact_needs_no_torch():
    import subprocess
    import sys

    code = """
import sys
sys.modules["torch"] = None
from dbar.gpp import load_potential, make_average, relax_bulk
copper = load_potential("cu-efs")
print(round(relax_bulk(copper, "fcc", 300).a, 4))
try:
    make_average("q3", copper)
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines()[0] == "3.6309", done.stderr
    assert (
        "PyTorch is not installed, expected it; install it with: pip install 'dbar[gpp]'"
        in done.stdout
    )
    assert make_average("q3", POTENTIAL).smax > 0
