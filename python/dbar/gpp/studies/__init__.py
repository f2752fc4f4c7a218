"""Figures of Saxena et al. on own runs."""

from dbar.gpp.studies.cost import costs
from dbar.gpp.studies.dynamics import (
    crystal_by_dynamics,
    free_energy_by_integration,
    warmed_by_compression,
)
from dbar.gpp.studies.plan import FIGURES, Plan
from dbar.gpp.studies.run import run_study
from dbar.gpp.studies.simulation import Simulation

__all__ = [
    "FIGURES",
    "Plan",
    "Simulation",
    "costs",
    "crystal_by_dynamics",
    "free_energy_by_integration",
    "run_study",
    "warmed_by_compression",
]
