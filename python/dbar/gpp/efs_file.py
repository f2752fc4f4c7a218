"""Files of extended Finnis-Sinclair potentials, JSON of schema ``dbar-efs/1``."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dbar.files.json_file import load_schema
from dbar.files.json_values import keys, number, refuse

__all__ = ["EfsParameters", "read_efs"]

_SCHEMA = "dbar-efs/1"
_NUMBERS = ("mass", "A", "c", "d", "B")
_FOR_READERS = ("source", "comment")


@dataclass(frozen=True)
class EfsParameters:
    """Such a potential of one element (X. D. Dai et al., J. Phys.: Condens. Matter, 2006).

    V(r) = (r - c)^2 sum_k c_k r^k below c, the density (r - d)^2 + B^2 (r - d)^4 below d, and
    F(rho) = -A sqrt(rho).

    Attributes
    ----------
    element : str
    mass : float
        In u.
    A, c, d, B : float
        In eV, Å, Å and 1/Å.
    polynomial : tuple of float
        c_0, c_1, ... (eV/Å^2, eV/Å^3, ...).
    """

    element: str
    mass: float
    A: float
    c: float
    d: float
    B: float
    polynomial: tuple[float, ...]


def read_efs(path: str | os.PathLike[str]) -> EfsParameters:
    """Read such a file.

    Raises
    ------
    ValueError
        If it is none, naming the file, the key, what was found and what was expected.
    OSError
        If it cannot be read.
    """
    content = load_schema(path, _SCHEMA)
    try:
        found = {key: one for key, one in content.items() if key not in _FOR_READERS}
        keys(found, ("schema", "element", *_NUMBERS, "polynomial"))
        if not isinstance(found["element"], str):
            refuse("element", found["element"], "a chemical symbol")
        values = {key: number(key, found[key]) for key in _NUMBERS}
        for key in ("mass", "A", "c", "d"):
            if not values[key] > 0:
                refuse(key, values[key], "a number above 0")
        if not isinstance(found["polynomial"], list) or not found["polynomial"]:
            refuse("polynomial", found["polynomial"], "a list of numbers, c0, c1, ...")
        polynomial = tuple(number("polynomial", one) for one in found["polynomial"])
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None
    return EfsParameters(found["element"], polynomial=polynomial, **values)
