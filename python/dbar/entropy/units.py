"""Constants of a unit style of LAMMPS, and sizes that are stated in Å and eV in that style."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import constants as codata

__all__ = [
    "STYLES",
    "Constants",
    "angstrom",
    "boltzmann",
    "constants",
    "default_masses",
    "electronvolt",
]

_CALORIE = codata.kilo * codata.calorie / codata.N_A
_HARTREE, _BOHR = codata.value("Hartree energy"), codata.value("Bohr radius")
# length, energy, mass and time of each style in SI; those of lj are of the user
_SI = {
    "metal": (codata.angstrom, codata.e, codata.atomic_mass, codata.pico),
    "real": (codata.angstrom, _CALORIE, codata.atomic_mass, codata.femto),
    "electron": (_BOHR, _HARTREE, codata.atomic_mass, codata.femto),
    "si": (1.0, 1.0, 1.0, 1.0),
    "cgs": (1e-2, 1e-7, 1e-3, 1.0),
    "micro": (1e-6, 1e-15, 1e-15, 1e-6),
    "nano": (1e-9, 1e-21, 1e-21, 1e-9),
}
STYLES = ("lj", *_SI)
_ATOMIC_MASSES = ("metal", "real", "electron")  # styles with masses in u


@dataclass(frozen=True)
class Constants:
    """What turns force constants into frequencies and entropies.

    Attributes
    ----------
    boltz : float
        Boltzmann's constant (energy per temperature).
    hbar : float
        Planck's constant over 2 pi (energy times time).
    mvv2e : float
        Energy in one mass times length squared over time squared.
    """

    boltz: float
    hbar: float
    mvv2e: float


def constants(style: str, said: dict[str, float]) -> Constants:
    """The constants of a unit style.

    In lj they are those that LAMMPS has (k_B = h = 1). In all others they follow from the units and
    today's values of nature's constants (CODATA), because LAMMPS's own are older: of 1998 in metal,
    which shifts an entropy by 1.2e-6 k_B per mode, and wrong in the third digit in real (its h is
    95.307 kcal/mol fs, expected 95.371: 7e-4 k_B per mode). So an entropy does not depend on the
    style.

    Parameters
    ----------
    style : str
        Word after the command ``units``.
    said : dict
        ``boltz``, ``hplanck`` and ``mvv2e`` as LAMMPS has them in this style.
    """
    if style == "lj":
        boltz, planck, mvv2e = (float(said[name]) for name in ("boltz", "hplanck", "mvv2e"))
        return Constants(boltz, planck / (2.0 * math.pi), mvv2e)
    length, energy, mass, time = _SI[style]
    return Constants(
        boltzmann(style), codata.hbar / (energy * time), mass * (length / time) ** 2 / energy
    )


def boltzmann(style: str) -> float:
    """Boltzmann's constant in the units of the style (energy per temperature); in lj 1."""
    return 1.0 if style == "lj" else codata.k / _SI[style][1]


def angstrom(style: str) -> float:
    """Length of 1 Å in the unit of the style; in lj 1 (sigma)."""
    return 1.0 if style == "lj" else codata.angstrom / _SI[style][0]


def electronvolt(style: str) -> float:
    """Energy of 1 eV in the unit of the style; in lj 1 (epsilon)."""
    return 1.0 if style == "lj" else codata.e / _SI[style][1]


def default_masses(atoms, style: str):
    """Masses of the atoms in the unit of the style (n,): those that were set, or of the elements.

    In lj every mass is 1 unless it was set.

    Raises
    ------
    ValueError
        If none were set and the style counts masses neither in u nor in 1.
    """
    if atoms.has("masses"):
        return atoms.get_masses()
    if style == "lj":
        return atoms.get_masses() * 0.0 + 1.0
    if style not in _ATOMIC_MASSES:
        raise ValueError(
            f"masses: found none, expected atoms.set_masses(...) in the unit of units {style}"
        )
    return atoms.get_masses()
