"""`dbar basis fit` and `dbar basis show`, against the same in Python, and what must be refused."""

import json
import re
import sys

import ase.io
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from bases import alloy, dimer, primitive
from dbar.basis import OptimalBasis, optimal_basis
from dbar.cli import main
from dbar.files.kinds import Kind, kind_of
from patience import run

FEW = ["--rcut", "4", "--sigma", "0.6", "--primitive", "gto", "--nmax", "4", "--lmax", "2"]
FRAMES = [alloy(seed) for seed in range(6)]
for k, atoms in enumerate(FRAMES):
    energies = np.random.default_rng(k).normal(size=len(atoms))
    atoms.calc = SinglePointCalculator(atoms, energy=len(atoms) * (k % 4), energies=energies)


@pytest.fixture
def files(tmp_path):
    """Six frames in two files of different formats."""
    ase.io.write(tmp_path / "a.xyz", FRAMES[:4], format="extxyz")
    ase.io.write(tmp_path / "b.traj", FRAMES[4:])
    return [str(tmp_path / "a.xyz"), str(tmp_path / "b.traj")]


def fit(files, out, *words):
    return main(["basis", "fit", *files, "-o", str(out), *FEW, *words])


def same(one, other):
    """Positions in the text files have eight digits."""
    np.testing.assert_allclose(one.matrices, other.matrices, atol=1e-5)
    np.testing.assert_allclose(one.residual_variance, other.residual_variance, rtol=1e-5)
    assert one.species == other.species and one.environments == other.environments


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["--qmax", "3"], {"qmax": 3}),
        (["--residual-variance", "0.01", "--mixed"], {"residual_variance": 0.01, "mixed": True}),
        (["--qmax", "2", "--per-centre"], {"qmax": 2, "per_centre": True}),
        (["--qmax", "2", "--target", "energy_per_atom"], {"qmax": 2, "targets": "energy_per_atom"}),
        (["--qmax", "2", "--target", "energies", "--mixing", "0.5"], {"qmax": 2, "targets": "energies", "mixing": 0.5}),
    ],
    ids=["number", "share, mixed", "per centre", "energy", "of each atom"],
)  # fmt: skip
def test_the_file_is_that_of_the_package(files, tmp_path, words, arguments, capsys):
    assert fit(files, tmp_path / "b.json", *words, "--json") == 0
    found = OptimalBasis.load(tmp_path / "b.json")
    expected = optimal_basis(FRAMES, primitive(), **arguments)
    same(found, expected)
    got = capsys.readouterr()
    answer = json.loads(got.out)
    assert "expanding" in got.err and got.out.count("\n") == 1
    assert answer["ok"] and answer["frames"] == 6 and answer["basis"] == str(tmp_path / "b.json")
    assert answer["qmax"] == found.qmax and answer["channels"] == found.n_channels
    assert answer["environments"] == list(found.environments) and "matrices" not in answer
    assert np.allclose(answer["residual_variances"], found.residual_variances())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xyz", "b.json", "b.traj"]
    assert main(["basis", "show", str(tmp_path / "b.json"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {key: value for key, value in answer.items() if key != "frames"} == shown


def test_species_are_those_found_or_in_the_order_given(files, tmp_path):
    assert fit(files, tmp_path / "b.json", "--qmax", "1", "--species", "Cu", "Al") == 0
    assert OptimalBasis.load(tmp_path / "b.json").species == ("Cu", "Al")
    assert fit(files[:1], tmp_path / "b.json", "--qmax", "1") == 0
    basis = OptimalBasis.load(tmp_path / "b.json")
    assert basis.species == ("Al", "Cu") and basis.environments == (128,)


def test_primitive_functions_by_default(files, tmp_path):
    words = ["basis", "fit", files[1], "-o", str(tmp_path / "b.json"), "--rcut", "4", "--qmax", "2"]
    assert main(words) == 0
    basis = OptimalBasis.load(tmp_path / "b.json")
    assert (basis.primitive, basis.nmax, basis.lmax) == ("dvr", 20, 6)
    assert (basis.sigma, basis.width) == (0.5, 0.5)
    assert main([*words, "--primitive", "gto", "--lmax", "1"]) == 0
    assert OptimalBasis.load(tmp_path / "b.json").nmax == 12


def test_tables_for_people(files, tmp_path, capsys):
    out = tmp_path / "b.json"
    assert fit(files, out, "--qmax", "2", "--per-centre") == 0
    basis = OptimalBasis.load(out)
    fitted = capsys.readouterr().out
    assert main(["basis", "show", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "6 frames, " in fitted and "Rcut 4, sigma 0.6, width 0.5 in the fit, by dbar" in shown
    for text in (fitted, shown):
        assert (
            "4 channels (2 of each species of neighbours) of gto(4), lmax 2, species Al Cu" in text
        )
        rows = re.findall(r"^ +(\d) +(\S+) +(\S+)$", text, re.M)
        assert [int(q) for q, *_ in rows] == [1, 2, 3, 4] and "around Cu" in text
        found = np.array([[float(v) for v in row[1:]] for row in rows])
        np.testing.assert_allclose(found, basis.residual_variances().T, rtol=0.01)
        assert f"{basis.environments[0]} atoms Al" in text


def test_help_teaches():
    for words in (["basis"], ["basis", "fit"], ["basis", "show"]):
        done = run(
            [sys.executable, "-m", "dbar.cli", *words, "--help"], capture_output=True, text=True
        )
        assert done.returncode == 0 and re.search(r"examples?:\n  dbar basis ", done.stdout)


# ---- what must be refused ------------------------------------------------------------------------


def refused(words, capsys, *expected):
    """Exit code 1, the words on standard error and in JSON, and no file."""
    out = words[words.index("-o") + 1]
    for more in ([], ["--json"]):
        assert main(["basis", "fit", *map(str, words), *more]) == 1
        got = capsys.readouterr()
        said = json.loads(got.out)["error"] if more else got.err
        for text in expected:
            assert text in said, said
        assert "Traceback" not in got.err
    return out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--qmax", "5"], "qmax: found 5, expected an integer from 1 to 4"),
        (["--qmax", "2", "--mixing", "0.5"], "--mixing 0.5: applies with --target"),
        (["--qmax", "2", "--target", "hardness"], "a.xyz, frame 0: hardness: found "),
        (["--qmax", "2", "--species", "Al"], "a.xyz, frame 0: atoms: found species 'Cu', expected one of: Al"),
        (["--qmax", "2", "--species", "Al", "Xx"], "--species Xx: expected a chemical symbol"),
        (["--qmax", "2", "--species", "Al", "Al"], "species: found ['Al', 'Al']"),
        (["--qmax", "2", "--species", "Al", "Cu", "Au"], "without any neighbour Au within the cutoff"),
        (["--qmax", "2", "--species", "Al", "Cu", "Au", "--per-centre"], "found no atoms of Au"),
        (["--qmax", "2", "--nmax", "13"], "nmax: found 13 with basis gto"),
        (["--qmax", "2", "--width", "9"], "width: found 9"),
        (["--qmax", "2", "--sigma", "0"], "sigma: found 0, expected a length above 0"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)  # fmt: skip
def test_words_that_are_refused(files, tmp_path, words, said, capsys):
    out = tmp_path / "b.json"
    refused([*files, "-o", out, *FEW, *words], capsys, said)
    assert not out.exists() and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--qmax", "0"], "argument --qmax: '0': expected an integer from 1"),
        (["--residual-variance", "2"], "argument --residual-variance: '2': expected a number from 0 to 1"),
        (["--qmax", "1", "--residual-variance", "0.1"], "not allowed with argument --qmax"),
        ([], "one of the arguments --qmax --residual-variance is required"),
        (["--qmax", "1", "--primitive", "bessel"], "invalid choice: 'bessel'"),
        (["--qmax", "1", "--rcut", "x"], "argument --rcut: 'x': expected a finite number"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(files, tmp_path, words, said, capsys):
    with pytest.raises(SystemExit) as caught:
        fit(files, tmp_path / "b.json", *words)
    assert caught.value.code == 2 and said in capsys.readouterr().err


def test_files_that_are_refused(files, tmp_path, capsys):
    broken = alloy(1)
    broken.positions[0, 0] = np.nan
    ase.io.write(tmp_path / "nan.traj", [FRAMES[0], broken])
    (tmp_path / "notes.txt").write_text("my notes\n")
    (tmp_path / "empty.xyz").write_text("")
    (tmp_path / "cut.xyz").write_text((tmp_path / "a.xyz").read_text()[:-300])
    ase.io.write(tmp_path / "apart.traj", [dimer(1.5), dimer(5.0)])
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "b.json"
    for name, said in (
        ("none.xyz", "none.xyz: no such file"),
        ("notes.txt", "notes.txt: ASE cannot read frame 0: "),
        ("empty.xyz", "empty.xyz: "),
        ("cut.xyz", "cut.xyz: ASE cannot read frame "),
        ("nan.traj", "nan.traj, frame 1: atoms: found position"),
    ):
        refused([*files, tmp_path / name, "-o", out, *FEW, "--qmax", "2"], capsys, said)
        assert sorted(tmp_path.iterdir()) == before
    words = [tmp_path / "apart.traj", "-o", out, *FEW, "--qmax", "2", "--per-centre"]
    refused(words, capsys, "atoms of Al without any neighbour Al within the cutoff")


def test_what_is_not_replaced(files, tmp_path, capsys):
    refused(
        [*files, "-o", files[0], *FEW, "--qmax", "2"],
        capsys,
        "is the input",
        "expected another file",
    )
    mine = tmp_path / "mine.json"
    mine.write_text("{}")
    refused(
        [*files, "-o", mine, *FEW, "--qmax", "2"], capsys, "mine.json: is a file that dbar did not"
    )
    assert mine.read_text() == "{}"
    assert fit(files, tmp_path / "b.json", "--qmax", "2") == 0
    assert fit(files, tmp_path / "b.json", "--qmax", "3") == 0
    assert kind_of(tmp_path / "b.json") is Kind.BASIS
    assert OptimalBasis.load(tmp_path / "b.json").qmax == 3


@pytest.mark.parametrize(
    "text", ["", "[" * 10**5, '{"schema": "dbar-basis/1"}', '{"schema": "dbar-cv/1"}']
)
def test_files_that_are_not_shown(tmp_path, text, capsys):
    path = tmp_path / "b.json"
    path.write_text(text)
    assert main(["basis", "show", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"dbar basis: {path}: ")
    assert main(["basis", "show", str(tmp_path / "none.json"), "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["ok"]
