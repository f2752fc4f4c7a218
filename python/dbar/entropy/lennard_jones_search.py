"""Databases of minima of Lennard-Jones clusters."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable
from itertools import count

from ase import Atoms

from dbar.entropy.calculator import ReferenceCalculator
from dbar.entropy.database_file import DatabaseFile, Record
from dbar.entropy.lennard_jones import Minimum, walk
from dbar.entropy.thermodynamics import check_temperature

__all__ = ["lennard_jones_database"]

_STYLE, _COEFF, _SPECIES = "lj/cut 100", "* * 1 1", "Ar"
_LENGTH = 40  # steps of a walk
_ENERGY, _LOG_DET = 1e-6, 1e-4  # epsilon, and none: what differs by less is the same minimum
_FRUITLESS = 50  # walks without anything new, after which there is nothing


def lennard_jones_database(
    path: str | os.PathLike[str],
    minima: int,
    *,
    atoms: int = 38,
    seed: int = 0,
    temperature: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Find minima of a Lennard-Jones cluster and write them with their entropies (units lj).

    Walks of basin hopping, each from random positions and at a temperature of its own, go through
    minima of a wide range of energies; those whose energy and determinant were not there before are
    kept. A file that exists is continued, and becomes what it would have become undisturbed.

    Parameters
    ----------
    path : path-like
        File to write or go on with, ending in .h5.
    minima : int
        How many.
    atoms : int
        In the cluster, from 4 on. Default 38.
    seed : int
    temperature : float, optional
        epsilon/k_B. Without it entropies are -log_det / 2.
    progress : callable, optional
        Called with the number of minima and how many there will be.

    Returns
    -------
    int
        How many the file held already.

    Raises
    ------
    ValueError
        Of other values, a file made with others, or where so many minima are not found: then the
        file has those that were.
    LammpsError, OSError
    """
    for name, value, least in (("minima", minima, 1), ("atoms", atoms, 4), ("seed", seed, 0)):
        if isinstance(value, bool) or value != int(value) or value < least:
            raise ValueError(f"{name}: found {value!r}, expected an integer from {least} on")
    degree = None if temperature is None else check_temperature(temperature)
    settings = {
        "what": "Lennard-Jones", "units": "lj", "pair_style": _STYLE, "pair_coeff": [_COEFF],
        "species": _SPECIES, "labels": [f"LJ{atoms}"], "temperature": degree,
        "atoms": int(atoms), "seed": int(seed),
    }  # fmt: skip
    with DatabaseFile(path, settings) as file:
        records = file.held.records
        reused = len(records)
        if reused > minima:
            raise ValueError(
                f"minima: found {minima}, expected {reused} or more, as {file.path} holds already"
            )
        words = {"units": "lj", "temperature": degree, "relax": True}
        with ReferenceCalculator(_STYLE, _COEFF, **words) as calculator:
            _search(file, calculator, int(atoms), int(minima), progress or (lambda *_: None))
    return reused


def _search(file: DatabaseFile, calculator, n: int, minima: int, progress) -> None:
    records, known = file.held.records, _Known()
    for one in records:
        known.add(one.numbers["energy"], one.numbers["log_det"])
    # the last walk once more, as far as it came: only its state is wanted
    done = records[-1].numbers["place"] if records else -1
    latest = max(done, 0) // _LENGTH
    progress(len(records), minima)
    for number in count(latest):
        if len(records) >= minima:
            return
        if number - latest > _FRUITLESS:
            raise ValueError(
                f"{file.path}: minima: found {len(records)} of {n} atoms and none more in "
                f"{_FRUITLESS} walks, expected {minima}"
            )
        steps = walk(n, file.held.settings["seed"], number, _LENGTH)
        for place, there in enumerate(steps, start=_LENGTH * number):
            progress(len(records), minima)
            if place <= done or there is None or known.has(there.energy, there.log_det):
                continue
            record = _record(calculator, there, place)
            if record is None or known.has(record.numbers["energy"], record.numbers["log_det"]):
                continue
            known.add(record.numbers["energy"], record.numbers["log_det"])
            file.add(record)
            latest = number
            if len(records) >= minima:
                break


def _record(calculator, there: Minimum, place: int) -> Record | None:
    atoms = Atoms([_SPECIES] * len(there.positions), there.positions)
    try:
        return Record.of(calculator(atoms, f"minimum {place}"), place)
    except ValueError:  # so flat along a mode that nobody can tell its frequency
        return None


class _Known:
    """Energies and determinants of minima, to ask whether one is among them."""

    def __init__(self) -> None:
        self._pairs: list[tuple[float, float]] = []

    def add(self, energy: float, log_det: float) -> None:
        pair = (energy, log_det)
        self._pairs.insert(bisect_left(self._pairs, pair), pair)

    def has(self, energy: float, log_det: float) -> bool:
        """Whether one agrees in both."""
        first = bisect_left(self._pairs, (energy - _ENERGY,))
        for other, theirs in self._pairs[first:]:
            if other > energy + _ENERGY:
                return False
            if abs(theirs - log_det) < _LOG_DET:
                return True
        return False
