"""dbar watch --serve: the page in a browser, and what the server refuses."""

import html
import http.client
import json
import shutil
import signal
import socket
import threading
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from browser import drawn, screenshot
from dbar.cli import main
from dbar.stream import Session
from dbar.watch import Watching, WatchServer
from patience import end_of
from streams import settings
from watched import Writer, dbar, ensemble

EVIL = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"


@pytest.fixture
def serve(tmp_path):
    """serve(*names) -> address of a running `dbar watch --serve`; it must end well on Ctrl-C."""
    started = []

    def start(*names):
        process = dbar("watch", *names, "--serve", "0", "--interval", "0.2", "--json")
        started.append(process)
        return json.loads(process.stdout.readline())["url"]

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        _, complaints = end_of(process, 30)
        assert process.returncode == 0 and "Traceback" not in complaints


def parts(url):
    """Port and token of an address."""
    port, token = url.removeprefix("http://127.0.0.1:").removesuffix("/").split("/")
    return int(port), token


def ask(url, method="GET", path="/", host=None, address="127.0.0.1", token=None):
    """Ask for a path behind the token; `token` is put in the place of the one in the address."""
    port, own = parts(url)
    connection = http.client.HTTPConnection(address, port, timeout=120)
    own = own if token is None else token
    whole = f"/{own}{path}" if own and path.startswith("/") else path
    connection.putrequest(method, whole, skip_host=True)
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
    url = serve(path, ended, folder, tmp_path / "none.h5md")
    page, complaints = drawn(url, tmp_path)
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
    # M and its bound, stress and energy of three runs; a forecast and its band of the run that is
    # not learning anew at its end
    assert page.count("<figure>") == 9
    assert page.count('class="line c-bound"') >= 3 and page.count('<polygon class="band"') == 2
    assert page.count('class="s3"') >= 2  # the alarms in the bar of states

    writer.write(40)
    page, _ = drawn(url, tmp_path)
    assert "20000" in page
    writer.end()
    picture = tmp_path / "page.png"
    screenshot(url.replace("127.0.0.1", "localhost"), picture, 1500)
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
    row = {"id": 5, "state": "failed", "forecast": {EVIL: {"mean": 1.5, "std": 0.25}}}
    other = ensemble(
        tmp_path / "f", ended, replicas=[row], ended=EVIL, failed={EVIL: EVIL}, time=1.8e9,
    )  # fmt: skip
    broken = tmp_path / "<b>broken</b>".replace("/", "\u2215")
    broken.write_text("x")
    url = serve(evil, folder, other, broken)
    page, complaints = drawn(url, tmp_path)
    assert not complaints
    assert "<title>dbar watch</title>" in page and "<img" not in page and "<b>broken" not in page
    assert page.count("<script") == 1
    assert page.count(html.escape(EVIL, quote=False)) >= 10
    # the same as in a terminal: end, time, forecast, reason of a failed replica
    assert "ended: &lt;script" in page and "2027-01-1" in page and "1.50 +- 0.25" in page
    assert "replica &lt;script" in page and "1 failed" in page


def test_loopback_alone(ended, serve):
    url = serve(ended)
    port = parts(url)[0]
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, state = line.split()[1], line.split()[3]
            if state == "0A" and int(address.rpartition(":")[2], 16) == port:
                listening.add(address.rpartition(":")[0])
    assert listening == {"0100007F"}  # 127.0.0.1
    assert ask(url)[0].status == 200
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # no packet is sent; tells this machine's other address
        other = probe.getsockname()[0]
    if not other.startswith("127."):
        with pytest.raises(OSError):
            ask(url, address=other)


def test_headers(ended, serve):
    url = serve(ended)
    for path, kind in (
        ("/", "text/html"),
        ("/page.js", "text/javascript"),
        ("/charts.js", "text/javascript"),
        ("/data.json", "appl"),
    ):
        answer, body = ask(url, path=path)
        assert answer.status == 200 and answer.headers["Content-Type"].startswith(kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert b"http://" not in body.replace(b"http://www.w3.org/2000/svg", b"")
        assert b"https://" not in body
        head, nothing = ask(url, "HEAD", path)
        assert head.status == 200 and nothing == b""


@pytest.mark.parametrize(
    "host",
    [["evil.example"], ["evil.example:{}"], ["127.0.0.1:{}.evil.example"], [], [""], ["127.0.0.1:"],
     ["localhost.:1"], ["127.0.0.1:{}:1"], ["[::1"], ["127.0.0.1:{}", "evil.example"], ["0.0.0.0:{}"], ["user@127.0.0.1:{}"]],
    ids=str,
)  # fmt: skip
def test_other_host_names_are_refused(served, host):
    answer, body = ask(served, path="/data.json", host=[h.format(parts(served)[0]) for h in host])
    assert answer.status == 403 and b"run" not in body


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.0.0.1:9000", "LocalHost:1", "[::1]:8317", "[::1]"]
)
def test_a_port_that_was_forwarded(served, host):
    answer, body = ask(served, path="/data.json", host=[host])
    assert answer.status == 200 and json.loads(body)["runs"]


@pytest.mark.parametrize("path", ["/", "/data.json", "/page.js", "/nothing"])
def test_without_the_token_nothing_is_told(served, path):
    """Neither data nor files, nor which paths there are."""
    own = parts(served)[1]
    assert len(own) >= 24
    wrong = ("", "x", own[:-1], own + "x", own.swapcase(), "%00", "%C3%A9", f"?token={own}")
    answers = {(a.status, b) for a, b in (ask(served, path=path, token=t) for t in wrong if t)}
    answers |= {(a.status, b) for a, b in [ask(served, path=path, token="")]}
    assert answers == {(403, b"Forbidden\n")}


def test_every_server_has_a_token_of_its_own():
    with WatchServer(Watching([]), port=0) as one, WatchServer(Watching([]), port=0) as two:
        assert one.token != two.token and one.token in one.url


class Broken(Watching):
    """Something that cannot be shown."""

    def poll(self):
        raise RuntimeError("no such luck")


def test_an_error_of_ours_is_told_in_both_places():
    lines = []
    with WatchServer(Broken([]), port=0, say=lines.append) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        for _ in range(3):
            answer, body = ask(server.url, path="/data.json")
            assert answer.status == 500 and b"luck" not in body and b"terminal" in body
        assert ask(server.url)[0].status == 200
        server.shutdown()
    assert lines == ["dbar watch: the page could not be made: RuntimeError: no such luck"]


def test_only_a_lost_connection_is_no_news():
    lines = []
    with WatchServer(Watching([]), port=0, say=lines.append) as server:
        for error in (BrokenPipeError(), ConnectionResetError(), ValueError("odd")):
            try:
                raise error
            except Exception:
                server.handle_error(None, None)
    assert lines == ["dbar watch: the page could not be made: ValueError: odd"]


@pytest.mark.parametrize(
    "path",
    ["/../run.h5md", "/run.h5md", "//etc/passwd", "/etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
     "/page.html", "/web/page.js", "/web/charts.js", "/page.js/../page.css", "/data.json/", "http://evil.example/",
     "/data.json%00", "/?file=/etc/passwd", "*"],
)  # fmt: skip
def test_no_path_of_a_request_is_a_file(served, path):
    answer, body = ask(served, path=path)
    assert b"root:" not in body and b"HDF" not in body
    if path.startswith("/"):
        assert answer.status == (200 if path.startswith("/?") else 404)
    else:  # which has no token
        assert answer.status == 403
    assert path.encode() not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "<b>"])
def test_only_reading(served, method):
    answer, body = ask(served, method)
    assert answer.status == 405 and method.encode() not in body.replace(b"Method", b"")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Address of one server for all requests that must be refused."""
    path = tmp_path_factory.mktemp("served") / "run.h5md"
    Session(settings(store=str(path))).close()
    process = dbar("watch", path, "--serve", "0", "--json")
    url = json.loads(process.stdout.readline())["url"]
    assert ask(url)[0].status == 200
    yield url
    process.send_signal(signal.SIGINT)
    end_of(process, 30)
    assert process.returncode == 0


def test_a_port_that_is_taken(served, ended, capsys):
    port = parts(served)[0]
    assert main(["watch", str(ended), "--serve", str(port)]) == 1
    assert f"--serve {port}: Address already in use" in capsys.readouterr().err
