"""Tables that PLUMED writes (COLVAR, HILLS), restarts included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["PlumedTable", "read_colvar", "read_table"]


@dataclass(frozen=True)
class PlumedTable:
    """Columns of a file that begins with ``#! FIELDS``.

    Attributes
    ----------
    columns : dict of str to (T,) array
    constants : dict of str to str
        What ``#! SET`` says.
    segment : (T,) array of int
        Number of the run, from 0, that wrote the row: each restart writes the header again.
    begin : (R,) array
        Time of the first row of each run; NaN where it wrote none.
    """

    columns: dict[str, np.ndarray]
    constants: dict[str, str]
    segment: np.ndarray
    begin: np.ndarray

    def __len__(self) -> int:
        return len(self.segment)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self.columns[name]
        except KeyError:
            known = ", ".join(self.columns)
            raise KeyError(f"no column {name!r}; the file has {known}") from None

    def periods(self, names) -> tuple[np.ndarray, np.ndarray]:
        """Lower ends (d,) and lengths (d,) of the domains; length infinite if not periodic."""
        lower, period = np.full(len(names), -np.inf), np.full(len(names), np.inf)
        for k, name in enumerate(names):
            if f"min_{name}" in self.constants:
                lower[k] = number(self.constants[f"min_{name}"])
                period[k] = number(self.constants[f"max_{name}"]) - lower[k]
        return lower, period


def read_table(path) -> PlumedTable:
    """Read every row of a file.

    A last line that was cut short (a killed run) is left out.

    Raises
    ------
    ValueError
        If a header is missing or differs between restarts, or a row has another number of fields.
    """
    path = Path(path)
    fields: list[str] | None = None
    constants: dict[str, str] = {}
    rows: list[list[float]] = []
    segment: list[int] = []
    run = -1
    lines = path.read_text().split("\n")
    for at, line in enumerate(lines):
        words = line.split()
        if words[:2] == ["#!", "FIELDS"]:
            if fields is not None and words[2:] != fields:
                raise ValueError(
                    f"{path}:{at + 1}: fields {' '.join(words[2:])}, expected those of the "
                    f"first header: {' '.join(fields)}"
                )
            fields, run = words[2:], run + 1
        elif words[:2] == ["#!", "SET"] and len(words) == 4:
            known = constants.setdefault(words[2], words[3])
            if known != words[3]:
                raise ValueError(f"{path}:{at + 1}: {words[2]} is {words[3]}, was {known} before")
        elif words and not words[0].startswith("#"):
            if fields is None:
                raise ValueError(f"{path}:{at + 1}: expected a line '#! FIELDS ...' first")
            if at == len(lines) - 1:
                break  # no end of line behind it: the run was killed while it wrote
            if len(words) != len(fields):
                raise ValueError(
                    f"{path}:{at + 1}: found {len(words)} fields, expected {len(fields)}"
                )
            try:
                rows.append([number(word) for word in words])
            except ValueError as error:
                raise ValueError(f"{path}:{at + 1}: {error}") from None
            segment.append(run)
    if fields is None:
        raise ValueError(f"{path}: no line '#! FIELDS ...': not a file of PLUMED's")
    table = np.array(rows, dtype=float).reshape(-1, len(fields))
    columns = {name: table[:, k].copy() for k, name in enumerate(fields)}
    segment = np.array(segment, dtype=int)
    begin = np.full(run + 1, np.nan)
    if "time" in columns:
        for k in np.unique(segment):
            begin[k] = columns["time"][segment == k][0]
    return PlumedTable(columns, constants, segment, begin)


def read_colvar(path) -> PlumedTable:
    """Read a COLVAR file as one run: rows that a restart repeats or takes back are left out.

    A row is left out if a later run of the file begins at its time or before.

    Raises
    ------
    ValueError
        As `read_table`; also if the time of what is left does not increase.
    """
    table = read_table(path)
    time = table["time"]
    keep = time < ends(table.begin)[table.segment]
    columns = {name: values[keep] for name, values in table.columns.items()}
    if not (np.diff(columns["time"]) > 0).all():
        raise ValueError(f"{path}: time does not increase from row to row")
    return PlumedTable(columns, table.constants, table.segment[keep], table.begin)


def ends(begin) -> np.ndarray:
    """Earliest time (R,) at which a later run begins; infinite for the last."""
    later = np.append(np.where(np.isnan(begin), np.inf, begin)[1:], np.inf)
    return np.minimum.accumulate(later[::-1])[::-1]


def number(word: str) -> float:
    """Number of PLUMED's: also multiples of pi, such as -pi, 2pi and 0.5*pi."""
    match = re.fullmatch(r"([+-]?[\d.]*)\*?pi", word)
    if not match:
        return float(word)
    factor = match[1]
    return np.pi * (float(factor + "1") if factor in ("", "+", "-") else float(factor))
