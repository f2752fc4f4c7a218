"""A real local ensemble: eight argon replicas on two cores, killed in all ways and resumed.

Oracle: an undisturbed run with the same seeds. Stores and final statistics must be the same bit
for bit, whatever was killed meanwhile.
"""

import json
import os
import signal
import sys
import time
from collections import Counter

import numpy as np
import pytest

import patience
from dbar.ensemble.lammps_chunk import ChunkError, run_chunk
from dbar.status.words import brief
from dbar.trajectory import read
from dbar.watch import Watching
from ensemble_runs import (
    PAGE,
    check_same,
    chunks_done,
    command,
    finish,
    prepare,
    processes,
    result,
)
from harness import environment
from patience import end_of, wait_for

REPLICAS, EVERY, BUDGET = 8, 20, 3200


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = prepare(tmp_path_factory.mktemp("quiet") / "run")
    output = finish(command(folder, "run"))
    assert f"{BUDGET} of {BUDGET} steps, the budget is spent" in output
    return folder, result(folder)


def test_undisturbed(undisturbed):
    folder, found = undisturbed
    status = json.loads((folder / "ensemble/status.json").read_text())
    assert set(status) >= {"time", "policy", "budget", "replicas", "observables"}
    assert status["budget"] == {"used": BUDGET, "total": BUDGET}
    assert sum(r["steps"] for r in status["replicas"]) == BUDGET
    for k, row in enumerate(status["replicas"]):
        assert row["id"] == k and row["store"] == f"replicas/{k:04d}/run.h5md"
        assert row["state"] in ("finished", "forecast") and row["M"] > 0 and row["tau_pred"] >= 0
    # the joint statistics are those of all snapshots, computed here from the files
    D = [found[f"D{k}"] for k in range(REPLICAS) if f"D{k}" in found]
    X = np.concatenate([d[:, 1:] / d[:, :1] for d in D])
    assert found["snapshots/moments_count"][0] == len(X) == BUDGET // EVERY
    np.testing.assert_allclose(
        found["snapshots/moments_mean"][0, : X.shape[1]], X.mean(axis=0), rtol=1e-12
    )
    assert found["transitions/moments_count"][0] == len(X) - len(D)
    assert "holds an ensemble already" in finish(command(folder, "run"), 1)
    shown = json.loads(finish(command(folder, "status", "--json")))
    assert shown["budget"] == status["budget"] and shown["ok"]
    # resume of what has ended changes nothing
    finish(command(folder, "resume"))
    check_same(result(folder), found)
    # neither do settings on which decisions depend
    (folder / "ensemble.toml").write_text(
        PAGE["ensemble.toml"].replace("chunk = 200", "chunk = 100")
    )
    assert "chunk is not what the ensemble was begun with" in finish(command(folder, "resume"), 1)


def test_watched(undisturbed):
    """What `dbar watch` shows is what the controller has written."""
    folder = undisturbed[0] / "ensemble"
    status = json.loads((folder / "status.json").read_text())
    watching = Watching([folder])
    assert watching.poll() and watching.finished
    frame = watching.frame()
    (found,) = frame["ensembles"]
    written = time.mktime(time.strptime(found["time"], "%Y-%m-%d %H:%M:%S"))
    assert written == int(status["time"]) and found["age"] == pytest.approx(
        time.time() - status["time"], abs=2
    )
    assert (found["policy"], found["used"], found["total"]) == ("variance", BUDGET, BUDGET)
    assert (found["ended"], found["end"]) == ("budget", "the budget is spent")
    assert found["counts"] == Counter(row["state"] for row in status["replicas"])
    assert set(found["observables"]) == {"pe", "press"} and found["failed"] == {}
    assert all("mean" in text and "+-" in text for text in found["observables"].values())
    for shown, row in zip(found["replicas"], status["replicas"], strict=True):
        assert shown["id"] == str(row["id"])
        for key in ("state", "steps", "M", "tau_pred"):
            assert shown[key] == row[key]
        for name in ("pe", "press"):
            forecast, given = shown["forecast"][name], row["forecast"][name]
            assert {k: forecast[k] for k in given} == given
            assert given["std"] > 0 or row["state"] == "finished"
        if row["state"] == "finished":  # where it is known what comes at the end
            run = read(folder / row["store"])
            assert row["forecast"]["pe"] == {"mean": run.observables["pe"][-1], "std": 0.0}
    assert [run["name"] for run in frame["runs"]] == [f"replica {k}" for k in range(REPLICAS)]
    assert {run["status"] for run in frame["runs"]} == {"ended"}
    watch = [sys.executable, "-m", "dbar.cli", "watch", str(folder)]  # and ends by itself
    done = patience.run(watch, 60, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0 and "the budget is spent" in done.stdout
    line = end_of(command(undisturbed[0], "status"), 60)[0].splitlines()[2]
    assert found["replicas"][0]["forecast"]["pe"]["text"] in line


def test_killed_lammps_and_controller(undisturbed, tmp_path):
    folder = prepare(tmp_path / "run")
    run = command(folder, "run")
    # one replica's LAMMPS: the chunk is tried again
    os.kill(wait_for(lambda: processes(folder / "ensemble/replicas", "-var"))[0], signal.SIGKILL)
    wait_for(lambda: chunks_done(folder) >= 3)
    # the controller alone: what it started ends by itself
    os.kill(run.pid, signal.SIGKILL)
    end_of(run, 60)
    wait_for(lambda: not processes(folder / "ensemble/replicas", "-var"))
    assert chunks_done(folder) < BUDGET // 200
    # nobody could write that it has ended
    assert not json.loads((folder / "ensemble/status.json").read_text())["ended"]
    shown = json.loads(finish(command(folder, "status", "--json")))
    assert shown["ended"] == "stopped"
    assert {r["state"] for r in shown["replicas"]} <= {"waiting", "finished"}
    # everything at once, while a chunk runs
    run = command(folder, "resume")
    before = chunks_done(folder)
    wait_for(
        lambda: chunks_done(folder) > before and processes(folder / "ensemble/replicas", "-var")
    )
    for pid in [run.pid, *processes(folder, "")]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    end_of(run, 60)
    # and the end of a journal line that was being written
    with (folder / "ensemble/journal.jsonl").open("ab") as journal:
        journal.write(b'{"issue": [3')
    output = finish(command(folder, "resume"))
    assert "failed" not in output
    check_same(result(folder), undisturbed[1])


@pytest.mark.parametrize("ranks", [1, 2])
def test_silent_lammps(tmp_path, ranks):
    """Ranks that wait for ever: the chunk ends with an error, and so do they."""
    (tmp_path / "in.silent").write_text("print hello\nshell sleep 500\n")
    spec = {
        "folder": str(tmp_path), "script": "in.silent", "chunk": 0, "steps": 10, "every": 10,
        "seed": 1, "np": ranks, "launcher": "mpirun", "variables": {}, "silence": 2.0,
        "stop": str(tmp_path / "stop"),
    }  # fmt: skip
    with pytest.raises(ChunkError, match=r"nothing for 2 s \(setting `silence`\)"):
        run_chunk(spec)
    wait_for(lambda: not processes(tmp_path, ""))


def test_failed_replica(tmp_path):
    """A replica that cannot go on is given up after its retries; the others go on."""
    folder = prepare(tmp_path / "run")
    script = PAGE["in.replica"].replace(
        "run             ${steps}", 'if "${seed} == 3 && ${chunk} == 1" then "error"\nrun ${steps}'
    )
    (folder / "in.replica").write_text(script)
    text = (
        PAGE["ensemble.toml"]
        .replace('"variance"', '"uniform"')
        .replace("steps = 600", "steps = 400")
    )
    text = text.replace('"local"', '"processes"').replace(
        "replicas = 8", "replicas = 3\nretries = 1"
    )
    (folder / "ensemble.toml").write_text(text)
    output = finish(command(folder, "run", "--json"), 1)
    status = json.loads(output.splitlines()[-1])
    assert [r["state"] for r in status["replicas"]] == ["finished", "finished", "failed"]
    assert [r["steps"] for r in status["replicas"]] == [400, 400, 200]
    assert "Unknown command: error" in status["failed"]["2"]
    watching = Watching([folder / "ensemble"])
    watching.poll()
    (found,) = watching.frame()["ensembles"]
    assert watching.finished and found["ended"] == status["ended"]
    assert "Unknown command: error" in found["failed"]["2"] and found["counts"]["failed"] == 1
    assert brief(found["failed"]["2"]).endswith("; Last input line: error")
    assert f"replica 2 failed: {found['failed']['2']}" in finish(command(folder, "status"))
