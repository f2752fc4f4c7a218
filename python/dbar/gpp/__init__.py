"""Phase packets: crystals at finite temperature, each atom a Gaussian, without dynamics."""

from dbar.gpp.bulk import Bulk, relax_bulk
from dbar.gpp.calculator import PacketCalculator
from dbar.gpp.choice import make_average
from dbar.gpp.correlations import Correlations
from dbar.gpp.draws import draw, mean_descriptor
from dbar.gpp.errors import NotConverged, NotLearntWarning, UnstableCrystal
from dbar.gpp.output import write_lammps, write_xyz
from dbar.gpp.potential import Potential, load_potential
from dbar.gpp.relaxation import Packets, relax

__all__ = [
    "Bulk",
    "Correlations",
    "NotConverged",
    "NotLearntWarning",
    "PacketCalculator",
    "Packets",
    "Potential",
    "UnstableCrystal",
    "draw",
    "load_potential",
    "make_average",
    "mean_descriptor",
    "relax",
    "relax_bulk",
    "write_lammps",
    "write_xyz",
]
