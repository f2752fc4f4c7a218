"""The examples as a user types them: activated environment, nothing else set."""

import json
import os
import re
import subprocess

import numpy as np
import pytest
from ase.build import bulk
from ase.units import kB

from dbar.bias import CollectiveVariable, read_colvar, read_hills
from dbar.entropy import ReferenceCalculator, formation_entropy
from dbar.online import MonitorConfig
from dbar.trajectory import read
from harness import BIN, ROOT
from patience import run


def typed(folder, *words):
    """Output of a command with the PATH of an activated environment, without LAMMPS_POTENTIALS."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LAMMPS_", "DBAR_", "OMP_"))}
    env["PATH"] = f"{BIN}{os.pathsep}{env['PATH']}"
    done = run(
        words,
        240,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "ERROR" not in done.stdout, done.stdout[-3000:] + done.stderr
    return done.stdout


def lmp(folder, *words):
    """Output of `mpirun -np 2 lmp ...`."""
    return typed(folder, "mpirun", "-np", "2", "lmp", *words)


def example(name, folder, *words):
    """Output of an example's run.py."""
    return typed(folder, "python", str(ROOT / f"examples/{name}/run.py"), *words)


def test_al_tension(tmp_path):
    output = lmp(
        tmp_path,
        "-in",
        str(ROOT / "examples/al-tension/in.al-tension"),
        "-var",
        "strain",
        "0.005",
        "-var",
        "anneal",
        "0.1",
    )
    assert "vacancy disc 1" in output
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == [100, 200, 300, 400, 500]
    assert run.time == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert run.D.shape == (5, 56) and run.V.shape == (5, 56, 3, 3)
    # pulled at 0.005/ps from a relaxed state: 0.5 % strain after 1 ps
    assert run.observables["lx"][-1] / run.observables["lx"][0] == pytest.approx(1.004, abs=1e-4)


def test_settings_beside_al_tension_are_the_defaults():
    assert MonitorConfig.load(ROOT / "examples/al-tension/monitor.toml") == MonitorConfig()


def test_custom_observer(tmp_path):
    folder = ROOT / "examples/custom-observer"
    for name in ("in.observer", "observer.py"):
        (tmp_path / name).write_text((folder / name).read_text())
    assert "Loop time" in lmp(tmp_path, "-in", "in.observer")


def test_vacancy_entropy(tmp_path):
    """The entropy of one vacancy, taught by pairs of them, against its second derivatives."""
    folder = ROOT / "examples/vacancy-entropy"
    for name in ("learn.py", "in.vacancy"):
        (tmp_path / name).write_text((folder / name).read_text())
    assert "learnt from 9 cells" in typed(tmp_path, "python", "learn.py")
    output = lmp(tmp_path, "-in", "in.vacancy")
    energy, entropy, free = (
        float(re.search(rf"^{name} +(-?[\d.]+)", output, re.M)[1])
        for name in ("formation energy", "formation entropy", "free energy")
    )
    crystal = bulk("Cu", cubic=True, a=3.615) * (4, 4, 4)
    morse = ("morse 5.4", "* * 0.3429 1.3588 2.866")
    with ReferenceCalculator(*morse, 1000, species=["Cu"], relax=True) as calculator:
        perfect, holed = calculator(crystal), calculator(crystal[1:])
    share = 255 / 256
    assert energy == pytest.approx(holed.energy - share * perfect.energy, abs=6e-4)
    assert entropy == pytest.approx(formation_entropy(holed, perfect), abs=0.08)  # four bands
    expected = energy + holed.free_energy - share * perfect.free_energy
    assert free == pytest.approx(expected, abs=0.08 * 1000 * kB)


def test_packets(tmp_path):
    """What the page of the example says of 300 K is what it prints."""
    folder = ROOT / "examples/packets"
    for name in ("in.packets", "cu-efs.json"):
        (tmp_path / name).write_text((folder / name).read_text())
    output = lmp(tmp_path, "-in", "in.packets")
    page = (folder / "README.md").read_text()
    said = re.findall(r"^(?:temperature|lattice|energy|variance|spring|vacancy) .*$", page, re.M)
    assert len(said) == 6
    for line in said:
        assert line in output, line


def test_ipi_beads(tmp_path):
    """Every bead has D of its own; the first structure is the same crystal in all."""
    output = example("ipi-beads", tmp_path, "2", "8")
    assert "D: 4 beads, 5 steps, 14 sums over 108 atoms" in output
    D = np.array([np.loadtxt(tmp_path / f"beads.D_{k}", comments=[" #", "#"]) for k in range(4)])
    assert np.ptp(D[:, 0], axis=0).max() < 1e-9 * D.max()
    assert np.ptp(D[:, -1, 1], axis=0) > 1e-6 * D[0, 0, 1]
    assert "answered" in (tmp_path / "log.0").read_text()


def test_metad_al(tmp_path):
    """What PLUMED saw is the learnt variable of the stored D; free runs and biased ones; nothing is run twice."""
    words = ("metad-al", tmp_path, "--small", "--folder", str(tmp_path))
    example(*words)
    cv = CollectiveVariable.load(tmp_path / "train/order.json")
    for k, melt in enumerate((0.0, 1.0, 0.0, 1.0)):
        s = cv.evaluate(read(tmp_path / f"train/0{k + 1}/run.h5md"))
        assert abs(s.mean() - melt) < 0.3
    for stage, every in (("free", 500), ("runs", 500)):
        run, colvar = (
            read(tmp_path / stage / "01/run.h5md"),
            read_colvar(tmp_path / stage / "01/COLVAR"),
        )
        assert len(run) == 6_000 // every and len(colvar) == 6_000 // 25 + 1
        # COLVAR has six digits behind the point
        assert cv.evaluate(run) == pytest.approx(colvar["s"][20::20], abs=1e-6)
    hills = read_hills(tmp_path / "runs/01/HILLS")
    assert len(hills) == 6_000 // 250
    biased = read_colvar(tmp_path / "runs/01/COLVAR")
    # hills of small width were laid where the run was, and PLUMED sums them on no grid
    assert hills.potential(biased["s"], biased["time"]) == pytest.approx(biased["m.bias"], abs=1e-5)
    numbers = json.loads((tmp_path / "out/numbers.json").read_text())
    assert set(numbers["melt_minus_crystal_eV"]) == {
        "ITRE", "Tiwary-Parrinello", "final bias", "no bias",
    }  # fmt: skip
    assert (tmp_path / "out/free-energy.png").stat().st_size > 20_000
    before = fingerprints(tmp_path)
    assert example(*words).count("replicas are there already") == 3
    assert fingerprints(tmp_path) == before


def fingerprints(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("*/0*/run.h5md")}


def test_barium_titanate(tmp_path):
    """i-PI, LAMMPS and PLUMED agree on the variable, step by step; nothing is run twice."""
    words = ("ipi-plumed-batio3", tmp_path, "--small", "--folder", str(tmp_path))
    assert "finished" in example(*words)
    assert "finished" not in example(*words)
    run = tmp_path / "runs/L3-T240"
    colvar = read_colvar(run / "COLVAR")
    printed = np.loadtxt(run / "ipi.polar_0", comments=[" #", "#"])
    assert len(colvar) == 51 and len(read_hills(run / "HILLS")) == 500 // 62
    # PLUMED's step 0 is the structure of LAMMPS's data file; i-PI's step n is its step n + 1
    assert np.abs(printed[9::10] - colvar["p"][1:]).max() < 1e-8
    assert colvar["p"][-1] > 0.01
    assert (tmp_path / "out/free-energy.png").stat().st_size > 10_000
