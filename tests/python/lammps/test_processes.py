"""Programs in the background: ended with all they have started, and started with no code after fork."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from dbar.doctor.finding import run_program
from dbar.lammps import lmp, start, terminate
from harness import environment
from patience import wait_for

# In the place of mpirun: ranks in sessions of their own, deaf to SIGTERM where the word says so.
LAUNCHER = """
import os, signal, subprocess, sys, time
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" if "deaf" in sys.argv else ""
rank = deaf + "import os, time; open('rank.%d' % os.getpid(), 'w'); time.sleep(600)"
for k in range(2):
    subprocess.Popen([sys.executable, "-c", rank], start_new_session=True)
while len([n for n in os.listdir() if n.startswith("rank.")]) < 2:
    time.sleep(0.01)
open("all", "w")
time.sleep(0 if "short" in sys.argv else 600)
"""


def launched(folder, *words):
    process = start([sys.executable, "-c", LAUNCHER, *words], folder, "output.txt")
    wait_for((folder / "all").exists, seconds=20)
    return process


def left(folder):
    """Ranks that still run; a zombie does not."""
    found = []
    for path in folder.glob("rank.*"):
        try:
            if psutil.Process(int(path.suffix[1:])).status() != psutil.STATUS_ZOMBIE:
                found.append(path)
        except psutil.NoSuchProcess:
            pass
    return found


@pytest.fixture(autouse=True)
def no_rank_outlives_a_test(tmp_path):
    yield
    for path in left(tmp_path):
        os.kill(int(path.suffix[1:]), signal.SIGKILL)


def test_ranks_end_with_their_launcher(tmp_path):
    process = launched(tmp_path)
    assert len(left(tmp_path)) == 2
    terminate(process)
    assert process.returncode == -signal.SIGTERM and not left(tmp_path)


@pytest.mark.parametrize("words", [[], ["short"]])
def test_ranks_end_although_their_launcher_died_first(words, tmp_path):
    process = launched(tmp_path, *words)
    if not words:
        process.kill()
    process.wait()
    assert len(left(tmp_path)) == 2
    terminate(process)
    assert not left(tmp_path)


def test_what_does_not_listen_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("dbar.lammps.processes._PATIENCE", 0.3)
    process = launched(tmp_path, "deaf")
    terminate(process)
    assert not left(tmp_path)


def test_others_are_left_alone(tmp_path):
    """A second program of the same kind, and one that has ended in good order."""
    (tmp_path / "other").mkdir()
    other = launched(tmp_path / "other")
    process = start(["true"], tmp_path, "output.txt")
    process.wait()
    terminate(process)
    assert process.returncode == 0 and len(left(tmp_path / "other")) == 2
    terminate(other)
    assert not left(tmp_path / "other")


def test_a_check_of_the_doctor_leaves_nothing_behind(tmp_path, monkeypatch):
    """Nor does it wait for ranks that hold its pipes."""
    monkeypatch.setattr("dbar.doctor.finding._TIMEOUT", 1.0)
    began = time.monotonic()
    code, text = run_program([sys.executable, "-c", LAUNCHER], cwd=tmp_path)
    assert (code, text) == (1, "no answer within 1.0 s") and time.monotonic() - began < 60
    assert not left(tmp_path)


def test_no_code_between_fork_and_exec(tmp_path, monkeypatch):
    """Another thread may hold any lock at the fork; it is never given back in the child."""
    seen, usual = {}, subprocess.Popen

    def popen(*words, **options):
        seen.update(options)
        return usual(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)
    assert start(["true"], tmp_path, "output.txt").wait() == 0
    assert seen.get("preexec_fn") is None and seen["start_new_session"]


def test_it_ends_with_a_parent_that_was_killed(tmp_path):
    code = "import sys, time; from dbar.lammps import start\n"
    code += "print(start(['sleep', '600'], sys.argv[1], 'output.txt').pid, flush=True)\n"
    code += "time.sleep(600)"
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment()) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        wait_for(lambda: child.name() == "sleep")
        parent.kill()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_what_the_program_gets(tmp_path):
    """Its words, its folder, the usual signals, no standard input, a session of its own."""
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), sys.stdin.read(), os.getsid(0))\n"
    code += "print([l for l in open('/proc/self/status') if l.startswith('SigIgn')])"
    (tmp_path / "program").write_text(f"#!{sys.executable} -S\n{code}")
    (tmp_path / "program").chmod(0o755)
    process = start(["./program", "a b", "", "*"], tmp_path, "output.txt")
    assert process.wait() == 0
    first, ignored = (tmp_path / "output.txt").read_text().splitlines()
    assert first == f"['a b', '', '*'] {tmp_path}  {process.pid}"
    # Python itself ignores SIGPIPE (13) and SIGXFSZ (25) again
    assert int(ignored.split("\\t")[1].split("\\n")[0], 16) & ~(1 << 12 | 1 << 24) & 0x7FFFFFFF == 0


@pytest.mark.parametrize("name", ["no-such-program", "./no-such-program", "/no/such/program"])
def test_no_such_program(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=name):
        start([name], tmp_path, "output.txt")


def test_many_threads_may_start_programs(tmp_path):
    found = []

    def work(k):
        found.append(start(["true"], tmp_path, f"output.{k}").wait())

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 8


def test_lammps_starts_without_psutil():
    """The room is imported whenever LAMMPS starts."""
    code = "import sys, dbar.lammps; sys.exit('psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0
    assert lmp.lmp_path()
