"""`dbar entropy fit` and `predict`: what they print and write is what Python says."""

import json

import numpy as np
import pytest
from ase import io
from ase.build import bulk

from dbar.cli import main
from dbar.descriptors import AFS
from dbar.entropy import EntropyModel, Sample
from dbar.entropy.entropies_file import read_entropies
from dbar.entropy.training_set import read_training_set

POTENTIAL = ["--pair-style", "morse 5.4", "--pair-coeff", "* * 0.3429 1.3588 2.866"]
POTENTIAL += ["--species", "Cu", "--relax"]
WORDS = ["--descriptor", "afs 5.0 nmax 4 lmax 3"]


def without(*sites):
    atoms = bulk("Cu", cubic=True, a=3.615) * (2, 2, 2)
    return atoms[[k for k in range(len(atoms)) if k not in sites]]


def run(*words):
    return main(["entropy", *map(str, words)])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Folder with the entropies of a crystal, and of the crystal with two or three vacancies."""
    folder = tmp_path_factory.mktemp("entropies")
    holes = [(0, k) for k in range(1, 8)] + [(0, 1, k) for k in range(2, 8)]
    io.write(folder / "bulk.extxyz", without())
    io.write(folder / "cells.extxyz", [without(*sites) for sites in holes])
    io.write(folder / "new.extxyz", [without(0), without(0, 9, 18)])
    for name in ("bulk", "cells"):
        words = [folder / f"{name}.extxyz", *POTENTIAL, "--temperature", 300]
        assert run("reference", *words, "-o", folder / f"{name}.h5") == 0
    return folder


@pytest.fixture(scope="module")
def sample(files):
    """What the files hold, by hand."""
    found = read_training_set(files / "cells.h5", files / "bulk.h5")
    model = EntropyModel(AFS(5.0, nmax=4, lmax=3))
    return Sample(model, found.atoms, found.entropies, found.bulk, 300.0)


def test_fit_and_predict(files, sample, tmp_path, capsys):
    words = [files / "cells.h5", "--bulk", files / "bulk.h5", *WORDS, "-o", tmp_path / "m.json"]
    assert run("fit", *words, "--folds", 4, "--seed", 3, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    left = sample.cross_validation(4, 3)
    assert said["configurations"] == 13 and said["components"] == 16
    assert said["temperature"] == 300 and said["form"] == "temperature"
    assert said["left_out"]["rmse"] == pytest.approx(left.rmse, rel=1e-12)
    assert said["left_out"]["coverage_90"] == left.coverage(0.9)
    assert said["left_out"]["rmse"] < said["baselines"]["mean"]

    model, mine = EntropyModel.load(tmp_path / "m.json"), sample.fit()
    new = io.read(files / "new.extxyz", ":")
    np.testing.assert_array_equal(model.predict(new), mine.predict(new))

    assert run("predict", tmp_path / "m.json", files / "new.extxyz", "--temperature", 500) == 0
    shown = capsys.readouterr().out
    formation, std = mine.formation(new, return_std=True, temperature=500)
    for k in range(2):
        assert f"new.extxyz#{k}" in shown
        assert f"{formation[k]:.3f}" in shown and f"{std[k]:.2g}" in shown
    assert run("predict", tmp_path / "m.json", files / "new.extxyz", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["entropies"]
    np.testing.assert_allclose([one["entropy"] for one in rows], mine.predict(new), rtol=1e-13)
    np.testing.assert_allclose([one["grade"] for one in rows], mine.grade(new), rtol=1e-12)


def test_energy_baseline(files, sample, tmp_path, capsys):
    """One configuration left out at a time, on the energies of formation that the files have."""
    words = [files / "cells.h5", "--bulk", files / "bulk.h5", *WORDS, "-o", tmp_path / "m.json"]
    assert run("fit", *words, "--folds", 13, "--json") == 0
    said = json.loads(capsys.readouterr().out)["baselines"]
    cells, crystal = (read_entropies(files / f"{n}.h5")[1] for n in ("cells", "bulk"))
    energy = [c.numbers["energy"] - len(c.arrays["positions"]) / 32 * crystal[0].numbers["energy"]
              for c in cells]  # fmt: skip
    errors, plain = [], []
    for k, value in enumerate(sample.reference):
        rest = np.delete(np.arange(13), k)
        line = np.polyfit(np.array(energy)[rest], sample.reference[rest], 1)
        errors.append(np.polyval(line, energy[k]) - value)
        plain.append(sample.reference[rest].mean() - value)
    assert said["energy"] == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=1e-8)
    assert said["mean"] == pytest.approx(np.sqrt(np.mean(np.square(plain))), rel=1e-8)


def test_without_bulk_and_temperature(files, tmp_path, capsys):
    out = tmp_path / "m.json"
    words = [files / "cells.h5", *WORDS, "--form", "determinant", "-o", out, "--folds", 13]
    assert run("fit", *words) == 0
    shown = capsys.readouterr().out
    assert "13 entropies as -log_det / 2, 16 components" in shown and "energy alone" in shown
    model = EntropyModel.load(out)
    assert model.temperature_ is None and len(model.base_.formulas) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--descriptor": "afs"}, "found 'afs', expected FAMILY Rcut"),
        ({"--descriptor": "afs 5 nmx 3"}, "nmx"),
        ({"--descriptor": "soap 4 basis nofile.json"}, "nofile.json"),
        ({"--bulk": "other.h5"}, "pair_style: found"),
        ({"--bulk": "nofile.h5"}, "nofile.h5"),
        ({"-o": "cells.h5"}, "is the input"),
        ({"-o": "new.extxyz"}, "new.extxyz"),
        ({"file": "cells.json"}, "expected a .h5"),
        ({"file": "random.h5"}, "probes: found 4, expected entropies by diagonalisation"),
        ({"file": "quantum.h5"}, "statistics: found 'quantum', expected 'classical'"),
        (
            {"file": "plain.h5", "--bulk": "plain.h5", "--form": "temperature"},
            "temperature: found none",
        ),
        ({"--bulk": "cells.h5"}, "bulk"),
    ],
)
def test_refused(files, tmp_path, monkeypatch, capsys, change, said):
    monkeypatch.chdir(files)
    made = {
        "other.h5": ["bulk.extxyz", "--pair-style", "morse 5.0", *POTENTIAL[2:]],
        "cells.json": ["cells.extxyz", *POTENTIAL],
        "quantum.h5": ["bulk.extxyz", *POTENTIAL, "--statistics", "quantum"],
        "random.h5": ["bulk.extxyz", *POTENTIAL, "--stochastic", "--probes", 4],
        "plain.h5": ["bulk.extxyz", *POTENTIAL],
    }
    for name in set(change.values()) & set(made):
        warm = [] if name == "plain.h5" else ["--temperature", 300]
        assert run("reference", *made[name], *warm, "-o", name) == 0
    capsys.readouterr()
    options = {"file": "cells.h5", "--bulk": "bulk.h5", "--descriptor": WORDS[1]}
    options = {**options, "-o": tmp_path / "m.json", **change}
    words = [options.pop("file"), *(word for pair in options.items() for word in pair)]
    assert run("fit", *words) == 1
    text = capsys.readouterr().err.splitlines()[-1]
    assert text.startswith("dbar entropy fit: ") and said in text
    assert not (tmp_path / "m.json").exists()


def test_predict_refused(files, sample, tmp_path, capsys):
    sample.fit().export(tmp_path / "m.json")
    io.write(tmp_path / "big.extxyz", bulk("Cu", cubic=True, a=3.7) * (2, 2, 2))
    assert run("predict", tmp_path / "m.json", tmp_path / "big.extxyz") == 1
    assert "big.extxyz: volume: found" in capsys.readouterr().err
    assert run("predict", tmp_path / "m.json", files / "new.extxyz", "--temperature", -1) == 1
    assert "-1" in capsys.readouterr().err
    assert run("predict", files / "cells.h5", files / "new.extxyz") == 1
    assert "cells.h5" in capsys.readouterr().err
