"""A symmetric tilt boundary at temperature: Sigma 5 (310)[001] of an fcc crystal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms

from dbar.gpp.average import Average
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.potential import Potential
from dbar.gpp.relaxation import relax

__all__ = ["boundary", "sigma5_310"]

_MILLIJOULE = 16021.76634  # mJ/m^2 in an eV/Å^2
_CLOSEST = 0.6  # of the distance of neighbours: of two atoms that are nearer one goes


def sigma5_310(
    element: str, a: float, repeats: tuple[int, int, int] = (4, 4, 8), shift: float = 0.0
) -> Atoms:
    """Two grains with a common [001] axis, mirrored at (310), and so two boundaries.

    Parameters
    ----------
    element : str
    a : float
        Lattice constant (Å).
    repeats : tuple of int
        Along [001], [1-30]/2, and along [310]/2 for both grains together (even).
    shift : float
        Of the second grain along [1-30]/2, in units of that vector.

    Returns
    -------
    ase.Atoms
        10 atoms for each repeated cell, less those that came too close.
    """
    period = np.sqrt(10.0) / 2.0 * a
    axes = np.array([[0, 0, 1], [1, -3, 0], [3, 1, 0]]) / np.array([[1.0], [10**0.5], [10**0.5]])
    edges = np.array([a * repeats[0], period * repeats[1], period * repeats[2] / 2.0])
    reach = int(np.ceil(np.linalg.norm(edges) / a)) + 1
    corners = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 3, indexing="ij"), -1)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    sites = (corners.reshape(-1, 1, 3) + basis).reshape(-1, 3) * a @ axes.T
    inside = np.all((sites > -1e-6) & (sites < edges - 1e-6), axis=1)
    grain = sites[inside]
    other = grain * (1.0, 1.0, -1.0) + (0.0, shift * period, 2.0 * edges[2])
    cell = edges * (1.0, 1.0, 2.0)
    both = Atoms(f"{element}{2 * len(grain)}", np.vstack([grain, other]), cell=cell, pbc=True)
    both.wrap()
    return _thinned(both, _CLOSEST * a / np.sqrt(2.0))


def _thinned(atoms: Atoms, closest: float) -> Atoms:
    """Without the second atom of each pair that is too close."""
    from ase.neighborlist import neighbor_list

    first, second = neighbor_list("ij", atoms, closest)
    gone = set()
    for i, j in zip(first, second, strict=True):
        if i < j and i not in gone:
            gone.add(int(j))
    keep = [k for k in range(len(atoms)) if k not in gone]
    return atoms[keep]


def boundary(
    potential: Potential, averages: dict[str, Average],
    temperatures: Sequence[float] = (100.0, 300.0, 500.0),
    repeats: tuple[int, int, int] = (4, 4, 8), shifts: Sequence[float] = (0.0, 0.25, 0.5),
    element: str | None = None, tick: Callable[[int, int], None] | None = None,
) -> dict:  # fmt: skip
    """Free energy of the boundary, at constant temperature and zero pressure of the bulk.

    Of several shifts of one grain the lowest counts.

    Returns
    -------
    dict
        ``temperatures``; for each average ``atoms``, ``free_energy`` (mJ/m^2), ``shift``, and the
        largest ``variance`` over that of the bulk.
    """
    found: dict = {"temperatures": list(map(float, temperatures)), "averages": {}}
    steps, done = len(averages) * len(temperatures) * len(shifts), 0
    for name, average in averages.items():
        rows: dict = {"atoms": [], "free_energy": [], "shift": [], "variance": []}
        for temperature in temperatures:
            bulk = relax_bulk(potential, "fcc", temperature, average=average, element=element)
            tries = []
            for shift in shifts:
                atoms = sigma5_310(bulk.element, bulk.a, repeats, shift)
                rest = relax(atoms, potential, temperature, average=average)
                area = 2.0 * atoms.cell[0, 0] * atoms.cell[1, 1]
                above = rest.free_energy - len(atoms) * bulk.free_energy
                widest = float(np.max(rest.variances)) / bulk.variance
                tries.append((above / area * _MILLIJOULE, len(atoms), float(shift), widest))
                done += 1
                if tick is not None:
                    tick(done, steps)
            for key, value in zip(
                ("free_energy", "atoms", "shift", "variance"), min(tries), strict=True
            ):
                rows[key].append(value)
        found["averages"][name] = rows
    return found
