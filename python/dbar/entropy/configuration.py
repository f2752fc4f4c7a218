"""Configurations as LAMMPS gets them: checked, typed, and in a box of the shape that it wants."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from ase.geometry import complete_cell, find_mic

from dbar.entropy.units import angstrom, default_masses

__all__ = ["Configuration", "prepare"]

_MARGIN = 1.0  # Å, of the box around what is not periodic; LAMMPS shrinks it


@dataclass
class Configuration:
    """A configuration and how it stands in LAMMPS's box.

    Attributes
    ----------
    name : str
        For errors.
    atoms : ase.Atoms
        As given, in order: atom k has ID k + 1.
    units : str
        LAMMPS unit style.
    types : ndarray of int, shape (n,)
        LAMMPS types, from 1.
    n_types : int
    masses : ndarray, shape (n,)
    box : ndarray, shape (3, 3)
        Cell vectors as rows, lower triangular.
    low : ndarray, shape (3,)
        Lower corner of the box.
    turn : ndarray, shape (3, 3)
        A position r of the atoms is r @ turn.T in LAMMPS.
    charges : ndarray, shape (n,), or None
    """

    name: str
    atoms: object
    units: str
    types: np.ndarray
    n_types: int
    masses: np.ndarray
    box: np.ndarray
    low: np.ndarray
    turn: np.ndarray
    charges: np.ndarray | None

    @property
    def placed(self) -> np.ndarray:
        """Positions in LAMMPS (n, 3)."""
        return self.atoms.positions @ self.turn.T

    def moved(self, placed: np.ndarray) -> Configuration:
        """The same with atoms where LAMMPS says that they are, next to where they were."""
        step = (placed - self.placed) @ self.turn
        if self.atoms.pbc.any():
            cell = complete_cell(self.atoms.cell)
            step = find_mic(step, cell, pbc=self.atoms.pbc)[0]
        return self.displaced(step)

    def displaced(self, step: np.ndarray) -> Configuration:
        """The same with the atoms displaced (n, 3)."""
        atoms = self.atoms.copy()
        atoms.positions += step
        box, low, turn = _box(atoms, self.units)
        return dataclasses.replace(self, atoms=atoms, box=box, low=low, turn=turn)

    def hessian(self, matrix: np.ndarray) -> np.ndarray:
        """A matrix of LAMMPS's coordinates in those of the atoms."""
        n = len(self.types)
        if np.array_equal(self.turn, np.eye(3)):
            return matrix
        blocks = matrix.reshape(n, 3, n, 3)
        return np.einsum("ak,iajb,bl->ikjl", self.turn, blocks, self.turn, optimize=True).reshape(
            3 * n, 3 * n
        )


def prepare(
    atoms, pair_coeff: Sequence[str], units: str, species: Sequence[str] | None, name: str
) -> Configuration:
    """Check a configuration and give its atoms types.

    Parameters
    ----------
    atoms : ase.Atoms
        Positions in the length unit of the style.
    pair_coeff : sequence of str
        What follows each command ``pair_coeff``; names of elements at the end of one tell the
        types where `species` does not.
    units : str
        LAMMPS unit style.
    species : sequence of str, optional
        Chemical symbol of each type.
    name : str
        For errors.

    Raises
    ------
    ValueError
        Naming the configuration, the word, what was found and what was expected.
    """
    try:
        _check(atoms)
        types, n_types = _types(atoms, pair_coeff, species)
        masses = default_masses(atoms, units)
        _check_masses(atoms, masses)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    charges = atoms.get_initial_charges()
    return Configuration(
        name, atoms.copy(), units, types, n_types, masses, *_box(atoms, units),
        charges if np.any(charges) else None,
    )  # fmt: skip


def _check(atoms) -> None:
    n = len(atoms)
    if n < 2:
        raise ValueError(f"atoms: found {n}, expected at least 2")
    if not np.all(np.isfinite(atoms.positions)):
        bad = int(np.flatnonzero(~np.isfinite(atoms.positions).all(axis=1))[0])
        raise ValueError(f"positions: found {atoms.positions[bad]} of atom {bad + 1}, expected "
                         "finite numbers")  # fmt: skip
    if atoms.constraints:
        raise ValueError(f"constraints: found {len(atoms.constraints)}, expected none")
    if atoms.has("id"):
        ids = np.asarray(atoms.arrays["id"])
        missing = np.setdiff1d(np.arange(1, n + 1), ids)
        if len(missing):
            raise ValueError(
                f"id: found none that is {missing[0]} among {n} atoms, expected each of 1 to {n} "
                "once"
            )
    vectors = np.asarray(atoms.cell)[atoms.pbc]
    if len(vectors) and np.linalg.matrix_rank(vectors) < len(vectors):
        raise ValueError(f"cell: found {vectors.tolist()}, expected a vector along each periodic "
                         "direction")  # fmt: skip


def _check_masses(atoms, masses) -> None:
    if not (np.all(np.isfinite(masses)) and np.all(masses > 0)):
        raise ValueError(f"masses: found {np.min(masses):g}, expected positive numbers")
    for number in np.unique(atoms.numbers):
        own = masses[atoms.numbers == number]
        if np.ptp(own) > 1e-9 * own[0]:
            raise ValueError(
                f"masses: found {own.min():g} and {own.max():g} of {chemical_symbols[number]}, "
                "expected one mass for each species (no masses per atom)"
            )


def _types(atoms, pair_coeff, species) -> tuple[np.ndarray, int]:
    """Type of each atom and the number of types: those that the atoms came with, or by species."""
    own = atoms.arrays.get("type")
    if species is None and own is not None and np.issubdtype(own.dtype, np.integer):
        return _own_types(atoms, own, _named(pair_coeff))
    symbols = _species(atoms, pair_coeff, species)
    types = [symbols.index(s) + 1 for s in atoms.get_chemical_symbols()]
    return np.array(types, dtype=np.int32), len(symbols)


def _own_types(atoms, own: np.ndarray, named: list[str] | None) -> tuple[np.ndarray, int]:
    """Types of an array ``type``, as of a LAMMPS data file; names of elements have to agree."""
    most = len(named) if named else int(own.max())
    if own.min() < 1 or own.max() > most:
        bad = int(own.min() if own.min() < 1 else own.max())
        raise ValueError(f"type: found {bad}, expected one of the potential's types, 1 to {most}")
    for kind, symbol in zip(own, atoms.get_chemical_symbols(), strict=True):
        if named and named[kind - 1] != symbol:
            raise ValueError(
                f"type: found {kind} of an atom of {symbol}, expected a type of "
                f"{named[kind - 1]} as the potential says"
            )
    return own.astype(np.int32), most


def _species(atoms, pair_coeff, species) -> list[str]:
    """Chemical symbol of each type, as asked for or as the potential's command names them."""
    present = sorted(set(atoms.get_chemical_symbols()))
    if species is None:
        named = _named(pair_coeff)
        if named is None and len(present) > 1:
            raise ValueError(
                f"species: found none beside atoms of {' and '.join(present)}, expected the symbol "
                "of each type in the order of the potential"
            )
        species = named or present
    species = [str(s) for s in species]
    unknown = [s for s in present if s not in species]
    if unknown:
        raise ValueError(
            f"species: found an atom of {unknown[0]}, expected one of the potential's types: "
            f"{' '.join(species)}"
        )
    return species


def _named(pair_coeff) -> list[str] | None:
    """Symbols at the end of ``* * FILE Fe P``, None where there are none or they contradict."""
    found = []
    for words in (line.split() for line in pair_coeff):
        if words[:2] != ["*", "*"]:
            continue
        names = []
        for word in reversed(words[2:]):
            if word not in chemical_symbols and word != "NULL":
                break
            names.insert(0, word)
        if names:
            found.append(names)
    if not found or any(names != found[0] for names in found):
        return None
    return found[0]


def _box(atoms, units: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lower triangular box, its lower corner, and the matrix that turns positions into it."""
    cell, pbc = np.array(atoms.cell), np.asarray(atoms.pbc)
    if not pbc.any():
        cell = np.eye(3)
    cell[~pbc] = 0.0
    if pbc.sum() > 0:  # directions that are not periodic stand across those that are
        cell = np.asarray(complete_cell(cell))
    q, r = np.linalg.qr(cell.T)
    sign = np.where(np.diag(r) < 0, -1.0, 1.0)
    box, turn = np.tril((r * sign[:, None]).T), (q * sign).T
    if np.array_equal(cell, np.diag(np.diag(cell))) and np.all(np.diag(cell) > 0):
        box, turn = cell.copy(), np.eye(3)
    placed = atoms.positions @ turn.T
    low, margin = np.zeros(3), _MARGIN * angstrom(units)
    for axis in np.flatnonzero(~pbc):
        low[axis] = placed[:, axis].min() - margin
        box[axis] = 0.0
        box[axis, axis] = np.ptp(placed[:, axis]) + 2 * margin
    return box, low, turn
