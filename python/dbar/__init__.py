"""dbar: global atomic descriptors inside LAMMPS, with an online forecast and a trust alarm.

Import the rooms by name, e.g. ``from dbar.descriptors import Bispectrum``. This file is imported
whenever LAMMPS starts (plugin discovery), so it must stay free of other imports.
"""

from dbar.version import __version__

__all__ = ["__version__"]
