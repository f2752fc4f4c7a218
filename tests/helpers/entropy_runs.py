"""Cells of iron with a vacancy in LAMMPS, and what `compute dbar/entropy` says of them."""

import ase
import numpy as np

from blocks import read_dump

VALUES = ["S", "std", "grade", "F", "S_f", "F_f"]

FE = """
units metal
atom_modify map array
boundary p p p
lattice bcc 2.8553
{region}
create_box 1 b
create_atoms 1 box
mass 1 55.845
pair_style eam/fs
pair_coeff * * Fe_mm.eam.fs Fe
region hole sphere 1 1 1 0.1
delete_atoms region hole
thermo_modify norm no
"""
BOXES = {
    "cubic": "region b block 0 3 0 3 0 3",
    "triclinic": "region b prism 0 3 0 3 0 3 1 -1 1",
    "strained": "lattice bcc 2.883853\nregion b block 0 3 0 3 0 3",
    "longer": "region b block 0 3 0 3 0 6",
}
D = "compute d all dbar afs 3.6 nmax 3 lmax 2\n"
MINIMIZE = "min_modify line quadratic\nminimize 0 1e-4 500 5000\n"
SHOW = "thermo_style custom step pe fmax c_s c_s[*]\nthermo_modify norm no\n"
DUMP = "write_dump all custom at.dump id type x y z modify format float %.17g\n"


def printed(count):
    """Prints the scalar and so many elements of the vector, those that are numbers."""
    names = ["c_s", *(f"c_s[{k}]" for k in range(1, count + 1))]
    text = "".join(f"variable s{k} equal {name}\n" for k, name in enumerate(names))
    return text + f"print 'SAID {' '.join(f'$(v_s{k}:%.17g)' for k in range(count + 1))}'\n" + DUMP


PRINT = printed(6)


def iron_cell(box="cubic"):
    return FE.format(region=BOXES[box])


def said(done):
    """Scalar, then vector of each line that `printed` made."""
    lines = [line.split()[1:] for line in done.output.splitlines() if line.startswith("SAID ")]
    return np.array(lines, dtype=float)


def dumped(folder, symbol="Fe", pbc=True):
    lo, cell, found = list(read_dump(folder / "at.dump").values())[-1]
    positions = found[:, 1:4] - lo
    return ase.Atoms(f"{symbol}{len(found)}", positions=positions, cell=cell, pbc=pbc)


def expected(model, atoms, temperature=None):
    """All that the model says of it, F_f by the thermodynamics of the classical modes."""
    S, std = model.predict(atoms, return_std=True, temperature=temperature)
    out = [S, std, model.grade(atoms), model.free_energy(atoms, temperature=temperature)]
    if hasattr(model.base_, "atoms"):
        (nearest,) = (
            one
            for one in model.base_.atoms
            if abs(atoms.cell.volume / one.cell.volume * 54 % 1 - 0.5) > 0.49999
        )
        crystal = nearest * (1, 1, round(atoms.cell.volume / nearest.cell.volume))
        share = len(atoms) / len(crystal)
        bulk = model.free_energy(crystal, temperature=temperature)
        return [*out, model.formation(atoms, temperature=temperature), out[3] - share * bulk]
    return [*out, np.nan, np.nan]


def assert_same(found, model, atoms, temperature=None):
    """To 1e-10, of formation values 1e-10 of the totals whose differences they are."""
    numbers = dict(zip(VALUES, expected(model, atoms, temperature), strict=True))
    scale = {name: abs(value) for name, value in numbers.items()}
    scale |= {"S_f": scale["S"], "F_f": scale["F"]}
    assert found[0] == found[1]
    for name, value in zip(VALUES, found[1:], strict=False):  # a variable takes no NaN
        np.testing.assert_allclose(value, numbers[name], rtol=0, atol=1e-10 * scale[name])
