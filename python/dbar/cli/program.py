"""The command ``dbar``: exit code 0 if all is well, 1 if a problem was found, 2 for wrong usage."""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console

from dbar.cli import basis, demo, doctor, ensemble, entropy, fit, forecast, gpp, report, watch
from dbar.console import signals
from dbar.console.options import Parser
from dbar.version import __version__

__all__ = ["build_parser", "main"]

_ABOUT = """\
dbar watches a molecular-dynamics run from the inside: a LAMMPS plugin sums atomic descriptors into
one global vector, an embedded monitor learns from that stream, forecasts it and says how far the
forecast can be trusted.
"""

_EXAMPLES = """\
examples:
  dbar doctor                                       is everything there that a run needs?
  dbar demo                                         pull aluminium until it yields, watched live
  dbar watch run.h5md                               a run that goes on, live
  dbar report run.h5md                              a page about a run
  dbar report run1.h5md run2.h5md run3.h5md -o all.html    a page about several runs
  dbar fit run1.h5md run2.h5md run3.h5md -o model.h5       learn from them
  dbar forecast model.h5 new.h5md --horizon 2              continue another one
  dbar basis fit si.xyz -o basis.json --rcut 6 --qmax 6    radial functions that fit a material
  dbar entropy reference cells.extxyz --pair-style eam/fs --pair-coeff "* * Fe.eam.fs Fe"
  dbar gpp relax cu-efs --lattice fcc --temperature 300     a crystal at temperature
  dbar ensemble run ensemble.toml                   many runs, cores where least is known
"""

_COMMANDS = (basis, demo, doctor, ensemble, entropy, fit, forecast, gpp, report, watch)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="dbar", description=_ABOUT, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"dbar {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    with signals.listening(to_the_end=True):
        return _main(argv)


def _main(argv: list[str] | None) -> int:
    args = build_parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):  # no name of a file or unit is worth a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # With --json, standard output carries nothing else.
    console = Console(stderr=args.json, highlight=False, soft_wrap=True)
    try:
        code = args.run(args, console)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader has had enough, as head(1) does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except signals.Interrupted as stop:
        console.print(str(stop), style="yellow")
        return stop.code
