"""Files of entropies and databases as what a model learns from."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from dbar.entropy.database import read_database
from dbar.entropy.entropies_file import read_entropies
from dbar.entropy.entry import Entry
from dbar.files.in_words import in_words
from dbar.files.kinds import Kind, kind_of

__all__ = ["TrainingSet", "read_training_set"]

# of what an entropy depends on beside the configuration; how it was relaxed is not
_SAME = ("pair_style", "pair_coeff", "units", "statistics", "temperature", "files")


@dataclass(frozen=True)
class TrainingSet:
    """What a model learns from.

    Attributes
    ----------
    atoms : list of ase.Atoms
    entropies : list of float
        k_B.
    bulk : list of (ase.Atoms, float), or None
    temperature : float or None
        None where the entropies are -log_det / 2.
    units : str
        LAMMPS unit style.
    energies : ndarray, shape (n,)
    bulk_energies : ndarray, shape (m,), or None
        None without a bulk, or where the file does not have them.
    groups : ndarray of int, shape (n,)
        Configurations that were made of each other have the same number.
    """

    atoms: list[Atoms]
    entropies: list[float]
    bulk: list[tuple[Atoms, float]] | None
    temperature: float | None
    units: str
    energies: np.ndarray
    bulk_energies: np.ndarray | None
    groups: np.ndarray


def read_training_set(
    path: str | os.PathLike[str],
    bulk: str | os.PathLike[str] | None = None,
    form: str | None = None,
) -> TrainingSet:
    """Read a file of `dbar entropy reference -o` (and one of perfect crystals), or a database.

    Parameters
    ----------
    path, bulk : path-like
        A database has its own bulk.
    form : str, optional
        "temperature", "determinant"; default: the first if the file has a temperature.

    Raises
    ------
    ValueError
        Naming the file and the word: files without positions (.json), quantum entropies, two files
        of which one has other settings than the other, a form that the file does not have.
    OSError
        If one cannot be read.
    """
    if kind_of(path) is Kind.ENTROPY_DATABASE:
        return _of_database(path, bulk, form)
    settings, entries = _read(path)
    crystals = None if bulk is None else _crystals(path, settings, bulk)
    if form == "temperature" and settings["temperature"] is None:
        raise ValueError(
            f"{path}: temperature: found none, expected one for the form temperature: give "
            "`dbar entropy reference` a --temperature"
        )
    thermal = form != "determinant" and settings["temperature"] is not None
    entropies = _entropies(entries, thermal)
    base, energies = None, None
    if crystals is not None:
        base = list(zip(map(_atoms, crystals), _entropies(crystals, thermal), strict=True))
        energies = np.array([one.numbers["energy"] for one in crystals])
    return TrainingSet(
        [_atoms(one) for one in entries], entropies, base,
        settings["temperature"] if thermal else None, settings["units"],
        np.array([one.numbers["energy"] for one in entries]), energies, np.arange(len(entries)),
    )  # fmt: skip


def _of_database(path, bulk, form) -> TrainingSet:
    held = read_database(path)
    if bulk is not None:
        raise ValueError(f"{bulk}: found a bulk for the database {path}, expected none: it has one")
    own = "determinant" if held.temperature is None else "temperature"
    if form not in (None, own):
        raise ValueError(f"{path}: form: found {form}, expected {own}, which the database has")
    if not len(held):
        raise ValueError(f"{path}: found no entropies, expected some to learn from")
    return TrainingSet(
        held.atoms, list(held.entropies), held.bulk or None, held.temperature,
        held.settings["units"], held.energies, None, held.groups,
    )  # fmt: skip


def _crystals(path, settings: dict, bulk) -> list[Entry]:
    others, crystals = _read(bulk)
    for name in _SAME:
        if others.get(name) != settings.get(name):
            raise ValueError(
                f"{bulk}: {name}: found {in_words(others.get(name))}, expected "
                f"{in_words(settings.get(name))} as in {path}"
            )
    return crystals


def _atoms(entry: Entry) -> Atoms:
    """The relaxed configuration of an entry."""
    held = entry.arrays
    return Atoms(
        held["atomic_numbers"], held["positions"], cell=held["cell"], pbc=held["pbc"].astype(bool)
    )


def _entropies(entries: list[Entry], thermal: bool) -> list[float]:
    if thermal:
        return [one.numbers["entropy"] for one in entries]
    return [-0.5 * one.numbers["log_det"] for one in entries]


def _read(path):
    settings, entries = read_entropies(path)
    if not entries:
        raise ValueError(f"{path}: found no entropies, expected some to learn from")
    if any("positions" not in one.arrays for one in entries):
        raise ValueError(
            f"{path}: found no positions, expected a .h5 of `dbar entropy reference -o`"
        )
    if "probes" in settings:
        raise ValueError(
            f"{path}: probes: found {settings['probes']}, expected entropies by diagonalisation: "
            "stochastic ones have errors of their own that a fit would take for exact"
        )
    if settings.get("statistics") != "classical":
        raise ValueError(
            f"{path}: statistics: found {settings.get('statistics')!r}, expected 'classical', "
            "which a sum over atoms can follow to other temperatures"
        )
    return settings, entries
