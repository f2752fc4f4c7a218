"""What an evaluation of each average costs on this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
from ase.build import bulk

from dbar.gpp.bulk import relax_bulk
from dbar.gpp.choice import make_average
from dbar.gpp.potential import Potential

__all__ = ["ALIKE", "costs"]

ALIKE = 1e-5  # eV an atom: where errors of Monte Carlo are compared
_REPEATS = 5
_CASES = (
    ("exact", 6, {}), ("q3", 3, {"neighbours": 18}), ("q3", 3, {"neighbours": 42}),
    ("q5", 1, {"neighbours": 18}), ("mc", 1, {"samples": 2000, "neighbours": 18}),
    ("mc", 1, {"samples": 2000}),
)  # fmt: skip
_DRAWN = (("mc", 1, {"samples": 2000}),)


def costs(
    potential: Potential,
    lattice: str = "fcc",
    temperature: float = 300.0,
    network: str | os.PathLike[str] | None = None,
    element: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> list[dict]:
    """Time energy, forces, strain and slopes of a crystal, positions and variances given.

    Neighbours of q3 and q5 are 18 and 42, shells of fcc; averages that refuse such a number are
    left out.

    Parameters
    ----------
    potential : Potential
    lattice : str
        As of `relax_bulk`.
    temperature : float
        In K.
    network : path-like, optional
        That has learnt this potential.
    element : str, optional
        Where the potential has several.
    tick : callable, optional
        Called with the averages that are done and how many there are.

    Returns
    -------
    list of dict
        ``average``, ``options``, ``seconds`` an atom (median of five evaluations after one that
        does not count); for draws also ``error`` (eV an atom) and ``seconds_alike``, in which it
        would be 0.01 meV.

    Raises
    ------
    ValueError, UnstableCrystal, NotConverged, ModuleNotFoundError
    """
    cases = list(_DRAWN if potential.form == "linear" else _CASES)
    if network is not None:
        cases.append(("gnn", 3, {"network": network}))
    first = make_average(cases[0][0], potential, **cases[0][2])
    crystal = relax_bulk(potential, lattice, temperature, first, element=element)
    rows = []
    for done, (name, repeat, options) in enumerate(cases):
        try:
            average = make_average(name, potential, **options) if done else first
            rows.append(_row(average, crystal, name, repeat, options))
        except ValueError:
            if "neighbours" not in options:
                raise
        if tick is not None:
            tick(done + 1, len(cases))
    return rows


def _row(average, crystal, name: str, repeat: int, options: dict) -> dict:
    atoms = bulk(crystal.element, crystal.lattice, a=crystal.a) * (repeat, repeat, repeat)
    placed, s = average.at(atoms), crystal.variance
    found = placed.evaluate(np.full(len(atoms), s))
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        placed.evaluate(np.full(len(atoms), s))
        times.append(time.perf_counter() - start)
    took = float(np.median(times)) / len(atoms)
    words = {key: value for key, value in options.items() if key != "network"}
    row = {"average": name, "options": words, "seconds": took}
    if name == "mc":
        error = float(found.error) / len(atoms)
        row |= {"error": error, "seconds_alike": took * (error / ALIKE) ** 2}
    return row
