"""The free energy of a crystal over lattice constant and width of the packets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase.build import bulk

from dbar.gpp.average import Average
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.potential import Potential
from dbar.gpp.thermodynamics import free_energy

__all__ = ["landscape"]


def landscape(
    potential: Potential, lattice: str, averages: dict[str, Average], temperature: float = 500.0,
    strains: Sequence[float] = tuple(np.linspace(-0.02, 0.04, 25)),
    variances: Sequence[float] = tuple(np.geomspace(0.003, 0.09, 35)),
    tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """F(a, s) of each average; minima of it are states at rest, wanted or not.

    Returns
    -------
    dict
        ``a`` (Å), ``variances`` (Å^2); for each average ``free_energy`` (eV/atom, a by s) and
        ``minima``: a, s and F of the points of the grid that are below their neighbours.
    """
    rest = relax_bulk(potential, lattice, temperature)
    lengths, widths = rest.a * (1.0 + np.asarray(strains)), np.asarray(variances)
    found: dict = {"a": lengths.tolist(), "variances": widths.tolist(), "averages": {}}
    steps = len(averages) * len(lengths)
    for name, average in averages.items():
        rows = []
        for a in lengths:
            atoms = bulk(rest.element, lattice, a=a)
            placed, n = average.at(atoms), len(atoms)
            row = []
            for s in widths[widths <= average.smax]:
                energy = placed.evaluate(np.full(n, s)).energy
                all_of_them = np.full(n, s)
                value = free_energy(energy, temperature, all_of_them, atoms.get_masses())
                row.append(value / n)
            rows.append(row)
            if tick is not None:
                tick(len(found["averages"]) * len(lengths) + len(rows), steps)
        grid = np.array(rows)
        found["averages"][name] = {
            "free_energy": grid.tolist(), "minima": _minima(grid, lengths, widths),
        }  # fmt: skip
    return found


def _minima(grid: np.ndarray, lengths: np.ndarray, widths: np.ndarray) -> list[list[float]]:
    """Points below all eight neighbours; those of the edge do not count."""
    inside = grid[1:-1, 1:-1]
    lowest = np.ones(inside.shape, dtype=bool)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            if i or j:
                around = grid[1 + i : grid.shape[0] - 1 + i, 1 + j : grid.shape[1] - 1 + j]
                lowest &= inside < around
    return [
        [float(lengths[i + 1]), float(widths[j + 1]), float(inside[i, j])]
        for i, j in np.argwhere(lowest)
    ]
