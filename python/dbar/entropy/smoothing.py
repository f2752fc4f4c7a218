"""Rounded tables of potentials made smooth, so that they have second derivatives."""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass

import numpy as np

from dbar.entropy.smooth_spline import Rounding, fitted, thinned
from dbar.files.atomic import check_writable
from dbar.files.refused import Refused
from dbar.potential.eam_table import EamTable, read_table

__all__ = ["SmoothedFunction", "smooth_table"]

_ROUNDED = 2000.0  # noise over the precision of a double: less is no rounding of a table
_GRID = 0.1  # Å between knots of functions of the distance; pieces like to end at round numbers
_PIECES = 24  # intervals of F, in the root of the density
_LIMIT = 8.0  # residual over noise
_LOW = 1.0  # Å
_MARK = "(smooth fit by dbar of the rounded table)"
_HEAD = 1 << 12
_FEWEST = 200  # samples of a function of the distance


@dataclass(frozen=True)
class SmoothedFunction:
    """What became of one function of a table.

    Attributes
    ----------
    name : str
        ``F Fe``, ``rho Fe``, ``r phi Fe Fe``.
    knots : int
        Of its spline; 0 where it was not rounded, and was left as it is.
    kinks : tuple of float
        Where the second derivative jumps, in the table as in the fit (Å).
    points : int
        Samples that were fitted.
    noise : float
        Rounding of the table (eV, eV Å, or unit of the density), median.
    residual : float
        Largest difference to the table, in the same unit.
    excess : float
        Largest difference over the noise where it is.
    """

    name: str
    knots: int
    kinks: tuple[float, ...]
    points: int
    noise: float
    residual: float
    excess: float


def smooth_table(
    table: str | os.PathLike[str], out: str | os.PathLike[str], low: float = _LOW
) -> list[SmoothedFunction]:
    """Fit smooth splines to a rounded table of eam/alloy or eam/fs, and write them with 17 digits.

    F is fitted as a function of the root of the density, density and r phi as functions of the
    distance, by splines of degree 5 whose knots are as wide apart as the rounding allows. Their
    second derivatives are continuous but where those of the table jump (`SmoothedFunction.kinks`),
    and they vanish where the table does. The first hundredth of F is left as it is.

    Parameters
    ----------
    table, out : path-like
        The file to read, and another to write.
    low : float
        Distance (Å) below which the table is left as it is. Default 1.

    Returns
    -------
    list of SmoothedFunction

    Raises
    ------
    ValueError
        If it is no table, is not rounded, or differs from every smooth spline by more than eight
        times its noise: then it has jumps, or too few points.
    OSError
        If a file cannot be read or written, or both are the same.
    """
    if not (np.isfinite(low) and low >= 0):
        raise ValueError(f"low: found {low!r}, expected a distance from 0 on")
    held = read_table(table)
    _refuse_other(out, table)
    check_writable(out)
    made = copy.deepcopy(held)
    try:
        said = [_smooth(held, low, *one) for one in made.functions()]
    except ValueError as error:
        raise ValueError(f"{os.fspath(table)}: {error}") from None
    if not any(one.knots for one in said):
        raise ValueError(
            f"{os.fspath(table)}: found functions that are not rounded, expected a table that is: "
            "it needs no fit"
        )
    made.comments[2] = f"{held.comments[2].strip()} {_MARK}"
    made.write(out)
    return said


def _refuse_other(out, table) -> None:
    """Raise if `out` is there and is no table that this wrote."""
    if not os.path.isfile(out):
        return
    if os.path.samefile(table, out):
        raise Refused(out, f"is the input {os.fspath(table)}, expected another file")
    with open(out, "rb") as file:
        head = file.readlines(_HEAD)[:3]
    if len(head) < 3 or not head[2].rstrip().endswith(_MARK.encode()):
        raise Refused(
            out,
            "is a file that dbar did not write, expected a new name or a table of `dbar entropy "
            "smooth`",
        )


def _smooth(table: EamTable, low: float, name: str, of: str, functions, place) -> SmoothedFunction:
    """Replace one function in its list."""
    y = functions[place]
    rounding = Rounding.of(y)
    sigma, noise = rounding.sigma, float(np.median(rounding.sigma))
    if rounding.digits < _ROUNDED:
        return SmoothedFunction(name, 0, (), 0, noise, 0.0, 0.0)
    begin, end, fit = _embedding(table, y, sigma) if of == "rho" else _radial(table, y, sigma, low)
    off = np.abs(fit.values - y[begin:end])
    worst = int(np.argmax(off / sigma[begin:end]))
    if not fit.excess <= _LIMIT:
        step = table.drho if of == "rho" else table.dr
        raise ValueError(
            f"{name} at {of} = {(begin + worst) * step:.6g}: found {off[worst]:.3g} between the "
            f"table and a smooth spline, expected at most {_LIMIT:g} times the rounding, "
            f"{_LIMIT * sigma[begin + worst]:.3g}: the table is not smooth there"
        )
    functions[place] = np.concatenate([y[:begin], fit.values, y[end:]])
    return SmoothedFunction(
        name, fit.knots, tuple(fit.kinks), end - begin, noise, float(off.max()), fit.excess
    )


def _embedding(table: EamTable, y, sigma):
    root = np.sqrt(table.drho * np.arange(len(y)))
    begin = len(y) // 100
    part = slice(begin, None)
    knots = thinned(root[part], np.linspace(root[begin], root[-1], _PIECES + 1))
    return begin, len(y), fitted(root[part], y[part], sigma[part], knots, limit=_LIMIT)


def _radial(table: EamTable, y, sigma, low):
    r = table.dr * np.arange(len(y))
    begin = int(np.searchsorted(r, low))
    end, limit, vanishes = _edge(table, y, r, sigma)
    if end - begin < _FEWEST:
        raise ValueError(f"low: found {low} Å, expected it well below {r[end - 1]:.6g} Å")
    inside = _GRID * np.arange(int(np.ceil(r[begin] / _GRID)), int(limit / _GRID) + 1)
    inside = inside[(inside > r[begin]) & (inside < limit)]
    samples = [values[begin:end] for values in (r, y, sigma)]
    knots = thinned(samples[0], np.concatenate([[r[begin]], inside, [limit]]))
    fits = []
    for last in (3, 2, 1, 0) if vanishes else (0,):
        fits.append(fitted(*samples, knots, limit=_LIMIT, last=last, kinked=True))
        if fits[-1].excess <= _LIMIT:
            break
    return begin, end, min(fits, key=lambda one: one.excess)


def _edge(table: EamTable, y, r, sigma):
    """First sample beyond the function, where it ends (Å), and whether it is 0 there."""
    some = np.flatnonzero(y)
    end = int(some[-1]) + 1 if len(some) else len(y)
    if end == len(y):
        at_cutoff = r[-1] <= table.cutoff <= r[-1] + 2 * table.dr
        limit = table.cutoff if at_cutoff else r[-1]
        return end, limit, bool(abs(y[-1]) <= 3 * sigma[-1])
    grid = _GRID * np.ceil(r[end - 1] / _GRID - 1e-9)
    return end, grid if grid <= r[end] + 1e-9 else r[end], True
