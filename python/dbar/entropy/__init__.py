"""Vibrational entropy in the harmonic approximation."""

from dbar.entropy.calculator import ReferenceCalculator, reference
from dbar.entropy.database import Database, read_database
from dbar.entropy.entropy_model import EntropyModel
from dbar.entropy.errors import ImaginaryMode, RoughPotentialWarning
from dbar.entropy.formation import formation_entropy
from dbar.entropy.held_out import HeldOut
from dbar.entropy.iron import iron_database
from dbar.entropy.lammps_session import LammpsError
from dbar.entropy.lennard_jones_search import lennard_jones_database
from dbar.entropy.result import Reference
from dbar.entropy.sample import Sample
from dbar.entropy.smoothing import smooth_table
from dbar.entropy.stochastic import StochasticCalculator, stochastic_entropy
from dbar.entropy.stochastic_formation import stochastic_formation_entropy
from dbar.entropy.stochastic_result import StochasticFormation, StochasticReference

__all__ = [
    "Database",
    "EntropyModel",
    "HeldOut",
    "ImaginaryMode",
    "LammpsError",
    "Reference",
    "ReferenceCalculator",
    "RoughPotentialWarning",
    "Sample",
    "StochasticCalculator",
    "StochasticFormation",
    "StochasticReference",
    "formation_entropy",
    "iron_database",
    "lennard_jones_database",
    "read_database",
    "reference",
    "smooth_table",
    "stochastic_entropy",
    "stochastic_formation_entropy",
]
