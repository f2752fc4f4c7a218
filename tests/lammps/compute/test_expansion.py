"""`compute dbar ... expansion`: plugin against offline, ranks, a group of centres, cores and shells."""

import numpy as np
import pytest
from ase import Atoms

from blocks import METAL, read_dump, run_dbar, system
from dbar.descriptors import Expansion

VOIGT = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]
SYMBOLS = ["H", "He", "Li", "Be", "B", "C"]  # stand for the LAMMPS types 1 to 6

# BaTiO3 in 2x2x2 cells of 4 A, types Ba, Ti and O cores and shells (1 to 6), displaced independently.
PEROVSKITE = METAL + (
    "boundary p p p\nlattice custom 4.0 a1 1 0 0 a2 0 1 0 a3 0 0 1 basis 0 0 0 basis 0.5 0.5 0.5 "
    "basis 0.5 0.5 0 basis 0.5 0 0.5 basis 0 0.5 0.5\nregion b prism 0 2 0 2 0 2 0.1 -0.2 0.15\n"
    "create_box 6 b\ncreate_atoms 1 box basis 2 3 basis 3 5 basis 4 5 basis 5 5\n"
    "displace_atoms all random 0.15 0.15 0.15 31\n"
    "create_atoms 2 box basis 2 4 basis 3 6 basis 4 6 basis 5 6\n"
    "group shells type 2 4 6\ngroup titanium type 3\n"
    "displace_atoms shells random 0.1 0.1 0.1 77\n"
    "mass * 1.0\npair_style zero 7.0\npair_coeff * *\n"
)
DUMP = "dump d all custom 1 dump.txt id type x y z\ndump_modify d format float %.17g\n"


def offline(folder, **settings):
    """Expansion of the dumped configuration: D (K+1,) and V (K+1, 6)."""
    _, cell, rows = read_dump(folder / "dump.txt")[0]
    atoms = Atoms(numbers=rows[:, 0].astype(int), positions=rows[:, 1:], cell=cell, pbc=True)
    D, V = Expansion(**settings).compute(atoms, virial=True)
    return D, V[(slice(None), *VOIGT)]


def close(found, expected):
    """1e-12 of the largest: components that vanish by symmetry have no scale of their own."""
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-12 * np.abs(expected).max()


@pytest.mark.parametrize("perspecies", ["no", "yes"])
def test_two_types_any_number_of_ranks_and_offline(lammps, tmp_path, perspecies):
    words = f"nmax 5 lmax 4 sigma 0.4 width 1.0 virial yes perspecies {perspecies}"
    script = system("triclinic", 2) + f"compute d all dbar expansion 4.7 {words}\n"
    D1, V1 = run_dbar(lammps, script + DUMP)
    for ranks in (2, 4):
        D, V = run_dbar(lammps, script, np=ranks)
        close(D[1:], D1[1:])
        close(V[1:], V1[1:])
    settings = dict(rcut=4.7, nmax=5, lmax=4, sigma=0.4, width=1.0, species=["H", "He"])
    D, V = offline(tmp_path, perspecies=perspecies == "yes", **settings)
    assert D[0] == D1[0]
    close(D[1:], D1[1:])
    close(V[1:], V1[1:])


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_titanium_among_oxygen_cores(lammps, tmp_path, ranks):
    """Six types, shells on their cores, centres from a group: K counts one species of neighbour only."""
    words = "nmax 3 lmax 2 neighbors 5 virial yes"
    script = PEROVSKITE + f"compute d titanium dbar expansion 5.0 {words}\n" + DUMP
    D, V = run_dbar(lammps, script, np=ranks)
    settings = dict(rcut=5.0, nmax=3, lmax=2, species=SYMBOLS, neighbors=["B"], perspecies=True)
    D6, V6 = offline(tmp_path, **settings)
    block = slice(1 + 2 * 27, 1 + 3 * 27)  # central type 3
    assert D[0] == 8 and len(D) == 28
    close(D[1:], D6[block])
    close(V[1:], V6[block])


def test_shells_on_their_cores(lammps, tmp_path):
    """All types are expanded; a shell exactly on its core counts for l = 0 and gives no NaN."""
    script = PEROVSKITE.replace("0.1 0.1 0.1 77", "0.0 0.0 0.0 77")
    script = script.replace("displace_atoms all random 0.15 0.15 0.15 31\n", "")
    script += "compute d all dbar expansion 5.0 nmax 2 lmax 2 virial yes perspecies yes\n" + DUMP
    D, V = run_dbar(lammps, script, np=2)
    assert np.isfinite(D).all() and np.isfinite(V).all()
    settings = dict(rcut=5.0, nmax=2, lmax=2, species=SYMBOLS, perspecies=True)
    D_offline, V_offline = offline(tmp_path, **settings)
    close(D[1:], D_offline[1:])
    close(V[1:], V_offline[1:])
    ti, shell = (D[1:].reshape(6, 6, 2, 9)[2, a] for a in (2, 3))
    assert shell[0, 0] > ti[0, 0] + 1.0  # the shell in place, over the images of the core


def test_memory_and_log(lammps):
    script = system(species=2) + "compute d all dbar expansion 4.7 nmax 2 lmax 1 neighbors 2\n"
    done = lammps(script + "run 0\nrun 0\ninfo memory\n")
    assert "compute dbar d: expansion, 8 components per atom" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "neighbors 3",
            "expansion neighbors: found '3', expected different species numbers from 1 to 2",
        ),
        ("neighbors virial yes", "expansion neighbors: found nothing after it, expected different"),
        ("neighbors lmax 2", "expansion neighbors: found 'lmax', expected different"),
        (
            "twojmax 8",
            "found keyword 'twojmax', expected one of: nmax, lmax, basis, sigma, width",
        ),
    ],
)
def test_bad_words(lammps, words, message):
    done = lammps(system(species=2) + f"compute d all dbar expansion 4.7 {words}\n", ok=False)
    assert done.returncode != 0 and message in " ".join(done.output.split())
