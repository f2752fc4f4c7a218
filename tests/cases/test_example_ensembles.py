"""The ensembles of the examples: small versions, figures, caching, interruption.

Oracles: the settings of each example fix steps and number of snapshots; a replica depends on its
seed only, so one that was interrupted and made again equals one that was not.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dbar.trajectory import read
from harness import ROOT
from patience import Limit, end_of, wait_for

FIGURES = {
    "al-tension": {
        *("estimators", "stress-rdf", "yield", "trust", "resampled", "manifold"),
        *("through-yield", "lines", "clouds", "yielded", "orders"),
    },
    "al-shear": {"loops", "path", "trust", "cycles", "orders"},
    "pt-anneal": {"estimators", "forecast", "trust", "windows", "orders"},
}
STEPS = {"al-tension": (25, 2500), "al-shear": (25, 4800), "pt-anneal": (25, 3000)}


def words(name, folder, *more):
    return [sys.executable, str(ROOT / f"examples/{name}/run.py"), "--folder", str(folder), *more]


def start(name, folder, *more):
    return subprocess.Popen(
        words(name, folder, *more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(name, folder, *more):
    """Run to the end: output, and the fingerprint of every replica's file."""
    process = start(name, folder, *more)
    output = end_of(process, 240)[0]
    assert process.returncode == 0, output
    return output, fingerprints(folder)


def fingerprints(folder):
    """Name of each finished replica -> inode, time of last change and hash of its run."""
    out = {}
    for file in sorted((folder / "runs").glob("*/run.h5md")):
        if file.parent.suffix != ".part":
            stat = file.stat()
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            out[file.parent.name] = stat.st_ino, stat.st_mtime_ns, digest
    return out


def check_complete(name, folder):
    """Four whole replicas, nothing half-made, all figures and finite numbers."""
    every, last = STEPS[name]
    assert sorted(p.name for p in (folder / "runs").iterdir()) == ["01", "02", "03", "04"]
    for replica in (folder / "runs").iterdir():
        run = read(replica / "run.h5md")
        assert run.step.tolist() == list(range(every, last + 1, every))
        assert np.isfinite(run.D).all() and run.V is not None
    found = {p.name for p in (folder / "out").iterdir()}
    expected = {f"{f}.{kind}" for f in FIGURES[name] for kind in ("png", "svg")}
    assert found == expected | {"numbers.json"}
    for figure in FIGURES[name]:
        assert (folder / "out" / f"{figure}.png").stat().st_size > 20_000
    numbers = (folder / "out/numbers.json").read_text()
    assert "NaN" not in numbers and "Infinity" not in numbers
    return json.loads(numbers)


def test_al_tension(tmp_path):
    _, _ = finish("al-tension", tmp_path, "--small")
    numbers = check_complete("al-tension", tmp_path)
    assert numbers["replicas"] == 4 and 0.0 < numbers["core_minutes"] < 2.0
    assert numbers["estimators"]["potential energy"]["r2"] > 0.99
    # D̄ is invariant and cannot know the sign of a shear stress; V̄ does
    r2_d, r2_dv = (numbers["stress_rdf"][name] for name in ("r2_D", "r2_DV"))
    assert r2_d[3] < 0.5 and r2_dv[3] > 0.85 and r2_dv[0] > 0.97
    # what was not pulled past yield does not know it; every defect that is there is counted
    M = {
        word: numbers["through_yield"][word]["M_largest_held_out"]
        for word in ("2 to 14 %", "2 to 7 %")
    }
    assert M["2 to 7 %"][0] > M["2 to 14 %"][1]
    assert numbers["lines"]["vacancies"]["non_zero"] == 1.0
    assert numbers["lines"]["screw"]["non_zero"] == numbers["lines"]["edge"]["non_zero"] > 0.0
    assert numbers["small"] and numbers["clouds"]["members"] == 200
    # pulled to 15 %: the peak of the stress lies inside
    assert 3.0 < numbers["trust"]["peak_strain"][0] <= numbers["trust"]["peak_strain"][1] < 15.0


def test_al_shear(tmp_path):
    output, _ = finish("al-shear", tmp_path, "--small", "--jobs", "2")
    numbers = check_complete("al-shear", tmp_path)
    run = read(tmp_path / "runs/01/run.h5md")
    # triangle wave: +18 % after a quarter of a cycle, -18 % after three, twice
    gamma = run.observables["v_gamma"]
    turns = [int(np.flatnonzero(run.step == s)[0]) for s in (600, 1800, 3000, 4200)]
    # the box breathes: tilt over height follows the wave to a few per cent
    assert gamma[turns] == pytest.approx([0.18, -0.18, 0.18, -0.18], abs=0.02)
    loops = numbers["loops"]
    assert loops["r2_DV"][3] > 0.97 and loops["r2_D"][3] < 0.6
    assert loops["dissipated_GPa_predicted"] == pytest.approx(loops["dissipated_GPa_MD"], rel=0.1)
    assert numbers["cycles"]["members"] == 400 and 0.9 < numbers["cycles"]["radius"][1] < 1.1
    assert f"dbar report {tmp_path}/runs/*/run.h5md" in output


def test_cu_melt(tmp_path):
    """Heated until it melts: the energy rises most steeply where no atom is fcc any more."""
    finish("cu-melt", tmp_path, "--small")
    numbers = json.loads((tmp_path / "out/numbers.json").read_text())
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "melt.png", "melt.svg", "replicas.png", "replicas.svg", "orders.png", "orders.svg",
        "numbers.json",
    }  # fmt: skip
    for k in (1, 2):
        run = read(tmp_path / f"runs/0{k}/run.h5md")
        assert run.step.tolist() == list(range(25, 4001, 25)) and len(run.snapshots) > 5
        said = numbers["replica"][f"0{k}"]
        first, last = said["melts_ps"]
        assert 2.0 < first < last < 8.0 and said["melts_K"] > 1400
        _, after = said["fcc_before_after"]
        assert after < 0.01 and run.observables["v_fcc"][:40].mean() > 0.5
        assert said["learning"] >= 24
        states = sum(said[name] for name in ("learning", "trusted", "warning", "alarm"))
        assert states == len(run) == 160


def test_pt_anneal_survives_interruptions(tmp_path):
    """SIGTERM in the first replica, kill -9 in a later one, then the same command to the end."""
    first = start("pt-anneal", tmp_path, "--small", "--jobs", "1")
    wait(tmp_path / "runs/01.part/run.h5md")
    first.send_signal(signal.SIGTERM)
    assert "same command goes on" in end_of(first, 30)[0]
    assert first.returncode == 130
    assert not list((tmp_path / "runs").glob("01")) and not at_work(tmp_path)

    second = start("pt-anneal", tmp_path, "--small", "--jobs", "1")
    wait(tmp_path / "runs/02.part/run.h5md")
    second.kill()
    end_of(second, 30)
    assert not at_work(tmp_path), "LAMMPS goes on without the program that started it"
    before = fingerprints(tmp_path)
    assert "01" in before and "04" not in before

    output, after = finish("pt-anneal", tmp_path, "--small")
    assert "of 4 replicas are there already" in output
    assert {name: after[name] for name in before} == before  # not run again
    windows = check_complete("pt-anneal", tmp_path)["windows"]
    # a sixth, a third and a half of 6 ps, from the sixth part on
    assert [name for name in windows if name.endswith(" ps")] == ["1 ps", "2 ps", "3 ps"]
    assert windows["start_ps"] == pytest.approx(1.05) and windows["end_ps"] == pytest.approx(6.0)

    # what was made again is what an undisturbed run of that seed gives
    kept = read(tmp_path / "runs/02/run.h5md")
    (tmp_path / "runs/02").rename(tmp_path / "other")
    output, again = finish("pt-anneal", tmp_path, "--small", "--jobs", "1")
    assert "3 of 4 replicas are there already" in output
    assert {name: again[name] for name in ("01", "03", "04")} == {
        name: after[name] for name in ("01", "03", "04")
    }
    assert np.array_equal(read(tmp_path / "runs/02/run.h5md").D, kept.D)

    # replicas made with other settings are neither used nor thrown away
    full = start("pt-anneal", tmp_path)
    assert "was made with other settings" in end_of(full, 30)[0]
    assert full.returncode == 1 and fingerprints(tmp_path) == again
    # bad options end before anything is done
    few = start("pt-anneal", tmp_path, "--small", "--replicas", "2")
    assert "--replicas is 2, expected at least 4" in end_of(few, 30)[0]
    assert few.returncode == 2


def wait(path):
    wait_for(path.exists, path)


def at_work(folder):
    """Processes whose working directory lies in `folder`, after they had time to end."""
    limit = Limit(10)
    while True:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(folder) in os.readlink(process / "cwd"):
                    found.append((process / "cmdline").read_bytes())
            except OSError:
                continue
        if not found or limit.reached():
            return found
        time.sleep(0.1)
