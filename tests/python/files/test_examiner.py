"""Files that HDF5 does not survive: an error that names them, from a process that lives on."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from dbar.cli import main
from dbar.files import examiner
from dbar.store.h5md import StoreError, open_for_reading
from dbar.stream import Session
from dbar.study import ModelFileError, load
from dbar.trajectory import read, read_runs
from dbar.watch import Follower
from h5md_ensembles import write_runs
from hdf5_damage import crashing, hanging
from output_files import FEW
from streams import feed, kill_copy, settings, stream


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with runs and a model."""
    folder = tmp_path_factory.mktemp("made")
    runs = write_runs(folder, 2, 40)
    assert main(["fit", *runs, "-o", str(folder / "model.h5"), *FEW]) == 0
    return folder


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A process of the test's own, which gives up on a file after a second."""
    own = examiner._Examiner()
    monkeypatch.setattr(examiner, "_examiner", own)
    monkeypatch.setattr(examiner, "_LEAST", 0)
    yield own
    own.close()


def spoilt(made, folder, name, how):
    path = folder / f"spoilt-{name}"
    path.write_bytes(how((made / name).read_bytes()))
    return path


def followed(path):
    follower = Follower(path)
    follower.poll()
    assert follower.status == "unreadable"
    raise StoreError(follower.message)


@pytest.mark.parametrize("reader", [read, open_for_reading, lambda p: read_runs([p]), followed])
def test_runs(made, tmp_path, reader):
    path = spoilt(made, tmp_path, "run0.h5md", hanging)
    with pytest.raises(StoreError, match=rf"^{path}: damaged: HDF5 hangs on it; copy it again$"):
        reader(path)


@pytest.mark.parametrize("how, word", [(hanging, "hangs"), (crashing, "crashes")])
def test_models(made, tmp_path, how, word):
    path = spoilt(made, tmp_path, "model.h5", how)
    with pytest.raises(ModelFileError, match=rf"^{path}: damaged: HDF5 {word} on it; copy it "):
        load(path)
    assert load(made / "model.h5")[1]


@pytest.mark.parametrize("words", [
    ["report", "RUN"], ["report", "GOOD", "RUN"], ["fit", "GOOD", "RUN"],
    ["forecast", "MODEL", "GOOD", "--steps", "2"], ["forecast", "GOODMODEL", "RUN", "--steps", "2"],
    ["watch", "RUN", "--once"],
])  # fmt: skip
def test_commands(made, tmp_path, capsys, words):
    bad = {"RUN": ("run0.h5md", hanging), "MODEL": ("model.h5", crashing)}
    good = {"GOOD": str(made / "run1.h5md"), "GOODMODEL": str(made / "model.h5")}
    (name,) = set(words) & set(bad)
    path = spoilt(made, tmp_path, *bad[name])
    out = [] if words[0] == "watch" else ["-o", str(tmp_path / "out.json")]
    if words[0] == "report":
        out[1] = str(tmp_path / "page.html")
    code = main([*(good.get(w, str(path) if w in bad else w) for w in words), *out])
    said = "".join(capsys.readouterr())
    assert f"{path}: damaged: HDF5 " in " ".join(said.split())
    assert code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_one_process_for_all(made, fresh):
    paths = [made / "run0.h5md", made / "run1.h5md", made / "model.h5"]
    assert [examiner.damage(path) for path in paths] == ["", "", ""]
    process = fresh._process
    fresh._answer = None  # nothing is asked twice
    assert [examiner.damage(path) for path in paths] == ["", "", ""]
    assert fresh._process is process and process.poll() is None


def test_a_file_that_has_changed_is_looked_at_again(made, tmp_path):
    path = tmp_path / "run.h5md"
    shutil.copy(made / "run0.h5md", path)
    assert examiner.damage(path) == ""
    path.write_bytes(hanging(path.read_bytes()))
    assert examiner.damage(path) == "HDF5 hangs on it"
    shutil.copy(made / "run0.h5md", path)
    assert examiner.damage(path) == ""


def test_a_run_that_is_being_written(tmp_path, fresh):
    """It is looked at once, and again when its writer is gone."""
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    rows = stream(30)
    feed(session, rows[:10])
    assert len(read(path)) == 10
    answer, fresh._answer = fresh._answer, None
    feed(session, rows[10:])
    assert len(read(path)) == 30
    kill_copy(session._store, tmp_path / "killed.h5md")
    session.close()
    fresh._answer = answer
    assert len(read(path)) == len(read(tmp_path / "killed.h5md")) == 30


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_was_ended(made, fresh, number):
    assert examiner.damage(made / "run0.h5md") == ""
    os.kill(fresh._process.pid, number)
    assert examiner.damage(made / "run1.h5md") == ""
    os.kill(fresh._process.pid, number)
    fresh._process.wait()
    assert examiner.damage(made / "model.h5") == ""


def test_it_ends_when_nobody_asks(made, fresh, monkeypatch):
    monkeypatch.setattr(examiner, "_IDLE", 0.05)
    assert examiner.damage(made / "run0.h5md") == ""
    assert fresh._process.wait(20) == 0
    assert examiner.damage(made / "run1.h5md") == ""


def test_it_ends_with_who_asks(made):
    code = "import sys; from dbar.trajectory import read; from dbar.files import examiner as e; " \
        "read(sys.argv[1]); print(e._examiner._process.pid)"  # fmt: skip
    words = [sys.executable, "-W", "error", "-c", code, str(made / "run0.h5md")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)
    assert done.stderr == ""


def _ask(path):
    return examiner.damage(Path(path))


def test_processes_and_threads(made, fresh):
    """A forked process asks one of its own, threads one after the other."""
    assert examiner.damage(made / "run0.h5md") == ""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_ask, [made / "run1.h5md", made / "model.h5"]) == ["", ""]
    with ThreadPoolExecutor(8) as threads:
        paths = [made / "run1.h5md", made / "model.h5"] * 8
        assert list(threads.map(_ask, paths)) == [""] * 16


def test_without_a_process_files_are_read(made, fresh, monkeypatch):
    """Where none can be started, as in a program without Python, nothing is worse than before."""
    for program in ("/nowhere/python", "/bin/true"):
        monkeypatch.setattr(sys, "executable", program)
        assert len(read(made / "run0.h5md")) == 40


def test_the_time_it_takes_is_that_of_the_processor(made, fresh):
    """A process that is stopped for long, as by Ctrl-Z, has not hung."""
    assert examiner.damage(made / "run0.h5md") == ""
    os.kill(fresh._process.pid, signal.SIGSTOP)
    pid = fresh._process.pid
    begin = time.monotonic()
    Timer(1.2, os.kill, (pid, signal.SIGCONT)).start()
    assert examiner.damage(made / "run1.h5md") == "" and time.monotonic() - begin > 1.0
