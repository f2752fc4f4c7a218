"""Which cells with defects a database gets."""

from __future__ import annotations

import warnings

import numpy as np
from ase import Atoms

from dbar.entropy.calculator import ReferenceCalculator
from dbar.entropy.database_file import DatabaseFile, Record
from dbar.entropy.defect_cells import cluster_of, inertia, shaken, with_cluster
from dbar.entropy.errors import RoughPotentialWarning
from dbar.entropy.wigner_seitz import find_defects

__all__ = ["DefectSearch"]

_TRIES, _SHAKES = 30, 30  # for a new cluster, and for a cell with Frenkel pairs
_SAME = 0.01  # eV: what differs by less is taken for the same
_SAME_SHAPE = 1e-3  # Å^4 of the moments of inertia
_COMPACT, _LOOSER = 1.3, 0.1  # lattice constants: ball of a cluster at first, and more each time
_PER_PAIR = 80  # sites for each Frenkel pair that is asked for, at most
_PATIENCE = 5  # tries, before one pair less will do
_VACANCIES, _INTERSTITIALS = 22, 26  # at most, of random cells (Lapointe et al.)


class DefectSearch:
    """Fill a file, place after place; each is a function of the seed and of what was before it.

    Parameters
    ----------
    file : DatabaseFile
        With its perfect cells.
    calculator : ReferenceCalculator
    cells : list of ase.Atoms
        The perfect cells, in the order of the settings' sizes and strains.
    lattice : float
        Lattice constant without strain (Å).
    """

    def __init__(self, file: DatabaseFile, calculator: ReferenceCalculator, cells, lattice) -> None:
        self.file, self.calculator = file, calculator
        self.cells, self.lattice = cells, lattice
        self.settings = file.held.settings
        self._shapes: dict[int, float] = {}

    def run(self, tick) -> None:
        """Fill all places that are left; `tick` is called with the number of those done."""
        held, number = self.file.held, self.settings["number"]
        total = number + self.settings["random"]
        for place in range(len(held.records) + len(held.given_up), total):
            tick(place)
            find = self._cluster if place < number else self._random
            record = find(place)
            if record is None:
                self.file.give_up(place)
            else:
                self.file.add(record)
        tick(total)

    def _cluster(self, place: int) -> Record | None:
        labels = self.settings["clusters"]
        label, k = place % len(labels), (place // len(labels)) % len(self.cells)
        kind, size = cluster_of(labels[label])
        perfect = self.cells[k]
        room = 0.45 * perfect.cell[0, 0] / self.lattice
        for tries in range(_TRIES):
            rng = np.random.default_rng([self.settings["seed"], place, tries])
            radius = min(_COMPACT + _LOOSER * tries, room)
            atoms = with_cluster(perfect, self.lattice, labels[label], radius, rng)
            wanted = (0, size) if kind == "I" else (size, 0)
            if atoms is not None and (record := self._kept(
                atoms, place, k, label, lambda one, wanted=wanted: one == wanted
            )):  # fmt: skip
                return record
        return None

    def _random(self, place: int) -> Record | None:
        records, labels = self.file.held.records, self.settings["labels"]
        clusters = [j for j, one in enumerate(records) if one.numbers["place"] < self._number]
        if not clusters:
            return None
        rng = np.random.default_rng([self.settings["seed"], place])
        parent = clusters[int(rng.integers(len(clusters)))]
        before = records[parent].numbers
        k = self._cell_of(records[parent])
        pairs = 1 + int(rng.integers(1 + before["sites"] // _PER_PAIR))
        for tries in range(_SHAKES):
            rng = np.random.default_rng([self.settings["seed"], place, tries])
            atoms = shaken(self._atoms(records[parent]), self.lattice, tries, rng)
            least = before["vacancies"] + max(1, pairs - tries // _PATIENCE)

            def has_pairs(counts, least=least) -> bool:
                return least <= counts[0] <= _VACANCIES and counts[1] <= _INTERSTITIALS

            record = self._kept(atoms, place, k, len(labels) - 1, has_pairs, parent=parent)
            if record is not None:
                return record
        return None

    @property
    def _number(self) -> int:
        return self.settings["number"]

    def _cell_of(self, record: Record) -> int:
        strains = self.settings["strains"]
        size = self.settings["sites"].index(record.numbers["sites"])
        return size * len(strains) + strains.index(record.numbers["strain"])

    def _atoms(self, record: Record) -> Atoms:
        symbols = [self.settings["species"]] * len(record.positions)
        return Atoms(symbols, record.positions, cell=record.cell, pbc=True)

    def _kept(self, atoms, place: int, k: int, label: int, wanted, **more) -> Record | None:
        """The record of a cell once it is relaxed; None if it is not what is wanted, or known."""
        name = f"{self.settings['labels'][label]} at place {place}"
        try:
            atoms, energy = self.calculator.relaxed(atoms, name)
            if not self._is_new(atoms, energy, k, label, wanted):
                return None
            with warnings.catch_warnings():
                warnings.simplefilter("error", RoughPotentialWarning)
                found = self.calculator(atoms, name)
        except (ValueError, RoughPotentialWarning):  # no minimum, or none with an entropy
            return None
        if not self._is_new(found.atoms, found.energy, k, label, wanted):
            return None
        strains = self.settings["strains"]
        defects = find_defects(found.atoms, self.cells[k])
        return Record.of(
            found, place, label=label, strain=strains[k % len(strains)],
            sites=len(self.cells[k]), vacancies=defects.vacancies,
            interstitials=defects.interstitials, **more,
        )  # fmt: skip

    def _is_new(self, atoms, energy: float, k: int, label: int, wanted) -> bool:
        """Whether a cell has the defects that are wanted and differs from all of its kind."""
        defects = find_defects(atoms, self.cells[k])
        if not wanted((defects.vacancies, defects.interstitials)):
            return False
        shape = inertia(atoms, defects.crowded) if defects.interstitials else None
        for j, one in enumerate(self.file.held.records):
            if one.numbers["label"] != label or self._cell_of(one) != k:
                continue
            if abs(one.numbers["energy"] - energy) <= _SAME:
                return False
            if shape is not None and abs(self._shape(j) - shape) <= _SAME_SHAPE:
                return False
        return True

    def _shape(self, j: int) -> float:
        """Moments of inertia of the interstitials of a record."""
        if j not in self._shapes:
            record = self.file.held.records[j]
            atoms = self._atoms(record)
            crowded = find_defects(atoms, self.cells[self._cell_of(record)]).crowded
            self._shapes[j] = inertia(atoms, crowded)
        return self._shapes[j]
