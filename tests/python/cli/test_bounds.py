"""Words that ask for what cannot be done are refused by name, before it is tried."""

from dataclasses import replace

import pytest

from dbar.cli import main
from dbar.report import report
from dbar.stream import Session
from dbar.trajectory import read, write
from h5md_ensembles import run, write_runs
from streams import settings

FEW = ["--order", "1", "--dimension", "3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bounds")
    paths = write_runs(folder, 2, 60)
    assert main(["fit", *paths, "-o", str(folder / "m.h5"), *FEW]) == 0
    return folder


@pytest.mark.parametrize(
    ("words", "named"),
    [(["--steps", "100000", "--samples", "100000"], "--steps 100000 with --samples 100000"),
     (["--steps", "100000", "--epistemic"], "--steps 100000 with --epistemic"),
     (["--horizon", "40000", "--samples", "9999"], "--horizon 40000 (80000 snapshots) with --samples 9999")],
    ids=["samples", "epistemic", "horizon"],
)  # fmt: skip
def test_more_numbers_than_there_is_room_for(folder, words, named, tmp_path, capsys, monkeypatch):
    def reached(*args):
        raise AssertionError("it was tried")

    monkeypatch.setattr("dbar.study.model.EnsembleModel._draw", reached)
    out = tmp_path / "f.json"
    files = [str(folder / "m.h5"), str(folder / "run0.h5md")]
    assert main(["forecast", *files, *words, "-o", str(out)]) == 1
    expected = f"{named}: there is no room for so many numbers, expected at most "
    assert expected in capsys.readouterr().err and not out.exists()


@pytest.mark.parametrize(("order", "code"), [(7, 0), (8, 1), (12, 1), (14, 1)])
def test_an_order_that_leaves_nothing_to_check(order, code, tmp_path, capsys):
    path = write_runs(tmp_path, 1, 40)[0]
    words = ["--order", str(order), "--dimension", "1", "-o", str(tmp_path / "m.h5")]
    assert main(["fit", path, *words]) == code
    said = f"order {order}: 14 snapshots are left out to check the model on, expected an order of at most 7"
    assert (said in capsys.readouterr().err) == bool(code) == (not (tmp_path / "m.h5").exists())


@pytest.mark.parametrize("name", ["a/b", "/", "", ".", "..", "dbar", "a\0b"])
def test_names_that_are_paths(name, tmp_path):
    traj = run(1, 20)[0]
    path = tmp_path / "x.h5md"
    words = f"observable {name!r}: cannot be stored under that name, expected one without '/'"
    with pytest.raises(ValueError) as caught:
        write(path, replace(traj, observables={name: traj.observables["pe"]}))
    assert words in str(caught.value) and not list(tmp_path.iterdir())
    with pytest.raises(ValueError) as caught:
        Session(settings(store=str(path), thermo=["temp", "pe", "pxx", name]))
    assert words in str(caught.value) and not path.exists()


@pytest.mark.parametrize("name", ["a$b$c", r"$\nothing$", "$$", "$x_{$"])
def test_dollars_in_a_name_are_dollars(name, tmp_path):
    """Also where what stands between them is no formula."""
    traj = run(1, 40)[0]
    monitor = read_monitor(tmp_path)
    named = replace(monitor, observables={**monitor.observables, name: traj.observables["pe"]})
    page = report(named, tmp_path / "page.html", name=name)
    assert name in page.read_text(encoding="utf-8")
    assert main(["report", *few(tmp_path, name), "-o", str(tmp_path / "all.html"), *FEW]) == 0
    assert f">{name}" in (tmp_path / "all.html").read_text(encoding="utf-8")


def read_monitor(folder):
    """A run of 40 snapshots without a monitor."""
    write(folder / "one.h5md", run(2, 40)[0])
    return read(folder / "one.h5md")


def few(folder, name):
    """Three runs that store an observable of that name, in files of that name."""
    paths = []
    for k in range(3):
        traj = run(10 + k, 40)[0]
        paths.append(str(folder / f"{k}{name.replace('/', '')}.h5md"))
        write(paths[-1], replace(traj, observables={name: traj.observables["press"]}))
    return paths
