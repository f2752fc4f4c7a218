"""What a reference refuses: one error that names the configuration, the word and what was expected."""

import os
import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.constraints import FixAtoms

from dbar.entropy import LammpsError, ReferenceCalculator, reference
from dbar.entropy import lammps_session as room
from dbar.entropy.configuration import prepare
from dbar.entropy.force_constants import Potential, force_constants
from dbar.entropy.lammps_session import LammpsSession
from harness import environment, on_small_disk
from lennard_jones import COEFF, fcc, icosahedron

LJ = {"pair_style": "lj/cut 5", "pair_coeff": COEFF, "units": "lj"}


@pytest.fixture(scope="module")
def cluster():
    return reference(icosahedron(), relax=True, **LJ).atoms


def changed(atoms, **arrays):
    atoms = atoms.copy()
    for name, value in arrays.items():
        atoms.set_array(name, np.asarray(value))
    return atoms


def shaken(atoms):
    atoms = atoms.copy()
    atoms.rattle(0.01, seed=1)
    return atoms


def held(atoms):
    atoms = atoms.copy()
    atoms.set_constraint(FixAtoms([0]))
    return atoms


def placed(atoms, k, position):
    atoms = atoms.copy()
    atoms.positions[k] = position
    return atoms


def apart(atoms):
    other = atoms.copy()
    other.positions += [40, 0, 0]
    return atoms + other


CASES = {
    "unrelaxed": (shaken, {}, r"force on atom \d+: found \d.*, expected at most 1e-05; relax it"),
    "single": (lambda a: a[:1], {}, r"atoms: found 1, expected at least 2"),
    "none": (lambda a: a[:0], {}, r"atoms: found 0, expected at least 2"),
    "type": (lambda a: changed(a, numbers=[36] * 13), {"species": ["Ar"]},
             r"species: found an atom of Kr, expected one of the potential's types: Ar"),
    "types": (lambda a: changed(a, numbers=[36] * 3 + [18] * 10), {},
              r"species: found none beside atoms of Ar and Kr, expected the symbol of each type"),
    "type 0": (lambda a: changed(a, type=[0] + [1] * 12), {},
               r"type: found 0, expected one of the potential's types, 1 to 1"),
    "other type": (lambda a: changed(a, type=[1, 2] * 6 + [1]), {"pair_coeff": "* * none Ar Kr"},
                   r"type: found 2 of an atom of Ar, expected a type of Kr as the potential says"),
    "gap": (lambda a: changed(a, id=[*range(1, 13), 20]), {},
            r"id: found none that is 13 among 13 atoms, expected each of 1 to 13 once"),
    "masses": (lambda a: changed(a, masses=[40.0] * 12 + [36.0]), {},
               r"masses: found 36 and 40 of Ar, expected one mass for each species"),
    "no mass": (lambda a: changed(a, masses=[0.0] * 13), {}, r"masses: found 0, expected positive"),
    "nan": (lambda a: placed(a, 2, [0, np.nan, 0]), {}, r"positions: found .* of atom 3, expected"),
    "held": (held, {}, r"constraints: found 1, expected none"),
    "flat cell": (lambda a: Atoms(a, cell=[9, 9, 0], pbc=True), {}, r"cell: found .*, expected a v"),
    "two clusters": (apart, {}, r"found 6 more modes that cost no energy than the whole can have"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_configurations(cluster, case):
    change, options, message = CASES[case]
    with pytest.raises(ValueError, match=rf"^mine: {message}"):
        reference(change(cluster), name="mine", **(LJ | options))


WORDS = {
    "cold": ({"temperature": 0}, r"temperature: found 0, expected a number above 0"),
    "below": ({"temperature": -5.0}, r"temperature: found -5.0, expected a number above 0"),
    "statistics": ({"statistics": "bose"}, r"statistics: found 'bose', expected classical or quan"),
    "units": ({"units": "metall"}, r"units: found 'metall', expected one of cgs, electron, lj"),
    "ranks": ({"ranks": 0}, r"ranks: found 0, expected an integer above 0"),
    "retry": ({"retry": -1}, r"retry: found -1, expected a number of tries from 0 on"),
    "step": ({"step": 0.0}, r"step: found 0.0, expected a number above 0"),
    "tolerance": ({"force_tolerance": -1}, r"force_tolerance: found -1, expected a number above 0"),
    "no coefficients": ({"pair_coeff": []}, r"pair_coeff: found none, expected at least one line"),
    "empty": ({"pair_style": " "}, r"pair_style: found ' ', expected one line of words of LAMMPS"),
    "two lines": ({"pair_coeff": "* * 1 1\nshell ls"}, r"pair_coeff: found .*, expected one line"),
    "species": ({"species": "Ar"}, r"species: found 'Ar', expected a list of chemical symbols"),
    "masses of si": ({"units": "si"}, r"masses: found none, expected atoms.set_masses"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDS)
def test_words(cluster, case):
    options, message = WORDS[case]
    with pytest.raises(ValueError, match=message):
        reference(cluster, **(LJ | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pair_style": "lj/cutt 5"}, r"mine: ERROR: Unrecognized pair style 'lj/cutt'"),
        ({"pair_coeff": "* * none.eam.fs Fe", "pair_style": "eam/fs", "species": ["Ar"]},
         r"mine: ERROR on proc 0: cannot open eam/fs potential file none.eam.fs"),
        ({"commands": ["dance"]}, r"mine: ERROR: Unknown command: dance"),
    ],
)  # fmt: skip
def test_lammps_says_what_is_wrong(cluster, options, message):
    """And the next configuration gets a new LAMMPS."""
    with pytest.raises(LammpsError, match=message):
        reference(cluster, name="mine", **(LJ | options))


def test_a_calculator_goes_on_after_an_error(cluster):
    with ReferenceCalculator(**LJ) as calculator:
        before = calculator(cluster)
        with pytest.raises(ValueError, match="force on atom"):
            calculator(shaken(cluster))
        far = cluster.copy()
        far.positions[3] = far.positions[4]  # on top of each other
        with pytest.raises((ValueError, LammpsError)):
            calculator(far)
        assert calculator(cluster).log_det == before.log_det


@pytest.mark.parametrize(("style", "words"), [("zero 5", "* *"), ("lj/cut 0.5", COEFF)])
def test_force_constants_that_are_all_zero(cluster, style, words):
    """As LAMMPS gives where a style with a suffix adds its forces elsewhere."""
    with pytest.raises(ValueError, match=r"mine: force constants: found zeros alone, .*suffix"):
        reference(cluster, style, words, units="lj", name="mine")


def test_forces_from_outside(cluster):
    """A spring to a place: then a translation is no zero mode."""
    with pytest.raises(
        ValueError, match=r"force constants of atom \d+: found a sum of .*expected 0"
    ):
        reference(cluster, **LJ, commands=["fix s all spring/self 0.01"])


def test_rows_that_lack_forces_are_found(monkeypatch):
    """Without all ghosts on all ranks dynamical_matrix leaves out forces, and says nothing."""
    lame = "from dbar.lammps import worker as w\nw._Work._reach = lambda self: 0.0\nw.main()"
    start = LammpsSession._start

    def started(self):
        real = room.processes.start
        room.processes.start = lambda words, *rest: real(
            [*words[:-3], "-c", lame, words[-1]], *rest
        )
        try:
            start(self)
        finally:
            room.processes.start = real

    monkeypatch.setattr(LammpsSession, "_start", started)
    potential = Potential("eam", ("* * Cu_u3.eam",))  # force constants reach 8 Å, ghosts 7 Å
    atoms = bulk("Cu", cubic=True, a=3.615) * (12, 2, 2)
    one = prepare(atoms, potential.pair_coeff, "metal", None, "mine")
    with (
        LammpsSession(2) as session,
        pytest.raises(
            ValueError, match=r"mine: force constants .*pair_style eam leaves forces out"
        ),
    ):
        force_constants(session, one, potential, relax=False)
    monkeypatch.undo()
    with LammpsSession(2) as session:  # as it is, on the same two ranks
        force_constants(session, one, potential, relax=False)


@pytest.mark.parametrize("size", [80, 200])
def test_full_disk(cluster, tmp_path, size):
    """108 atoms need 840 KB for each of two steps; nothing is left behind."""
    (tmp_path / "run.py").write_text(
        "import sys\nfrom ase import io\nfrom dbar.entropy import reference\n"
        "atoms = io.read('crystal.xyz')\n"
        "try:\n    reference(atoms, 'lj/cut 2.6', '* * 1 1', units='lj', folder='there')\n"
        "except OSError as error:\n    sys.exit(f'refused: {error}')\n"
    )
    fcc(1.55, 3).write(tmp_path / "crystal.xyz")
    done = on_small_disk(tmp_path, size, [sys.executable, "run.py"])
    assert done.returncode == 1 and "refused: " in done.output, done.output
    assert "expected 839808" in done.output or "No space left" in done.output
    assert list((tmp_path / "kept").iterdir()) == []


def test_killed_lammps_is_an_error(cluster, tmp_path):
    """Whatever ends it: one error, no folder, no process."""
    with LammpsSession(folder=tmp_path) as session:
        session._start()
        session._process.kill()
        session._process.wait()
        with pytest.raises(LammpsError, match="LAMMPS ended"):
            session.ask({}, {})
        assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind(cluster, tmp_path):
    code = (
        "import sys; from ase import io; from dbar.entropy import reference\n"
        "reference(io.read('c.xyz'), 'lj/cut 5', '* * 1 1', units='lj', force_tolerance=1e-3)"
    )
    cluster.write(tmp_path / "c.xyz")
    (tmp_path / "tmp").mkdir()
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True,
        env=environment({"TMPDIR": str(tmp_path / "tmp")}),
    )  # fmt: skip
    assert os.listdir(tmp_path / "tmp") == []
    assert sorted(os.listdir(tmp_path)) == ["c.xyz", "tmp"]
