"""Where chunks run: pools of the user, executorlib on this computer, and what goes wrong in them."""

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dbar.ensemble import LammpsReplicas, Settings, Stopped
from dbar.ensemble.executors import make_executor
from dbar.ensemble.lammps_chunk import ChunkError, run_chunk
from dbar.ensemble.session import run_ensemble
from dbar.ensemble.settings import SettingsError
from dbar.files.filelock import FileLock
from ensemble_runs import PAGE, processes
from harness import environment
from patience import run, wait_for

# that of the page, taking a keyword, and things that are none
MODULE = (
    PAGE["pools.py"]
    + """
import threading
from concurrent.futures import Future
from pathlib import Path

number, usual = 7, pool


def pool(jobs, note):
    Path(__file__).with_name("note").write_text(f"{note} {jobs}")
    return usual(jobs)


def nothing(jobs):
    return [jobs]


class Dying:
    def __init__(self, jobs):
        threading.Thread(target=threading.Event().wait).start()
        self.thread = threading.Thread(target=self.work)

    def work(self):
        raise OSError("no sbatch here")

    def submit(self, fn, *args):
        if not self.thread.ident:
            self.thread.start()
        return Future()

    def shutdown(self, wait=True):
        pass


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


def test_a_policy_of_the_user_and_no_launcher(settings, tmp_path):
    """The class of the page, beside the TOML file; LAMMPS started without mpirun."""
    path = settings("processes", "").path
    (tmp_path / "mine.py").write_text(PAGE["mine.py"])
    text = path.read_text().replace('"variance"', '"mine:Coldest"\nlauncher = "none"')
    path.write_text(
        text.replace("steps = 400", "steps = 200").replace("budget = 800", "budget = 400")
    )
    control = run_ensemble(Settings.load(path), tmp_path / "out", False)
    assert type(control.policy).__name__ == "Coldest" and not control.failed
    assert control.learner.progress.tolist() == [1, 1]


def test_resumed_with_more_jobs(settings, tmp_path):
    """The window that was not given stays what it was: decisions do not depend on `jobs`."""
    few = settings()
    path = few.path
    path.write_text(path.read_text().replace("jobs = 2", "jobs = 1"))
    few, asked = Settings.load(path), iter(range(8))
    with pytest.raises(Stopped):
        run_ensemble(few, tmp_path / "out", False, stopped=lambda: next(asked, None) is None)
    more = settings()
    assert (few.most_out, more.most_out) == (2, 4)
    control = run_ensemble(more, tmp_path / "out", True)
    assert control.plan.window == 2 and control.reason == "budget" and not control.failed
    # the same as with one job from beginning to end
    path.write_text(path.read_text().replace("jobs = 2", "jobs = 1"))
    run_ensemble(Settings.load(path), tmp_path / "one", False)
    journals = [(tmp_path / name / "journal.jsonl").read_bytes() for name in ("out", "one")]
    assert journals[0] == journals[1]


def test_replicas_without_a_journal(settings, tmp_path):
    """They may be of another script."""
    (tmp_path / "out/replicas/0000").mkdir(parents=True)
    with pytest.raises(SettingsError, match="holds replicas but no journal of them"):
        run_ensemble(settings(), tmp_path / "out", False)


def test_a_thread_of_the_executor_dies(settings, tmp_path):
    """Chunks that are never done, and a thread that never ends: the program does, with the reason."""
    settings("mine_own:Dying", "")
    done = run(
        [sys.executable, "-m", "dbar.cli", "ensemble", "run", "e.toml"], 60, cwd=tmp_path,
        env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the executor has failed: OSError: no sbatch here" in done.stderr
    assert not (tmp_path / "e/journal.jsonl").read_text().count("tried")


def test_settings_that_a_single_node_does_not_have(settings, tmp_path):
    reason = "submit.run_time_max: executor = 'local' has no such setting"
    with pytest.raises(SettingsError, match=reason):
        make_executor(settings("local", "run_time_max = 60"), tmp_path)


def test_executorlib_listens_on_the_loopback_alone(settings, tmp_path):
    """It unpickles what it is sent."""
    before = listening()
    with make_executor(settings("local", ""), tmp_path) as executor:
        assert executor.submit(abs, -3).result(60) == 3
        found = listening() - before
    assert len(found) >= 2  # a socket for each worker
    assert {place.partition(":")[0] for place in found} == {"0100007F"}  # 127.0.0.1


def listening():
    """Addresses at which this process listens, as /proc/net/tcp writes them."""
    mine = set()
    for fd in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            mine.add(os.readlink(fd))
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in mine}


def test_a_chunk_that_a_killed_controllers_worker_still_runs(tmp_path):
    """It is waited for, and what it has made is taken."""
    lock = FileLock(tmp_path / "replica")
    done = {"chunk": 0, "cost": 3.5}

    def other():
        time.sleep(1.0)
        (tmp_path / "chunk.0.json").write_text(json.dumps(done))
        lock.release()

    thread = threading.Thread(target=other)
    thread.start()
    spec = {"folder": str(tmp_path), "chunk": 0, "stop": str(tmp_path / "stop")}
    assert run_chunk(spec) == done
    thread.join()
    lock = FileLock(tmp_path / "replica")
    (tmp_path / "stop").touch()
    with pytest.raises(ChunkError, match="the ensemble was stopped"):
        run_chunk(spec)
    lock.release()


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


LATE = """
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from dbar.ensemble.lammps_chunk import end_with_parent


def begin():
    parent = os.getppid()
    Path("begun").touch()
    while os.getppid() == parent:
        time.sleep(0.01)
    end_with_parent()


if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin)
    pool.submit(os.getpid)
    while not Path("begun").exists():
        time.sleep(0.01)
    os._exit(0)
"""


def test_parent_that_ends_while_a_worker_starts(tmp_path):
    """Who asks for its parent only then finds another one, which lives for ever."""
    (tmp_path / "late.py").write_text(LATE)
    words = [sys.executable, "late.py"]
    run(words, 60, cwd=tmp_path, env=environment(), check=True)
    wait_for(lambda: not processes(tmp_path, ""))
