"""A potential-energy surface for i-PI whose extras carry D̄ (and V̄), on the offline kernels.

i-PI loads it by its own route for surfaces outside its package: ``<pes> custom </pes>`` with
``<pes_path>`` in ``<ffdirect>``, or ``i-pi-py_driver -m custom -P path``; the path is what
``python -m dbar.ipi`` prints. The only parameter is a JSON file.
"""

from __future__ import annotations

import json
from pathlib import Path

import ase.io
import numpy as np
from ase.calculators.calculator import get_calculator_class
from ipi.pes import load_pes
from ipi.pes.dummy import Dummy_driver
from ipi.utils.units import unit_to_user

from dbar.files.json_file import load_schema
from dbar.ipi.terms import (
    DescriptorTerm,
    in_atomic_units,
    model_term,
    read_descriptor,
    read_springs,
)

__DRIVER_NAME__ = "dbar"
__DRIVER_CLASS__ = "DbarDriver"
__all__ = ["DbarDriver"]

SCHEMA = "dbar-pes/1"
_KEYS = {"schema", "template", "descriptor", "virial", "base", "model", "bias"}


class DbarDriver(Dummy_driver):
    """Energy and forces of another surface, extras with the descriptor sums.

    The result is a sum of *terms*. A term is a callable ``term(atoms, cell, pos)`` that returns
    energy, forces (n, 3), virial (3, 3), all in atomic units, and a dict of extras; it sees the
    structure as :class:`ase.Atoms` (Angstrom) and as i-PI sends it (Bohr, cell vectors as
    columns). The base surface comes first in ``self.terms``, then the model, then the descriptor
    with the bias on it.

    Parameters
    ----------
    settings : str
        JSON file with ``schema`` ("dbar-pes/1"), ``template`` (a structure file that ASE reads:
        which atoms there are, in i-PI's order, and which axes are periodic; constraints in it do
        not count), ``descriptor``
        (``family``, ``rcut`` in Angstrom, ``words``: the keywords of the family with their values;
        optional ``species``, ``perspecies``, ``ntypes``), ``virial`` (optional, also send V),
        ``model`` (a file of :class:`dbar.potential.LinearPotential`), ``bias`` (a list of
        ``{"cv": file, "kappa": eV, "at": number}``: kappa (s - at)^2 / 2 on each variable; one
        without kappa and at is only sent) and ``base``, which may be left out beside a model:
        either ``{"pes": name, "path": file, "parameters": {...}}``, a surface of
        i-PI's, or ``{"calculator": name, "parameters": {...}}``, a calculator by the name that
        ASE gives it. Paths are relative to the JSON file.
    verbose : bool
        Passed on to i-PI's base class.

    Raises
    ------
    ValueError
        A key, a name or a value that is not as said above; the message names it.
    FileNotFoundError
        The settings or the template do not exist.

    Notes
    -----
    Extras: ``D`` (K+1 numbers, the first the number of atoms) and, with ``virial``, ``V``
    ((K+1) x 6, in the order xx yy zz xy xz yz), as from ``fix dbar/ipi``, and the value of each
    variable of the bias under its name.
    """

    def __init__(self, settings, verbose=False, *args, **kwargs):
        self.settings = str(settings)
        super().__init__(verbose, *args, **kwargs)

    def check_parameters(self):
        """Read the settings (called by i-PI's base class)."""
        path = Path(self.settings)
        found = load_schema(path, SCHEMA)
        for key in found.keys() - _KEYS:
            raise ValueError(f"{path}: unknown key {key!r}, expected {', '.join(sorted(_KEYS))}")
        for key in ("template", "descriptor"):
            if key not in found:
                raise ValueError(f"{path}: key {key!r} is missing")
        if "base" not in found and "model" not in found:
            raise ValueError(f"{path}: key 'base' is missing, and so is 'model'")
        virial = found.get("virial", False)
        if not isinstance(virial, bool):
            raise ValueError(f"{path}: virial: found {virial!r}, expected true or false")
        self._template = ase.io.read(path.parent / found["template"])
        self._template.set_constraint()  # i-PI fixes atoms itself, and needs all forces
        self.descriptor = read_descriptor(path, found["descriptor"])
        springs = read_springs(path, found.get("bias", []), self.descriptor)
        self.terms = [_base(path, found["base"])] if "base" in found else []
        if "model" in found:
            self.terms.append(model_term(path, found["model"], self._template))
        self.terms.append(DescriptorTerm(self.descriptor, virial, springs))

    def compute_structure(self, cell, pos):
        """Evaluate one structure.

        Parameters
        ----------
        cell : ndarray, shape (3, 3)
            Cell vectors as columns, Bohr.
        pos : ndarray, shape (n, 3)
            Positions, Bohr.

        Returns
        -------
        tuple
            Energy (Hartree), forces (n, 3) (Hartree/Bohr), virial (3, 3) (Hartree) and the
            extras as JSON.

        Raises
        ------
        ValueError
            The number of atoms is not that of the template.
        """
        pos = np.asarray(pos, dtype=float).reshape(-1, 3)
        if len(pos) != len(self._template):
            raise ValueError(f"i-PI sends {len(pos)} atoms, the template has {len(self._template)}")
        atoms = self._template.copy()
        atoms.set_cell(unit_to_user("length", "angstrom", np.asarray(cell).T))
        atoms.positions[:] = unit_to_user("length", "angstrom", pos)
        energy, forces, virial, extras = 0.0, np.zeros_like(pos), np.zeros((3, 3)), {}
        for term in self.terms:
            e, f, v, more = term(atoms, cell, pos)
            energy += e
            forces += f
            virial += v
            extras.update(more)
        return energy, forces, virial, json.dumps(extras)


def _base(path, found):
    if not isinstance(found, dict):
        raise ValueError(f"{path}: base: found {found!r}, expected an object")
    words = dict(found)
    parameters = words.pop("parameters", {})
    if set(words) == {"calculator"}:
        return _calculator_term(path, words["calculator"], parameters)
    if "pes" in words and not words.keys() - {"pes", "path"}:
        file = path.parent / words["path"] if "path" in words else ""
        surface = load_pes(words["pes"], str(file))(**parameters)
        return lambda atoms, cell, pos: _with_dict(*surface(cell, pos))
    raise ValueError(
        f"{path}: base has the keys {', '.join(sorted(words)) or 'none'}, expected calculator, or "
        "pes and with it path, beside parameters"
    )


def _with_dict(energy, forces, virial, extras):
    """Result of another surface of i-PI's, its extras as a dict where they are JSON."""
    try:
        found = json.loads(extras)
    except ValueError:
        found = None
    return energy, forces, virial, found if isinstance(found, dict) else {}


def _calculator_term(path, name, parameters):
    try:
        calculator = get_calculator_class(name)(**parameters)
    except (ImportError, AttributeError, KeyError):
        raise ValueError(f"{path}: base: ASE has no calculator {name!r}") from None

    def term(atoms, cell, pos):
        atoms = atoms.copy()
        atoms.calc = calculator
        virial = np.zeros((3, 3))
        if atoms.cell.rank == 3 and atoms.pbc.any():
            virial = -atoms.get_stress(voigt=False, apply_constraint=False) * atoms.get_volume()
        forces = atoms.get_forces(apply_constraint=False)
        return *in_atomic_units(atoms.get_potential_energy(), forces, virial), {}

    return term
