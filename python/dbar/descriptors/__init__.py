"""Global descriptors of atomic configurations, offline.

The numbers are those of the LAMMPS command ``compute dbar``: the same kernels run here on an
:class:`ase.Atoms`, with neighbour lists by ``vesin``. `Scattering` alone is only here.
"""

from dbar.descriptors.acsf import ACSF
from dbar.descriptors.afs import AFS
from dbar.descriptors.bispectrum import Bispectrum
from dbar.descriptors.expansion import Expansion
from dbar.descriptors.scattering import Scattering
from dbar.descriptors.soap import SOAP

__all__ = [
    "ACSF",
    "AFS",
    "SOAP",
    "Bispectrum",
    "Expansion",
    "Scattering",
]
