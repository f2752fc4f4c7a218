"""`dbar fit` on a process that is known, and on what must be refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from dbar.cli import main
from dbar.study import load
from dbar.trajectory import read, write
from h5md_ensembles import COEF, DTAU, NOISE, PE, PRESS, run, write_runs
from patience import end_of
from patience import run as run_patiently

FEW = ["--order", "1", "--dimension", "3"]  # what need not be chosen is quick


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return write_runs(tmp_path_factory.mktemp("runs"), 6)


@pytest.fixture(scope="module")
def fitted(runs, tmp_path_factory):
    """Model file and JSON of a fit in which nothing is prescribed."""
    out = tmp_path_factory.mktemp("model") / "model.h5"
    done = run_patiently(
        [sys.executable, "-m", "dbar.cli", "fit", *runs, "-o", str(out), "--json"],
        300, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout), done.stderr


def test_finds_the_process(fitted):
    """Three coordinates carry the motion, order 1; the largest modulus is |0.9 + 0.08 i|. Its
    sampling error from 900 snapshots is sqrt((1 - r^2) / 900) = 0.014: three of them.
    """
    _, answer, _ = fitted
    assert (answer["order"], answer["dimension"]) == (1, 3)
    radius = np.abs(np.linalg.eigvals(COEF)).max()
    assert abs(answer["radius"] - radius) < 0.042 and answer["unstable"] == 0
    assert answer["dtau"] == pytest.approx(DTAU) and answer["units"] == "metal"


def test_scores_are_those_of_the_truth(fitted):
    """RMSE of an estimate is the noise of the observable (900 snapshots: 3 sigma is 7 %; descriptors
    of 8 components cost 1 %); ten steps ahead the error is that of the process.
    """
    _, answer, _ = fitted
    rows = {row["observable"]: row for row in answer["scores"]}
    assert set(rows) == {"pe", "press"}  # natoms differs from run to run, see below
    expected = {"pe": 102.5 * NOISE["pe"], "press": NOISE["press"]}
    cov = sum(
        np.linalg.matrix_power(COEF, k) @ np.linalg.matrix_power(COEF, k).T for k in range(10)
    )
    for name, theta in (("pe", 102.5 * PE), ("press", PRESS)):
        assert rows[name]["rmse"] == pytest.approx(expected[name], rel=0.08)
        assert abs(rows[name]["inside_90"] - 0.9) < 0.04
        ahead = np.sqrt(theta @ cov @ theta + expected[name] ** 2)
        assert rows[name]["forecast_rmse"] == pytest.approx(ahead, rel=0.2)
        assert rows[name]["forecast_rmse"] < rows[name]["unchanged_rmse"]
        assert abs(rows[name]["forecast_inside_90"] - 0.9) < 0.08
    assert rows["pe"]["unit"] == "eV" and rows["pe"]["kind"] == "extensive"


def test_json_alone_on_standard_output(fitted):
    _, answer, errors = fitted
    assert answer["ok"] and "checking on left-out runs" in errors


def test_table_for_people(runs, tmp_path, capsys):
    assert main(["fit", *runs[:4], "-o", str(tmp_path / "m.h5"), *FEW]) == 0
    text = capsys.readouterr().out
    for word in ("4 runs, 600 snapshots, one every 0.5 ps", "as given", "pe (eV)", "press (bar)",
                 "spectrum: stable", "dbar forecast"):  # fmt: skip
        assert word in text, text
    assert list(tmp_path.iterdir()) == [tmp_path / "m.h5"]


def test_one_run_says_what_it_did_instead(runs, tmp_path, capsys):
    assert main(["fit", runs[0], "-o", str(tmp_path / "m.h5"), *FEW, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    text = " ".join(answer["warnings"])
    assert "one run only: no run can be left out" in text and "last third, 50 snapshots" in text
    assert all(row["forecast_inside_90"] is None for row in answer["scores"])
    assert main(["fit", runs[0], "-o", str(tmp_path / "m.h5"), *FEW]) == 0
    assert "on the last third of the run" in capsys.readouterr().out


def test_training_range_and_named_observable(runs, tmp_path, capsys):
    words = ["--from", "10", "--until", "40", "--observable", "press:extensive"]
    assert main(["fit", *runs[:3], "-o", str(tmp_path / "m.h5"), *FEW, *words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["runs"][0] | {"file": ""} == {
        "file": "",
        "snapshots": 61,
        "first": 10.0,
        "last": 40.0,
    }
    assert [(r["observable"], r["kind"]) for r in answer["scores"]] == [("press", "extensive")]


def test_an_unstable_spectrum_is_said(tmp_path, capsys):
    paths = write_runs(tmp_path, 3, 60)
    for path in paths:  # growth by 2 % a snapshot
        traj = read(path)
        grow = 0.05 * np.exp(0.02 * np.arange(60))[:, None] * (1 + np.arange(8))
        D = traj.D + np.hstack([np.zeros((60, 1)), 100 * grow])
        write(path, replace(traj, D=D))
    assert (
        main(
            [
                "fit",
                *paths,
                "-o",
                str(tmp_path / "m.h5"),
                "--order",
                "1",
                "--dimension",
                "1",
                "--prior",
                "none",
                "--json",
            ]
        )
        == 0
    )
    answer = json.loads(capsys.readouterr().out)
    if answer["unstable"]:
        assert "the spectrum is unstable" in " ".join(answer["warnings"])
    assert answer["unstable"] or answer["unstable_bags"] > 0


# ---- what must be refused ------------------------------------------------------------------------


def refused(words, capsys, *expected):
    """The command fails with exit code 1, says so, and leaves nothing behind."""
    out = words[words.index("-o") + 1] if "-o" in words else None
    assert main(words) == 1
    got = capsys.readouterr()
    assert got.out == "" and got.err
    last = got.err.strip().splitlines()[-1]
    for word in expected:
        assert word in last, last
    if out:
        assert not os.path.exists(out) and not os.path.exists(out + ".part")


def changed(path, tmp_path, **changes):
    """A copy of a run with other arrays."""
    traj = read(path)
    other = str(tmp_path / "odd.h5md")
    write(other, replace(traj, **changes))
    return other


def edited(path, tmp_path, name, where, value):
    traj = read(path)
    D = traj.D.copy()
    observables = {k: v.copy() for k, v in traj.observables.items()}
    time = traj.time.copy()
    {"D": D, "time": time, **observables}[name][where] = value
    return changed(path, tmp_path, D=D, observables=observables, time=time)


def test_bad_input(runs, tmp_path, capsys):
    out = ["-o", str(tmp_path / "m.h5")]
    traj = read(runs[1])

    def bad(odd, *expected):
        refused(["fit", runs[0], odd, *out], capsys, "dbar fit: " + odd, *expected)

    few, _ = run(3, 5)
    write(tmp_path / "few.h5md", few)
    bad(str(tmp_path / "few.h5md"), "5 snapshots, at least 12 are needed")
    bad(edited(runs[1], tmp_path, "D", (7, 3), np.nan), "D is nan at snapshot 7, component 3")
    bad(edited(runs[1], tmp_path, "pe", 9, np.inf), "observable pe is inf at snapshot 9")
    bad(edited(runs[1], tmp_path, "D", (4, 0), 0.0), "0 central atoms at snapshot 4")
    bad(changed(runs[1], tmp_path, D=traj.D[:, :6]), "D has 6 components, expected 9 as in")
    bad(edited(runs[1], tmp_path, "time", 149, 75.2), "snapshot 149 comes 0.7 ps after", "0.5 ps")
    bad(changed(runs[1], tmp_path, time=2 * traj.time), "every 1 ps, expected every 0.5 ps")
    other = {**traj.parameters, "descriptor": {**traj.parameters["descriptor"], "rcut": 5.0}}
    bad(changed(runs[1], tmp_path, parameters=other), "descriptor has rcut 5.0, expected 4.7")
    other = {**traj.parameters, "units": "real"}
    bad(changed(runs[1], tmp_path, parameters=other), "units real, expected metal")
    (tmp_path / "text").write_text("hello")
    bad(str(tmp_path / "text"), "not an HDF5 file")
    bad(str(tmp_path / "none"), "no such file")
    shutil.copy(runs[0], tmp_path / "copy.h5md")
    bad(str(tmp_path / "copy.h5md"), "holds the same snapshots as " + runs[0])
    bad(runs[0], "given twice")
    (tmp_path / "link.h5md").symlink_to(runs[0])
    bad(str(tmp_path / "link.h5md"), "the same file as " + runs[0])
    refused(
        ["fit", *runs, *out, "--observable", "pxx"],
        capsys,
        "no observable 'pxx'",
        "it has: ",
        "thermo",
    )
    refused(["fit", *runs, *out, "--until", "3"], capsys, "6 snapshots", "at least 12", "0.5 to 75")
    refused(
        ["fit", *runs, *out, "--dimension", "3", "--order", "40", "--until", "22"], capsys, "order"
    )


def test_constant_features(runs, tmp_path, capsys):
    traj = read(runs[0])
    for k, path in enumerate(runs[:2]):
        D = read(path).D.copy()
        D[:, 4] = 3.0 * D[:, 0]
        write(tmp_path / f"c{k}.h5md", replace(read(path), D=D))
    words = [str(tmp_path / "c0.h5md"), str(tmp_path / "c1.h5md"), "-o", str(tmp_path / "m.h5")]
    assert main(["fit", *words, *FEW, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "1 of 8 descriptors never change (component 4)" in " ".join(answer["warnings"])
    still = changed(runs[0], tmp_path, D=np.ones_like(traj.D))
    refused(["fit", still, "-o", str(tmp_path / "n.h5")], capsys, "none of the 8 descriptors")


def test_output_that_cannot_be_written(runs, tmp_path, capsys):
    for out, why in (("/proc/m.h5", "cannot be written"), (str(tmp_path), "is a folder"),
                     (str(tmp_path / "no" / "m.h5"), "no such file or directory")):  # fmt: skip
        start = time.process_time()
        assert main(["fit", *runs, "-o", out]) == 1
        assert why in capsys.readouterr().err and time.process_time() - start < 5
    before = open(runs[0], "rb").read()
    assert main(["fit", *runs, "-o", runs[0]]) == 1
    assert "is the run" in capsys.readouterr().err and open(runs[0], "rb").read() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fit"], "required"),
        (["fit", "a"], "-o/--out"),
        (["fit", "a", "-o", "b", "--order", "0"], "'0': expected an integer from 1"),
        (["fit", "a", "-o", "b", "--coverage", "2"], "'2': expected a number from 0.01 to 0.99"),
        (["fit", "a", "-o", "b", "--until", "nan"], "'nan': expected a finite number"),
        (["fit", "a", "-o", "b", "--prior", "flat"], "invalid choice: 'flat'"),
        (["fit", "a", "-o", "b", "--observable", "pe:big"], "'pe:big': expected NAME"),
    ],
)
def test_usage(words, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and message in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(runs, tmp_path):
    out = tmp_path / "m.h5"
    words = ["fit", *runs, "-o", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "dbar.cli", *words], stderr=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    for line in process.stderr:  # the first stage has begun: the work is under way
        if "choosing" in line:
            break
    process.send_signal(signal.SIGINT)
    printed, _ = end_of(process, 60)
    assert process.returncode == 130 and "stopped" in printed
    assert list(tmp_path.iterdir()) == []


def test_model_says_where_it_comes_from(fitted, runs):
    model, about = load(fitted[0])
    assert [one["file"] for one in about["runs"]] == runs
    assert model.n_runs_ == 6 and model.atoms_ == pytest.approx(102.5, abs=0.6)
    assert about["descriptor"]["rcut"] == 4.7


def test_settings_of_a_monitor(runs, tmp_path):
    """They are those of the model, and 95 % of the snapshots of left-out runs are known by them."""
    from dbar.online import MonitorConfig
    from dbar.study.study import Options, study
    from dbar.trajectory.runset import read_runs

    out, toml = tmp_path / "model.h5", tmp_path / "watch.toml"
    assert main(["fit", *runs, "-o", str(out), "--monitor", str(toml), *FEW, "--bags", "12"]) == 0
    config, (model, _) = MonitorConfig.load(str(toml)), load(out)
    assert (config.order, config.latent_dim, config.n_bags) == (1, 3, 12)
    found = study(
        read_runs(runs), [("pe", None)], Options(1, 3, 12), lambda name: lambda done, total: None
    )
    M = np.concatenate(found.checked.M)
    assert config.m_limit == max(2.0, np.ceil(100 * np.quantile(M, 0.95)) / 100)
    assert model.moments_.count[0] == 6 * 149 and model.rest_.shape[0] == 3
    for words, says in (
        (["--monitor", runs[0]], "is the run"), (["--monitor", str(out)], "is the model file"),
        (["--monitor", str(tmp_path / "no" / "x.toml")], "cannot be written"),
    ):  # fmt: skip
        done = run_patiently(
            [sys.executable, "-m", "dbar.cli", "fit", *runs, "-o", str(out), *words, *FEW],
            120, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 1 and says in done.stderr
    mine = tmp_path / "mine.toml"
    mine.write_text("persist = 3\n")
    done = run_patiently(
        [sys.executable, "-m", "dbar.cli", "fit", *runs, "-o", str(out), "--monitor", str(mine), *FEW],
        120, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1 and "mine.toml: is a file that dbar did not write" in done.stderr
    assert mine.read_text() == "persist = 3\n"


def test_what_was_computed_now_and_then_is_left_out(tmp_path):
    """A column of NaN with values in between is no observable of all snapshots."""
    paths = write_runs(tmp_path, 4)
    for path in paths:
        traj = read(path)
        column = np.where(np.arange(len(traj)) % 10 == 0, traj.observables["press"], np.nan)
        more = {"parameters": {**traj.parameters, "seldom": {"every": 10, "names": ["c_n12"]}}}
        write(path, replace(traj, observables={**traj.observables, "c_n12": column}, **more))
    command = [sys.executable, "-m", "dbar.cli", "fit", *paths, "-o", str(tmp_path / "m.h5"), *FEW]
    done = run_patiently([*command, "--json"], 120, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert {row["observable"] for row in answer["scores"]} == {"pe", "press"}
    assert "c_n12 was computed at every 10th snapshot only: left out" in " ".join(
        answer["warnings"]
    )
    asked = [*command, "--observable", "c_n12"]
    done = run_patiently(asked, 120, capture_output=True, text=True)
    assert done.returncode == 1 and "every 10th snapshot only, expected one of all" in done.stderr


def test_more_dimensions_than_there_are(runs, tmp_path, capsys):
    """Eight descriptors vary: 500 dimensions would silently be eight."""
    out = ["-o", str(tmp_path / "m.h5"), "--order", "1"]
    assert main(["fit", *runs, *out, "--dimension", "500"]) == 1
    said = " ".join("".join(capsys.readouterr()).split())
    assert "--dimension 500: " in said and "vary in 8 directions only, expected at most 8" in said
    assert not (tmp_path / "m.h5").exists()
