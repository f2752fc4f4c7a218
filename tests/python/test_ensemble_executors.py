"""Executors of the user's own, `executor = "MODULE:CALLABLE"`: a real pool of processes, and all errors."""

import json
import sys

import numpy as np
import pytest

from dbar.ensemble import LammpsReplicas, Settings
from dbar.ensemble.executors import make_executor
from dbar.ensemble.session import run_ensemble
from dbar.ensemble.settings import SettingsError
from ensemble_runs import PAGE

# that of the page, taking a keyword, and things that are none
MODULE = (
    PAGE["pools.py"]
    + """
from pathlib import Path

number, usual = 7, pool


def pool(jobs, note):
    Path(__file__).with_name("note").write_text(f"{note} {jobs}")
    return usual(jobs)


def nothing(jobs):
    return [jobs]


class Half:
    def __init__(self, jobs):
        self.jobs = jobs

    def submit(self, fn, *args):
        return fn(*args)

    def __repr__(self):
        return "Half"
"""
)
CHANGES = {
    "replicas = 8": "replicas = 2", "steps = 600": "steps = 400", "budget = 3200": "budget = 800",
    '"local"': '"mine_own:pool"\ncost = "measured"',
    "[variables]": '[submit]\nnote = "hello"\n\n[variables]',
}  # fmt: skip


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """settings(executor) of the small ensemble of the page, beside a module `mine_own`."""
    monkeypatch.setattr(sys, "path", list(sys.path))  # make_executor adds the folder to it
    monkeypatch.delitem(sys.modules, "mine_own", raising=False)
    text = PAGE["ensemble.toml"]
    for old, new in CHANGES.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / "mine_own.py").write_text(MODULE)
    (tmp_path / "in.replica").write_text(PAGE["in.replica"])

    def load(executor="mine_own:pool", submit='note = "hello"'):
        changed = text.replace("mine_own:pool", executor).replace('note = "hello"', submit)
        (tmp_path / "e.toml").write_text(changed)
        return Settings.load(tmp_path / "e.toml")

    return load


def test_a_pool_of_the_users(settings, tmp_path):
    """Real LAMMPS chunks in it; what they cost is what the chunks say."""
    control = run_ensemble(settings(), tmp_path / "out", False)
    assert control.reason == "budget" and not control.failed
    assert (tmp_path / "note").read_text() == "hello 2"
    source = LammpsReplicas(settings(), tmp_path / "out")
    seconds = [sum(source.cost(r, c) for c in range(2)) for r in range(2)]
    assert min(seconds) > 0
    np.testing.assert_allclose(control.seconds, seconds, rtol=1e-12)
    np.testing.assert_allclose(control.cost(), np.array(seconds) / 2, rtol=1e-12)
    status = json.loads((tmp_path / "out/status.json").read_text())
    assert status["core_seconds"] == pytest.approx(sum(seconds), rel=1e-12)
    assert [r["state"] for r in status["replicas"]] == ["finished", "finished"]


@pytest.mark.parametrize(
    ("executor", "submit", "reason"),
    [
        ("not_there:pool", "", "No module named 'not_there'"),
        ("mine_own:pond", "", "module 'mine_own' has no attribute 'pond'"),
        ("mine_own:number", "", "'int' object is not callable"),
        ("mine_own:pool", "", "missing 1 required positional argument: 'note'"),
        ("mine_own:pool", "size = 3", "unexpected keyword argument 'size'"),
        ("mine_own:nothing", "", "gives [2], expected a concurrent.futures.Executor (it has no method submit)"),
        ("mine_own:Half", "", "gives Half, expected a concurrent.futures.Executor (it has no method shutdown)"),
        ("pools", "", "expected local, processes, slurm, slurm-job, flux or MODULE:CALLABLE"),
    ],
)  # fmt: skip
def test_errors_name_what_is_wrong(settings, tmp_path, executor, submit, reason):
    found = settings(executor, submit)
    with pytest.raises(SettingsError) as caught:
        make_executor(found, tmp_path)
    assert str(caught.value).startswith(f"executor = {executor!r}: ")
    assert reason in str(caught.value)
    # nothing has begun: with the right executor the same folder can be used
    with pytest.raises(SettingsError, match="executor = "):
        run_ensemble(found, tmp_path / "out", False)
    assert not (tmp_path / "out/journal.jsonl").exists()
