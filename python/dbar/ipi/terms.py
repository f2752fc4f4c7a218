"""Parts of the energy of `dbar.ipi.driver`: descriptor sums with harmonic bias, linear models."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from ipi.utils.units import unit_to_internal

from dbar.bias.collective_variable import CollectiveVariable
from dbar.descriptors.command import CommandDescriptor, difference
from dbar.descriptors.voigt import tensor_to_voigt
from dbar.descriptors.words import to_word
from dbar.potential.linear import LinearPotential
from dbar.store.units import unit_style

__all__ = [
    "DescriptorTerm", "Spring", "in_atomic_units", "model_term", "read_descriptor", "read_springs",
]  # fmt: skip


class Spring(NamedTuple):
    """Bias kappa (s - at)^2 / 2 in eV; `kappa` 0 leaves a variable that is sent only."""

    cv: CollectiveVariable
    kappa: float
    at: float


class DescriptorTerm:
    """Sums D (and V) as extras, variables as extras, and the springs on them.

    One contraction for all springs: sum_i kappa_i (s_i - at_i) ds_i/dD are the coefficients of D.
    """

    def __init__(self, descriptor, virial=False, springs=()):
        self.descriptor, self.virial, self.springs = descriptor, virial, list(springs)

    def __call__(self, atoms, cell, pos):
        """Energy, forces (n, 3), virial (3, 3) in atomic units, and the extras."""
        D, V = self.descriptor.compute(atoms, virial=self.virial)
        extras = {"D": D.tolist()}
        if V is not None:
            extras["V"] = tensor_to_voigt(V).tolist()
        energy, slope = 0.0, np.zeros_like(D)
        for spring in self.springs:
            s = float(spring.cv.value(D))
            extras[spring.cv.name] = s
            energy += 0.5 * spring.kappa * (s - spring.at) ** 2
            slope += spring.kappa * (s - spring.at) * spring.cv.gradient(D)
        if not slope.any():
            return *in_atomic_units(energy, np.zeros((len(atoms), 3)), np.zeros((3, 3))), extras
        _, forces, strain = self.descriptor.gradient(atoms, slope[1:])
        return *in_atomic_units(energy, forces, -strain), extras


def model_term(path, name, template):
    """A `LinearPotential` as a term.

    Raises
    ------
    ValueError
        Not a model, of units other than eV and angstrom, or without an element of the template.
    """
    if not isinstance(name, str):
        raise ValueError(f"{path}: model: found {name!r}, expected the name of a file")
    try:
        model = LinearPotential.load(path.parent / name)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: model: {error}") from None
    if model.units != "metal":
        raise ValueError(
            f"{path}: model: {name}: found units {model.units!r}, expected 'metal' (eV, angstrom)"
        )
    strange = sorted(set(template.symbols) - set(model.elements))
    if strange:
        raise ValueError(
            f"{path}: model: {name} is of {', '.join(model.elements)}, "
            f"the template has {', '.join(strange)}"
        )

    def term(atoms, cell, pos):
        energies, forces, strain = model.evaluate(atoms)
        return *in_atomic_units(energies.sum(), forces, -strain), {}

    return term


def in_atomic_units(energy, forces, virial):
    """From eV and angstrom."""
    return (
        unit_to_internal("energy", "electronvolt", energy),
        unit_to_internal("force", "ev/ang", forces),
        unit_to_internal("energy", "electronvolt", virial),
    )


def read_descriptor(path, found) -> CommandDescriptor:
    """Make the descriptor of a settings file, of any family.

    Raises
    ------
    ValueError
        The message names file, key and value.
    """
    known = ("family", "rcut", "words", "species", "perspecies", "ntypes")
    if not isinstance(found, dict):
        raise ValueError(f"{path}: descriptor: found {found!r}, expected an object")
    for key in found:
        if key not in known:
            raise ValueError(
                f"{path}: descriptor: unknown key {key!r}, expected {', '.join(known)}"
            )
    for key in ("family", "rcut"):
        if key not in found:
            raise ValueError(f"{path}: descriptor: key {key!r} is missing")
    words = found.get("words", {})
    if not isinstance(words, dict):
        raise ValueError(f"{path}: descriptor: words: found {words!r}, expected an object")
    perspecies = found.get("perspecies", False)
    if not isinstance(perspecies, bool):
        raise ValueError(
            f"{path}: descriptor: perspecies: found {perspecies!r}, expected true or false"
        )
    try:
        descriptor = CommandDescriptor(
            found["family"], found["rcut"], {key: _text(value) for key, value in words.items()},
            found.get("species"), perspecies,
        )  # fmt: skip
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: descriptor: {error}") from None
    if found.get("ntypes", descriptor.n_species) != descriptor.n_species:
        raise ValueError(
            f"{path}: descriptor: ntypes {found['ntypes']}, but {descriptor.n_species} species "
            "are named; list the chemical symbols under species"
        )
    return descriptor


def _text(value) -> str:
    """A setting as text: JSON's own types, or what LAMMPS prints, such as "yes" or "0.5 0.4"."""
    values = value if isinstance(value, list) else [value]
    return " ".join(to_word(v) for v in values)


def read_springs(path, found, descriptor) -> list[Spring]:
    """Make the list under the key ``bias``.

    Raises
    ------
    ValueError
        The message names file, place in the list, key and value.
    """
    if not isinstance(found, list):
        raise ValueError(f"{path}: bias: found {found!r}, expected a list")
    springs: list[Spring] = []
    for k, one in enumerate(found):
        spring = _spring(path, f"{path}: bias[{k}]", one, descriptor.command_settings())
        if spring.cv.name in ("D", "V", *(other.cv.name for other in springs)):
            raise ValueError(f"{path}: bias[{k}]: the name {spring.cv.name!r} is taken")
        springs.append(spring)
    return springs


def _spring(path, where, one, settings):
    if not isinstance(one, dict) or "cv" not in one or one.keys() - {"cv", "kappa", "at"}:
        raise ValueError(f"{where}: found {one!r}, expected an object of cv, kappa and at")
    if ("kappa" in one) != ("at" in one):
        raise ValueError(f"{where}: found one of kappa and at, expected both or none")
    for key in ("kappa", "at"):
        value = one.get(key, 0.0)
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not math.isfinite(value):
            raise ValueError(f"{where}: {key}: found {value!r}, expected a finite number")
    if not isinstance(one["cv"], str):
        raise ValueError(f"{where}: cv: found {one['cv']!r}, expected the name of a file")
    try:
        cv = CollectiveVariable.load(path.parent / one["cv"])
    except (OSError, ValueError) as error:
        raise ValueError(f"{where}: cv: {error}") from None
    if unit_style(cv.lammps_units)["length"] != "angstrom":
        raise ValueError(
            f"{where}: cv: {one['cv']}: found units {cv.lammps_units!r}, expected lengths in "
            "angstrom"
        )
    other = difference(settings, cv.descriptor)
    if other:
        raise ValueError(
            f"{where}: cv: {one['cv']}: its descriptor differs from the file's: {other}"
        )
    return Spring(cv, float(one.get("kappa", 0.0)), float(one.get("at", 0.0)))
