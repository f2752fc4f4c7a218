"""Where LAMMPS, MPI and the plugin are, and how to load LAMMPS into this Python process."""

from dbar.lammps.lmp import (
    environment,
    libmpi_path,
    libpython_path,
    lmp_path,
    mpirun_path,
    plugin_dir,
    potentials_dir,
    preload_mpi,
)
from dbar.lammps.processes import start, terminate

__all__ = [
    "environment",
    "libmpi_path",
    "libpython_path",
    "lmp_path",
    "mpirun_path",
    "plugin_dir",
    "potentials_dir",
    "preload_mpi",
    "start",
    "terminate",
]
