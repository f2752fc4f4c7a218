"""`dbar report` of several runs, as a reader and as a browser see it."""

import json
import re
import sys
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

from browser import screenshot
from dbar.cli import main
from dbar.trajectory import read, write
from ensembles import ensemble, trajectory
from h5md_ensembles import run, write_runs

FEW = ["--order", "1", "--dimension", "3"]
SECTIONS = {
    "What the runs did",
    "How well descriptors know the observables",
    "Order, dimension and spectrum of the model",
    "Does it forget as fast as the system?",
    "Forecasts of runs it has not seen",
    "Is the present like the past?",
    "One cloud or several?",
    "An ensemble a hundred times larger",
    "In how many directions do the runs move?",
}


def titles(text):
    return set(re.findall(r"<h2>(.*?)</h2>", text))


def self_contained(text):
    """No script, nothing fetched: every reference is within the page or holds its own data."""
    assert "<script" not in text and not re.search(r"url\((?!#)", text)
    links = re.findall(r'(?:src|href|xlink:href)="([^"]*)"', text)
    assert links and all(link.startswith(("#", "data:")) for link in links)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Report of six known runs, nothing prescribed."""
    folder = tmp_path_factory.mktemp("report")
    paths = write_runs(folder, 6)
    assert main(["report", *paths, "-o", str(folder / "all.html")]) == 0
    assert sorted(p.name for p in folder.iterdir() if p.suffix != ".h5md") == ["all.html"]
    return folder / "all.html"


def test_page_holds_every_section(page):
    text = page.read_text(encoding="utf-8")
    self_contained(text)
    assert titles(text) == SECTIONS | {"Files and settings", "Before you trust these numbers"}
    for word in ("P = 1 and d = 3 were chosen", "time (ps)", "pe (eV)", "press (bar)", "τ_pred",
                 "intrinsic dimension", "6 runs (run0.h5md to run5.h5md)", "natoms does not change",
                 "raised the alarm in"):  # fmt: skip
        assert word in text, word
    assert "Not for these data" not in text
    assert len(text) < 3_000_000


def test_browser_shows_the_ensemble(page, tmp_path):
    picture = tmp_path / "page.png"
    screenshot(page, picture, 6500)
    pixels = matplotlib.image.imread(picture)[..., :3]

    def share(colour, rows):
        rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        return (np.abs(pixels[rows] - rgb).max(axis=2) < 0.03).mean()

    for colour in ("#1f5fa8", "#c2570c", "#c8372d"):  # lines and levels
        assert share(colour, slice(None)) > 1e-4, colour
    for top in range(0, 6000, 600):  # no empty stretch
        assert share("#ffffff", slice(top, top + 600)) < 0.97


def test_sections_that_cannot_be_made_say_why(tmp_path, capsys):
    """Two short runs that store nothing but descriptors."""
    paths = write_runs(tmp_path, 2, 40, observables={})
    assert main(["report", *paths, "-o", str(tmp_path / "a.html"), *FEW, "--yield", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    left = answer["sections_left_out"]
    assert "no observable is stored in all runs" in left["What the runs did"]
    assert (
        "to leave one out and learn from the others takes 3"
        in left["Is the present like the past?"]
    )
    assert "4 are needed" in left["Before or after yield?"]
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Forecasts of runs it has not seen" in text
    assert text.count("Not for these data") == len(left)
    assert answer["scores"] == []


def test_without_scikit_dimension(tmp_path, monkeypatch):
    for name in ("skdim", "skdim.id"):
        monkeypatch.setitem(sys.modules, name, None)
    paths = write_runs(tmp_path, 4, 60)
    assert main(["report", *paths, "-o", str(tmp_path / "a.html"), *FEW]) == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "pip install dbar[manifold]" in text and "Manifold" in text


def test_unstable_and_uneven_runs_make_a_page(tmp_path):
    """Runs of different lengths, starting at different times, one of them drifting off."""
    paths = write_runs(tmp_path, 4, 70)
    for k, path in enumerate(paths):
        traj = read(path)
        n = 60 + 3 * k
        drift = np.hstack(
            [np.zeros((70, 1)), 20 * np.exp(0.05 * np.arange(70))[:, None] * np.ones(8)]
        )
        write(
            path, replace(run(300 + k, n)[0], D=(traj.D + drift)[:n], time=5.0 * k + traj.time[:n])
        )
    assert main(["report", *paths, "-o", str(tmp_path / "a.html"), *FEW, "--prior", "none"]) == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "the runs start at different times" in text and "differ in length" in text


def test_refusals(tmp_path, capsys):
    paths = write_runs(tmp_path, 3, 40)
    before = open(paths[1], "rb").read()
    assert main(["report", *paths, "-o", paths[1]]) == 1
    assert "is the run" in capsys.readouterr().err and open(paths[1], "rb").read() == before
    assert main(["report", *paths, "-o", "/proc/a.html"]) == 1
    assert "/proc/a.html: cannot be written" in capsys.readouterr().err
    assert main(["report", *paths, paths[0], "-o", str(tmp_path / "a.html")]) == 1
    assert "given twice" in capsys.readouterr().err
    out = ["-o", str(tmp_path / "a.html")]
    assert main(["report", *paths, *out, *FEW, "--trust-until", "2"]) == 1
    assert "4 snapshots" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run0.h5md", "run1.h5md", "run2.h5md"]


@pytest.mark.shared
def test_aluminium(tmp_path, capsys, shared_data):
    """Twelve replicas to a model and a page, four others forecast: energy to 2 eV and its bands
    hold; the page has the yield section.
    """
    paths = []
    for k, one in enumerate(ensemble()):
        paths.append(str(tmp_path / f"run{k:02d}.h5md"))
        write(paths[-1], trajectory(one))
    wanted = [w for n in ("pe", "press", "pxx") for w in ("--observable", n)]
    model = str(tmp_path / "m.h5")
    assert main(["fit", *paths[:12], "-o", model, *wanted, "--json"]) == 0
    fit = json.loads(capsys.readouterr().out)
    rows = {row["observable"]: row for row in fit["scores"]}
    assert rows["pe"]["r2"] > 0.999 and rows["pe"]["rmse"] < 1.6
    assert rows["press"]["r2"] > 0.996 and rows["pxx"]["r2"] > 0.98
    inside = []
    for path in paths[12:]:
        truth = read(path)
        for at in (6, 14, 20):  # before, near and after yield
            words = ["forecast", model, path, "--at", str(at), "--steps", "10", "--json"]
            assert main(words) == 0
            got = json.loads(capsys.readouterr().out)
            first = int(np.searchsorted(truth.time, got["time"][0] - 1e-6))
            for name, one in got["observables"].items():
                x = truth.observables[name][first : first + 10]
                inside.append((x > one["low"]) & (x < one["high"]))
            assert got["tau_pred"] > 0
    print(f"inside the 90 % bands: {np.mean(inside):.3f}")
    assert 0.8 < np.mean(inside) < 0.99
    page = tmp_path / "al.html"
    assert main(["report", *paths, "-o", str(page), *wanted]) == 0
    text = page.read_text(encoding="utf-8")
    self_contained(text)
    assert titles(text) >= SECTIONS | {"Before or after yield?"}
    assert "stress peak" in text and page.stat().st_size < 3_000_000
