"""What changes LAMMPS's neighbour lists: the numbers of the Python twin, or an error that names the command."""

import numpy as np
import pytest
from ase import Atoms

from blocks import METAL, read_dump
from dbar.descriptors import Bispectrum
from dbar.potential import LinearPotential

ELEMENTS = ["Al", "Cu"]
DESCRIPTOR = Bispectrum(4.7, twojmax=2, species=ELEMENTS)
THETA = np.random.default_rng(3).normal(size=(2, 1 + DESCRIPTOR.n_components)) * 0.01
MODEL = LinearPotential(dict(zip(ELEMENTS, THETA, strict=True)), DESCRIPTOR)

SETTLE = (
    "displace_atoms all random 0.3 0.3 0.3 4711 units box\nset group all type/fraction 2 0.4 8123\n"
    "mass * 26.98\ngroup half id <> 1 40\n"
)
REGION = "lattice fcc 4.05\nregion b block 0 3 0 3 0 3\n"
ATOMS = METAL + REGION + "create_box 2 b\ncreate_atoms 1 box\n" + SETTLE
ORDERED = ATOMS.replace("map array", "map array first half")
BONDED = (
    METAL + "atom_style bond\n" + REGION
    + "create_box 2 b bond/types 1 extra/bond/per/atom 12 extra/special/per/atom 60\ncreate_atoms 1 box\n" + SETTLE
    + "bond_style zero\nbond_coeff * 2.8\n"
)  # fmt: skip
ZERO = "pair_style zero 5.0\npair_coeff * *\ncreate_bonds many all all 1 2.0 2.8\n"
WHOLE = "special_bonds lj/coul 1 1 1\n"
PAIR = "pair_style dbar\npair_coeff * * model.json Al Cu\n"
ONE = "pair_style hybrid/overlay dbar zero 4.7\npair_coeff * * dbar model.json Al NULL\npair_coeff * * zero\n"
SHOW = (
    'dump x all custom 1 x.dump id type x y z fx fy fz\ndump_modify x sort id format float "%.17g"\n'
    "thermo_style custom step pe\nthermo_modify norm no format float %.17g\n"
)

EQUAL = {
    "neighbor multi": ATOMS + "neighbor 1.0 multi\n" + PAIR,
    "neighbor nsq": ATOMS + "neighbor 1.0 nsq\n" + PAIR,
    "first": ORDERED + PAIR,
    "include all of them": ORDERED.replace("1 40", "1 108") + "neigh_modify include half\n" + PAIR,
    "overlay": ATOMS + "pair_style hybrid/overlay dbar zero 7.0\n"
    "pair_coeff * * dbar model.json Al Cu\npair_coeff * * zero\n",
    "overlay, multi": ATOMS + "neighbor 1.0 multi\npair_style hybrid/overlay dbar zero 7.0\n"
    "pair_coeff * * dbar model.json Al Cu\npair_coeff * * zero\n",
    "bonds": BONDED + ZERO + WHOLE + PAIR,
    "bonds of half a weight": BONDED + ZERO + "special_bonds lj/coul 0.5 1e-9 0.2\n" + PAIR,
    "bonds without lj": BONDED + ZERO + "special_bonds lj 0 0 0 coul 1 1 1\n" + PAIR,
    "no bonds": BONDED + "special_bonds lj/coul 0 0 0\n" + PAIR,
}
HALF = {  # copper is not of the model
    "exclude others": ATOMS + "neigh_modify exclude type 1 2 exclude type 2 2\n" + ONE,
    "exclude a group of others": ATOMS
    + "group cu type 2\nneigh_modify exclude group cu cu\n"
    + ONE,
    "include the others not": ATOMS.replace("map array", "map array first al").replace(
        "group half id <> 1 40\n", "group al type 1\n"
    ) + "neigh_modify include al\n" + ONE,
}  # fmt: skip
REFUSED = {
    "exclude types": (ATOMS + "neigh_modify exclude type 1 2\n" + PAIR, "neigh_modify exclude"),
    "exclude groups": (
        ATOMS + "neigh_modify exclude group half half\n" + PAIR,
        "neigh_modify exclude",
    ),
    "exclude molecules": (
        BONDED.replace("style bond", "style molecular")
        + WHOLE
        + "set group half mol 3\nneigh_modify exclude molecule/intra half\n"
        + PAIR,
        "neigh_modify exclude",
    ),
    "include": (ORDERED + "neigh_modify include half\n" + PAIR, "neigh_modify include half"),
    "bonds": (BONDED + ZERO + "special_bonds lj/coul 0 0 0\n" + PAIR, "special_bonds"),
    "angles": (BONDED + ZERO + "special_bonds lj/coul 1 0 1\n" + PAIR, "special_bonds"),
    "overlay": (
        ATOMS + "neigh_modify exclude type 1 1\npair_style hybrid/overlay dbar zero 7.0\n"
        "pair_coeff * * dbar model.json Al Cu\npair_coeff * * zero\n",
        "neigh_modify exclude",
    ),
}


def twin(folder, seen):
    """Energy and forces that LAMMPS has, and those of Python for the atoms of these types."""
    _, cell, rows = read_dump(folder / "x.dump")[0]
    rows = rows[rows[:, 0] <= seen]
    symbols = np.array(ELEMENTS)[rows[:, 0].astype(int) - 1]
    atoms = Atoms(symbols, positions=rows[:, 1:4], cell=cell, pbc=True)
    _, forces, _ = MODEL.evaluate(atoms)
    return rows[:, 4:], forces, MODEL.energy(atoms)


def agrees(lammps, folder, script, ranks, seen):
    MODEL.export(folder / "model.json")
    done = lammps(script + SHOW + "run 0\n", np=ranks)
    lines = iter(done.output.splitlines())
    next(line for line in lines if line.split() == ["Step", "PotEng"])
    forces, expected, energy = twin(folder, seen)
    assert float(next(lines).split()[1]) == pytest.approx(energy, rel=1e-11)
    np.testing.assert_allclose(forces, expected, rtol=0, atol=1e-11 * np.abs(expected).max())


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("script", EQUAL.values(), ids=EQUAL)
def test_equals_the_python_twin(lammps, tmp_path, script, ranks):
    agrees(lammps, tmp_path, script, ranks, 2)


@pytest.mark.parametrize("script", HALF.values(), ids=HALF)
def test_atoms_that_are_not_of_the_model_may_be_left_out(lammps, tmp_path, script):
    agrees(lammps, tmp_path, script, 2, 1)


@pytest.mark.parametrize(("script", "command"), REFUSED.values(), ids=REFUSED)
def test_lists_with_gaps_are_refused(lammps, tmp_path, script, command):
    MODEL.export(tmp_path / "model.json")
    done = lammps(script + "run 0\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert f"Pair style dbar: found {command}" in done.errors[0]
    assert "expected " in done.errors[0]
