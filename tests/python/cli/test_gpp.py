"""dbar gpp relax: crystals, configurations, files, and what it refuses."""

import json

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from dbar.cli import main
from dbar.gpp import load_potential, relax_bulk

A = 3.6309064  # of copper at 300 K


@pytest.fixture
def cell(tmp_path):
    atoms = bulk("Cu", cubic=True, a=A) * (3, 3, 3)
    del atoms[0]
    ase.io.write(tmp_path / "hole.xyz", atoms, format="extxyz")
    return tmp_path / "hole.xyz"


def said(capsys, words):
    assert main(["gpp", "relax", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_crystals(capsys):
    found = said(capsys, ["cu-efs", "--lattice", "fcc", "--temperature", 300, 800])["results"]
    copper = load_potential("cu-efs")
    for row, T in zip(found, (300, 800), strict=True):
        truth = relax_bulk(copper, "fcc", T)
        assert row["temperature"] == T
        for name in ("a", "variance", "free_energy", "entropy"):
            assert row[name] == pytest.approx(getattr(truth, name), rel=1e-9)
    assert main(["gpp", "relax", "cu-efs", "--lattice", "fcc", "--temperature", "300"]) == 0
    shown = capsys.readouterr().out
    assert "a (Å)" in shown and "3.63091" in shown and "-3.509229" in shown


def test_without_heat(capsys):
    words = ["cu-efs", "--lattice", "fcc", "--temperature", 300, "--isentropic", -0.01, 0.005]
    rest, squeezed, pulled = said(capsys, words)["results"]
    warm = relax_bulk(load_potential("cu-efs"), "fcc", 300)
    truth = relax_bulk(load_potential("cu-efs"), "fcc", a=0.99 * warm.a, isentropic=warm)
    assert squeezed["temperature"] == pytest.approx(truth.temperature, rel=1e-9)
    assert squeezed["temperature"] == pytest.approx(319.6, abs=0.1)
    assert pulled["temperature"] < rest["temperature"] == 300
    for row in (squeezed, pulled):
        assert row["entropy"] == pytest.approx(rest["entropy"], abs=1e-9)


def test_costs(capsys):
    assert main(["gpp", "bench", "cu-efs", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [row["average"] for row in rows] == ["exact", "q3", "q3", "q5", "mc", "mc"]
    assert all(0 < row["seconds"] < 60 for row in rows)
    assert all(row["seconds_alike"] > row["seconds"] for row in rows[4:])
    assert main(["gpp", "bench", "none.eam.alloy"]) == 1
    assert "none.eam.alloy" in capsys.readouterr().err


def test_averages(capsys):
    words = ["cu-efs", "--lattice", "fcc", "--temperature", 300, "--average"]
    third = said(capsys, [*words, "q3", "--neighbours", 18])["results"][0]
    assert third["a"] == pytest.approx(3.62880, abs=1e-5)
    drawn = ["mc", "--samples", 200, "--neighbours", 18, "--seed", 2, "--constant", A]
    found = said(capsys, [*words, *drawn])["results"][0]
    assert found["a"] == A and 0 < found["error"] < 0.02


def test_a_vacancy_and_its_file(capsys, cell, tmp_path):
    out = tmp_path / "warm.extxyz"
    result = said(capsys, ["cu-efs", cell, "--temperature", 300, "-o", out])
    row = result["results"][0]
    assert result["out"] == str(out) and row["atoms"] == 107
    truth = relax_bulk(load_potential("cu-efs"), "fcc", 300)
    assert row["free_energy"] - 107 * truth.free_energy == pytest.approx(1.234, abs=1e-3)
    atoms = ase.io.read(out)
    assert np.max(atoms.get_array("variance")) == pytest.approx(row["largest_variance"], rel=1e-6)
    # what was relaxed is where the search begins, and it is at rest
    again = said(capsys, ["cu-efs", out, "--temperature", 300])["results"][0]
    assert again["free_energy"] == pytest.approx(row["free_energy"], abs=1e-5)


def test_a_state_for_lammps(capsys, cell, tmp_path):
    out = tmp_path / "start.data"
    words = ["cu-efs", cell, "--temperature", 300, "--draw", "-o", out, "--seed"]
    said(capsys, [*words, 1])
    first = out.read_text()
    atoms = ase.io.read(out, format="lammps-data")
    assert len(atoms) == 107 and atoms.get_temperature() == pytest.approx(300, rel=0.2)
    said(capsys, [*words, 1])
    assert out.read_text() == first
    said(capsys, [*words, 2])
    assert out.read_text() != first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--temperature", "300"], "FILE and --lattice: found neither"),
        (["CELL", "--lattice", "fcc", "--temperature", "300"], "FILE and --lattice: found both"),
        (["--lattice", "fcc", "--temperature", "-3"], "temperature: found -3.0, expected a number"),
        (["--lattice", "fcc", "--temperature", "3000"], "3000 K: found no stable fcc Cu"),
        (["--lattice", "fcc", "--temperature", "300", "--cell", "free"],
         "--cell free: expected FILE with it"),
        (["CELL", "--temperature", "300", "--constant", "3.6"],
         "--constant 3.6: expected --lattice with it"),
        (["--lattice", "fcc", "--temperature", "300", "--neighbours", "18"],
         "--neighbours 18: expected --average q3, q5 or mc with it"),
        (["--lattice", "fcc", "--temperature", "300", "--average", "q3", "--samples", "100"],
         "--samples 100: expected --average mc with it"),
        (["CELL", "--temperature", "300", "--draw"], "--draw: found no -o"),
        (["CELL", "--temperature", "300", "400", "-o", "x.xyz"], "found 2 temperatures"),
        (["CELL", "--temperature", "300", "-o", "x.pdb"], "expected a name ending in .data"),
        (["CELL", "--temperature", "300", "-o", "CELL"], "is the input"),
        (["CELL", "--temperature", "300", "--steps", "1"], "steps: found a force of"),
        (["CELL", "--temperature", "300", "--elements", "Al"], "elements: found Al"),
        (["none.xyz", "--temperature", "300"], "none.xyz"),
        (["--lattice", "fcc", "--temperature", "300", "--isentropic", "-1"], "--isentropic -1: "),
        (["CELL", "--temperature", "300", "--isentropic", "-0.01"],
         "expected --lattice with it"),
    ],
)  # fmt: skip
def test_refused(capsys, cell, words, message):
    words = [str(cell) if word == "CELL" else word for word in words]
    assert main(["gpp", "relax", "cu-efs", *words, "--json"]) == 1
    out, error = capsys.readouterr()
    assert message in error and message in json.loads(out)["error"]
    assert "dbar gpp relax: " in error
