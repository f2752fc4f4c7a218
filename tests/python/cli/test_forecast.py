"""`dbar forecast` against the process that made the runs, and what it must refuse."""

import csv
import json
from dataclasses import replace

import h5py
import numpy as np
import pytest

from dbar.cli import main
from dbar.trajectory import read, write
from h5md_ensembles import COEF, DTAU, PE, PRESS, run, write_runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forecast")
    paths = write_runs(folder, 8)
    words = ["--order", "1", "--dimension", "3"]
    assert main(["fit", *paths, "-o", str(folder / "m.h5"), *words]) == 0
    for seed in range(6):
        write(folder / f"new{seed}.h5md", run(500 + seed, 120)[0])
    return folder


def answer(capsys, *words):
    assert main(["forecast", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_mean_is_that_of_the_process(folder, capsys):
    """Forecasts of six new runs from their middle, against z -> A z: the difference is small
    against the spread of the process (a fifth: estimation from 1,200 snapshots).
    """
    capsys.readouterr()
    off, inside = {"pe": [], "press": []}, []
    for seed in range(6):
        truth, z = run(500 + seed, 120)
        got = answer(capsys, folder / "m.h5", folder / f"new{seed}.h5md", "--steps", 8, "--at", 30)
        assert got["from"] == 30.0 and got["time"] == pytest.approx(30 + DTAU * np.arange(1, 9))
        state = z[59]
        for k in range(8):
            state = COEF @ state
            for name, want in (("pe", 100 * (state @ PE - 3)), ("press", state @ PRESS + 10)):
                one = got["observables"][name]
                width = one["high"][k] - one["low"][k]
                off[name].append((one["mean"][k] - want) / (width / 3.29))
                inside.append(one["low"][k] < truth.observables[name][60 + k] < one["high"][k])
    for name, values in off.items():
        assert np.sqrt(np.mean(np.square(values))) < 0.3, name
    assert np.mean(inside) > 0.8


def test_trust(folder, capsys):
    got = answer(capsys, folder / "m.h5", folder / "new0.h5md", "--horizon", 3)
    assert len(got["time"]) == 6 and got["from"] == 60.0
    assert got["M_bound"][0] > got["M_expected"][0] > 0
    assert got["tau_pred"] > 0 and got["trusted_until"] == pytest.approx(60 + got["tau_pred"])
    assert got["eta"] == pytest.approx(got["tau_pred"] / (8 * 149 * DTAU))
    assert got["second_signal"]["level"] > 1
    few, most = got["second_signal"]["false_alarms_expected"]
    assert 0.0 < few <= most
    # far outside: no trust, and it says so
    odd = read(folder / "new0.h5md")
    write(folder / "far.h5md", replace(odd, D=odd.D * np.r_[1, np.full(8, 3.0)]))
    got = answer(capsys, folder / "m.h5", folder / "far.h5md", "--steps", 3)
    assert got["tau_pred"] == 0 and "do not trust this forecast" in got["warnings"][0]


def test_beyond_what_was_checked(folder, capsys):
    got = answer(capsys, folder / "m.h5", folder / "new0.h5md", "--steps", 60)
    assert got["bands_checked_for"] == 25.0
    assert "bands were checked on left-out runs up to 25 ps ahead, not beyond" in got["warnings"]


def test_files(folder, capsys, tmp_path):
    words = [str(folder / "m.h5"), str(folder / "new1.h5md"), "--steps", "5", "--epistemic"]
    words += ["--observable", "press"]
    draws = ["--samples", "30"]
    for suffix, more in (("csv", ["--json"]), ("json", []), ("h5", [])):
        assert main(["forecast", *words, *draws, *more, "-o", str(tmp_path / f"f.{suffix}")]) == 0
    assert "press (bar), 90 % band" in capsys.readouterr().out
    table = list(csv.DictReader((tmp_path / "f.csv").open()))
    result = json.loads((tmp_path / "f.json").read_text())
    assert len(table) == 5 and set(result["observables"]) == {"press"}
    one = result["observables"]["press"]
    assert np.shape(one["samples"]) == (30, 5)
    with h5py.File(tmp_path / "f.h5") as file:
        assert file["press"].attrs["unit"] == "bar" and file["samples/press"].shape == (30, 5)
        for key, name in (
            ("mean", "press"),
            ("low", "press_low"),
            ("high_epistemic", "press_high_epistemic"),
        ):
            assert np.array_equal(file[name][()], one[key])
            assert [float(row[f"{name} (bar)"]) for row in table] == one[key]
    assert {p.name for p in tmp_path.iterdir()} == {"f.csv", "f.json", "f.h5"}
    again = answer(capsys, *words, *draws)
    assert again["observables"]["press"]["samples"] == one["samples"]  # the seed is fixed


def test_refusals(folder, tmp_path, capsys):
    model, good = str(folder / "m.h5"), read(folder / "new0.h5md")
    odd = str(tmp_path / "odd.h5md")

    def bad(words, *expected):
        out = str(tmp_path / "f.csv")
        capsys.readouterr()
        assert main(["forecast", *words, "--steps", "3", "-o", out]) == 1
        got = capsys.readouterr()
        last = got.err.strip().splitlines()[-1]
        assert got.out == "" and all(word in last for word in expected), last
        assert not (tmp_path / "f.csv").exists() and not (tmp_path / "f.csv.part").exists()

    def with_run(expected, **changes):
        write(odd, replace(good, **changes))
        bad([model, odd], odd, *expected)

    with_run(["descriptor has rcut 6.0, expected 4.7 as in the model"],
             parameters={**good.parameters, "descriptor": {**good.parameters["descriptor"], "rcut": 6.0}})  # fmt: skip
    with_run(["units real, expected metal"], parameters={**good.parameters, "units": "real"})
    with_run(["D has 5 components, expected 9"], D=good.D[:, :5])
    with_run(["every 1 ps, expected every 0.5 ps"], time=2 * good.time)
    uneven = good.time.copy()
    uneven[80:] += 0.25
    with_run(["snapshot 80 comes 0.75 ps after"], time=uneven)
    bad(
        [model, str(folder / "new0.h5md"), "--observable", "pxx"],
        "--observable pxx",
        "it has: pe, press",
    )
    bad([str(folder / "new0.h5md"), str(folder / "new0.h5md")], "is a run (H5MD), expected a model")
    bad([model, model], "expected an H5MD file")
    bad([model, str(folder / "new0.h5md"), "--at", "900"], "--at 900: the run covers 0.5 to 60")
    bad([model, str(folder / "new0.h5md"), "--at", "2"], "4 snapshots", "at least 12")
    assert main(["forecast", model, str(folder / "new0.h5md"), "--horizon", "0.01"]) == 1
    assert "--horizon 0.01: expected 0.5 (one snapshot)" in capsys.readouterr().err
    assert main(["forecast", model, str(folder / "new0.h5md"), "--steps", "3", "-o", "f.txt"]) == 1
    assert "f.txt: expected a name ending in .csv, .json or .h5" in capsys.readouterr().err
    before = (folder / "m.h5").read_bytes()
    assert main(["forecast", model, str(folder / "new0.h5md"), "--steps", "3", "-o", model]) == 1
    assert "is the input" in capsys.readouterr().err and (folder / "m.h5").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["m", "r"], "one of the arguments --steps --horizon is required"),
        (["m", "r", "--steps", "3", "--horizon", "2"], "not allowed with"),
        (["m", "r", "--steps", "0"], "'0': expected an integer from 1"),
        (["m", "r", "--steps", "3", "--level", "1"], "'1': expected a number from 0.01 to 0.999"),
    ],
)
def test_usage(words, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["forecast", *words])
    assert caught.value.code == 2 and message in capsys.readouterr().err
