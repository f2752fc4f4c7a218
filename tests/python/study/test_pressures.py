"""Pressures of a model: from V where the runs store it with the volume and the tensor, else from D.

Oracle: a law in V alone, of which D knows nothing.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from dbar.cli import main
from dbar.descriptors.voigt import STRESS, voigt_to_tensor
from dbar.report.estimated_section import estimated_html
from dbar.study import load
from dbar.trajectory import read, read_runs, write
from ensembles import ensemble, trajectory
from h5md_ensembles import SIZE, run

FEW = ["--order", "1", "--dimension", "3"]
THETA = np.concatenate([[0.0], np.random.default_rng(1).normal(size=SIZE)])
NOISE = 0.05


def pulled(seed, atoms):
    """A run with V of no connection to D, and pressures that follow from V."""
    traj, _ = run(seed, 80, atoms)
    rng = np.random.default_rng(seed)
    V = rng.normal(size=(80, SIZE + 1, 6))
    V[:, 0] = 0.0
    volume = 1000.0 + rng.normal(size=80)
    p = -np.einsum("tkc,k->tc", V, THETA) / volume[:, None]
    p = 1000.0 * p + NOISE * rng.normal(size=p.shape)
    values = {**dict(zip(STRESS, p.T, strict=True)), "vol": volume, "pe": traj.observables["pe"]}
    values["press"] = p[:, :3].mean(axis=1)
    return replace(traj, V=voigt_to_tensor(V), observables=values)


def written(folder, change=lambda traj: traj):
    paths = [str(folder / f"run{k}.h5md") for k in range(4)]
    for k, path in enumerate(paths):
        write(path, change(pulled(300 + k, 100 + k)))
    return paths


def fitted(folder, capsys, paths, *words):
    out = str(folder / "model.h5")
    assert main(["fit", *paths, "-o", out, *FEW, *words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    return answer, {row["observable"]: row for row in answer["scores"]}


def without(*names):
    def change(traj):
        return replace(
            traj, observables={k: v for k, v in traj.observables.items() if k not in names}
        )

    return change


@pytest.mark.parametrize("asked", [(), ("pxy", "press", "pe")])
def test_pressures_come_from_v_whoever_asked(asked, tmp_path, capsys):
    """One component asked for, or all: what the runs store decides."""
    paths = written(tmp_path)
    words = [word for name in asked for word in ("--observable", name)]
    answer, rows = fitted(tmp_path, capsys, paths, *words)
    assert rows["pxy"]["read_from"] == rows["press"]["read_from"] == "D and V"
    assert rows["pe"]["read_from"] == "D" and rows["pe"]["r2"] == rows["pe"]["r2_from_d"]
    for name, noise in (("pxy", NOISE), ("press", NOISE / np.sqrt(3))):
        assert rows[name]["rmse"] == pytest.approx(noise, rel=0.2)
        assert rows[name]["r2"] > 0.99 and rows[name]["r2_from_d"] < 0.1
        assert abs(rows[name]["inside_90"] - 0.9) < 0.07
    unseen = [text for text in answer["warnings"] if "hardly see" in text]
    assert all("hardly see vol (" in text for text in unseen)  # which follows nothing
    model, _ = load(tmp_path / "model.h5")
    fresh = pulled(77, 104)
    mean, _ = model.estimate(fresh.D, fresh.V, fresh.observables["vol"])
    column = model.names.index("pxy")
    assert np.std(mean[:, column] - fresh.observables["pxy"]) < 1.2 * NOISE
    alone, _ = model.estimate(fresh.D)
    assert np.std(alone[:, column] - fresh.observables["pxy"]) > 10 * NOISE


@pytest.mark.parametrize(
    "change", [without("vol"), without("pyz"), lambda traj: replace(traj, V=None)]
)
def test_without_all_that_it_takes_it_is_d_and_a_warning(change, tmp_path, capsys):
    paths = written(tmp_path, change)
    assert read_runs(paths).virials is None
    answer, rows = fitted(tmp_path, capsys, paths, "--observable", "pxy", "--observable", "pe")
    assert rows["pxy"]["read_from"] == "D" and rows["pxy"]["r2"] < 0.1
    assert any(
        "hardly see pxy" in text and "virial yes in compute dbar" in text
        for text in answer["warnings"]
    )


def test_pages_say_what_was_read_from_what(tmp_path, capsys):
    paths = written(tmp_path)
    page = tmp_path / "page.html"
    assert main(["report", *paths, "-o", str(page), *FEW, "--observable", "pxy"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "D̄ and V̄" in text and "pxy were read from it" in text
    assert main(["fit", *paths, "-o", str(tmp_path / "m.h5"), *FEW]) == 0
    assert "D̄, V̄" in capsys.readouterr().out


def test_a_run_that_estimates_says_what_it_read_from_what():
    traj = pulled(3, 100)
    table = np.column_stack([traj.observables["pxy"], np.ones(80), np.full((80, 2), np.nan)])
    traj = replace(traj, estimates={"pxy": table, "pe": table})
    cells = "<td>D̄ and V̄</td>"
    assert estimated_html(traj, []).count(cells) == 1
    assert cells not in estimated_html(replace(traj, V=None), [])
    seldom = {"seldom": {"every": 5, "names": ["pyy"]}}
    assert cells not in estimated_html(replace(traj, parameters=seldom), [])
    began = {"model": {"file": "m.h5", "sha256": "0" * 64, "learn": False}}
    assert "<td>model</td>" in estimated_html(replace(traj, monitor_config=began), [])


@pytest.mark.shared
def test_al_tension_shear(tmp_path, capsys):
    """The sign of a shear stress: D alone does not know it, V does."""
    paths = []
    for k, one in enumerate(ensemble(replicas=range(6))):
        paths.append(str(tmp_path / f"run{k}.h5md"))
        write(paths[-1], replace(trajectory(one), snapshots=None))
    _, rows = fitted(tmp_path, capsys, paths, "--observable", "pxy", "--observable", "pe")
    assert rows["pxy"]["r2"] > 0.99 and rows["pxy"]["r2_from_d"] < 0.0
    assert read(paths[0]).V is not None
