"""SIGINT, SIGTERM and SIGHUP to `dbar ensemble` at random moments, and `resume` to the end.

Oracle: an undisturbed run with the same seeds; stores and statistics must be the same bit for bit.
"""

import json
import os
import signal
import time

import numpy as np

from ensemble_runs import PAGE, check_same, chunks_done, command, finish, processes, result
from patience import end_of, wait_for

# two replicas of three chunks, one after the other
SMALL = {"replicas = 8": "replicas = 2", "budget = 3200": "budget = 1200", "jobs = 2": "jobs = 1"}


def write(folder, executor):
    folder.mkdir(exist_ok=True)
    text = PAGE["ensemble.toml"].replace('"local"', f'"{executor}"')
    for old, new in SMALL.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "ensemble.toml").write_text(text)
    (folder / "in.replica").write_text(PAGE["in.replica"])
    return folder


def begun(folder):
    """Whether the controller has written to its journal."""
    journal = folder / "ensemble/journal.jsonl"
    return journal.exists() and journal.stat().st_size > 0


def test_stopped_at_random_and_resumed(tmp_path):
    quiet, folder = write(tmp_path / "quiet", "processes"), tmp_path / "run"
    finish(command(quiet, "run"))
    rng, action = np.random.default_rng(11), "run"
    # chunks that are to be complete, signal, whether all processes get it as from a terminal
    for done, number, all_of_it, executor in (
        (0, signal.SIGHUP, False, "processes"),
        (1, signal.SIGINT, True, "local"),
        (2, signal.SIGTERM, False, "local"),
    ):
        run = command(write(folder, executor), action)
        action = "resume"
        wait_for(lambda: begun(folder) and chunks_done(folder) >= done)  # noqa: B023
        if all_of_it:  # a worker that is no more than begun has its chunk running
            wait_for(lambda: processes(folder / "ensemble/replicas", "-var"))
        time.sleep(rng.uniform(0, 0.3))
        (os.killpg if all_of_it else os.kill)(run.pid, number)
        output = end_of(run)[0]
        assert run.returncode == 128 + number, output
        words = f"stopped by {number.name}; go on with: dbar ensemble resume ensemble.toml"
        assert words in output and "Traceback" not in output, output
        # LAMMPS and mpirun work in the folders of replicas, workers in that of the ensemble
        assert not processes(folder / "ensemble", "")
        wait_for(lambda: not processes(folder, ""))
        assert not (folder / "ensemble/stop").exists()
        if done:
            status = json.loads((folder / "ensemble/status.json").read_text())
            assert status["ended"] == "stopped"
            assert {row["state"] for row in status["replicas"]} <= {"waiting", "finished"}
    assert chunks_done(folder) < 6
    finish(command(folder, "resume"))
    check_same(result(folder), result(quiet))
