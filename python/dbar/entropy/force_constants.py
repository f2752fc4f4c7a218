"""Force constants of a relaxed configuration, from differences of forces in LAMMPS, and checked.

The difference of forces at displacements h and -h has an error in h^2; that of 2h has four times as
much of it, and (4 D(h) - D(2h)) / 3 has one in h^4 only (L. F. Richardson, Phil. Trans. R. Soc. A
210, 307, 1911).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dbar.entropy.configuration import Configuration
from dbar.entropy.job import at_rest, job_of, refuse_unrelaxed, scaled
from dbar.entropy.lammps_session import LammpsError, LammpsSession
from dbar.entropy.units import STYLES, Constants, angstrom, constants

__all__ = ["ForceConstants", "Potential", "force_constants", "relaxed"]

_COARSE = 2e-3  # Å: many intervals of a table
_PROBED = 8  # atoms whose force constants are taken with the coarse step as well
_SUM_RULE = 1e-6  # of the largest force constant
_TRIAL = 1e-2  # of the largest force of the trial direction


@dataclass(frozen=True)
class Potential:
    """A potential of LAMMPS.

    Attributes
    ----------
    pair_style : str
        What follows the command ``pair_style``.
    pair_coeff : tuple of str
        What follows each ``pair_coeff``.
    units : str
        Unit style.
    setup, commands : tuple of str
        Lines of LAMMPS before the box is made, and after ``pair_coeff``.
    """

    pair_style: str
    pair_coeff: tuple[str, ...]
    units: str = "metal"
    setup: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.units not in STYLES:
            known = ", ".join(sorted(STYLES))
            raise ValueError(f"units: found {self.units!r}, expected one of {known}")
        lines = [("pair_style", self.pair_style)]
        for name in ("pair_coeff", "setup", "commands"):
            lines += [(name, line) for line in getattr(self, name)]
        for name, line in lines:
            if not isinstance(line, str) or not line.strip() or "\n" in line:
                raise ValueError(f"{name}: found {line!r}, expected one line of words of LAMMPS")
        if not self.pair_coeff:
            raise ValueError("pair_coeff: found none, expected at least one line of words")


@dataclass
class ForceConstants:
    """What LAMMPS says about one configuration.

    Attributes
    ----------
    configuration : Configuration
        Relaxed, if that was asked for.
    energy : float
        Potential energy (energy unit).
    force : float
        Largest component of a force (force unit).
    matrix : ndarray, shape (3n, 3n)
        Second derivatives of the energy (energy over length squared), symmetric.
    noise : float
        How far eigenvalues may be off, from the part of the matrix that is not symmetric.
    probe : ndarray of int, shape (k,)
        Atoms that were looked at with a coarse step.
    coarse : ndarray, shape (3k, 3n)
        Their rows of the matrix with that step less those with the fine one.
    constants : Constants
    """

    configuration: Configuration
    energy: float
    force: float
    matrix: np.ndarray
    noise: float
    probe: np.ndarray
    coarse: np.ndarray
    constants: Constants


def force_constants(
    session: LammpsSession,
    configuration: Configuration,
    potential: Potential,
    *,
    relax: bool,
    tolerance: float | None = None,
    step: float | None = None,
    probed: int = _PROBED,
) -> ForceConstants:
    """Ask LAMMPS for the force constants of a configuration.

    Parameters
    ----------
    session : LammpsSession
    configuration : Configuration
    potential : Potential
    relax : bool
        Minimise the energy first, if forces are above the tolerance.
    tolerance : float, optional
        Largest component of a force (force unit); default 1e-6 eV/Å, in lj 1e-5.
    step : float, optional
        Displacement (length unit); default 1e-4 Å, in lj 1e-4 sigma.
    probed : int
        Number of atoms that are looked at with a coarse step.

    Raises
    ------
    ValueError
        If the forces are too large, or if what LAMMPS says cannot be: naming the configuration,
        what was found and what was expected.
    LammpsError
        With the words of LAMMPS.
    """
    name, n = configuration.name, len(configuration.types)
    chosen = np.random.default_rng(0).permutation(n)[:probed]
    about, arrays = job_of(configuration, potential, relax, np.sort(chosen))
    about["tolerance"], step = scaled(potential.units, tolerance, step)
    about["steps"] = [step, 2 * step]
    coarse = _COARSE * angstrom(potential.units)
    about["probe_steps"] = [step, 2 * step, coarse, 2 * coarse]
    try:
        reply = session.ask(about, arrays)
    except LammpsError as error:
        raise LammpsError(f"{name}: {error}") from None
    refuse_unrelaxed(configuration, reply, about["tolerance"], relax)
    rows = [_read(session.folder / f"rows.{k}.bin", 3 * n, 3 * n, name) for k in range(2)]
    matrix = _richardson(*rows)
    probe = _probe(session.folder, len(chosen), n, name)
    _check(matrix, arrays["direction"], reply["trial"], name, potential.pair_style)
    lean = 0.5 * (matrix - matrix.T)
    here = configuration.moved(reply["positions"])
    turned = here.hessian(0.5 * (matrix + matrix.T))
    return ForceConstants(
        here, float(reply["energy"]), float(np.max(np.abs(reply["forces"]))), turned,
        # largest eigenvalue of a random symmetric matrix whose entries have this mean square
        2.0 * float(np.linalg.norm(lean)) / np.sqrt(3.0 * n),
        np.sort(chosen), _turned(here, probe), constants(potential.units, reply),
    )  # fmt: skip


def relaxed(
    session: LammpsSession,
    configuration: Configuration,
    potential: Potential,
    tolerance: float | None = None,
) -> tuple[Configuration, float]:
    """Minimise the energy in the given cell and do no more.

    Returns
    -------
    Configuration
    float
        Its energy (energy unit).

    Raises
    ------
    ValueError
        If forces stay above the tolerance.
    LammpsError
        With the words of LAMMPS.
    """
    tolerance, _ = scaled(potential.units, tolerance, None)
    here, reply = at_rest(session, configuration, potential, True, tolerance)
    return here, float(reply["energy"])


def _read(path: Path, rows: int, columns: int, name: str) -> np.ndarray:
    """A matrix that LAMMPS has written in binary; it does not say so when a disk is full."""
    found = path.stat().st_size if path.exists() else 0
    if found != 8 * rows * columns:
        room = os.statvfs(path.parent)
        free = room.f_bavail * room.f_frsize
        raise OSError(
            f"{name}: {path}: found {found} bytes of force constants, expected {8 * rows * columns}"
            f" (the disk has {free} bytes left)"
        )
    matrix = np.fromfile(path, dtype=float).reshape(rows, columns)
    path.unlink()
    return matrix


def _richardson(fine: np.ndarray, twice: np.ndarray) -> np.ndarray:
    return (4.0 * fine - twice) / 3.0


def _probe(folder: Path, k: int, n: int, name: str) -> np.ndarray:
    if not k:
        return np.zeros((0, 3 * n))
    rows = [_read(folder / f"probe.{j}.bin", 3 * k, 3 * n, name) for j in range(4)]
    return _richardson(*rows[2:]) - _richardson(*rows[:2])


def _turned(configuration: Configuration, rows: np.ndarray) -> np.ndarray:
    turn = configuration.turn
    k, n = len(rows) // 3, rows.shape[1] // 3
    blocks = np.einsum("ak,iajb,bl->ikjl", turn, rows.reshape(k, 3, n, 3), turn, optimize=True)
    return blocks.reshape(3 * k, 3 * n)


def _check(matrix, direction, trial, name: str, style: str) -> None:
    """Refuse what no potential has; styles with a suffix can leave forces out of the matrix."""
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{name}: force constants: found some that are not finite")
    largest = np.max(np.abs(matrix))
    if largest == 0.0:
        raise ValueError(
            f"{name}: force constants: found zeros alone, expected some that are not "
            f"(pair_style {style}: does it act between these atoms? styles with a suffix, as /omp, "
            "/gpu or /intel, can give zeros)"
        )
    n = len(matrix) // 3
    sums = matrix.reshape(3 * n, n, 3).sum(axis=1)
    worst = int(np.argmax(np.max(np.abs(sums), axis=1)))
    off = np.max(np.abs(sums[worst]))
    if off > _SUM_RULE * largest:
        raise ValueError(
            f"{name}: force constants of atom {worst // 3 + 1}: found a sum of {off:.3g}, expected "
            f"0 (at most {_SUM_RULE * largest:.3g}): something acts on the atoms from outside, or "
            f"pair_style {style} leaves forces out"
        )
    made = (matrix @ direction.ravel()).reshape(n, 3)
    off, scale = np.max(np.abs(made - trial)), np.max(np.abs(trial))
    if not off <= _TRIAL * scale:
        raise ValueError(
            f"{name}: force constants times a displacement: found {off:.3g} off the forces of an "
            f"ordinary run, expected at most {_TRIAL * scale:.3g} (pair_style {style} is not "
            "complete in dynamical_matrix)"
        )
