"""What happens when a shell of neighbours crosses the cutoff: a crystal is compressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase.build import bulk

from dbar.gpp.average import Average
from dbar.gpp.bulk import crystal_energy, relax_bulk
from dbar.gpp.potential import Potential

__all__ = ["compression", "crossings"]

_SHELLS = {  # distances in units of a
    "fcc": np.sqrt(np.arange(1, 13) / 2.0),
    "bcc": np.sqrt(np.array([3, 4, 8, 11, 12, 16, 19, 20]) / 4.0),
}
_SIDE = 1e-7  # of the lattice constant, to each side of a crossing


def crossings(lattice: str, cutoff: float, low: float, high: float) -> list[float]:
    """Lattice constants (Å) between two at which a shell is at the cutoff."""
    found = cutoff / _SHELLS[lattice]
    return [float(a) for a in found if low < a < high]


def compression(
    potential: Potential, lattice: str, averages: dict[str, Average], temperature: float = 300.0,
    strains: Sequence[float] = tuple(np.linspace(-0.08, 0.02, 51)),
    tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """Averaged energy against the lattice constant at the variance of rest, and its jumps.

    Returns
    -------
    dict
        ``a`` (Å); ``crossings``: lattice constants at which a shell is at the cutoff; for each
        average ``energies`` (eV/atom) and ``jumps``, what the energy changes there (eV/atom).
    """
    crystal = relax_bulk(potential, lattice, temperature)
    lengths = crystal.a * (1.0 + np.asarray(strains))
    where = crossings(lattice, potential.cutoff, lengths.min(), lengths.max())
    found: dict = {"a": lengths.tolist(), "crossings": where, "averages": {}}
    for number, (name, average) in enumerate(averages.items()):
        found["averages"][name] = {
            "energies": [_energy(crystal, average, a) for a in lengths],
            "jumps": [
                _energy(crystal, average, a * (1.0 - _SIDE))
                - _energy(crystal, average, a * (1.0 + _SIDE))
                for a in where
            ],
        }
        if tick is not None:
            tick(number + 1, len(averages))
    return found


def _energy(crystal, average: Average, a: float) -> float:
    atoms = bulk(crystal.element, crystal.lattice, a=a)
    return crystal_energy(average, atoms, crystal.variance)
