"""`compute dbar ... soap`: plugin against offline, ranks, groups, chunks, averages; bias and potential of order 2."""

import re

import numpy as np
import pytest
from ase import Atoms

from blocks import read_dump, run_dbar, system
from dbar.bias import CollectiveVariable
from dbar.descriptors import SOAP
from dbar.potential import LinearPotential

VOIGT = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
DUMP = "dump d all custom 1 dump.txt id type x y z\ndump_modify d sort id format float %.17g\n"
CASES = {
    "order 3 nmax 2 lmax 2 parity both": {"order": 3, "nmax": 2, "lmax": 2, "parity": "both"},
    "order 1 nmax 5 center 1.0": {"order": 1, "nmax": 5, "center": 1.0},
    "nmax 3 lmax 4 sigma 0.4 width 1.0 scale 1 3 4": {
        "nmax": 3, "lmax": 4, "sigma": 0.4, "width": 1.0, "scale": [1.0, 3.0, 4.0],
    },
}  # fmt: skip


def dumped(folder):
    _, cell, rows = read_dump(folder / "dump.txt")[0]
    return Atoms(numbers=rows[:, 0].astype(int), positions=rows[:, 1:], cell=cell, pbc=True)


def close(found, expected, tolerance=1e-12):
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max()


@pytest.mark.parametrize("words", CASES)
@pytest.mark.parametrize("perspecies", ["no", "yes"])
def test_ranks_and_offline(lammps, tmp_path, perspecies, words):
    command = f"compute d all dbar soap 4.7 {words} virial yes perspecies {perspecies}\n"
    script = system("triclinic", 2) + command
    D1, V1 = run_dbar(lammps, script + DUMP)
    for ranks in (2, 4):
        D, V = run_dbar(lammps, script, np=ranks)
        close(D[1:], D1[1:])
        close(V[1:], V1[1:])
    descriptor = SOAP(4.7, species=["H", "He"], perspecies=perspecies == "yes", **CASES[words])
    D, V = descriptor.compute(dumped(tmp_path), virial=True)
    close(D1, D)
    close(V1[1:], V[(slice(1, None), *VOIGT)])


def test_group_chunks_and_average(lammps, tmp_path):
    """Chunks of a group add up to it; an average of one sample is the configuration."""
    script = system(species=2) + (
        "group some id 1:60\ncompute c some chunk/atom bin/1d x lower 0.5 units reduced\n"
        "compute d some dbar soap 4.7 nmax 2 lmax 2 chunk c\n"
        "compute w some dbar soap 4.7 nmax 2 lmax 2\n"
        "compute a some dbar soap 4.7 nmax 2 lmax 2 average s\n"
        "fix s all dbar/stream 1 1 1 d monitor none\n"
        "variable sum equal c_d[1][5]+c_d[2][5]\nthermo_style custom step c_a[5] v_sum c_w[5]\n"
        "thermo_modify norm no format float %.15g\nthermo 1\nfix n all nve\nrun 1\n"
    )
    done = lammps(script, np=2)
    line = re.search(r"^ +1 +(\S+ +\S+ +\S+) *$", done.output, re.M)[1]
    average, of_chunks, whole = (float(x) for x in line.split()[:3])
    assert whole != 0 and of_chunks == pytest.approx(whole, rel=1e-13)
    assert average == pytest.approx(whole, rel=1e-13)


def test_empty_rank(lammps, tmp_path):
    """All atoms in one corner: three of four ranks have none."""
    script = (
        "units metal\nboundary f f f\nregion b block 0 40 0 40 0 10\ncreate_box 2 b\n"
        "create_atoms 1 single 3 3 3\ncreate_atoms 2 single 5 4 3\ncreate_atoms 1 single 4 6 5\n"
        "mass * 1.0\npair_style zero 5.0\npair_coeff * *\n"
        "compute d all dbar soap 4.7 nmax 3 lmax 3 virial yes\n"
    )
    D1, V1 = run_dbar(lammps, script)
    D, V = run_dbar(lammps, script, np=4)
    assert D[0] == 3 and np.abs(D[1:]).max() > 0
    close(D, D1)
    close(V[1:], V1[1:])


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_linear_potential_of_order_2(lammps, tmp_path, ranks):
    """`pair_style dbar` against Python to 1e-9."""
    descriptor = SOAP(4.7, nmax=2, lmax=2, center=1.0, species=["Al", "Ni"])
    numbers = np.random.default_rng(3).normal(size=(2, 1 + descriptor.n_components))
    model = LinearPotential(numbers, descriptor)
    model.export(tmp_path / "model.json")
    script = system("triclinic", 2).partition("pair_style")[0] + (
        "pair_style dbar\npair_coeff * * model.json Al Ni\n"
        "dump x all custom 1 x.dump id type x y z fx fy fz\n"
        'dump_modify x sort id format float "%.17g"\nthermo_style custom step pe\n'
        "thermo_modify norm no format float %.15g\nrun 0\n"
    )
    done = lammps(script, np=ranks)
    _, cell, rows = read_dump(tmp_path / "x.dump")[0]
    atoms = Atoms(["Al" if t == 1 else "Ni" for t in rows[:, 0]], rows[:, 1:4], cell=cell, pbc=True)
    energies, forces, _ = model.evaluate(atoms)
    shown = float(done.output.split("PotEng")[-1].split()[1])
    assert shown == pytest.approx(energies.sum(), rel=1e-9)
    close(rows[:, 4:7], forces, 1e-9)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_bias_on_a_variable_of_order_2(lammps, tmp_path, ranks):
    """fix dbar/plumed: value, and forces as those of the variable in Python."""
    descriptor = SOAP(4.7, nmax=2, lmax=1, species=["Al", "Ni"])
    row = np.random.default_rng(4).normal(size=(1, 1 + descriptor.n_components))
    variable = CollectiveVariable("s", descriptor, row, per_atom=True)
    variable.export(tmp_path / "s.json")
    (tmp_path / "plumed.dat").write_text(
        "s: EXTRACV NAME=s\nRESTRAINT ARG=s AT=0 SLOPE=10 KAPPA=0\nPRINT ARG=s FILE=COLVAR FMT=%.15g\n"
    )
    script = system("triclinic", 2) + (
        "compute d all dbar soap 4.7 nmax 2 lmax 1 virial yes\n"
        "fix p all dbar/plumed d plumed.dat cv s.json\n"
        "dump x all custom 1 x.dump id type x y z fx fy fz\n"
        'dump_modify x sort id format float "%.17g"\nrun 0\n'
    )
    lammps(script, np=ranks)
    _, cell, rows = read_dump(tmp_path / "x.dump")[0]
    atoms = Atoms(["Al" if t == 1 else "Ni" for t in rows[:, 0]], rows[:, 1:4], cell=cell, pbc=True)
    found = variable.forces(atoms)
    shown = float((tmp_path / "COLVAR").read_text().split()[-1])
    assert shown == pytest.approx(found.value, rel=1e-9)
    scale = (rows[:, 4:7] * found.forces).sum() / (found.forces**2).sum()
    assert scale == pytest.approx(10 / 96.485, rel=1e-4)  # kJ/mol in eV
    close(rows[:, 4:7], scale * found.forces, 1e-9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("order 4", "soap order: found '4', expected an integer from 1 to 3"),
        ("center 1.0 neighbors 1", "soap center: found 1 with neighbors 1, expected all species"),
        ("scale 1 2", "soap scale: found nothing after it, expected three numbers above 0, C R0 M"),
        ("scale 0 2 1", "soap scale: found 0, expected three numbers above 0"),
        ("sigma 0", "soap sigma: found 0, expected a length above 0"),
        (
            "twojmax 2",
            "soap: found keyword 'twojmax', expected one of: order, parity, nmax, lmax, basis",
        ),
    ],
)
def test_bad_words(lammps, words, message):
    done = lammps(system(species=2) + f"compute d all dbar soap 4.7 {words}\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert message in " ".join(done.output.split())
