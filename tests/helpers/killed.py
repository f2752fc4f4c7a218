"""A long run of LAMMPS whose rank gets a signal while it streams."""

import os
import signal
import subprocess
import time
from collections import defaultdict
from pathlib import Path

from harness import command, environment
from patience import Limit, end_of, wait_for

WATCH = """
import os
log = open("steps.log", "a")

def observe(step):
    log.write(f"{os.getpid()} {step}\\n")
    log.flush()
"""


def ranks(folder):
    """Rank -> pid of the processes of LAMMPS that work in `folder`."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(process / "cwd")) != folder.resolve():
                continue
            words = (process / "environ").read_bytes().split(b"\0")
            if Path(os.readlink(process / "exe")).name != "lmp":  # a script that starts the program
                continue
        except OSError:  # it has ended, or is another user's
            continue
        found |= {int(w[9:]): int(process.name) for w in words if w.startswith(b"PMI_RANK=")}
    return found


def seen(folder):
    """Steps that the observer of each process has seen: pid -> steps."""
    path, steps = folder / "steps.log", defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else ():
        if len(line.split()) == 2:
            steps[int(line.split()[0])].append(int(line.split()[1]))
    return steps


def signal_rank(folder, wait, sig=signal.SIGKILL, rank=0, args=(), worlds=1):
    """Run in.test on two ranks, send one a signal after `wait` s in which all worlds streamed.

    Returns the pid of each rank, and whether mpirun ended by itself: MPICH's now and then does not
    see that a rank was killed. No process is left.
    """
    for old in (*folder.glob("*.h5md"), folder / "steps.log"):
        old.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    job = subprocess.Popen(command(2, args), cwd=folder, env=environment(), **quiet)
    try:
        wait_for(lambda: len(seen(folder)) == worlds, "the first step of each world", process=job)
        pids = ranks(folder)
        assert len(pids) == 2
        time.sleep(wait)
        os.kill(pids[rank], sig)
        limit = Limit(30)  # it takes a fraction of a second, also with the sanitizers
        while (alone := job.poll() is not None) is False and not limit.reached():
            time.sleep(0.01)
        if not alone:
            job.terminate()
            end_of(job, 30)
    finally:
        job.kill()
        job.wait()
    wait_for(lambda: not ranks(folder), "the end of ranks that outlive mpirun", 30)
    return pids, alone
