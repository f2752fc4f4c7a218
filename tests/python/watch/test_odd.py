"""dbar watch where things are odd: no room, no terminal, names that vanish, files that are none."""

import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
from rich.console import Console

from browser import drawn
from dbar.cli import main
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.trajectory import Trajectory, read, write
from dbar.trajectory.summary import STATES
from dbar.watch import Follower, Watching, WatchServer
from dbar.watch.screen import screen
from patience import run
from streams import feed, settings, stream
from watched import ensemble


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    path = tmp_path_factory.mktemp("watched") / "run.h5md"
    session = Session(settings(store=str(path)))
    feed(session, stream(150, jump=120))
    session.close()
    return path


def dbar(*words, **changes):
    """The command, ended by the time limit if it hangs."""
    command = [sys.executable, "-m", "dbar.cli", *map(str, words)]
    env = {**os.environ, **changes}
    return run(command, 300, capture_output=True, env=env)


@pytest.mark.parametrize("width", range(40, 161, 4))
def test_every_width_shows_name_status_state_and_sentence(ended, width, tmp_path):
    other = tmp_path / "other.h5md"
    shutil.copy(ended, other)
    watching = Watching([ended, other])
    watching.poll()
    console = Console(width=width, file=open(os.devnull, "w"), record=True)
    console.print(screen(watching.frame(curves=True), width))
    text = console.export_text()
    said = {name: column[-1] for name, column in read(ended).monitor.items()}
    numbers = f"{said['M']:.3g} / {said['bound']:.3g}" if said["state"] else "-"
    for word in ("run.h5md", "other.h5md", "ended", STATES[said["state"]], numbers):
        assert word in text, text
    assert "still rising at the end." in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", range(40, 161, 4))
def test_every_width_shows_an_ensembles_end_and_replicas(ended, width, tmp_path):
    values = {"mean": -41234.5678, "std": 0.1234}
    names = ("pe", "press", "volume", "enthalpy")
    row = {"state": "finished", "steps": 60000, "M": 1.25, "tau_pred": 3.123}
    rows = [{"id": k, **row, "forecast": dict.fromkeys(names, values)} for k in range(10)]
    folder = ensemble(
        tmp_path / "e",
        ended,
        replicas=rows,
        ended="finished",
        time=1.8e9,
        failed={"7": "no memory"},
    )
    watching = Watching([folder])
    watching.poll()
    console = Console(width=width, file=open(os.devnull, "w"), record=True)
    console.print(screen(watching.frame(curves=True), width))
    text = console.export_text()
    for word in (
        "ended: nothing is left to run", "budget 24000 of 64000", "10 finished", "1.25", "3.123",
        "60000", "replica 7 failed: no memory",
    ):  # fmt: skip
        assert word in text, text
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    # as many of the first three observables as there is room for
    shown = min(3, (width - 40) // 19)
    assert text.count("at the end") == shown and text.count("-41234.57 +- 0.12") == 10 * shown


@pytest.mark.parametrize("width", range(40, 57))
def test_narrow_lines_are_whole(ended, width):
    """The widest names of replicas, states and numbers beside each other."""
    watching = Watching([ended, ended.with_name("replica 10")])
    watching.poll()
    frame = watching.frame(curves=True)
    frame["runs"][0] |= {"M": 0.31812, "bound": 2.5212}
    frame["runs"][1] |= {"status": "ended", "state": "learning"}
    console = Console(width=width, file=open(os.devnull, "w"), record=True)
    console.print(screen(frame, width))
    text = console.export_text()
    for word in ("M / bound", "0.318 / 2.52", "replica 10", "learning"):
        assert word in text, text


def test_output_that_cannot_show_blocks(ended):
    done = dbar("watch", ended, "--once", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    state = STATES[read(ended).monitor["state"][-1]]
    assert state.encode() in done.stdout and b"\\u" not in done.stdout


def test_a_reader_that_has_had_enough(ended, tmp_path):
    """As in `dbar watch ... --json | head -1`: the end, without a traceback."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "dbar.cli", "watch", str(ended), "--json"]
    done = run(command, 300, stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_ensemble_that_is_deleted_stays_an_ensemble(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "status.json").write_text('{"replicas": [{"id": 1, "state": "running"}]}')
    watching = Watching([folder])
    watching.poll()
    shutil.rmtree(folder)
    assert watching.poll() and watching.problems
    frame = watching.frame()
    assert frame["runs"] == [] and [e["message"] for e in frame["ensembles"]] == [
        "waiting for the status file"
    ]
    write(folder, Trajectory(np.ones((3, 4))))  # and now it is a run
    watching.poll()
    frame = watching.frame()
    assert frame["ensembles"] == [] and [r["snapshots"] for r in frame["runs"]] == [3]


def test_a_name_that_cannot_be(tmp_path):
    watching = Watching([tmp_path / ("a" * 300)])
    watching.poll()
    (run,) = watching.frame()["runs"]
    assert run["status"] == "unreadable" and "File name too long" in run["message"]


def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "run.h5md")
    os.mkfifo(tmp_path / "status.json")
    done = dbar("watch", tmp_path, tmp_path / "run.h5md", "--once")
    assert done.returncode == 1 and done.stdout.count(b"not a regular file") == 2, done
    with pytest.raises(StoreError, match="not a regular file"):
        read(tmp_path / "run.h5md")


def test_some_of_the_monitors_columns(ended, tmp_path, capsys):
    whole, path = read(ended), tmp_path / "part.h5md"
    for names in (["state"], ["state", "M"], ["state", "refits"], ["M", "bound"]):
        monitor = {name: whole.monitor[name] for name in names}
        given = Trajectory(
            whole.D, time=whole.time, step=whole.step, monitor=monitor, parameters=whole.parameters
        )
        write(path, given)
        assert main(["watch", str(path), "--once"]) == 0
        assert "15000" in capsys.readouterr().out
        assert main(["report", str(path), "-o", str(tmp_path / "page.html")]) == 0


def test_a_run_that_vanishes(ended, tmp_path):
    path = tmp_path / "run.h5md"
    shutil.copy(ended, path)
    follower = Follower(path)
    follower.poll()
    path.unlink()
    assert follower.poll() and (follower.status, len(follower.run)) == ("waiting", 0)


def test_axes_of_the_page(tmp_path):
    """Marks that differ read differently; values that differ by rounding alone do not hang the page."""
    run = Trajectory(
        np.ones((4, 3)),
        observables={
            "pe": np.array([-107500.0, -107450.0, -107400.0, -107350.0]),
            "press": np.nextafter(-13.44, [0, -20, 0, -20]),
        },
        parameters={"units": "metal"},
    )
    write(tmp_path / "run.h5md", run)
    with WatchServer(Watching([tmp_path / "run.h5md"]), port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page, complaints = drawn(server.url, tmp_path)
        server.shutdown()
    assert not complaints
    for mark in ("-107450", "-107400"):
        assert page.count(f">{mark}<") == 1
    assert page.count("<figure>") == 2
