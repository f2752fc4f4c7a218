"""`pair_style dbar` against `LinearPotential` in Python: models that change between runs, cutoffs that differ."""

import re

import numpy as np
import pytest
from ase import Atoms

from blocks import read_dump
from dbar.descriptors import Bispectrum, Expansion
from dbar.potential import LinearPotential
from snap_models import CASES, START

ELEMENTS = ["W", "Be"]
DUMP = 'write_dump all custom {}.dump id type x y z fx fy fz modify sort id format float "%.17g"\n'
ENERGY = "print 'E $(pe:%.15g)'\n"


def model(descriptor, seed):
    """Random coefficients, of order 1 eV per atom."""
    count = descriptor.set_params(species=ELEMENTS).n_components
    size = np.random.default_rng(seed).normal(size=(2, 1 + count)) / count
    return LinearPotential(size, descriptor, ELEMENTS)


def check(folder, name, potential, symbols, energy):
    """Energy and forces of a dump are those that Python gives."""
    _, cell, rows = read_dump(folder / f"{name}.dump")[0]
    atoms = Atoms(np.array(symbols)[rows[:, 0].astype(int) - 1], rows[:, 1:4], cell=cell, pbc=True)
    _, forces, _ = potential.evaluate(atoms)
    assert energy == pytest.approx(potential.energy(atoms), rel=1e-11)
    np.testing.assert_allclose(rows[:, 4:], forces, rtol=0, atol=1e-11 * np.abs(forces).max())


def energies(done):
    return [float(e) for e in re.findall(r"^E (\S+)$", done.output, re.M)]


def test_pair_coeff_again(lammps, tmp_path):
    """Family, cutoff, weights, number of components and elements all change while LAMMPS keeps its lists.

    The larger model comes second: coefficients of the first would be read past their end.
    """
    weights = {"radius": [0.5, 0.4], "weight": [1.0, 0.6]}
    models = {
        "small": (model(Bispectrum(4.0, twojmax=2, species=ELEMENTS, **weights), 1), "W Be"),
        "large": (model(Bispectrum(4.6, twojmax=6, species=ELEMENTS), 2), "Be W"),
        "pairs": (model(Expansion(3.8, nmax=3, lmax=0, species=ELEMENTS), 3), "W Be"),
        "one": (model(Bispectrum(4.6, twojmax=6, species=ELEMENTS), 4), "W W"),
    }
    text = START + CASES["WBe"].box() + "pair_style dbar\n"
    for name, (potential, symbols) in models.items():
        potential.export(tmp_path / f"{name}.json")
        text += f"pair_coeff * * {name}.json {symbols}\nrun 0\n{ENERGY}{DUMP.format(name)}"
    found = energies(lammps(text, np=2))
    for (name, (potential, symbols)), energy in zip(models.items(), found, strict=True):
        check(tmp_path, name, potential, symbols.split(), energy)


@pytest.mark.parametrize("neighbours", [["W"], ["Be"]])
def test_neighbours_of_one_element_only(lammps, tmp_path, neighbours):
    """Atoms of the other element have no neighbours among their own kind, but are centres of this one's."""
    potential = model(
        Expansion(4.0, nmax=3, lmax=0, neighbors=neighbours, species=ELEMENTS), seed=5
    )
    potential.export(tmp_path / "model.json")
    text = START + CASES["WBe"].box() + CASES["WBe"].pair("dbar")
    done = lammps(text + f"run 0\n{ENERGY}" + DUMP.format("one"), np=2)
    check(tmp_path, "one", potential, ELEMENTS, energies(done)[0])


def test_replicate(lammps, tmp_path):
    """LAMMPS makes its atoms anew; the style goes on with them."""
    model(Bispectrum(4.0, twojmax=2, species=ELEMENTS), 1).export(tmp_path / "model.json")
    text = START + CASES["WBe"].box() + CASES["WBe"].pair("dbar") + "run 0\n" + ENERGY
    one, two = energies(lammps(text + "replicate 2 1 1\nrun 0\n" + ENERGY))
    assert two == pytest.approx(2 * one, rel=1e-11)
