"""The i-PI surface on the offline kernels, inside the real i-PI and against finite differences."""

import functools
import json
import subprocess
import sys

import numpy as np
import pytest
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from ase.io import read
from ipi.pes import load_pes

from dbar.bias import CollectiveVariable
from dbar.descriptors import Bispectrum, Expansion
from dbar.potential import LinearPotential
from dbar.trajectory import tensor_to_voigt
from harness import BIN
from ipi_runs import (
    argon,
    as_atoms,
    extras,
    ffsocket,
    finish,
    i_pi,
    positions,
    properties,
    socket_name,
    started,
    write_input,
    write_system,
)
from patience import wait_for

DESCRIPTOR = {"family": "bso4", "rcut": 5.0, "words": {"twojmax": 4}}
LJ = {"sigma": 3.405, "epsilon": 0.01032, "rc": 6.0, "smooth": True}
HARTREE = 1 / 0.036749326  # eV; both with i-PI's digits
BOHR = 1 / 1.8897261


BISPECTRUM = Bispectrum(5.0, twojmax=4)
EXPANSION = Expansion(5.0, nmax=2, lmax=2)


def variables():
    """Variables of order 1 on displaced argon (seed 5): per atom, a norm in tanh, one of expansion."""
    random = np.random.default_rng(5)
    D, _ = BISPECTRUM.compute(argon())

    def rows(m):
        return random.normal(size=(m, len(D))) / np.abs(D)

    return [
        CollectiveVariable("mean", BISPECTRUM, 72 * rows(1), per_atom=True),
        CollectiveVariable("norm", BISPECTRUM, rows(3), form="norm", tanh=(1.0, 5.0)),
        CollectiveVariable.from_selection("1,n1,l2,m*", "polar", EXPANSION),
        CollectiveVariable("count", BISPECTRUM, np.eye(1, len(D))),
        CollectiveVariable("other", Bispectrum(5.0, twojmax=2), np.ones((1, 6))),
        CollectiveVariable("reduced", BISPECTRUM, rows(1), lammps_units="lj"),
    ]


def theta():
    """A constant of 0.3 eV and coefficients that give about 0.01 eV per atom (seed 6)."""
    D, _ = BISPECTRUM.compute(argon())
    return np.r_[0.3, 0.01 * 72 / D[1:] * np.random.default_rng(6).normal(size=len(D) - 1)]


def settings(folder, **changes):
    found = {
        "schema": "dbar-pes/1",
        "template": "init.data.xyz",
        "descriptor": DESCRIPTOR,
        "virial": True,
        "base": {"calculator": "lj", "parameters": LJ},
        **changes,
    }
    argon(tilt=True).write(folder / "init.data.xyz", format="extxyz")
    for cv in variables():
        cv.export(folder / f"{cv.name}.json")
    LinearPotential(theta(), BISPECTRUM, elements=["Ar"]).export(folder / "model.json")
    (folder / "pes.json").write_text(json.dumps({k: v for k, v in found.items() if v is not None}))
    return folder / "pes.json"


@functools.cache
def path():
    """Of the surface, as a user asks for it."""
    done = subprocess.run(
        [sys.executable, "-m", "dbar.ipi"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def check_output(folder):
    """Energies are those of ASE, D and V those of the offline descriptor, on what i-PI printed."""
    q, (potential, conserved, _, cell) = positions(folder), properties(folder)
    frames = [as_atoms(x, h, BOHR) for x, h in zip(q, cell, strict=True)]
    D, V = BISPECTRUM.compute(frames, virial=True)
    for key, expected in (("D", D), ("V", tensor_to_voigt(V))):
        found = extras(folder, key)
        assert np.abs(found - expected).max() < 1e-11 * np.abs(expected).max()
    for atoms, energy in zip(frames, potential, strict=True):
        atoms.calc = LennardJones(**LJ)
        assert energy * HARTREE == pytest.approx(atoms.get_potential_energy(), rel=1e-9)
    assert np.ptp(conserved) < 0.02 * np.ptp(potential)


def test_served_by_i_pi_py_driver(tmp_path):
    write_system(tmp_path, argon(tilt=True))
    settings(tmp_path)
    name = socket_name()
    write_input(tmp_path, ffsocket(name), steps=10, extras=("D", "V"))
    words = [str(BIN / "i-pi-py_driver"), "-u", "-a", name, "-m", "custom", "-P", path()]
    with i_pi(tmp_path) as server:
        wait_for(lambda: "@ForceField" in (tmp_path / "i-pi.log").read_text(), "i-PI")
        with started([*words, "-o", "pes.json"], tmp_path, "driver.out") as driver:
            finish(server, tmp_path, "i-pi.log")
            finish(driver, tmp_path, "driver.out")
    check_output(tmp_path)


def test_ffdirect(tmp_path):
    write_system(tmp_path, argon(tilt=True))
    settings(tmp_path)
    forcefield = (
        f"<ffdirect name='lmp'><pes> custom </pes><pes_path> {path()} </pes_path>"
        "<parameters> {settings: pes.json} </parameters></ffdirect>"
    )
    write_input(tmp_path, forcefield, steps=10, extras=("D", "V"))
    with i_pi(tmp_path) as server:
        finish(server, tmp_path, "i-pi.log")
    check_output(tmp_path)


def driver(file):
    return load_pes("custom", path())(str(file))


SPRING = [
    {"cv": "mean.json", "kappa": 3.0, "at": 1.5},
    {"cv": "norm.json", "kappa": -2.0, "at": 0.1},
]
POLAR = [{"cv": "polar.json", "kappa": 40.0, "at": 3.0}]
WORDS = {"nmax": 2, "lmax": 2}
CASES = {
    "base": {},
    "base and bias": {"bias": SPRING},
    "model alone": {"base": None, "model": "model.json"},
    "base, model and bias": {"model": "model.json", "bias": SPRING},
    "expansion": {
        "descriptor": {"family": "expansion", "rcut": 5.0, "words": WORDS},
        "bias": POLAR,
        "base": {"pes": "harmonic", "parameters": {"k1": 0.0}},
    },
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_forces_and_virial_are_derivatives(tmp_path, case):
    """Central differences of 1e-4 Bohr and 1e-5 strain: error about 1e-8 of the value, allowed 1e-6."""
    surface = driver(settings(tmp_path, **CASES[case]))
    atoms = argon(tilt=True)
    cell, pos = atoms.cell.array.T / BOHR, atoms.positions / BOHR
    _, force, virial, _ = surface(cell, pos)
    assert np.abs(force).max() > 1e-5 and np.abs(virial).max() > 1e-4

    def energy(strain=0.0, move=0.0):
        h = np.eye(3) + strain
        return surface(h @ cell, pos @ np.transpose(h) + move)[0]

    for atom, axis in ((0, 0), (17, 2)):
        move = np.zeros_like(pos)
        move[atom, axis] = 1e-4
        slope = (energy(move=move) - energy(move=-move)) / 2e-4
        assert force[atom, axis] == pytest.approx(-slope, abs=1e-6 * np.abs(force).max())
    for a, b in ((0, 0), (0, 1), (1, 2)):
        strain = np.zeros((3, 3))
        strain[a, b] += 0.5e-5  # symmetric: V of an expansion is defined for such strain only
        strain[b, a] += 0.5e-5
        slope = (energy(strain) - energy(-strain)) / 2e-5
        assert virial[a, b] == pytest.approx(-slope, abs=1e-6 * np.abs(virial).max())


def test_constraints_of_the_template_do_not_count(tmp_path):
    """i-PI fixes atoms itself: it needs the forces on all of them, and the whole virial."""
    atoms = argon(tilt=True)
    cell, pos = atoms.cell.array.T / BOHR, atoms.positions / BOHR
    _, force, virial, _ = driver(settings(tmp_path))(cell, pos)
    for name in ("fixed.xyz", "fixed.traj"):
        atoms.set_constraint(FixAtoms(range(0, 72, 2)))
        atoms.write(tmp_path / name)
        assert read(tmp_path / name).constraints
        _, f, v, _ = driver(settings(tmp_path, template=name))(cell, pos)
        np.testing.assert_allclose(f, force, rtol=1e-12)
        np.testing.assert_allclose(v, virial, rtol=1e-12)
    assert np.abs(force[::2]).max() > 1e-5


def test_energy_is_the_sum_of_its_parts(tmp_path):
    """In eV: ASE's potential, theta.D + 0.3 an atom, and the springs by their formula."""
    surface = driver(settings(tmp_path, model="model.json", bias=[*SPRING, {"cv": "count.json"}]))
    atoms = argon(tilt=True)
    energy, _, _, text = surface(atoms.cell.array.T / BOHR, atoms.positions / BOHR)
    found, (mean, norm, *_), D = json.loads(text), variables(), BISPECTRUM.compute(atoms)[0]
    s, t = float(mean.value(D)), float(norm.value(D))
    atoms.calc = LennardJones(**LJ)
    expected = atoms.get_potential_energy() + 72 * 0.3 + theta()[1:] @ D[1:]
    expected += 1.5 * (s - 1.5) ** 2 - (t - 0.1) ** 2
    assert energy * HARTREE == pytest.approx(expected, rel=1e-7)  # digits of the units
    assert [found["mean"], found["norm"]] == pytest.approx([s, t], rel=1e-7)
    assert found["count"] == 72.0


def test_bias_in_i_pi_conserves_energy(tmp_path):
    """The spring exchanges a hundred times more energy than the integrator's error, which stays."""
    noise = {}
    mean = variables()[0]
    at = float(mean.evaluate(argon())) + 1.0
    for case, kappa in (("free", 0.0), ("biased", 2.0)):
        folder = tmp_path / case
        folder.mkdir()
        write_system(folder, argon())
        settings(folder, bias=[{"cv": "mean.json", "kappa": kappa, "at": at}])
        argon().write(folder / "init.data.xyz", format="extxyz")
        forcefield = (
            f"<ffdirect name='lmp'><pes> custom </pes><pes_path> {path()} </pes_path>"
            "<parameters> {settings: pes.json} </parameters></ffdirect>"
        )
        write_input(folder, forcefield, steps=60, extras=("mean",))
        with i_pi(folder) as server:
            finish(server, folder, "i-pi.log")
        _, conserved, _, cell = properties(folder)
        noise[case] = np.std(conserved)
    s = mean.evaluate([as_atoms(x, h, BOHR) for x, h in zip(positions(folder), cell, strict=True)])
    assert extras(folder, "mean") == pytest.approx(s, rel=1e-9)
    assert np.ptp((s - at) ** 2) / HARTREE > 100 * noise["free"]
    assert noise["biased"] < 1.5 * noise["free"]


def test_surface_of_i_pi_as_base_and_settings_as_lammps_prints_them(tmp_path):
    words = {"twojmax": "4", "switch": "yes", "radius": "0.5", "weight": "1"}
    file = settings(
        tmp_path,
        base={"pes": "harmonic", "parameters": {"k1": 0.5}},
        descriptor={**DESCRIPTOR, "words": words, "ntypes": 1, "perspecies": False},
        virial=None,
    )
    atoms = argon(tilt=True)
    pos = atoms.positions / BOHR
    energy, force, virial, text = driver(file)(atoms.cell.array.T / BOHR, pos)
    assert energy == pytest.approx(0.25 * (pos**2).sum())
    assert np.allclose(force, -0.5 * pos) and not virial.any()
    found = json.loads(text)
    assert set(found) == {"D"}
    expected = BISPECTRUM.compute(atoms)[0]
    assert np.allclose(found["D"], expected, rtol=1e-7)


WRONG = {
    "schema": ({"schema": "dbar-pes/9"}, "dbar-pes/1"),
    "unknown key": ({"virail": True}, "virail"),
    "base missing": ({"base": None}, "base"),
    "family": ({"descriptor": {"family": "bso5", "rcut": 5.0}}, "bso5"),
    "rcut missing": ({"descriptor": {"family": "bso4"}}, "rcut"),
    "word": ({"descriptor": {"family": "bso4", "rcut": 5.0, "words": {"tjmax": 2}}}, "tjmax"),
    "key of the descriptor": ({"descriptor": {**DESCRIPTOR, "twojmax": 4}}, "twojmax"),
    "species not named": ({"descriptor": {**DESCRIPTOR, "ntypes": 2}}, "ntypes 2"),
    "calculator": ({"base": {"calculator": "nosuch"}}, "nosuch"),
    "base without anything": ({"base": {"parameters": {}}}, "calculator"),
    "pes": ({"base": {"pes": "nosuch"}}, "nosuch"),
    "base of another type": ({"base": "lj"}, "base: found 'lj'"),
    "perspecies": ({"descriptor": {**DESCRIPTOR, "perspecies": 1}}, "perspecies: found 1"),
    "words": ({"descriptor": {**DESCRIPTOR, "words": [4]}}, r"words: found \[4\]"),
    "virial": ({"virial": "no"}, "virial: found 'no'"),
    "model missing": ({"model": "nosuch.json"}, "nosuch.json"),
    "model of another kind": ({"model": "mean.json"}, "dbar-potential/1"),
    "bias not a list": ({"bias": {"cv": "mean.json"}}, "bias: found"),
    "key of a bias": ({"bias": [{"cv": "mean.json", "kapa": 1.0}]}, "kapa"),
    "kappa alone": ({"bias": [{"cv": "mean.json", "kappa": 1.0}]}, "one of kappa and at"),
    "kappa a word": ({"bias": [{"cv": "mean.json", "kappa": "1", "at": 0}]}, "kappa: found '1'"),
    "variable missing": ({"bias": [{"cv": "nosuch.json"}]}, "nosuch.json"),
    "variable twice": ({"bias": [{"cv": "mean.json"}, {"cv": "mean.json"}]}, "'mean' is taken"),
    "variable of another descriptor": ({"bias": [{"cv": "other.json"}]}, "twojmax 4 and 2"),
    "variable of other units": ({"bias": [{"cv": "reduced.json"}]}, "'lj'"),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_wrong_settings(tmp_path, case):
    changes, word = WRONG[case]
    with pytest.raises(ValueError, match=word):
        driver(settings(tmp_path, **changes))


def test_model_of_another_element(tmp_path):
    file = settings(tmp_path, model="krypton.json")
    LinearPotential(theta(), BISPECTRUM, elements=["Kr"]).export(tmp_path / "krypton.json")
    with pytest.raises(ValueError, match=r"krypton\.json is of Kr, the template has Ar"):
        driver(file)


def test_other_number_of_atoms(tmp_path):
    surface = driver(settings(tmp_path))
    with pytest.raises(ValueError, match="70 atoms, the template has 72"):
        surface(np.eye(3) * 30, np.zeros((70, 3)))
