"""Bias: collective variables for PLUMED, and what biased runs say without their bias."""

from dbar.basins import Basins
from dbar.bias_figures import plot_delta_mu, plot_finite_size, plot_free_energy
from dbar.block_error import Estimate, effective_size
from dbar.collective_variable import CollectiveVariable, CVForces
from dbar.free_energy import FreeEnergySurface, free_energy, free_energy_difference
from dbar.itre import ITRE, itre
from dbar.line_fit import Line
from dbar.metad_bias import Hills, bias_grid, read_hills
from dbar.phase_equilibrium import Transition, delta_mu, finite_size, transition_temperature
from dbar.plumed_files import PlumedTable, read_colvar
from dbar.reweight import Reweighted, final_bias, tiwary_parrinello

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
