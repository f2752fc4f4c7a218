"""Bias: collective variables for PLUMED, and what biased runs say without their bias."""

from dbar.bias.basins import Basins
from dbar.bias.collective_variable import CollectiveVariable, CVForces
from dbar.bias.figures import plot_delta_mu, plot_finite_size, plot_free_energy
from dbar.bias.hills import Hills, bias_grid, read_hills
from dbar.bias.iterative import ITRE, itre
from dbar.bias.phase_equilibrium import Transition, delta_mu, finite_size, transition_temperature
from dbar.bias.plumed_files import PlumedTable, read_colvar
from dbar.bias.reweight import Reweighted, final_bias, tiwary_parrinello
from dbar.bias.surface import FreeEnergySurface, free_energy, free_energy_difference
from dbar.statistics.block_error import Estimate, effective_size
from dbar.statistics.line_fit import Line

__all__ = [
    "ITRE",
    "Basins",
    "CVForces",
    "CollectiveVariable",
    "Estimate",
    "FreeEnergySurface",
    "Hills",
    "Line",
    "PlumedTable",
    "Reweighted",
    "Transition",
    "bias_grid",
    "delta_mu",
    "effective_size",
    "final_bias",
    "finite_size",
    "free_energy",
    "free_energy_difference",
    "itre",
    "plot_delta_mu",
    "plot_finite_size",
    "plot_free_energy",
    "read_colvar",
    "read_hills",
    "tiwary_parrinello",
    "transition_temperature",
]
