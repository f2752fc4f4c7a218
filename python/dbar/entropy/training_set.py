"""Files of entropies as what a model learns from."""

from __future__ import annotations

import os

from ase import Atoms

from dbar.entropy.entropies_file import read_entropies
from dbar.entropy.entry import Entry
from dbar.files.in_words import in_words

__all__ = ["atoms_of", "entropies_of", "read_training_set"]

# of what an entropy depends on beside the configuration; how it was relaxed is not
_SAME = ("pair_style", "pair_coeff", "units", "statistics", "temperature", "files")


def read_training_set(
    path: str | os.PathLike[str], bulk: str | os.PathLike[str] | None = None
) -> tuple[dict, list[Entry], list[Entry] | None]:
    """Settings, entries and those of the perfect crystals, with positions and one potential.

    Raises
    ------
    ValueError
        Naming the file and the word: files without positions (.json), quantum entropies, or two
        files of which one has other settings than the other.
    OSError
        If one cannot be read.
    """
    settings, entries = _read(path)
    if bulk is None:
        return settings, entries, None
    others, crystals = _read(bulk)
    for name in _SAME:
        if others.get(name) != settings.get(name):
            raise ValueError(
                f"{bulk}: {name}: found {in_words(others.get(name))}, expected "
                f"{in_words(settings.get(name))} as in {path}"
            )
    return settings, entries, crystals


def atoms_of(entry: Entry) -> Atoms:
    """The relaxed configuration of an entry."""
    held = entry.arrays
    return Atoms(
        held["atomic_numbers"], held["positions"], cell=held["cell"], pbc=held["pbc"].astype(bool)
    )


def entropies_of(entries: list[Entry], form: str) -> list[float]:
    """The entropy of each in one of the forms of `formation_entropy`."""
    if form == "determinant":
        return [-0.5 * one.numbers["log_det"] for one in entries]
    return [one.numbers["entropy"] for one in entries]


def _read(path):
    settings, entries = read_entropies(path)
    if not entries:
        raise ValueError(f"{path}: found no entropies, expected some to learn from")
    bare = [one.name for one in entries if "positions" not in one.arrays]
    if bare:
        raise ValueError(
            f"{path}: found no positions, expected a .h5 of `dbar entropy reference -o`"
        )
    if settings.get("statistics") != "classical":
        raise ValueError(
            f"{path}: statistics: found {settings.get('statistics')!r}, expected 'classical', "
            "which a sum over atoms can follow to other temperatures"
        )
    return settings, entries
