"""A real ensemble that begins with what another one taught, and one that is refused."""

import json

from dbar.cli import main
from dbar.trajectory import read
from ensemble_runs import PAGE, command, finish, prepare


def small(folder, more=""):
    """Two replicas of the page's argon, 300 steps each, with further settings."""
    prepare(folder)
    text = PAGE["ensemble.toml"]
    for name, value in (("replicas", 2), ("steps", 600), ("budget", 1200)):
        lines = [line for line in text.splitlines() if not line.startswith(f"{name} ")]
        text = "\n".join(lines)
        more = f"{name} = {value}\n{more}"
    (folder / "ensemble.toml").write_text(more + text + "\n")
    return folder


def test_an_ensemble_begins_with_a_model(tmp_path):
    first = small(tmp_path / "first")
    finish(command(first, "run"))
    runs = sorted(str(path) for path in first.glob("ensemble/replicas/*/run.h5md"))
    model = first / "model.h5"
    assert main(["fit", *runs, "-o", str(model), "--order", "1", "--dimension", "3"]) == 0
    second = small(tmp_path / "second", 'seed = 7\nmodel = "../first/model.h5"\n')
    finish(command(second, "run"))
    status = json.loads((second / "ensemble/status.json").read_text())
    assert status["budget"]["used"] == 1200
    rows = [row for row in status["replicas"] if row["steps"]]
    assert rows and all(row["M"] > 0.0 for row in rows)
    # of another descriptor: each replica says why
    third = small(tmp_path / "third", 'seed = 7\nmodel = "../first/model.h5"\n')
    script = (third / "in.replica").read_text()
    word = f"twojmax {read(runs[0]).parameters['descriptor']['words']['twojmax']}"
    assert word in script
    (third / "in.replica").write_text(script.replace(word, "twojmax 3"))
    output = finish(command(third, "run"), 1)
    assert "was made with" in output and "this run has" in output
