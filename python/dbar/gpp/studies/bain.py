"""From bcc to fcc and back along the Bain path, mean positions given, variances at rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ase import Atoms

from dbar.gpp.average import Average
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.potential import Potential
from dbar.gpp.thermodynamics import free_energy
from dbar.gpp.variances import Isothermal, solve_variances

__all__ = ["bain"]


def bain(
    potential: Potential, averages: dict[str, Average], temperature: float = 300.0,
    steps: int = 101, element: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """Free energy along the path between the two crystals at rest, there and back.

    Both are cells of the same two atoms, (a, a, c) with the atoms at 0 and in the middle: c/a is 1
    in bcc and sqrt(2) in fcc. Edges go from one to the other on a straight line. Each step begins
    with the variances of the one before.

    Returns
    -------
    dict
        For each average ``bcc`` and ``fcc`` (a, energy, free energy), ``free_energy`` there and
        back (eV/atom), ``difference`` fcc - bcc, ``barrier`` above bcc, ``hysteresis``: the largest
        difference of there and back.
    """
    found: dict = {"share": np.linspace(0, 1, steps).tolist(), "averages": {}}
    for number, (name, average) in enumerate(averages.items()):
        ends = [
            relax_bulk(potential, lattice, temperature, average=average, element=element)
            for lattice in ("bcc", "fcc")
        ]
        edges = np.array([[ends[0].a, ends[0].a], [ends[1].a / np.sqrt(2.0), ends[1].a]])
        path = np.linspace(edges[0], edges[1], steps)
        start = np.full(2, ends[0].variance)
        there, start = _walk(average, path, ends[0].element, temperature, start)
        back, _ = _walk(average, path[::-1], ends[0].element, temperature, start)
        back = back[::-1]
        found["averages"][name] = {
            "bcc": _told(ends[0]), "fcc": _told(ends[1]),
            "free_energy": [there.tolist(), back.tolist()],
            "difference": ends[1].free_energy - ends[0].free_energy,
            "barrier": float(np.max(there) - there[0]),
            "hysteresis": float(np.max(np.abs(there - back))),
        }  # fmt: skip
        if tick is not None:
            tick(number + 1, len(averages))
    return found


def _told(crystal) -> dict:
    return {"a": crystal.a, "energy": crystal.energy, "free_energy": crystal.free_energy}


def _walk(average, path, element: str, temperature: float, variances):
    law, energies = Isothermal(temperature), []
    for a, c in path:
        cell = Atoms([element] * 2, scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)],
                     cell=(a, a, c), pbc=True)  # fmt: skip
        relaxed = solve_variances(average.at(cell), law, variances, average.smax)
        variances = relaxed.variances
        value = free_energy(relaxed.averages.energy, temperature, variances, cell.get_masses())
        energies.append(value / 2.0)
    return np.array(energies), variances
