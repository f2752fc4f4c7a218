"""An extended Finnis-Sinclair potential as a table that LAMMPS reads."""

from __future__ import annotations

import numpy as np
from ase.data import atomic_numbers, reference_states

from dbar.gpp.efs_file import EfsParameters
from dbar.potential.eam_table import EamTable

__all__ = ["efs_table"]

_DENSEST = 4.0  # largest density of the table, in units of that of twelve neighbours at d / 1.7
_NEAREST = 1.7


def efs_table(of: EfsParameters, points: int = 20001) -> EamTable:
    """The table of ``pair_style eam/alloy`` of such a potential.

    Between its points LAMMPS interpolates: with 20,001 of them energies of copper at rest agree to
    1e-9 eV.

    Parameters
    ----------
    of : EfsParameters
    points : int
        Of each function.

    Returns
    -------
    EamTable
    """
    cutoff = max(of.c, of.d)
    r = np.linspace(0.0, cutoff, points)
    inside = np.minimum(r - of.d, 0.0) ** 2
    polynomial = np.polynomial.polynomial.polyval(r, of.polynomial)
    close = (of.d / _NEAREST - of.d) ** 2
    rho = np.linspace(0.0, _DENSEST * 12.0 * (close + of.B**2 * close**2), points)
    number = atomic_numbers[of.element]
    lattice = reference_states[number] or {}
    header = f"{number} {of.mass!r} {lattice.get('a', 0.0)!r} {lattice.get('symmetry', 'none')}"
    return EamTable(
        [f"{of.element}, extended Finnis-Sinclair, as a table", "made by dbar", "units metal"],
        [of.element], [header], float(rho[1]), float(r[1]), float(cutoff), [-of.A * np.sqrt(rho)],
        [[inside + of.B**2 * inside**2]], [r * np.minimum(r - of.c, 0.0) ** 2 * polynomial],
    )  # fmt: skip
