"""Vibrational entropy in the harmonic approximation."""

from dbar.entropy.calculator import ReferenceCalculator, reference
from dbar.entropy.entropy_model import EntropyModel
from dbar.entropy.errors import ImaginaryMode, RoughPotentialWarning
from dbar.entropy.formation import formation_entropy
from dbar.entropy.lammps_session import LammpsError
from dbar.entropy.result import Reference
from dbar.entropy.smooth_table import smooth_table

__all__ = [
    "EntropyModel",
    "ImaginaryMode",
    "LammpsError",
    "Reference",
    "ReferenceCalculator",
    "RoughPotentialWarning",
    "formation_entropy",
    "reference",
    "smooth_table",
]
