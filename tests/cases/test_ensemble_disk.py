"""`dbar ensemble run` on a file system that fills: an error that says so, and no file half-written."""

import json
import sys

import pytest

from dbar.ensemble.journal import Journal
from dbar.ensemble.status import read_status
from dbar.trajectory import read
from ensemble_runs import PAGE
from harness import on_small_disk


@pytest.mark.parametrize("executor", ["processes", "local"])
def test_a_small_file_system_that_fills(tmp_path, executor):
    """1000 KiB are enough for the first chunks of the replicas of the page, not for all."""
    settings = PAGE["ensemble.toml"].replace('"local"', f'"{executor}"\nretries = 0')
    (tmp_path / "ensemble.toml").write_text(settings)
    (tmp_path / "in.replica").write_text(PAGE["in.replica"])
    words = [sys.executable, "-m", "dbar.cli", "ensemble", "run", "ensemble.toml"]
    done = on_small_disk(tmp_path, 1000, [*words, "-o", "there/ensemble"])
    assert done.returncode == 1 and "Traceback" not in done.output, done.output
    # what LAMMPS said may follow, if it was LAMMPS that met the end of the disk
    said = [line for line in done.output.splitlines() if line.startswith("dbar ensemble: ")]
    assert len(said) == 1 and "No space left on device" in said[0], done.output

    folder = tmp_path / "kept/ensemble"
    json.loads((folder / "status.json").read_text())
    status = read_status(folder)
    assert status["ended"] == "stopped" and status["budget"]["used"] < status["budget"]["total"]
    assert Journal.read(folder / "journal.jsonl")[0][0].keys() == {"settings"}
    finished = list(folder.glob("replicas/*/chunk.*.json"))
    assert finished
    for path in finished:  # and what it says is complete can be read
        chunk = json.loads(path.read_text())["chunk"]
        steps = read(path.with_name("run.h5md")).step
        assert list(steps[: 10 * (chunk + 1)]) == list(range(20, 200 * (chunk + 1) + 1, 20))
        assert path.with_name(f"restart.{chunk + 1}").stat().st_size > 0


CHUNK = """
from dbar.ensemble.lammps_chunk import ChunkError, run_chunk

spec = {
    "folder": "there/replica", "script": "in.replica", "chunk": 0, "steps": 1, "every": 1, "seed": 1, "np": 1,
    "launcher": "./fills", "variables": {}, "stop": "stop", "silence": 0,
}
try:
    run_chunk(spec)
except ChunkError as error:
    print(error)
"""


def test_a_launcher_that_dies_on_the_full_disk(tmp_path):
    """mpirun ends with 255 when it cannot write what LAMMPS prints; the log then says nothing."""
    fills = tmp_path / "fills"
    fills.write_text("#!/bin/sh\ncat /dev/zero > fill 2> /dev/null; exit 255\n")
    fills.chmod(0o755)
    words = [sys.executable, "-c", CHUNK.replace("./fills", str(fills))]
    done = on_small_disk(tmp_path, 1000, words)
    expected = "there/replica: LAMMPS ended with 255: No space left on device"
    assert done.output.splitlines() == [expected], done.output
