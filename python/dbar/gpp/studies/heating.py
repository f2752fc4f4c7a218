"""Lattice constant, energy and variance of a crystal against temperature."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbar.gpp.average import Average
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.errors import NotConverged, UnstableCrystal
from dbar.gpp.potential import Potential

__all__ = ["heating"]


def heating(
    potential: Potential, lattice: str, averages: dict[str, Average],
    temperatures: Sequence[float] = tuple(range(100, 801, 100)),
    tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """A crystal at rest by each average at each temperature.

    Returns
    -------
    dict
        ``temperatures`` (K); for each average lists ``a`` (Å), ``energy`` (eV/atom), ``variance``
        (Å^2); None where there is no such crystal, and why in ``refused``.
    """
    found: dict = {"temperatures": list(map(float, temperatures)), "averages": {}}
    steps, done = len(averages) * len(temperatures), 0
    for name, average in averages.items():
        rows: dict = {"a": [], "energy": [], "variance": [], "refused": {}}
        for temperature in temperatures:
            try:
                one = relax_bulk(potential, lattice, temperature, average=average)
                values = (one.a, one.energy, one.variance)
            except (UnstableCrystal, NotConverged) as error:
                values = (None, None, None)
                rows["refused"][f"{temperature:g}"] = str(error)
            for key, value in zip(("a", "energy", "variance"), values, strict=True):
                rows[key].append(value)
            done += 1
            if tick is not None:
                tick(done, steps)
        found["averages"][name] = rows
    return found
