"""Vibrational entropy in the harmonic approximation."""

from dbar.entropy.calculator import ReferenceCalculator, reference
from dbar.entropy.database import Database, read_database
from dbar.entropy.entropy_model import EntropyModel
from dbar.entropy.errors import ImaginaryMode, RoughPotentialWarning
from dbar.entropy.formation import formation_entropy
from dbar.entropy.iron import iron_database
from dbar.entropy.lammps_session import LammpsError
from dbar.entropy.lennard_jones_search import lennard_jones_database
from dbar.entropy.result import Reference
from dbar.entropy.smoothing import smooth_table

__all__ = [
    "Database",
    "EntropyModel",
    "ImaginaryMode",
    "LammpsError",
    "Reference",
    "ReferenceCalculator",
    "RoughPotentialWarning",
    "formation_entropy",
    "iron_database",
    "lennard_jones_database",
    "read_database",
    "reference",
    "smooth_table",
]
