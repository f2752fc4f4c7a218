"""dbar: global atomic descriptors inside LAMMPS, with an online forecast and a trust alarm.

Import the modules by name, e.g. ``from dbar.descriptors import Bispectrum``. This file is imported
whenever LAMMPS starts (plugin discovery), so it must stay free of imports.
"""

__version__ = "0.1.0"
