"""dbar watch: runs and ensembles in a terminal, in a pipe and as JSON."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

from dbar.cli import main
from dbar.files.filelock import FileLock
from dbar.stream import Session
from dbar.trajectory import find_changes, read
from dbar.watch import Watching, plain_lines
from dbar.watch.screen import screen, spark
from patience import Limit, end_of
from streams import feed, kill_copy, settings, stream
from watched import Writer, dbar, ensemble


def test_ensemble(tmp_path, ended, capsys):
    folder = ensemble(tmp_path / "e", ended)
    assert main(["watch", str(folder), "--once", "--json"]) == 0
    frame = json.loads(capsys.readouterr().out)
    (found,) = frame["ensembles"]
    assert (found["policy"], found["used"], found["total"]) == ("variance", 24000, 64000)
    assert found["counts"] == {"running": 1, "forecast": 1}
    assert found["observables"] == {"stress": "mean 2.5, spread 0.25"}
    assert [r["tau_pred"] for r in found["replicas"]] == [3.5, 30.0]
    assert [(r["name"], r["snapshots"]) for r in frame["runs"]] == [("replica 0", 150)]
    assert main(["watch", str(folder / "status.json"), "--once"]) == 0
    shown = capsys.readouterr().out
    for word in ("variance", "budget 24000 of 64000", "1 running", "replica 0", "alarm"):
        assert word in shown


# as a controller writes it at its end
CONTROLLED = {
    "time": time.mktime((2026, 1, 2, 3, 4, 5, 0, 0, -1)) + 0.25,
    "ended": "finished",
    "replicas": [
        {"id": 0, "state": "failed", "steps": 400, "M": 1.2, "tau_pred": 3.5,
         "forecast": {"pe": {"mean": -41234.5678, "std": 0.1234}}},
        {"id": 1, "state": "finished", "steps": 600, "M": 0.8, "tau_pred": 30.0,
         "forecast": {"pe": {"mean": -41235.5, "std": 0.0}}},
    ],
    "observables": {"pe": {"mean": -41235.0, "std": 0.5, "error": 0.25}},
    "failed": {"0": "chunk 2:\n  mpirun \x1b[2J\n\n\nin step 3\nwent away"},
}  # fmt: skip


def test_ensemble_of_a_controller(tmp_path, ended, capsys):
    """Time and its age, end, forecasts, reasons of failed replicas, as text without commands."""
    folder = ensemble(tmp_path / "e", ended, **CONTROLLED)
    assert main(["watch", str(folder), "--once", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["ensembles"]
    assert (found["time"], found["ended"]) == ("2026-01-02 03:04:05", "finished")
    assert found["age"] == pytest.approx(time.time() - CONTROLLED["time"], abs=20)
    assert found["failed"] == {"0": "chunk 2:\nmpirun \ufffd[2J\nin step 3\nwent away"}
    pe = found["replicas"][0]["forecast"]["pe"]
    assert pe == {"mean": -41234.5678, "std": 0.1234, "text": "-41234.57 +- 0.12"}
    main(["watch", str(folder), "--once"])
    shown = capsys.readouterr().out
    for words in (
        "time 2026-01-02 03:04:05 (", " d ago)", "pe at the end", "-41234.57 +- 0.12",
        "ended: nothing is left to run, failed replicas: 1", "pe: mean -41235 +- 0.25, spread 0.5",
        "replica 0 failed: chunk 2: ... in step 3; went away",
    ):  # fmt: skip
        assert words in shown, shown
    assert "\x1b" not in shown
    (folder / "status.json").write_text(json.dumps({"failed": {"0": "only\x1b"}}))
    watching = Watching([folder])
    watching.poll()
    assert plain_lines(watching.frame())[1].endswith("status.json: replica 0 failed: only\ufffd")
    reasons = {str(k): f"reason {k}" for k in range(12)}
    ensemble(folder, ended, **{**CONTROLLED, "failed": reasons})
    main(["watch", str(folder), "--once"])
    shown = capsys.readouterr().out
    assert "reason 9" in shown and "reason 10" not in shown and "... and 2 more failed" in shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [("yesterday", "yesterday"), (1e300, "1e+300"), (None, ""), (True, ""), ([1], "")],
)
def test_other_times(tmp_path, ended, given, shown):
    watching = Watching([ensemble(tmp_path / "e", ended, time=given)])
    watching.poll()
    (found,) = watching.frame()["ensembles"]
    assert (found["time"], found["age"]) == (shown, None)


def test_the_view_ends_with_the_ensemble(tmp_path, ended):
    """Runs and ensembles must all have ended, and nobody be at work any more."""
    folder = ensemble(tmp_path / "e", ended, ended="")
    lock = FileLock(folder / "controller")
    watch = dbar("watch", folder, ended, "--interval", "0.1")
    line = watch.stdout.readline()
    assert "1 forecast, 1 running" in line and "stopped" not in line
    for _ in range(2):  # the run, and the replica's store
        assert watch.stdout.readline()
    ensemble(folder, ended, ended="budget")
    assert watch.stdout.readline().endswith("the budget is spent\n")
    time.sleep(0.5)
    assert watch.poll() is None  # the controller still writes
    lock.release()
    assert "Traceback" not in end_of(watch, 30)[1] and watch.returncode == 0


@pytest.mark.parametrize(
    ("content", "holder", "finished", "state"),
    [
        ({}, None, False, "running"),  # of somebody else's controller
        ({"ended": None}, None, False, "running"),
        ({"ended": ""}, None, True, "waiting"),  # killed
        ({"ended": ""}, "elsewhere", False, "running"),  # who knows
        ({"ended": "stopped"}, None, True, "waiting"),
        ({"ended": "stopped"}, "elsewhere", True, "waiting"),
        ({"ended": "policy"}, "elsewhere", True, "running"),
    ],
)
def test_ends_of_ensembles(tmp_path, ended, content, holder, finished, state):
    folder = ensemble(tmp_path / "e", ended, **content)
    if holder:
        (folder / "controller.lock").write_text(f"process 1 on {holder}")
    watching = Watching([folder])
    assert watching.poll() and watching.finished == finished
    (found,) = watching.frame()["ensembles"]
    assert found["replicas"][0]["state"] == state and found["counts"][state] == 1
    assert (found["ended"] == "stopped") == (state == "waiting")
    held = FileLock(folder / "controller")  # as when it is resumed
    assert watching.poll() and not watching.finished
    held.release()
    (folder / "status.json").unlink()
    watching.poll()
    assert not watching.finished


STRANGE = [
    "", "[]", "nonsense", "{}", '{"replicas": 3}', '{"replicas": [1, null, {}]}',
    '{"replicas": [{"id": {}, "state": [], "M": "x", "store": 7, "steps": 1e999}]}',
    '{"failed": [1], "ended": [], "time": -1e18}', '{"failed": {"1": [2], "2": {"a": 1}}, "ended": 7}',
    '{"replicas": [{"forecast": 1}, {"forecast": {"a": 2, "b": {"mean": "x"}}}]}',
    '{"budget": [], "observables": [1], "policy": {}}', '{"observables": {"a": null, "b": [1]}}',
    "[" * 100000, '{"replicas": [{"M": ' + "9" * 4000 + "}]}",
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_status_files_of_any_kind(tmp_path, text):
    (tmp_path / "status.json").write_text(text)
    watching = Watching([tmp_path])
    watching.poll()
    (found,) = watching.frame(curves=True)["ensembles"]
    assert not found["message"] or str(tmp_path / "status.json") in found["message"]
    assert bool(found["message"]) == (text[:1] != "{")


def test_stores_are_opened_below_the_folder_only(tmp_path, ended):
    names = ["../run.h5md", str(ended), "link.h5md", "r0.h5md", "x/../../run.h5md", "\0"]
    replicas = [{"id": name, "store": name} for name in names]
    folder = ensemble(tmp_path / "e", ended, replicas=replicas)
    (folder / "link.h5md").symlink_to(ended)
    watching = Watching([folder])
    watching.poll()
    assert [name for name, _ in watching.runs()] == ["replica r0.h5md"]


def test_once(ended, tmp_path, capsys):
    assert main(["watch", str(ended), "--once"]) == 0
    shown = capsys.readouterr().out
    whole = read(ended)
    for word in ("ended", "15000", "30 ps", "alarm", "The alarm went up at"):
        assert word in shown
    assert main(["watch", str(ended), "--once", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["name"], run["status"], run["step"]) == (str(ended), "ended", 15000)
    assert run["M"] is None and whole.monitor["state"][-1] == 0  # learning anew since the change
    assert run["alarms"] == len(find_changes(whole)) > 0
    narrow = Console(width=80, file=io.StringIO())
    watching = Watching([ended])
    watching.poll()
    narrow.print(screen(watching.frame(curves=True), 80))
    assert "run.h5md" in narrow.file.getvalue() and "…" not in narrow.file.getvalue()
    missing = tmp_path / "none.h5md"
    assert main(["watch", str(missing), "--once"]) == 1
    assert "no such file yet" in capsys.readouterr().out


def test_numbers_of_a_run_are_those_of_the_store(tmp_path, capsys):
    path = tmp_path / "calm.h5md"
    session = Session(settings(store=str(path)))
    feed(session, stream(100))
    session.close()
    assert main(["watch", str(path), "--once", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    stored = read(path).monitor
    assert run["M"] == stored["M"][-1] > 0.0 and run["tau_pred"] == stored["tau_pred"][-1]
    assert run["curves"]["M"][-1] == run["M"] and run["curves"]["M"][0] is None  # while learning


def test_a_killed_run_is_shown_as_such(tmp_path, capsys):
    session = Session(settings(store=str(tmp_path / "run.h5md")))
    feed(session, stream(30))
    kill_copy(session._store, tmp_path / "killed.h5md")
    for name, status in (("run", "running"), ("killed", "killed")):
        main(["watch", str(tmp_path / f"{name}.h5md"), "--once", "--json"])
        assert json.loads(capsys.readouterr().out)["runs"][0]["status"] == status
    session.close()


def test_names_cannot_command_the_terminal(ended, tmp_path, capsys):
    evil = tmp_path / "\x1b]0;taken\x07[red]x.h5md"
    shutil.copyfile(ended, evil)
    main(["watch", str(evil), "--once"])
    shown = capsys.readouterr().out
    assert "\x1b]0" not in shown and "\x07" not in shown and "[red]x.h5md" in shown


def test_lines_for_a_pipe_end_with_the_run(tmp_path):
    """Started before the file exists; a line for each change; ends by itself when the run does."""
    path = tmp_path / "run.h5md"
    watch = dbar("watch", path, "--interval", "0.1")
    assert watch.stdout.readline() == f"{path}: waiting\n"
    writer = Writer(path)
    writer.write(2)
    while "step 200," not in (line := watch.stdout.readline()):
        assert line
    assert "running" in line
    writer.end()
    *_, last = watch.stdout.read().splitlines()
    assert last == f"{path}: ended, step 200, time 0.4 ps, learning"
    end_of(watch, 30)
    assert watch.returncode == 0


def test_live_view_ends_cleanly_on_ctrl_c(tmp_path):
    """In a real terminal (a pty): the frame follows the file, Ctrl-C gives exit code 0."""
    path = tmp_path / "run.h5md"
    writer = Writer(path)
    writer.write(3)
    leader, follower = os.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "150", "LINES": "40"}
    words = [sys.executable, "-m", "dbar.cli", "watch", str(path), "--interval", "0.1"]
    watch = subprocess.Popen(
        words, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True
    )
    os.close(follower)
    seen = b""

    def until(word):
        nonlocal seen
        limit = Limit(30)
        while word not in seen:
            assert not limit.reached(), seen[-2000:]
            seen += os.read(leader, 65536)

    until(b" 300 ")
    writer.write(1)
    until(b" 400 ")
    watch.send_signal(signal.SIGINT)
    until(b"\x1b[?25h")  # the cursor is back
    end_of(watch, 30)
    assert watch.returncode == 0
    assert b"Traceback" not in seen
    os.close(leader)
    writer.kill()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["watch"], 2, "the following arguments are required: RUN.h5md|FOLDER"),
        (["watch", "a", "--serve", "web"], 2, "'web': expected an integer from 0 to 65535"),
        (["watch", "a", "--interval", "0"], 2, "'0': expected a number from 0.1"),
        (["watch", "a", "--once", "--serve"], 1, "--once: does not go with --serve"),
    ],
)
def test_wrong_words(words, code, message, capsys):
    try:
        given = main(words)
    except SystemExit as stop:
        given = stop.code
    assert given == code and message in capsys.readouterr().err


def test_spark():
    assert spark([1, 2, 3, 4, 5, 6, 7, 8], 8) == "▁▂▃▄▅▆▇█"
    assert spark([None, 2.0, float("nan"), 2.0]) == "▁▁" and spark([1.0]) == ""
