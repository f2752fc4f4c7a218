"""Tables that PLUMED writes (COLVAR, HILLS), restarts included."""

from __future__ import annotations

import re
import zlib
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
        """Lower ends (d,) and lengths (d,) of the domains; length infinite if not periodic.

        Raises
        ------
        ValueError
            If only one end is there, or the two are no domain.
        """
        lower, period = np.full(len(names), -np.inf), np.full(len(names), np.inf)
        for k, name in enumerate(names):
            ends = [f"min_{name}", f"max_{name}"]
            there = [end for end in ends if end in self.constants]
            if len(there) == 1:
                ends.remove(there[0])
                raise ValueError(f"{there[0]} is set, {ends[0]} is not")
            if there:
                words = [self.constants[end] for end in ends]
                try:
                    a, b = (number(word) for word in words)
                except ValueError:
                    a = b = np.nan
                if not (np.isfinite([a, b]).all() and a < b):
                    raise ValueError(
                        f"{ends[0]} {words[0]}, {ends[1]} {words[1]}: expected two numbers or "
                        "multiples of pi, the first one smaller"
                    )
                lower[k], period[k] = a, b - a
        return lower, period


def read_table(path) -> PlumedTable:
    """Read every row of a file, packed with gzip or not.

    A line that was cut short by the end of its run is left out, also where a restart went on
    writing behind it.

    Raises
    ------
    ValueError
        If a header is missing or differs between restarts, a row has another number of fields, or
        a time is not finite.
    """
    path = Path(path)
    fields: list[str] | None = None
    constants: dict[str, str] = {}
    rows: list[list[float]] = []
    segment: list[int] = []
    run = -1
    lines = _text(path).split("\n")[:-1]  # without an end of line the run was killed, or writes
    for at, line in enumerate(lines):
        # a restart begins with this word, behind what its killed forerunner wrote of its last line
        words = line[max(0, line.rfind("#! FIELDS")) :].split()
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
            if len(words) != len(fields):
                raise ValueError(
                    f"{path}:{at + 1}: found {len(words)} fields, expected {len(fields)}"
                )
            try:
                row = [number(word) for word in words]
            except ValueError as error:
                raise ValueError(f"{path}:{at + 1}: {error}") from None
            if "time" in fields and not np.isfinite(time := row[fields.index("time")]):
                raise ValueError(f"{path}:{at + 1}: time: found {time}, expected a finite number")
            rows.append(row)
            segment.append(run)
    if fields is None and all(line.lstrip()[:1] in ("", "#") for line in lines):
        raise ValueError(
            f"{path}: no line '#! FIELDS ...': nothing whole has been written to it yet"
        )
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
        As `read_table`; also if the time of what is left does not increase, or if a run begins
        where the first one began or before it: its clock was set back, and nothing would be left
        of the runs before it.
    """
    table = read_table(path)
    check_clock(path, table, table.begin)
    time = table["time"]
    keep = time < ends(table.begin)[table.segment]
    columns = {name: values[keep] for name, values in table.columns.items()}
    if not (np.diff(columns["time"]) > 0).all():
        raise ValueError(f"{path}: time does not increase from row to row")
    return PlumedTable(columns, table.constants, table.segment[keep], table.begin)


def check_clock(path, table: PlumedTable, begin, otherwise: str = "") -> None:
    """Refuse a run that takes back all runs before it.

    Raises
    ------
    ValueError
        The message names the run and how many rows it would cost.
    """
    known = np.flatnonzero(~np.isnan(begin))
    for run in known[1:]:
        if begin[run] <= begin[known[0]]:
            lost = int((table.segment < run).sum())
            raise ValueError(
                f"{path}: run {run + 1} begins at {begin[run]:g}, run {known[0] + 1} at "
                f"{begin[known[0]]:g}: none of the {lost} rows before it would count. If the clock "
                f"was set back, expected a file for each run; if not, without these rows{otherwise}"
            )


def ends(begin) -> np.ndarray:
    """Earliest time (R,) at which a later run begins; infinite for the last."""
    later = np.append(np.where(np.isnan(begin), np.inf, begin)[1:], np.inf)
    return np.minimum.accumulate(later[::-1])[::-1]


_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_PI = re.compile(rf"([+-]?)({_NUMBER})?\*?pi(?:([*/])({_NUMBER}))?")


def number(word: str) -> float:
    """Number of PLUMED's: also multiples of pi, such as -pi, 2pi, 0.5*pi and -pi/2."""
    match = _PI.fullmatch(word)
    if not match:
        return float(word)
    sign, factor, operator, last = match.groups()
    value = np.pi * float(factor or 1) * (-1.0 if sign == "-" else 1.0)
    if operator == "/" and float(last) == 0.0:
        raise ValueError(f"could not convert string to float: {word!r}")
    if operator:
        value = value * float(last) if operator == "*" else value / float(last)
    return value


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return (_unpacked(content) if content[:2] == b"\x1f\x8b" else content).decode()
    except zlib.error as error:
        raise ValueError(f"{path}: damaged gzip ({error})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not a file of PLUMED's") from None


def _unpacked(content: bytes) -> bytes:
    """Return what gzip packed; of a stream without its end, all that has come."""
    parts = []
    while content:  # each restart begins a stream of its own
        stream = zlib.decompressobj(wbits=31)
        parts.append(stream.decompress(content))
        content = stream.unused_data
    return b"".join(parts)
