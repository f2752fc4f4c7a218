"""How much an average depends on the directions of its coordinates: a crystal is turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase.build import bulk

from dbar.gpp.average import Average
from dbar.gpp.bulk import crystal_energy, relax_bulk
from dbar.gpp.potential import Potential

__all__ = ["rotation"]


def rotation(
    potential: Potential, lattice: str, averages: dict[str, Average],
    temperatures: Sequence[float] = (300.0, 500.0, 800.0),
    angles: Sequence[float] = tuple(range(0, 91, 5)),
    tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """Averaged energy of a crystal turned about [001], lattice constant and variance kept.

    Parameters
    ----------
    potential : Potential
        Of one element.
    lattice : str
    averages : dict
        By name; a and s are those of the exact average.
    temperatures : sequence of float
        In K.
    angles : sequence of float
        In degrees.

    Returns
    -------
    dict
        ``angles``; for each average and temperature ``energies`` (eV/atom, at each angle) and
        ``spread``, the difference of the largest and the smallest (eV/atom).
    """
    crystals = [relax_bulk(potential, lattice, temperature) for temperature in temperatures]
    found: dict = {"angles": list(map(float, angles)), "averages": {}}
    steps, done = len(averages) * len(temperatures), 0
    for name, average in averages.items():
        found["averages"][name] = {}
        for temperature, crystal in zip(temperatures, crystals, strict=True):
            energies = [_turned(crystal, average, angle) for angle in angles]
            found["averages"][name][f"{temperature:g}"] = {
                "energies": energies, "spread": float(np.ptp(energies)),
            }  # fmt: skip
            done += 1
            if tick is not None:
                tick(done, steps)
    return found


def _turned(crystal, average: Average, angle: float) -> float:
    atoms = bulk(crystal.element, crystal.lattice, a=crystal.a)
    atoms.rotate(angle, "z", rotate_cell=True)
    return crystal_energy(average, atoms, crystal.variance)
