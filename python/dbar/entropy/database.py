"""Databases of relaxed configurations with their harmonic entropies, as they are read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from dbar.entropy.database_file import Record, read_held

__all__ = ["Database", "read_database"]


@dataclass(frozen=True)
class Database(Sequence):
    """Configurations and their entropies: a list of (ase.Atoms, entropy).

    Attributes
    ----------
    atoms : list of ase.Atoms
    entropies : ndarray, shape (n,)
        k_B: at `temperature`, classical, or -log_det / 2 without one.
    bulk : list of (ase.Atoms, float)
        Perfect cells with their entropies, of each size and strain; empty for clusters.
    temperature : float or None
    energies : ndarray, shape (n,)
        Energy unit of the style.
    log_dets : ndarray, shape (n,)
        Sum of the logarithms of the eigenvalues of the second derivatives, without `zero_modes`.
    zero_modes : ndarray of int, shape (n,)
    labels : ndarray of str, shape (n,)
        What it is: "I2", "V4", "random", "LJ38".
    strains : ndarray, shape (n,)
        Of the cell's edge, per cent.
    sites : ndarray of int, shape (n,)
        Of the lattice in the cell; 0 for clusters.
    vacancies, interstitials : ndarray of int, shape (n,)
        Empty Wigner-Seitz cells, and atoms beyond the first in each.
    parents : ndarray of int, shape (n,)
        Index of the configuration that a random one was made of, else -1.
    settings : dict
        What it was made with: ``units``, ``pair_style``, ``pair_coeff``, ``seed``, ...
    """

    atoms: list[Atoms]
    entropies: np.ndarray
    bulk: list[tuple[Atoms, float]]
    temperature: float | None
    energies: np.ndarray
    log_dets: np.ndarray
    zero_modes: np.ndarray
    labels: np.ndarray
    strains: np.ndarray
    sites: np.ndarray
    vacancies: np.ndarray
    interstitials: np.ndarray
    parents: np.ndarray
    settings: dict

    def __len__(self) -> int:
        return len(self.atoms)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return list(zip(self.atoms[index], self.entropies[index].tolist(), strict=True))
        return self.atoms[index], float(self.entropies[index])

    def __iter__(self) -> Iterator[tuple[Atoms, float]]:
        return zip(self.atoms, self.entropies.tolist(), strict=True)

    @property
    def groups(self) -> np.ndarray:
        """A number for each configuration, the same for a cell and those made of it (n,).

        A test set that takes whole groups has no cell whose parent is in the training set.
        """
        return np.where(self.parents < 0, np.arange(len(self)), self.parents)

    def part(self, which: Sequence[int]) -> Database:
        """Some of the configurations; a parent that is not among them is forgotten.

        Parameters
        ----------
        which : sequence of int
            Their numbers, each once.
        """
        which = np.asarray(which, dtype=int)
        place = np.full(len(self) + 1, -1)
        place[which] = np.arange(len(which))
        columns = {
            name: getattr(self, name)[which]
            for name in (
                "entropies", "energies", "log_dets", "zero_modes", "labels", "strains", "sites",
                "vacancies", "interstitials",
            )
        }  # fmt: skip
        atoms = [self.atoms[k] for k in which]
        return dataclasses.replace(self, atoms=atoms, parents=place[self.parents[which]], **columns)


def read_database(path: str | os.PathLike[str]) -> Database:
    """Read a database that ``dbar entropy database`` wrote, finished or not.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Database

    Raises
    ------
    ValueError
        If it is no such file, or is damaged; the message begins with the path.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> from dbar.entropy import lennard_jones_database, read_database
    >>> _ = lennard_jones_database("seven.h5", 4, atoms=7)
    >>> [f"{entropy:.2f}" for atoms, entropy in read_database("seven.h5")]
    """
    held = read_held(Path(path))
    kinds = held.settings["species"]
    rows = [one.numbers for one in held.records]

    def column(name, kind=float):
        return np.array([row[name] for row in rows], dtype=kind)

    return Database(
        [_atoms(one, kinds) for one in held.records], column("entropy"),
        [(_atoms(one, kinds), one.numbers["entropy"]) for one in held.bulk],
        held.settings["temperature"], column("energy"), column("log_det"), column("n_zero", int),
        np.array([held.settings["labels"][row["label"]] for row in rows], dtype=str),
        column("strain"), column("sites", int), column("vacancies", int),
        column("interstitials", int), column("parent", int), held.settings,
    )  # fmt: skip


def _atoms(one: Record, species: str) -> Atoms:
    n = len(one.positions)
    return Atoms([species] * n, one.positions, cell=one.cell, pbc=bool(np.any(one.cell)))
