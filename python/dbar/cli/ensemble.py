"""``dbar ensemble run|status|resume``: replicas that a policy gives the cores to."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from dbar.console import signals
from dbar.console.options import Parser, add_json, fail, print_json

__all__ = ["add"]

_ABOUT = """\
Run an ensemble of LAMMPS replicas chunk by chunk, from restart file to restart file. After each
chunk all replicas' statistics are merged and the model is fitted again; a policy says who runs
next, who is forecast instead and when to stop."""

_EXAMPLE = """\
examples:
  dbar ensemble run ensemble.toml            begin, results in ensemble/
  dbar ensemble status ensemble.toml         what it is doing, from anywhere
  dbar ensemble resume ensemble.toml         go on after Ctrl-C or kill -9"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "ensemble",
        help="run an ensemble whose cores go where the forecast knows least",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    parser.add_argument("action", choices=("run", "status", "resume"))
    parser.add_argument("file", type=Path, metavar="ENSEMBLE.toml")
    parser.add_argument(
        "-o", "--out", type=Path, metavar="DIR", help="folder of the ensemble (name of the file)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    # needs numpy, scipy and h5py: other commands start faster without
    from dbar.ensemble import Stopped, session
    from dbar.ensemble.settings import Settings
    from dbar.ensemble.status import read_status, status_of

    folder = args.out or args.file.with_suffix("")
    try:
        if args.action == "status":
            status = read_status(folder)
            _show(status, args, console)
            return 0
        settings = Settings.load(args.file)
        controller = session.run_ensemble(
            settings,
            folder,
            args.action == "resume",
            lambda c: _tell(c, console),
            lambda: len(signals.noted()),
        )
    except Stopped:
        first, *more = signals.noted()
        out = f" -o {shlex.quote(str(args.out))}" if args.out else ""
        again = f"dbar ensemble resume {shlex.quote(str(args.file))}{out}"
        fail(args, RuntimeError(f"stopped by {first.name}; go on with: {again}"))
        # who asked twice does not want to wait; batch jobs must hear of the end from their threads
        if more and settings.executor in ("processes", "local"):
            _exit_now(128 + first)
        return 128 + first
    except BrokenExecutor as error:
        fail(args, error)
        _exit_now(1)
    except (ValueError, OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.filename is None:  # write() does not name it
            error = OSError(f"{folder}: {error.strerror or error}")
        return fail(args, error)
    _show(status_of(controller, settings), args, console)
    return 1 if controller.failed else 0


def _exit_now(code: int) -> NoReturn:
    """End without waiting for the threads of an executor; one that has failed may never end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(controller, console: Console) -> None:
    states = controller.states()
    counts = ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states)))
    console.print(f"{controller.issued} of {controller.plan.budget} chunks: {counts}")


def _show(status: dict, args: argparse.Namespace, console: Console) -> None:
    if args.json:
        print_json({"ok": not status.get("failed"), **status})
        return
    from dbar.status.file import parse_status
    from dbar.status.words import about_ensemble
    from dbar.watch.screen_ensemble import SHOWN, number, replica_table

    about = about_ensemble(parse_status(status))
    words = [number(about[k], digits=15) for k in ("used", "total") if about[k] is not None]
    parts = [f"{' of '.join(words)} steps"] if words else []
    if about["ended"] is not None:
        parts.append(about["end"] or "not ended")
    line = [f"policy {about['policy']}"] if about["policy"] else []
    line += [", ".join(parts)] if parts else []
    console.print(": ".join(line) or "nothing known yet", markup=False)
    rows, failed = about["replicas"], about["failed"]
    if rows:
        if not console.is_terminal:
            console.width = 160
        console.print(replica_table(rows, console.width), soft_wrap=False)
    if len(rows) > SHOWN:
        console.print(f"... and {len(rows) - SHOWN} more (--json shows all)")
    for name, text in about["observables"].items():
        console.print(f"{name} at the end: {text or '-'}", markup=False)
    for replica, reason in list(failed.items())[:SHOWN]:
        console.print(f"replica {replica} failed: {reason}", style="red", markup=False)
    if len(failed) > SHOWN:
        console.print(f"... and {len(failed) - SHOWN} more failed (--json shows all)", style="red")
