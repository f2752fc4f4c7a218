"""The page of ``dbar watch --serve``: five fixed files and the data, for this machine alone.

Nothing in a request is ever used as the name of a file. Requests under another host name than
127.0.0.1 or localhost are refused, so that a web site cannot reach the page through a name of its
own that it lets point here (DNS rebinding).
"""

from __future__ import annotations

import json
import threading
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
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/charts.js": ("charts.js", "text/javascript; charset=utf-8"),
    "/observed.js": ("observed.js", "text/javascript; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
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

    Raises
    ------
    OSError
        If the port is taken.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def __init__(self, watching: Watching, port: int = PORT, interval: float = 1.0) -> None:
        self.watching, self.interval = watching, interval
        self._lock = threading.Lock()
        self._answer, self._made = b"", -float("inf")
        super().__init__(("127.0.0.1", port), _Handler)
        names = ("127.0.0.1", "localhost")
        self.hosts = {f"{name}:{self.server_port}" for name in names}
        if self.server_port == 80:  # which browsers leave out
            self.hosts |= set(names)

    @property
    def url(self) -> str:
        """Address to open in a browser."""
        return f"http://127.0.0.1:{self.server_port}/"

    def data(self) -> bytes:
        """The newest frame as JSON."""
        with self._lock:
            if monotonic() - self._made >= self.interval:
                self.watching.poll()
                frame = self.watching.frame(curves=True) | {"interval": self.interval}
                self._answer = json.dumps(plain(frame), allow_nan=False).encode()
                self._made = monotonic()
            return self._answer

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of an answer is no news."""


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
        if self.headers.get_all("Host", []) not in ([h] for h in self.server.hosts):
            self._refuse(HTTPStatus.FORBIDDEN, "this page answers to 127.0.0.1 and localhost only")
            return
        path = self.path.partition("?")[0]
        if path == "/data.json":
            self._send(HTTPStatus.OK, "application/json", self.server.data(), with_body)
        elif path in _FILES:
            name, kind = _FILES[path]
            body = files("dbar.watch").joinpath("web", name).read_bytes()
            self._send(HTTPStatus.OK, kind, body, with_body)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")

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
