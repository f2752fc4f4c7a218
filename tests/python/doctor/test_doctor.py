"""The doctor, on the real installation and on broken ones."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from dbar.cli import main
from dbar.doctor import checks as doctor
from dbar.doctor import finding as doctor_finding
from dbar.doctor import lammps as doctor_lammps
from dbar.lammps import lmp
from patience import run


def test_everything_is_found_in_this_installation():
    seen = []
    findings = doctor.examine(seen.append)
    assert seen == findings and len(findings) == len(doctor.CHECKS)
    assert [f"{f.name}: {f.found} -> {f.advice}" for f in findings if not f.ok] == []
    found = {finding.name: finding.found for finding in findings}
    assert "22 Jul 2025" in found["LAMMPS"] and "MPICH" in found["MPI"]
    assert found["libpython"].startswith("/") and "libpython" in found["libpython"]
    assert found["run on 2 ranks"] == "mpirun -np 2 lmp with fix dbar/stream works"
    assert found["from lammps import lammps"].startswith("works")
    version, _, kernel = found["PLUMED"].partition(", ")
    assert version.startswith("2.11") and kernel.endswith("libplumedKernel.so")
    assert [f.name for f in findings if f.optional] == ["PLUMED"]


def test_plumed_that_does_not_load(monkeypatch, tmp_path):
    """Shown with what to do; dbar works without it, so the whole examination does not fail."""
    monkeypatch.setenv("PLUMED_KERNEL", str(tmp_path / "none.so"))
    finding = doctor_lammps.check_plumed()
    assert not finding.ok and finding.optional and str(tmp_path / "none.so") in finding.found
    assert "PLUMED_KERNEL" in finding.advice


def test_no_plumed_at_all(monkeypatch, tmp_path):
    """The plugin outside of any Python environment, with a Python that lacks the package."""
    shutil.copytree(lmp.plugin_dir(), tmp_path / "plugins")
    monkeypatch.delenv("PLUMED_KERNEL", raising=False)
    monkeypatch.setenv("DBAR_PYTHON", "/usr/bin/python3")
    finding = doctor_lammps.check_plumed(tmp_path / "plugins")
    assert not finding.ok and finding.optional and finding.found == "no kernel found"
    assert "pip install --no-deps hillclimber" in finding.advice
    monkeypatch.setattr(doctor, "CHECKS", (lambda: finding,))
    assert main(["doctor"]) == 0


def test_missing_plugin(tmp_path):
    finding = doctor.check_plugin(tmp_path)
    assert not finding.ok and str(tmp_path / "dbarplugin.so") in finding.found
    assert "pip install ." in finding.advice


def test_potentials_folder_that_does_not_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path / "none"))
    finding = doctor.check_potentials()
    assert not finding.ok and str(tmp_path / "none") in finding.found
    assert "LAMMPS_POTENTIALS" in finding.advice


def test_plugin_that_does_not_load(tmp_path):
    """A text file in the plugin's place: what lmp says about it is shown, with what to do."""
    (tmp_path / "dbarplugin.so").write_text("not a shared library")
    finding = doctor.check_plugin(tmp_path)
    assert not finding.ok and f"Open of file {tmp_path / 'dbarplugin.so'} failed" in finding.found
    assert "--force-reinstall" in finding.advice


@pytest.mark.parametrize("first", ["", "from dbar.lammps import preload_mpi; preload_mpi(); "])
def test_lammps_in_a_python_process_finds_mpi(first):
    """By the entry point alone, and when the user has loaded MPI before."""
    code = "from lammps import lammps; lammps(cmdargs=['-log', 'none', '-screen', 'none']).close()"
    env = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    done = run([sys.executable, "-c", first + code], 60, env=env, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_places():
    assert lmp.lmp_path().name == "lmp" and lmp.mpirun_path().exists()
    assert (lmp.potentials_dir() / "Al_mm.eam.fs").exists()
    assert lmp.libmpi_path().name.startswith("libmpi.so")
    assert isinstance(lmp.plugin_dir(), Path)
    env = lmp.environment()
    assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert Path(env["LAMMPS_POTENTIALS"]).is_dir()


@pytest.mark.parametrize("broken", ["command that is not there", "exit code"])
def test_programs_that_fail_are_findings_not_exceptions(broken, tmp_path):
    word = str(tmp_path / "none") if broken.startswith("command") else sys.executable
    code, text = doctor_finding.run_program(
        [word, "-c", "print('ERROR: bad day'); raise SystemExit(3)"]
    )
    assert code != 0
    expected = "No such file" if broken.startswith("command") else "ERROR: bad day"
    assert expected in doctor_finding.last_line(text)
