"""``dbar watch``: runs and ensembles live, in a terminal or on a local web page."""

from __future__ import annotations

import argparse
import contextlib
from functools import partial
from pathlib import Path
from signal import SIGINT
from time import monotonic

from rich.console import Console
from rich.live import Live

from dbar.console import signals
from dbar.console.options import add_json, between, fail, print_json, refuse_given

__all__ = ["add", "run"]

_INTERVAL = 1.0  # seconds

_ABOUT = """\
Show runs while they go on: state, M against its bound, tau_pred, stress and energy, alarms; can
the forecast be trusted, until when, what changed. Files are only read, and only what is new in
them. A file that does not exist yet is waited for. A folder
with a status.json is shown as an ensemble. In a terminal the view ends with Ctrl-C, or when all
runs and ensembles have ended; with --serve it is a web page, for who is on this machine and has
its address."""

_EXAMPLE = """\
examples:
  dbar watch run.h5md
  dbar watch ensemble/ other.h5md --serve
  dbar watch run.h5md --once --json"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    watch = commands.add_parser(
        "watch",
        help="show runs while they go on, in the terminal or as a local web page",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    watch.add_argument(
        "files", nargs="+", type=Path, metavar="RUN.h5md|FOLDER",
        help="files of fix dbar/stream, or folders with the status.json of an ensemble",
    )  # fmt: skip
    watch.add_argument(
        "--serve", nargs="?", const=-1, default=None, type=between(0, 65535, int), metavar="PORT",
        help="a page at http://127.0.0.1:PORT/... (8317; 0 takes any free port)",
    )  # fmt: skip
    watch.add_argument("--once", action="store_true", help="show one frame and end")
    interval = watch.add_argument(
        "--interval", type=between(0.1, 3600, float), metavar="SECONDS",
        help="time between two looks (1)",
    )  # fmt: skip
    add_json(watch)
    watch.set_defaults(run=run, repeated=[interval])


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    from dbar.watch.watching import Watching

    try:
        if args.serve is not None and args.once:
            raise ValueError("--once: does not go with --serve")
        if args.once:
            refuse_given(args, args.repeated, "does not go with --once, which looks once")
    except ValueError as error:
        return fail(args, error)
    args.interval = args.interval or _INTERVAL
    watching = Watching(args.files, forecast=args.json or args.serve is not None)
    if args.once:
        watching.poll()
        _print(args, console, watching)
        return 1 if watching.problems else 0
    try:
        if args.serve is not None:
            return _serve(args, console, watching)
        if args.json or not console.is_terminal:
            return _lines(args, console, watching)
        return _live(args, console, watching)
    except signals.Interrupted as stop:
        return _code(stop)


def _code(stop: signals.Interrupted) -> int:
    """Exit code after a signal: Ctrl-C is the usual way to end a view."""
    return 0 if stop.signal == SIGINT else stop.code


def _print(args: argparse.Namespace, console: Console, watching) -> None:
    from dbar.watch.screen import screen

    frame = watching.frame(curves=True)
    if args.json:
        print_json(frame)
    else:
        if not console.is_terminal:
            console.width = 160
        shown = screen(frame, console.width, not console.options.ascii_only)
        console.print(shown, soft_wrap=False)


def _live(args: argparse.Namespace, console: Console, watching) -> int:
    from dbar.watch.screen import screen

    def view():
        watching.poll()
        frame = watching.frame(curves=True)
        return screen(frame, console.width, not console.options.ascii_only)

    console.soft_wrap = False  # which would cut sentences at the edge
    with Live(view(), console=console, auto_refresh=False) as live:
        live.refresh()
        while not watching.finished:
            signals.wait(args.interval)
            signals.check()
            live.update(view(), refresh=True)
    return 0


def _lines(args: argparse.Namespace, console: Console, watching) -> int:
    """For logs and pipes: what has changed, line by line."""
    from dbar.watch.screen import plain_lines

    shown: set[str] = set()
    while True:
        if watching.poll() or not shown:
            if args.json:
                print_json(watching.frame(curves=True))
                shown = {""}
            else:
                lines = plain_lines(watching.frame())
                for line in lines:
                    if line not in shown:
                        console.print(line, markup=False)
                shown = set(lines)
        if watching.finished:
            return 0
        signals.wait(args.interval)
        signals.check()


def _serve(args: argparse.Namespace, console: Console, watching) -> int:
    from dbar.watch.server import PORT, WatchServer

    port = PORT if args.serve == -1 else args.serve
    try:
        say = partial(console.print, style="red", markup=False)
        server = WatchServer(watching, port, args.interval, say)
    except OSError as error:
        reason = f"--serve {port}: {error.strerror}; another port may be free, 0 takes any"
        return fail(args, OSError(reason))
    server.service_actions = signals.check  # called between two requests
    with contextlib.closing(server.socket):
        if args.json:
            print_json({"ok": True, "url": server.url})
        console.print(f"{server.url}: open it in a browser; Ctrl-C ends", markup=False)
        started = monotonic()
        try:
            server.serve_forever(poll_interval=0.2)
        except signals.Interrupted as stop:
            console.print(f"ended after {monotonic() - started:.0f} s", markup=False)
            return _code(stop)
    return 0
