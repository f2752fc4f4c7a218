"""The page of ``dbar watch --serve``: five fixed files and the data, for who has the address.

Nothing in a request is ever used as the name of a file. Requests under another host name than
127.0.0.1, localhost or [::1] are refused, so that a web site cannot reach the page through a name
of its own that it lets point here (DNS rebinding); the port may be another, as that of a tunnel is.
All paths begin with a word drawn at random, which other users of the machine do not know.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from time import monotonic

from dbar.console.options import plain
from dbar.version import __version__
from dbar.watch.watching import Watching

__all__ = ["PORT", "WatchServer"]

PORT = 8317  # where the page is unless the user says otherwise
_FILES = {
    "": ("page.html", "text/html; charset=utf-8"),
    "page.css": ("page.css", "text/css; charset=utf-8"),
    "charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "observed.js": ("observed.js", "text/javascript; charset=utf-8"),
    "page.js": ("page.js", "text/javascript; charset=utf-8"),
}
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class WatchServer(ThreadingHTTPServer):
    """Server of the page, bound to 127.0.0.1.

    Parameters
    ----------
    watching : Watching
        What to show; looked at when the page asks, and not more often than every `interval`.
    port : int
        0 takes any free one; `server_port` tells which.
    interval : float
        Seconds.
    say : callable
        Receives a line for the terminal when an answer has failed; the same one only once.

    Attributes
    ----------
    token : str
        First part of every path.

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(
        self,
        watching: Watching,
        port: int = PORT,
        interval: float = 1.0,
        say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
    ) -> None:
        self.watching, self.interval, self._say, self._said = watching, interval, say, ""
        self.token = secrets.token_urlsafe(24)
        self._lock = threading.Lock()
        self._answer, self._made = b"", -float("inf")
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Address to open in a browser."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def data(self) -> bytes:
        """The newest frame as JSON."""
        with self._lock:
            if monotonic() - self._made >= self.interval:
                self.watching.poll()
                frame = self.watching.frame(curves=True) | {"interval": self.interval}
                self._answer = json.dumps(plain(frame), allow_nan=False).encode()
                self._made = monotonic()
            return self._answer

    def complain(self, error: BaseException) -> None:
        """Say in the terminal what went wrong."""
        line = f"dbar watch: the page could not be made: {type(error).__name__}: {error}"
        if line != self._said:  # a page asks every second
            self._said = line
            self._say(line)

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of an answer is no news; anything else is."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.complain(error)


class _Handler(BaseHTTPRequestHandler):
    server: WatchServer
    server_version = f"dbar/{__version__}"
    sys_version = ""
    timeout = 15  # seconds that a silent client may hold a thread

    def do_GET(self) -> None:
        """Answer with one of the fixed files, or the data."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer as GET would, without the body."""
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _LOOPBACK.fullmatch(hosts[0]):
            self._refuse(HTTPStatus.FORBIDDEN, "this page answers to 127.0.0.1 and localhost only")
            return
        token, _, name = self.path.partition("?")[0].removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(errors="replace"), self.server.token.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, HTTPStatus.FORBIDDEN.phrase)
            return
        try:
            found = self._find(name)
        except Exception as error:
            self.server.complain(error)
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "an error; the terminal says which")
            return
        if found is None:
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")
        else:
            self._send(HTTPStatus.OK, *found, with_body)

    def _find(self, name: str) -> tuple[str, bytes] | None:
        """Kind and content of what is asked for, None if there is no such thing."""
        if name == "data.json":
            return "application/json", self.server.data()
        if name in _FILES:
            file, kind = _FILES[name]
            return kind, files("dbar.watch").joinpath("web", file).read_bytes()
        return None

    def _send(self, code: HTTPStatus, kind: str, body: bytes, with_body: bool = True) -> None:
        self.send_response(code)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _refuse(self, code: HTTPStatus, reason: str) -> None:
        self._send(
            code, "text/plain; charset=utf-8", f"{reason}\n".encode(), self.command != "HEAD"
        )

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Errors in plain text, with nothing of the request in them; 405 for other methods."""
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code = HTTPStatus.METHOD_NOT_ALLOWED
        self.close_connection = True
        self._refuse(HTTPStatus(code), HTTPStatus(code).phrase)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the terminal for what is worth reading."""
