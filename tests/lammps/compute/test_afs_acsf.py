"""`compute dbar ... afs` and `acsf`: plugin against offline, ranks, words."""

import numpy as np
import pytest
from ase import Atoms

from blocks import read_dump, run_dbar, system
from dbar.descriptors import ACSF, AFS

VOIGT = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
DUMP = "dump d all custom 1 dump.txt id type x y z\ndump_modify d sort id format float %.17g\n"
CASES = {
    "acsf 4.7 grid 3 zeta 1 2.5": (ACSF, {"grid": 3, "zeta": [1.0, 2.5]}),
    "afs 4.7 nmax 6 lmax 5 weight 1.0 0.6": (AFS, {"nmax": 6, "lmax": 5, "weight": [1.0, 0.6]}),
    "afs 4.7 nmax 3 lmax 4 radial loewdin switch no selfpairs no": (
        AFS, {"nmax": 3, "lmax": 4, "radial": "loewdin", "switch": False, "selfpairs": False},
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", CASES)
@pytest.mark.parametrize("perspecies", ["no", "yes"])
def test_ranks_and_offline(lammps, tmp_path, perspecies, words):
    command = f"compute d all dbar {words} virial yes perspecies {perspecies}\n"
    script = system("triclinic", 2) + command
    D1, V1 = run_dbar(lammps, script + DUMP)
    family, given = CASES[words]
    descriptor = family(4.7, species=["H", "He"], perspecies=perspecies == "yes", **given)
    _, cell, rows = read_dump(tmp_path / "dump.txt")[0]
    atoms = Atoms(numbers=rows[:, 0].astype(int), positions=rows[:, 1:], cell=cell, pbc=True)
    D, V = descriptor.compute(atoms, virial=True)
    found = [(D, V[(slice(None), *VOIGT)])]
    found += [run_dbar(lammps, script, np=ranks) for ranks in (2, 4)]
    for D, V in found:
        assert D[0] == D1[0] and len(D) == len(D1)
        assert np.abs(D - D1).max() <= 1e-12 * np.abs(D1[1:]).max()
        assert np.abs(V[1:] - V1[1:]).max() <= 1e-12 * np.abs(V1).max()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nmax 0", "afs nmax: found '0', expected an integer from 1 to 24"),
        ("radial gto", "afs radial: found 'gto', expected jacobi or loewdin"),
        ("weight 1.0", "afs weight: found 1, expected 2 numbers, one per species, each finite"),
        ("selfpairs maybe", "afs selfpairs: found 'maybe', expected yes or no"),
    ],
)
def test_bad_words(lammps, words, message):
    done = lammps(system(species=2) + f"compute d all dbar afs 4.7 {words}\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1
    assert message in " ".join(done.output.split())
