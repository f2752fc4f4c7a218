"""The ensemble of docs/howto/ensemble.md, started, watched and compared as a user would."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

from dbar.trajectory import read
from harness import ROOT, environment
from patience import end_of

PAGE = dict(
    re.findall(
        r"^```\w+ title=(\S+)\n(.*?)^```$",
        (ROOT / "docs/howto/ensemble.md").read_text(),
        re.M | re.S,
    )
)


def command(folder, action, *more):
    words = [sys.executable, "-m", "dbar.cli", "ensemble", action, "ensemble.toml", *more]
    return subprocess.Popen(
        words, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=_hear,
    )  # fmt: skip


def _hear():
    """Signals as in a terminal: `nohup make test` ignores SIGHUP, and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def finish(process, code=0):
    output = end_of(process)[0]
    assert process.returncode == code, output
    return output


def prepare(folder):
    folder.mkdir()
    for name in ("in.replica", "ensemble.toml"):
        (folder / name).write_text(PAGE[name])
    return folder


def result(folder):
    """All arrays of statistics.h5, and D of every replica."""
    out = {}
    with h5py.File(folder / "ensemble/statistics.h5") as file:
        file.visititems(
            lambda n, x: out.update({n: x[()]}) if isinstance(x, h5py.Dataset) else None
        )
    for path in sorted(folder.glob("ensemble/replicas/*/run.h5md")):
        run = read(path)
        every = run.parameters["nfreq"]
        # nothing lost, nothing doubled
        assert run.step.tolist() == list(range(every, run.step[-1] + 1, every))
        out[f"D{int(path.parent.name)}"] = run.D
    return out


def check_same(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert np.array_equal(one[name], two[name], equal_nan=True), name


def processes(folder, word):
    """Processes with `word` in their command line that work in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            inside = str(folder) in os.readlink(process / "cwd")
            if inside and word in (process / "cmdline").read_bytes().decode():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def chunks_done(folder):
    return len(list(folder.glob("ensemble/replicas/*/chunk.*.json")))
