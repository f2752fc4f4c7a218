"""What a file of entropies holds of one configuration, and how it is known again."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

import numpy as np

from dbar.entropy.result import Reference
from dbar.entropy.stochastic_result import StochasticReference
from dbar.lammps.lmp import potential_path

__all__ = ["Entry", "entry_of", "key_of", "potential_files"]


@dataclass
class Entry:
    """A finished configuration.

    Attributes
    ----------
    name, key : str
        Name in the list of files, and a digest of the configuration as it was read.
    numbers : dict
        ``atoms`` (how many), ``energy``, ``force``, ``n_zero``, ``log_det``, ``entropy``,
        ``free_energy`` (None without a temperature), ``rough``, ``lowest_frequency`` and
        ``highest_frequency``. Of a stochastic estimate instead of the frequencies ``std_error``,
        ``log_det_error``, ``free_energy_error`` and ``steps``, the largest number of a probe.
    arrays : dict of ndarray
        ``positions``, ``cell``, ``pbc``, ``atomic_numbers``, ``frequencies``, ``local_entropies``;
        of a stochastic estimate ``values``, ``log_dets`` and ``steps`` instead of the last two.
    """

    name: str
    key: str
    numbers: dict[str, float | int | None]
    arrays: dict[str, np.ndarray]


def key_of(atoms) -> str:
    """Digest of all of a configuration that its entropy depends on."""
    digest = hashlib.sha256()
    parts = [atoms.positions, np.asarray(atoms.cell), atoms.pbc, atoms.numbers]
    parts += [atoms.get_masses(), [atoms.has("masses")], atoms.get_initial_charges()]
    parts.append(atoms.arrays.get("type", ()))
    for part in parts:
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def entry_of(found: Reference | StochasticReference, key: str) -> Entry:
    """The entry of a result."""
    thermal = found.temperature is not None
    numbers = {
        "atoms": len(found.atoms), "energy": found.energy, "force": found.force,
        "n_zero": found.n_zero, "log_det": found.log_det, "entropy": found.entropy,
        "free_energy": found.free_energy if thermal else None, "rough": found.rough,
    }  # fmt: skip
    arrays = {
        "positions": found.atoms.positions, "cell": np.asarray(found.atoms.cell),
        "pbc": np.asarray(found.atoms.pbc), "atomic_numbers": found.atoms.numbers,
    }  # fmt: skip
    if isinstance(found, StochasticReference):
        numbers |= {
            "std_error": found.std_error, "log_det_error": found.log_det_error,
            "free_energy_error": found.free_energy_error, "steps": int(found.steps.max()),
        }  # fmt: skip
        arrays |= {"values": found.values, "log_dets": found.log_dets, "steps": found.steps}
        return Entry(found.name, key, numbers, arrays)
    numbers["lowest_frequency"] = float(found.frequencies[0])
    numbers["highest_frequency"] = float(found.frequencies[-1])
    arrays["frequencies"] = found.frequencies
    if thermal or found.mass is not None:
        arrays["local_entropies"] = found.local_entropies
    return Entry(found.name, key, numbers, arrays)


def potential_files(lines: tuple[str, ...]) -> dict[str, str]:
    """Digest of each file that the words of a potential name, here or among LAMMPS's potentials."""
    found = {}
    for word in (word for line in lines for word in line.split()):
        with contextlib.suppress(FileNotFoundError):
            path = potential_path(word.strip("\"'"))
            found[word] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
