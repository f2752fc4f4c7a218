"""dbar watch: a store that another process is writing, in a terminal, as JSON and in a browser."""

import html
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from browser import drawn, screenshot
from dbar.cli import main
from dbar.filelock import is_locked
from dbar.follow import Follower
from dbar.online import Monitor
from dbar.stream import Session
from dbar.trajectory import read
from dbar.watch_screen import screen, spark
from dbar.watching import Watching
from streams import feed, kill_copy, settings, stream

TESTS = Path(__file__).resolve().parent.parent
EVIL = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"

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
        places = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
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
        self.process.stdin.close()
        assert self.process.wait(30) == 0

    def kill(self):
        self.process.kill()
        self.process.wait(30)


def dbar(*words, **kwargs):
    """The command in the background, its output piped."""
    return subprocess.Popen(
        [sys.executable, "-m", "dbar.cli", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs,
    )  # fmt: skip


@pytest.fixture
def ended(tmp_path):
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    feed(session, stream(150, jump=120))
    session.close()
    return path


# ---- following a file ---------------------------------------------------------------------


def test_life_of_a_run(tmp_path):
    """Waited for, running, killed, taken up again, ended; the rows are those of read at any time."""
    path = tmp_path / "run.h5md"
    follower = Follower(path)
    follower.poll()
    assert (follower.status, len(follower.run)) == ("waiting", 0)
    writer = Writer(path)
    assert follower.poll() and follower.status == "running"
    for count in (1, 3, 40):
        writer.write(count)
        assert follower.poll()
        whole = read(path)
        assert np.array_equal(follower.run.step, whole.step)
        assert np.array_equal(follower.run.observables["pxx"], whole.observables["pxx"])
        for name in whole.monitor:
            assert np.array_equal(follower.run.monitor[name], whole.monitor[name], equal_nan=True)
        assert not follower.poll() and follower.status == "running"
    writer.kill()
    assert follower.poll() and (follower.status, len(follower.run)) == ("killed", 44)
    # continued from step 2000 as after a LAMMPS restart: a new file in place of the old one
    again = Session(settings(store=str(path), step=2000, restart={"snapshots": 20, "step": 2000}))
    assert follower.poll() and (follower.status, len(follower.run)) == ("running", 20)
    again.observe(*stream(21)[-1])
    again.close()
    assert follower.poll() and (follower.status, len(follower.run)) == ("ended", 21)
    path.unlink()
    assert follower.poll() and follower.status == "waiting" and not len(follower.run)


def test_looking_does_not_stand_in_the_way_of_a_writer(tmp_path):
    """Whoever asks for the lock all the time never makes a writer give up."""
    path = tmp_path / "run.h5md"
    Session(settings(store=str(path))).close()
    code = "import sys; from pathlib import Path; from dbar.filelock import is_locked\n"
    code += "(Path(sys.argv[1] + '.lock')).touch(); print('go', flush=True)\n"
    code += "while True: is_locked(Path(sys.argv[1]))"
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as asker:
        asker.stdout.readline()
        for n in range(12):
            Session(settings(store=str(path), step=100 * n, restart={"snapshots": 0})).close()
        asker.kill()
    session = Session(settings(store=str(path), restart={"snapshots": 0}))
    assert is_locked(path)
    session.close()


def characters_read():
    """Bytes this process has read from files so far."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


def test_following_reads_what_is_new(tmp_path):
    """A look at a grown file reads a small part of it; at one that is at rest, nothing."""
    path = tmp_path / "run.h5md"
    size = 60
    session = Session(settings(store=str(path), size=size, monitor="none"))
    rng = np.random.default_rng(1)

    def observe(n):
        thermo = rng.normal(size=4)
        session.observe(100 * n, 0.2 * n, rng.normal(size=size), rng.normal(size=(size, 6)), thermo)

    for n in range(1, 1501):
        observe(n)
    follower = Follower(path)
    follower.poll()
    observe(1501)
    before = characters_read()
    follower.poll()
    assert len(follower.run) == 1501
    # the superblock, headers, and the newest chunks of a dozen columns of 1024 rows
    assert characters_read() - before < 0.05 * path.stat().st_size
    past = time.time() - 60
    os.utime(path, (past, past))
    follower.poll()
    before = characters_read()
    follower.poll()
    assert characters_read() - before < 1000  # the mark in the superblock, and this counter itself
    session.close()


def test_forecast_is_that_of_the_monitor_in_the_run(tmp_path):
    """Taken from a checkpoint or replayed, looked at once or often: the same numbers."""
    path = tmp_path / "run.h5md"
    rows = stream(130)
    session = Session(settings(store=str(path)))
    often = Follower(path, forecast=True)
    for row in rows:
        session.observe(*row)
        if row[0] % 1700 == 0:
            often.poll()
    often.poll()
    once = Follower(path, forecast=True)
    once.poll()
    session.close()

    own = Monitor(stride=100)  # the oracle: the whole stream through a monitor of our own
    for step, now, D, V, _ in rows:
        own.observe(step, now, D, V)
    tau = float(read(path).monitor["tau_pred"][-1])
    for outlook in (often.outlook, once.outlook):
        assert np.allclose(outlook.time[:3], rows[-1][1] + 0.2 * np.arange(1, 4))
        model, ahead = own.model, own.model.start(own._latent_state())
        for k in range(len(outlook.time)):
            ahead = model.advance(ahead)
            inflation = max(1.0, own.inflation_sum / own.inflation_weight)
            expected = model.forecast_m(ahead, inflation)[0] + model.sigma_m2 * (k + 1)
            assert np.isclose(outlook.bands["M"][0, k], expected, rtol=1e-9)
        for mean, low, high in outlook.bands.values():
            assert np.all(low <= mean) and np.all(mean <= high)
        assert len(outlook.time) == np.clip(int(tau / 0.2), 10, 100)


def test_bands_hold_what_comes(tmp_path):
    """90 % bands of an observable linear in D, over 60 forecasts ten snapshots ahead.

    Forecasts overlap little in what they predict (lag-one correlation 0.7): about 200 independent
    outcomes of 600, so that the share has a standard error of 2 %; three of them are allowed.
    """
    rows = stream(900, seed=5)
    weights = np.random.default_rng(6).normal(size=6)
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    follower = Follower(path, forecast=True)
    values, hits = [], []
    for k, (step, now, D, V, thermo) in enumerate(rows):
        thermo[1] = weights @ D[1:]
        values.append(thermo[1])
        session.observe(step, now, D, V, thermo)
        if k >= 280 and (k - 280) % 10 == 0:
            follower.poll()
            hits.append((k, follower.outlook.bands["pe"][:, :10]))
    session.close()
    inside = [
        low <= values[k + 1 + j] <= high
        for k, bands in hits[:60]
        for j, (_, low, high) in enumerate(bands.T)
    ]
    assert abs(np.mean(inside) - 0.9) < 0.06


def test_damaged_and_foreign_files_are_shown_as_unreadable(ended, tmp_path):
    text = tmp_path / "text.h5md"
    text.write_text("not a store")
    cut = tmp_path / "cut.h5md"
    cut.write_bytes(ended.read_bytes()[:5000])
    for path, words in ((text, "not an HDF5 file"), (cut, "truncated or corrupt")):
        follower = Follower(path, forecast=True)
        follower.poll()
        assert follower.status == "unreadable"
        assert str(path) in follower.message and words in follower.message
        assert not follower.poll()
    shutil.copyfile(ended, text)  # and mended
    follower = Follower(text)
    follower.poll()
    assert follower.status == "ended" and len(follower.run) == 150


# ---- the ensemble --------------------------------------------------------------------------


def ensemble(folder, ended, **changes):
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
    for word in ("variance", "budget 2.4e+04 of 6.4e+04", "1 running", "replica 0", "alarm"):
        assert word in shown


STRANGE = [
    "", "[]", "nonsense", "{}", '{"replicas": 3}', '{"replicas": [1, null, {}]}',
    '{"replicas": [{"id": {}, "state": [], "M": "x", "store": 7, "steps": 1e999}]}',
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


# ---- the command ---------------------------------------------------------------------------


def test_once(ended, tmp_path, capsys):
    assert main(["watch", str(ended), "--once"]) == 0
    shown = capsys.readouterr().out
    whole = read(ended)
    for word in ("ended", "15000", "30 ps", "alarm", "The alarm went up at"):
        assert word in shown
    assert main(["watch", str(ended), "--once", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert (run["name"], run["status"], run["step"]) == (str(ended), "ended", 15000)
    assert run["M"] == whole.monitor["M"][-1] and run["tau_pred"] == whole.monitor["tau_pred"][-1]
    assert run["alarms"] == np.count_nonzero(whole.monitor["state"] == 3) > 0
    assert run["curves"]["M"][-1] == run["M"] and run["curves"]["M"][0] is None  # while learning
    narrow = Console(width=80, file=io.StringIO())
    watching = Watching([ended])
    watching.poll()
    narrow.print(screen(watching.frame(curves=True), 80))
    assert "run.h5md" in narrow.file.getvalue() and "…" not in narrow.file.getvalue()
    missing = tmp_path / "none.h5md"
    assert main(["watch", str(missing), "--once"]) == 1
    assert "no such file yet" in capsys.readouterr().out


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
    assert watch.wait(30) == 0


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
        end = time.monotonic() + 30
        while word not in seen:
            assert time.monotonic() < end, seen[-2000:]
            seen += os.read(leader, 65536)

    until(b" 300 ")
    writer.write(1)
    until(b" 400 ")
    watch.send_signal(signal.SIGINT)
    until(b"\x1b[?25h")  # the cursor is back
    assert watch.wait(30) == 0
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


# ---- the page ------------------------------------------------------------------------------


@pytest.fixture
def serve(tmp_path):
    """serve(*names) -> port of a running `dbar watch --serve`; it must end well on Ctrl-C."""
    started = []

    def start(*names):
        process = dbar("watch", *names, "--serve", "0", "--interval", "0.2", "--json")
        started.append(process)
        return int(json.loads(process.stdout.readline())["url"].split(":")[2].strip("/"))

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=30)
        assert process.returncode == 0 and "Traceback" not in complaints


def ask(port, method="GET", path="/", host=None, address="127.0.0.1"):
    connection = http.client.HTTPConnection(address, port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    for value in [f"127.0.0.1:{port}"] if host is None else host:
        connection.putheader("Host", value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_page_in_a_browser(tmp_path, ended, serve):
    """What the browser draws from a file that is being written, an ended one and an ensemble."""
    path = tmp_path / "live.h5md"
    writer = Writer(path, count=200)
    writer.write(160)
    folder = ensemble(tmp_path / "e", ended)
    port = serve(path, ended, folder, tmp_path / "none.h5md")
    page, complaints = drawn(f"http://127.0.0.1:{port}/", tmp_path)
    assert not complaints
    for words in (
        str(path),
        "running",
        "16000",
        "no such file yet",
        "variance",
        "The alarm went up",
    ):
        assert words in page, words
    # M and its bound, stress and energy of three runs; a forecast and its band where it varies
    assert page.count("<figure>") == 9
    assert page.count('class="line c-bound"') >= 3 and page.count('<polygon class="band"') == 6
    assert page.count('class="s3"') >= 2  # the alarms in the bar of states

    writer.write(40)
    page, _ = drawn(f"http://127.0.0.1:{port}/", tmp_path)
    assert "20000" in page
    writer.end()
    picture = tmp_path / "page.png"
    screenshot(f"http://localhost:{port}/", picture, 1500)
    image = matplotlib.image.imread(picture)[..., :3]
    for colour in ("#1f5fa8", "#c2570c", "#c8372d", "#4c9f70"):  # M, bound, alarm, trusted
        wanted = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        assert np.count_nonzero(np.abs(image - wanted).max(axis=2) < 0.02) > 20, colour


def test_everything_is_escaped(tmp_path, ended, serve):
    """Markup in a file name, in a status file and in an error message stays text."""
    evil = tmp_path / EVIL.replace("/", "\u2215")
    shutil.copyfile(ended, evil)
    folder = ensemble(
        tmp_path / "e", ended, policy=EVIL, time=EVIL, observables={EVIL: EVIL},
        replicas=[{"id": EVIL, "state": EVIL, "store": "r0.h5md"}],
    )  # fmt: skip
    broken = tmp_path / "<b>broken</b>".replace("/", "\u2215")
    broken.write_text("x")
    port = serve(evil, folder, broken)
    page, complaints = drawn(f"http://127.0.0.1:{port}/", tmp_path)
    assert not complaints
    assert "<title>dbar watch</title>" in page and "<img" not in page and "<b>broken" not in page
    assert page.count("<script") == 1
    assert page.count(html.escape(EVIL, quote=False)) >= 6


def test_loopback_alone(ended, serve):
    port = serve(ended)
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rpartition(":")[2], 16) == port:
                listening.add(address.rpartition(":")[0])
    assert listening == {"0100007F"}  # 127.0.0.1
    assert ask(port)[0].status == 200
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # no packet is sent; tells this machine's other address
        other = probe.getsockname()[0]
    if not other.startswith("127."):
        with pytest.raises(OSError):
            ask(port, address=other)


def test_headers(ended, serve):
    port = serve(ended)
    for path, kind in (("/", "text/html"), ("/page.js", "text/javascript"), ("/data.json", "appl")):
        answer, body = ask(port, path=path)
        assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https://" not in body
        head, nothing = ask(port, "HEAD", path)
        assert head.status == 200 and nothing == b""


@pytest.mark.parametrize(
    "host",
    [["evil.example"], ["evil.example:{}"], ["127.0.0.1"], ["127.0.0.1:{}.evil.example"], [],
     ["localhost:1"], ["127.0.0.1:{}", "evil.example"], ["0.0.0.0:{}"], ["user@127.0.0.1:{}"]],
    ids=str,
)  # fmt: skip
def test_other_host_names_are_refused(served, host):
    answer, body = ask(served, path="/data.json", host=[h.format(served) for h in host])
    assert answer.status == 403 and b"run" not in body


@pytest.mark.parametrize(
    "path",
    ["/../run.h5md", "/run.h5md", "//etc/passwd", "/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
     "/page.html", "/web/page.js", "/page.js/../page.css", "/data.json/", "http://evil.example/",
     "/data.json%00", "/?file=/etc/passwd", "*"],
)  # fmt: skip
def test_no_path_of_a_request_is_a_file(served, path):
    answer, body = ask(served, path=path)
    assert b"root:" not in body and b"HDF" not in body
    assert answer.status == (200 if path.startswith("/?") else 404)
    assert path.encode() not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "<b>"])
def test_only_reading(served, method):
    answer, body = ask(served, method)
    assert answer.status == 405 and method.encode() not in body.replace(b"Method", b"")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Port of one server for all requests that must be refused."""
    path = tmp_path_factory.mktemp("served") / "run.h5md"
    Session(settings(store=str(path))).close()
    process = dbar("watch", path, "--serve", "0", "--json")
    port = int(json.loads(process.stdout.readline())["url"].split(":")[2].strip("/"))
    assert ask(port)[0].status == 200
    yield port
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


def test_a_port_that_is_taken(served, ended, capsys):
    assert main(["watch", str(ended), "--serve", str(served)]) == 1
    assert f"--serve {served}: Address already in use" in capsys.readouterr().err
