"""What is said of an ensemble: the status file's content, its end, and `dbar ensemble status`."""

import json
import os
import socket
from types import SimpleNamespace

import numpy as np
import pytest

from dbar.cli import main
from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, load_policy
from dbar.ensemble.status import read_status, status_of
from dbar.files.filelock import FileLock, at_work, is_locked
from dbar.status.words import ago, mean_and_std


def test_forecast_of_each_replica():
    """Mean and spread at the horizon, those of `prospect`; unknown before anything is learnt."""
    rng = np.random.default_rng(1)
    base = 5.0 + np.cumsum(0.01 * rng.standard_normal((6, 60, 4)), axis=1)
    D = [np.hstack([np.ones((60, 1)), b]) for b in base]
    source = Replay(D, [d[:, 1:3] for d in D], 10)
    learner = Learner(6, 6, 10, ["pe", "press"])
    settings = SimpleNamespace(policy="uniform", chunk=200, budget_chunks=36)
    control = Controller(source, learner, load_policy("uniform"), ReplayExecutor(), Plan(36))
    for row in status_of(control, settings)["replicas"]:
        assert np.isnan([row["forecast"]["pe"][k] for k in ("mean", "std")]).all()
    for k in range(6):
        for chunk in range(k + 1):
            learner.add(k, source.read(k, chunk))
    control.view()
    rows = status_of(control, settings)["replicas"]
    look = control.prospect
    for k, row in enumerate(rows):
        assert (row["id"], row["steps"], row["M"]) == (k, 200 * (k + 1), look.M[k])
        assert row["tau_pred"] == look.tau_pred[k]
        for q, name in enumerate(("pe", "press")):
            assert row["forecast"][name] == {"mean": look.mean[k, q], "std": look.std[k, q]}
    assert rows[5]["forecast"]["pe"] == {"mean": D[5][-1, 1], "std": 0.0}
    assert rows[0]["forecast"]["pe"]["std"] > 0


@pytest.fixture
def status(tmp_path, capsys):
    """status(content, *words) -> what `dbar ensemble status` prints of a folder with that file."""

    def show(content, *words):
        (tmp_path / "e").mkdir(exist_ok=True)
        (tmp_path / "e/status.json").write_text(json.dumps(content))
        assert main(["ensemble", "status", str(tmp_path / "e.toml"), *words]) == 0
        return capsys.readouterr().out

    return show


ROW = {"id": 3, "state": "running", "steps": 123456789, "M": 1.25, "tau_pred": 30.0}
FORECASTS = {
    "pe": {"mean": -41234.5678, "std": 0.1234}, "press": {"mean": 797.66, "std": 51.6},
    "x": {"mean": None, "std": None}, "fourth": {"mean": 4.0, "std": 1.0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, ["nothing known yet"]),
        ({"policy": "trust"}, ["policy trust"]),
        ({"policy": "trust", "budget": {"used": 5}}, ["policy trust: 5 steps"]),
        ({"budget": {"used": 12345678, "total": 23456789}}, ["12345678 of 23456789 steps"]),
        ({"budget": {}, "ended": "budget"}, ["the budget is spent"]),
        ({"replicas": []}, ["nothing known yet"]),
        ({"replicas": [{}]}, ["unknown"]),
        ({"replicas": [{"id": 7, "M": None}, {"state": "failed"}]}, ["7", "failed"]),
        ({"replicas": [ROW]}, ["running", "123456789", "1.25", "30"]),
        ({"replicas": [{**ROW, "forecast": None}]}, ["123456789"]),
        ({"replicas": [{**ROW, "forecast": {"pe": None}}]}, ["pe at the end"]),
        ({"replicas": [ROW] * 41}, ["... and 1 more (--json shows all)"]),
        ({"observables": {"pe": {"mean": 1.5}, "b": None}}, ["pe at the end: mean 1.5", "b at"]),
        ({"observables": {"pe": {"mean": 1.5, "std": 2, "error": 0.25}}},
         ["pe at the end: mean 1.5 +- 0.25, spread 2"]),
        ({"failed": {"3": "no\x1b[31m way\nout"}}, ["replica 3 failed: no\ufffd[31m way\nout\n"]),
        ({"policy": ["\x1b"], "budget": 3, "ended": [], "observables": 1, "failed": "x"}, ["noth"]),
    ],
)  # fmt: skip
def test_status_prints_what_there_is(status, content, words):
    shown = status(content)
    for word in words:
        assert word in shown
    assert json.loads(status(content, "--json")).items() >= content.items()


def test_status_shows_forecasts(status):
    rows = [{**ROW, "forecast": FORECASTS}, {**ROW, "id": 4}]
    title, first, second = status({"replicas": rows}).splitlines()[1:4]
    assert title.rstrip().endswith("x at the end") and "fourth" not in title
    assert "pe at the end" in title and "press at the end" in title
    assert "-41234.57 +- 0.12" in first and "798 +- 52" in first and first.split()[-1] == "-"
    assert second.split()[-3:] == ["-"] * 3


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [(-8.37344, 0.01284, "-8.373 +- 0.013"), (1234567.8, 51234.0, "1234568 +- 51234"),
     (1.5e-9, 2e-10, "1.5e-09 +- 2e-10"), (2.0, 1e150, "2 +- 1e+150"), (2.5, 0.0, "2.5 +- 0"),
     (2.5, None, "2.5"), (None, 1.0, "-"), (2.5, -1.0, "2.5 +- -1"), (0.5, 0.0999, "0.500 +- 0.100"),
     (3e10, 4.0, "3e+10 +- 4")],
)  # fmt: skip
def test_digits_of_a_spread(mean, std, text):
    assert mean_and_std(mean, std) == text


def test_ago():
    assert [ago(s) for s in (None, 59, 61, 7200, 90000)] == ["", "", "1 min", "2 h", "1 d"]


@pytest.mark.parametrize(
    ("ended", "failed", "words"),
    [("finished", {}, "all replicas are whole"),
     ("finished", {"2": "a", "5": "b"}, "nothing is left to run, failed replicas: 2"),
     ("budget", {"2": "a"}, "the budget is spent"), ("policy", {}, "the policy needs no more"),
     ("stopped", {}, "stopped before its end"), ("moon", {}, "moon")],
)  # fmt: skip
def test_how_it_ended(status, ended, failed, words):
    shown = status({"ended": ended, "failed": failed})
    assert words in shown and ("whole" in shown) == (words == "all replicas are whole")


def test_who_is_at_work(tmp_path):
    """The lock of another computer may look free from here: only its own computer can tell."""
    path, lock = tmp_path / "controller", tmp_path / "controller.lock"
    assert at_work(path) is False
    held = FileLock(path)
    assert at_work(path) is True
    held.release()
    assert at_work(path) is False
    lock.write_text(f"process 1 on {socket.gethostname()}")  # of a killed process
    assert at_work(path) is False and is_locked(path) is False
    for text in (
        "process 1 on elsewhere",
        f"process 1 on not-{socket.gethostname()}",
        "",
        "\0\xff",
    ):
        lock.write_text(text)
        assert at_work(path) is None and is_locked(path) is False
    lock.unlink()
    os.mkfifo(lock)
    assert at_work(path) is None  # and does not wait


@pytest.mark.parametrize("ended", ["", "budget", None, "stopped"])
@pytest.mark.parametrize("where", ["gone", "here", "elsewhere", "held"])
def test_stopped_is_said_of_what_surely_is(tmp_path, ended, where):
    content = {"replicas": [{"id": 0, "state": "running"}, {"id": 1, "state": "failed"}]}
    if ended is not None:
        content["ended"] = ended
    (tmp_path / "status.json").write_text(json.dumps(content))
    if where in ("here", "elsewhere"):
        host = socket.gethostname() if where == "here" else "elsewhere"
        (tmp_path / "controller.lock").write_text(f"process 1 on {host}")
    held = FileLock(tmp_path / "controller") if where == "held" else None
    found = read_status(tmp_path)
    if held:
        held.release()
    expected = ended
    if ended == "" and where in ("gone", "here"):
        expected = "stopped"
    if ended == "stopped" and where == "held":  # resumed, and not yet at its next decision
        expected = ""
    assert found.get("ended") == expected
    state = "waiting" if expected == "stopped" else "running"
    assert [row["state"] for row in found["replicas"]] == [state, "failed"]
