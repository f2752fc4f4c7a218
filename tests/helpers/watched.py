"""A store that another process writes, an ensemble beside it, and `dbar` in the background."""

import json
import os
import shutil
import subprocess
import sys

from harness import HELPERS
from patience import end_of

# Writes a snapshot for each line on its standard input; ends the file at the end of the input.
WRITER = """
import sys
from dbar.stream import Session
from streams import settings, stream

session = Session(settings(store=sys.argv[1]))
rows = stream(int(sys.argv[2]), jump=int(sys.argv[3]) or None)
print("ready", flush=True)
for row, line in zip(rows, sys.stdin):
    session.observe(*row)
    print(row[0], flush=True)
session.close()
"""


class Writer:
    """Another process that writes a store, snapshot by snapshot."""

    def __init__(self, path, count=200, jump=0):
        places = os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(count), str(jump)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": places},
        )
        assert self.process.stdout.readline() == "ready\n"

    def write(self, count):
        for _ in range(count):
            self.process.stdin.write("go\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline()

    def end(self):
        end_of(self.process, 30)  # closes its standard input
        assert self.process.returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()


def dbar(*words, **kwargs):
    """The command in the background, its output piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "dbar.cli", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs,
    )  # fmt: skip


def ensemble(folder, ended, /, **changes):
    """Status file as a controller writes it."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(ended, folder / "r0.h5md")
    replicas = [
        {
            "id": 0,
            "state": "running",
            "steps": 15000,
            "M": 1.2,
            "tau_pred": 3.5,
            "store": "r0.h5md",
        },
        {"id": 1, "state": "forecast", "steps": 9000, "M": 0.8, "tau_pred": 30.0},
    ]
    content = {
        "time": "2026-01-02T03:04:05", "policy": "variance", "budget": {"used": 24000, "total": 64000},
        "replicas": replicas, "observables": {"stress": {"mean": 2.5, "spread": 0.25}}, **changes,
    }  # fmt: skip
    (folder / "status.json").write_text(json.dumps(content))
    return folder
