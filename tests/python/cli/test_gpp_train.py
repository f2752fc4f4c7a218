"""``dbar gpp train`` and ``dbar gpp study``."""

import json

import pytest

from dbar.cli import main

WORDS = ["--sites", "40", "--temperature", "100", "300", "--features", "4"]


def run(*words):
    return main(["gpp", *map(str, words)])


def test_train_goes_on_and_averages(tmp_path, capsys):
    """One epoch, another one, and a crystal with what came out (a bad one: 36 sites)."""
    path = tmp_path / "n.safetensors"
    assert run("train", "cu-efs", "-o", path, *WORDS, "--epochs", 1, "--json") == 0
    one = json.loads(capsys.readouterr().out)
    assert one["ok"] and one["epochs"] == 1 and not one["done"]
    assert run("train", "cu-efs", "-o", path, *WORDS, "--epochs", 2, "--json") == 0
    two = json.loads(capsys.readouterr().out)
    assert two["history"][:1] == one["history"] and two["epochs"] == 2
    assert run("train", "cu-efs", "-o", path, *WORDS, "--epochs", 2) == 0
    shown = capsys.readouterr().out
    assert "thermal (meV/Å^2)" in shown and "best: " in shown
    words = ("--lattice", "fcc", "--temperature", 900, "--constant", 3.63, "--network", path)
    with pytest.warns(UserWarning, match="found 900 K, expected 100 to 300 K"):
        run("relax", "cu-efs", *words, "--average", "gnn")  # whether it holds, chance says


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "cu-efs", "-o", "n.pt"], "expected a name ending in .safetensors"),
        (["train", "cu-efs", "-o", "no/n.safetensors", *WORDS], "no/n.safetensors"),
        (["train", "nothing", "-o", "n.safetensors"], "nothing"),
        (["relax", "cu-efs", "--lattice", "fcc", "--temperature", "300", "--average", "gnn"],
         "network: found none, expected the file of a network"),
        (["relax", "cu-efs", "--lattice", "fcc", "--temperature", "300", "--network", "n"],
         "--network"),
        (["relax", "cu-efs", "--lattice", "fcc", "--temperature", "300", "--average", "gnn",
          "--network", "missing.safetensors"], "missing.safetensors"),
        (["study", "-o", "s", "--figures", "3", "--aluminium", "missing.so"], "missing.so"),
    ],
)  # fmt: skip
def test_refused(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("*.safetensors*")) and not list(tmp_path.glob("s/*"))


def test_study(tmp_path, capsys):
    words = ("study", "-o", tmp_path / "s", "--figures", 5, "--iron", "cu-efs")
    assert run(*words) == 0
    assert "## Figure 5: iron along the Bain path" in capsys.readouterr().out
    assert run(*words, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["figures"]["5"]["paths"]) == {"300", "500", "800"}
    assert run("study", "-o", tmp_path / "s", "--figures", 5) == 1
    assert "found a study of" in capsys.readouterr().err
