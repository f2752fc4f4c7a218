"""`dbar entropy reference`: table, JSON and files, and going on where it was stopped."""

import json
import shutil
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from ase import io

from dbar.cli import main
from dbar.entropy import ReferenceCalculator, calculator, reference, stochastic_entropy
from dbar.entropy.entropies_file import read_entropies
from dbar.files.kinds import Kind, kind_of
from harness import environment
from lennard_jones import COEFF, icosahedron

WORDS = ["--units", "lj", "--pair-style", "lj/cut 20", "--pair-coeff", COEFF]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A file with three relaxed clusters, and what they are."""
    folder = tmp_path_factory.mktemp("cells")
    frames = [icosahedron(), icosahedron()[:8], icosahedron()[:6]]
    with ReferenceCalculator("lj/cut 20", COEFF, units="lj", relax=True, retry=9) as relaxed:
        found = [relaxed(atoms) for atoms in frames]
    io.write(folder / "cells.traj", [one.atoms for one in found])
    return folder / "cells.traj", found


def run(*words):
    return main(["entropy", "reference", *map(str, words)])


@pytest.fixture
def counted(monkeypatch):
    """Names of the configurations that were really computed."""
    names, real = [], calculator.ReferenceCalculator.__call__

    def counting(self, atoms, name="atoms"):
        names.append(name)
        return real(self, atoms, name)

    monkeypatch.setattr(calculator.ReferenceCalculator, "__call__", counting)
    return names


def test_table(cells, capsys):
    path, found = cells
    assert run(path, *WORDS, "--temperature", 0.2) == 0
    shown = capsys.readouterr().out
    for k, one in enumerate(found):
        assert f"cells.traj#{k}" in shown and f"{one.at(0.2).entropy:.8g}" in shown
    assert run(path, *WORDS) == 0
    assert "S is -log_det / 2" in capsys.readouterr().out


def test_json_is_the_library(cells, capsys):
    path, found = cells
    words = ["--temperature", 0.2, "--statistics", "quantum", "--json"]
    assert run(path, *WORDS, *words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] and (answer["computed"], answer["reused"]) == (3, 0)
    for row, one in zip(answer["entropies"], found, strict=True):
        expected = one.at(0.2, "quantum")
        assert row["entropy"] == pytest.approx(expected.entropy, abs=1e-7)
        assert row["free_energy"] == pytest.approx(expected.free_energy, abs=1e-7)
        assert row["log_det"] == pytest.approx(one.log_det, abs=1e-6)
        assert (row["atoms"], row["n_zero"]) == (len(one.atoms), 6)


@pytest.mark.parametrize("end", ["json", "h5"])
def test_goes_on(cells, tmp_path, capsys, counted, end):
    """Of three one is finished; then two more are asked for; then one of them was changed."""
    path, found = cells
    frames, out = io.read(path, ":"), tmp_path / f"out.{end}"
    io.write(tmp_path / "a.traj", frames[:1])
    assert run(tmp_path / "a.traj", *WORDS, "-o", out) == 0
    kind = Kind.ENTROPIES_JSON if end == "json" else Kind.ENTROPIES_H5
    assert kind_of(out) is kind
    for name, frame in zip("bc", frames[1:], strict=True):
        io.write(tmp_path / f"{name}.traj", frame)
    files = [tmp_path / f"{name}.traj" for name in "abc"]
    assert run(*files, *WORDS, "-o", out, "--json") == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["computed"], answer["reused"]) == (2, 1)
    assert counted == [str(file) for file in files]
    before = out.read_bytes()
    assert run(*files, *WORDS, "-o", out) == 0  # nothing to do: the file stays
    assert len(counted) == 3 and out.read_bytes() == before
    frames[2].rotate(10, "x")
    io.write(files[2], frames[2])
    assert run(*files, *WORDS, "-o", out) == 0
    assert counted[3:] == [str(files[2])]
    _, entries = read_entropies(out)
    assert [one.name for one in entries] == [str(file) for file in files]
    for entry, one in zip(entries, found, strict=True):
        assert entry.numbers["log_det"] == pytest.approx(one.log_det, abs=1e-6)
        if end == "h5":
            np.testing.assert_allclose(entry.arrays["frequencies"], one.frequencies, rtol=1e-6)
            local = entry.arrays["local_entropies"]
            assert local.sum() == pytest.approx(entry.numbers["entropy"], abs=1e-10)


def test_damaged_files_are_refused(cells, tmp_path, capsys):
    """Cut anywhere: one error that names the file, which stays as it was."""
    whole, out = tmp_path / "whole.h5", tmp_path / "out.h5"
    assert run(cells[0], *WORDS, "-o", whole) == 0
    content = whole.read_bytes()
    for length in (200, len(content) // 3, len(content) // 2, len(content) - 100):
        out.write_bytes(content[:length])
        capsys.readouterr()
        assert run(cells[0], *WORDS, "-o", out) == 1
        assert f"{out}: " in capsys.readouterr().err
        assert out.read_bytes() == content[:length]


def test_other_settings_are_refused(cells, tmp_path, capsys):
    path, out = cells[0], tmp_path / "out.json"
    assert run(path, *WORDS, "-o", out) == 0
    before = out.read_bytes()
    capsys.readouterr()
    assert run(path, *WORDS, "-o", out, "--temperature", 2) == 1
    said = capsys.readouterr().err
    assert f"{out}: temperature: found (none) in the file, expected 2" in said
    assert out.read_bytes() == before


def test_another_table_under_the_same_name_is_refused(tmp_path, capsys, monkeypatch):
    from dbar.lammps import potentials_dir

    monkeypatch.chdir(tmp_path)
    table = tmp_path / "mine.eam.fs"
    shutil.copy(potentials_dir() / "Fe_mm.eam.fs", table)
    atoms = io.read(write_iron(tmp_path))
    words = ["--pair-style", "eam/fs", "--pair-coeff", "* * mine.eam.fs Fe", "-o", "o.json"]
    assert run("iron.xyz", *words) == 0 and len(atoms) == 54
    table.write_bytes(table.read_bytes() + b"\n")
    assert run("iron.xyz", *words) == 1
    assert "o.json: files: found mine.eam.fs" in capsys.readouterr().err


def write_iron(folder):
    from ase.build import bulk

    path = folder / "iron.xyz"
    io.write(path, bulk("Fe", cubic=True, a=2.8553) * (3, 3, 3), format="extxyz")
    return path


def test_what_was_finished_before_an_error_is_kept(cells, tmp_path, capsys, counted):
    path, out = cells[0], tmp_path / "out.h5"
    frames = io.read(path, ":")
    frames[2].rattle(0.02, seed=1)
    io.write(tmp_path / "bad.traj", frames)
    assert run(tmp_path / "bad.traj", *WORDS, "-o", out) == 1
    said = capsys.readouterr().err
    assert "dbar entropy reference: " in said and "bad.traj#2: force on atom" in said
    assert len(read_entropies(out)[1]) == 2
    io.write(tmp_path / "bad.traj", io.read(path, ":"))
    assert run(tmp_path / "bad.traj", *WORDS, "-o", out) == 0
    assert [name.rpartition("#")[2] for name in counted] == ["0", "1", "2", "2"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.xyz"], "none.xyz"),
        (["notes.txt"], "notes.txt: cannot be read as configurations"),
        (["cells.traj", "cells.traj"], "cells.traj: found twice among the files"),
        (["cells.traj", "-o", "cells.traj"], "-o cells.traj: is the input cells.traj"),
        (["cells.traj", "-o", "out.csv"], "out.csv: expected a name ending in .json or .h5"),
        (["cells.traj", "-o", "notes.json"], "notes.json: is a file that dbar did not write"),
        (["cells.traj", "-o", "damaged.json"], "damaged.json: not a complete file of entropies"),
        (
            ["cells.traj", "--temperature", "-3"],
            "temperature: found -3.0, expected a number above 0",
        ),
        (["cells.traj", "--pair-coeff", "1 2 dance"], "cells.traj#0: ERROR"),
    ],
)
def test_refused(cells, tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    shutil.copy(cells[0], "cells.traj")
    (tmp_path / "notes.txt").write_text("nothing of use\n")
    (tmp_path / "notes.json").write_text('{"mine": 1}')
    (tmp_path / "damaged.json").write_text('{"schema": "dbar-entropies/1", "entries": []}')
    before = sorted(tmp_path.iterdir())
    assert run(*words, *WORDS, "--json") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["ok"] is False and message in json.loads(out)["error"]
    assert message in err and sorted(tmp_path.iterdir()) == before


def test_killed_and_continued_is_as_undisturbed(cells, tmp_path):
    """kill -9 when the first entries are there."""
    frames = [io.read(cells[0], 0)] * 12
    for k, frame in enumerate(frames):
        frames[k] = frame.copy()
        frames[k].rotate(7 * k, "z")
    io.write(tmp_path / "many.traj", frames)
    command = [sys.executable, "-m", "dbar.cli", "entropy", "reference", "many.traj", *WORDS]
    env = environment()
    subprocess.run([*command, "-o", "whole.h5"], cwd=tmp_path, check=True, env=env)
    (tmp_path / "left").mkdir()  # by who is killed
    killed = env | {"TMPDIR": str(tmp_path / "left")}
    process = subprocess.Popen([*command, "-o", "killed.h5"], cwd=tmp_path, env=killed)
    end = time.monotonic() + 60
    while not (tmp_path / "killed.h5").exists() and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    process.wait()
    first = len(read_entropies(tmp_path / "killed.h5")[1])
    assert 1 <= first < 12
    subprocess.run([*command, "-o", "killed.h5"], cwd=tmp_path, check=True, env=env)
    one, other = (read_entropies(tmp_path / f"{name}.h5") for name in ("whole", "killed"))
    assert one[0] == other[0]
    for a, b in zip(one[1], other[1], strict=True):
        assert (a.name, a.key, a.numbers) == (b.name, b.key, b.numbers)
        for name in a.arrays:
            np.testing.assert_array_equal(a.arrays[name], b.arrays[name])


def test_file_says_what_it_is(cells, tmp_path):
    out = tmp_path / "out.h5"
    assert run(cells[0], *WORDS, "-o", out) == 0
    with h5py.File(out) as file:
        assert file.attrs["schema"] == "dbar-entropies/1"
        settings = json.loads(file.attrs["settings"])
    assert settings["pair_style"] == "lj/cut 20" and settings["units"] == "lj"
    relaxed = io.read(cells[0], 0)
    expected = reference(relaxed, "lj/cut 20", COEFF, units="lj").log_det
    assert read_entropies(out)[1][0].numbers["log_det"] == expected


def test_stochastic(cells, tmp_path, capsys, counted):
    """As the library, with errors; it goes on, and is not mixed with what was diagonalised."""
    path, found = cells
    words = [*WORDS, "--temperature", 0.2, "--stochastic", "--probes", 4, "--seed", 9]
    for end in ("json", "h5"):
        out = tmp_path / f"out.{end}"
        assert run(path, *words, "-o", out, "--json") == 0
        answer = json.loads(capsys.readouterr().out)
        assert (answer["computed"], answer["reused"]) == (3, 0)
        for row, one in zip(answer["entropies"], found, strict=True):
            expected = stochastic_entropy(
                one.atoms, "lj/cut 20", COEFF, 0.2, units="lj", probes=4, seed=9
            )
            for name in ("entropy", "std_error", "log_det", "log_det_error", "free_energy"):
                assert row[name] == pytest.approx(getattr(expected, name), abs=1e-6), name
            assert row["steps"] == expected.steps.max()
        assert run(path, *words, "-o", out, "--json") == 0
        assert json.loads(capsys.readouterr().out)["reused"] == 3
        for other in ([*words, "--seed", 8], [*WORDS, "--temperature", 0.2]):
            assert run(path, *other, "-o", out) == 1
            assert "give another name to begin anew" in capsys.readouterr().err
    values = read_entropies(tmp_path / "out.h5")[1][0].arrays["values"]
    assert values.shape == (4,)
    assert run(path, *words) == 0
    shown = capsys.readouterr().out
    assert "+-" in shown and f"{answer['entropies'][0]['std_error']:.3g}" in shown
    for option in ("--probes", "--seed", "--tolerance"):
        assert run(path, *WORDS, option, 3) == 1
        assert f"{option} 3" in capsys.readouterr().err
    assert run(path, *words, "--tolerance", -1) == 1
    assert "tolerance: found -1.0, expected a number above 0" in capsys.readouterr().err
