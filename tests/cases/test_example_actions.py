"""The scripts of examples/actions, typed as their README says."""

import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import patience
from blocks import read_dump
from dbar.trajectory import read
from harness import BIN, ROOT


@pytest.fixture
def typed(tmp_path):
    """typed("mpirun", ...) in a copy of the folder, with the PATH of an activated environment."""
    folder = tmp_path / "actions"
    shutil.copytree(ROOT / "examples/actions", folder)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LAMMPS_", "DBAR_", "OMP_"))}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"

    def run(*words):
        done = patience.run(
            words, cwd=folder, env=env, stdin=subprocess.DEVNULL,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0 and "ERROR" not in done.stdout, (
            done.stdout[-3000:] + done.stderr
        )
        return done.stdout

    run.folder = folder
    return run


def lammps(script):
    return "mpirun", "-np", "2", "lmp", "-in", script


def test_stop(typed):
    output = typed(*lammps("in.stop"))
    step, lx = re.search(
        r"^stopped at step (\d+) in state 3, lx is ([\d.]+) A$", output, re.M
    ).groups()
    run = read(typed.folder / "stop.h5md")
    # the run ends on the step of the first alarm under load; 0.05/ps from 21.2 A at step 1000
    alarms = run.step[(run.monitor["state"] == 3) & (run.step > 1000)]
    assert alarms[0] == run.step[-1] == int(step) < 1500
    assert float(lx) == pytest.approx(21.2 * (1 + 0.05 * 0.004 * (int(step) - 1000)), abs=0.006)
    assert (typed.folder / "stop.restart").exists()


def test_dump_when_the_state_changes(typed):
    output = typed(*lammps("in.dump"))
    said = re.findall(r"^step (\d+): state (\d) -> (\d)$", output, re.M)
    run = read(typed.folder / "dump.h5md")
    states = np.concatenate([[0], run.monitor["state"]])
    changes = np.flatnonzero(np.diff(states))
    expected = [(str(run.step[n]), str(states[n]), str(states[n + 1])) for n in changes]
    assert said == expected and ("3" in {new for _, _, new in said})
    files = sorted(int(p.name.split(".")[1]) for p in typed.folder.glob("change.*.dump"))
    assert files == run.step[changes].tolist()
    assert list(read_dump(typed.folder / f"change.{files[0]}.dump")) == [files[0]]


def test_denser(typed):
    typed(*lammps("in.denser"))
    run = read(typed.folder / "denser.h5md")
    unsettled = run.step[run.monitor["state"] >= 2].tolist()
    assert any(step > 1000 and step % 200 for step in unsettled)
    frames = sorted(read_dump(typed.folder / "denser.dump"))
    assert frames == sorted({*unsettled, *range(0, 2001, 200)})
    assert 0.05 * len(run) < len(run.snapshots) < 0.3 * len(run)


def test_bias_when_trusted(typed):
    typed("python", "make_cv.py")
    output = typed(*lammps("in.bias"))
    on, tau = re.search(r"^step (\d+): trusted for ([\d.]+) ps, the bias", output, re.M).groups()
    run = read(typed.folder / "bias.h5md")
    first = run.step[run.monitor["state"] == 1][0]
    assert int(on) == first and float(tau) > 0
    table = np.loadtxt(typed.folder / "COLVAR")
    assert table[0, 0] == pytest.approx(0.004 * first)  # PLUMED begins there
    order = float(re.search(r"^order ([\d.]+), bias", output, re.M)[1])
    assert order == pytest.approx(table[-1, 1], abs=1e-3)
    assert table[0, 1] < 0.2 and 0.35 < order < 0.5  # pulled towards 0.5


def test_branches(typed):
    output = typed("sh", "branch.sh")
    step = int(re.search(r"^alarm at step (\d+): saved$", output, re.M)[1])
    assert read(typed.folder / "trunk.h5md").step[-1] == step
    runs = [read(typed.folder / f"branch.{seed}.h5md") for seed in (1, 2)]
    for seed, run in zip((1, 2), runs, strict=True):
        assert f"branch {seed} begins at step {step}\n" in output
        assert run.step.tolist() == list(range(step + 20, step + 601, 20))
    # one crystal, other velocities
    assert runs[0].D[0, 1] == pytest.approx(runs[1].D[0, 1], rel=0.05)
    assert np.abs(runs[0].D[-1] / runs[1].D[-1] - 1.0).max() > 1e-4
