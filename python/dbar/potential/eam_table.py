"""Tables of embedded-atom potentials (``eam/alloy``, ``eam/fs``) as LAMMPS reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dbar.files.atomic import replacing

__all__ = ["EamTable", "read_table"]

_PER_LINE = 5


@dataclass
class EamTable:
    """Content of such a file.

    Attributes
    ----------
    comments : list of str
        Its first three lines.
    elements : list of str
        Chemical symbols, in order.
    headers : list of str
        Line of each element: atomic number, mass, lattice constant, lattice.
    drho, dr, cutoff : float
        Spacings of density and distance (Å), and the cutoff (Å).
    embedding : list of ndarray, shape (nrho,)
        F(rho) of each element (eV).
    density : list of list of ndarray, shape (nr,)
        Of each element; one function in eam/alloy, one for each element in eam/fs.
    pair : list of ndarray, shape (nr,)
        r phi(r) of the pairs 1 1, 2 1, 2 2, 3 1, ... (eV Å).
    """

    comments: list[str]
    elements: list[str]
    headers: list[str]
    drho: float
    dr: float
    cutoff: float
    embedding: list[np.ndarray]
    density: list[list[np.ndarray]]
    pair: list[np.ndarray]

    def functions(self):
        """Each function: its name, "rho" or "r" for what it depends on, a list and a place."""
        for k, one in enumerate(self.elements):
            yield f"F {one}", "rho", self.embedding, k
        for k, one in enumerate(self.elements):
            for j in range(len(self.density[k])):
                other = f" {self.elements[j]}" if len(self.density[k]) > 1 else ""
                yield f"rho {one}{other}", "r", self.density[k], j
        place = 0
        for i, one in enumerate(self.elements):
            for j in range(i + 1):
                yield f"r phi {one} {self.elements[j]}", "r", self.pair, place
                place += 1

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the table with 17 digits, whole or not at all.

        Raises
        ------
        OSError
        """
        nrho, nr = len(self.embedding[0]), len(self.pair[0])
        lines = [*self.comments, f"{len(self.elements)} {' '.join(self.elements)}"]
        lines.append(f"{nrho} {self.drho!r} {nr} {self.dr!r} {self.cutoff!r}")
        for k, header in enumerate(self.headers):
            lines += [header, *_rows(self.embedding[k])]
            for one in self.density[k]:
                lines += _rows(one)
        for one in self.pair:
            lines += _rows(one)
        with replacing(path) as part:
            part.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_table(path: str | os.PathLike[str]) -> EamTable:
    """Read a table; whether it is eam/alloy or eam/fs is told by how many numbers it has.

    Raises
    ------
    ValueError
        If it is no such table, naming what was found and what was expected.
    OSError
        If it cannot be read.
    """
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        names = lines[3].split()
        n, elements = int(names[0]), names[1:]
        nrho, drho, nr, dr, cutoff = (float(word) for word in lines[4].split()[:5])
        nrho, nr = int(nrho), int(nr)
    except (IndexError, ValueError):
        raise ValueError(
            f"{path}: line 4 and 5: found no numbers of elements and points, expected a table of "
            "eam/alloy or eam/fs"
        ) from None
    if len(elements) != n or n < 1:
        raise ValueError(f"{path}: line 4: found {len(elements)} elements, expected {n}")
    if min(nrho, nr) < 100 or not min(drho, dr, cutoff) > 0:
        raise ValueError(
            f"{path}: line 5: found {lines[4].strip()!r}, expected two numbers of points above 99, "
            "two spacings and a cutoff above 0"
        )
    for densities in (n, 1):
        found = _parsed(lines[5:], n, nrho, nr, densities)
        if found is not None:
            headers, embedding, density, pair = found
            table = EamTable(
                lines[:3], elements, headers, drho, dr, cutoff, embedding, density, pair
            )
            if not all(np.isfinite(one[k]).all() for _, _, one, k in table.functions()):
                raise ValueError(f"{path}: found numbers that are not finite, expected a table")
            return table
    pairs = n * (n + 1) // 2
    raise ValueError(
        f"{path}: found another number of values than {n * (nrho + nr) + pairs * nr} (eam/alloy) "
        f"or {n * (nrho + n * nr) + pairs * nr} (eam/fs), expected one of them"
    )


def _rows(values: np.ndarray) -> list[str]:
    words = [f"{value:.17g}" for value in values]
    return [" ".join(words[k : k + _PER_LINE]) for k in range(0, len(words), _PER_LINE)]


def _parsed(lines: list[str], n: int, nrho: int, nr: int, densities: int):
    """Headers and functions, None if there are more or fewer numbers."""
    place = 0

    def take(count: int) -> np.ndarray:
        nonlocal place
        words: list[str] = []
        while len(words) < count:
            words += lines[place].split()
            place += 1
        if len(words) > count:
            raise ValueError
        return np.array(words, dtype=float)

    headers, embedding, density = [], [], []
    try:
        for _ in range(n):
            headers.append(lines[place])
            place += 1
            embedding.append(take(nrho))
            density.append([take(nr) for _ in range(densities)])
        pair = [take(nr) for _ in range(n * (n + 1) // 2)]
    except (IndexError, ValueError):
        return None
    if any(line.strip() for line in lines[place:]):
        return None
    return headers, embedding, density, pair
