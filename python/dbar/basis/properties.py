"""Properties of configurations by name, as targets of a supervised contraction."""

from __future__ import annotations

import reprlib

import numpy as np

__all__ = ["checked_target", "property_of"]

_PER_ATOM = "_per_atom"


def property_of(atoms, name: str):
    """A property that an `ase.Atoms` carries.

    Parameters
    ----------
    atoms : ase.Atoms
    name : str
        A key of ``atoms.info`` or ``atoms.arrays``, or a property of its calculator. A name that
        ends in ``_per_atom`` and is none of these is the property before it over the number of
        atoms: ``energy_per_atom``.

    Returns
    -------
    float or ndarray, shape (n,)
        One number, or one for each atom.

    Raises
    ------
    ValueError
        No such property, or one of another shape.
    """
    value = _found(atoms, name)
    stem = name.removesuffix(_PER_ATOM)
    if value is None and stem != name and len(atoms):
        value = _found(atoms, stem)
        value = None if value is None else checked_target(value, None, stem) / len(atoms)
    if value is None:
        there = sorted({*map(str, atoms.info), *atoms.arrays, *_results(atoms)})
        raise ValueError(f"{name}: found {', '.join(there)}, expected a property of that name")
    return checked_target(value, len(atoms), name)


def checked_target(value, n: int | None, name: str = "targets"):
    """A float or an array (n,) of floats from what was given as a target; a float without n.

    Raises
    ------
    ValueError
        Something else, or a number that is not finite.
    """
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        array = np.array(np.nan)
    if array.shape not in ((), (n,)) or not np.isfinite(array).all():
        each = "" if n is None else f", or one for each of the {n} atoms"
        raise ValueError(f"{name}: found {reprlib.repr(value)}, expected a finite number{each}")
    return float(array) if array.ndim == 0 else array


def _results(atoms) -> dict:
    return {} if atoms.calc is None else getattr(atoms.calc, "results", {})


def _found(atoms, name):
    for place in (atoms.info, atoms.arrays):
        if name in place:
            return place[name]
    if name not in _results(atoms):
        return None
    return atoms.calc.get_property(name, atoms, False)  # None if it is of other positions
