"""``dbar entropy``: vibrational entropies of configurations."""

from __future__ import annotations

import argparse

from dbar.cli import (
    entropy_database,
    entropy_fit,
    entropy_predict,
    entropy_reference,
    entropy_smooth,
    entropy_study,
)
from dbar.console.options import Parser

__all__ = ["add"]

_ABOUT = """\
Vibrational entropy of relaxed configurations, in the harmonic approximation."""

_EXAMPLE = """\
examples:
  dbar entropy reference cells.extxyz --pair-style eam/fs --pair-coeff "* * Fe.eam.fs Fe" \\
      --temperature 300 -o entropies.h5
  dbar entropy fit entropies.h5 --bulk bulk.h5 --descriptor "afs 3.5 nmax 20 lmax 10" -o model.json
  dbar entropy predict model.json others.extxyz"""

_ACTIONS = (
    entropy_reference,
    entropy_fit,
    entropy_predict,
    entropy_database,
    entropy_smooth,
    entropy_study,
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "entropy",
        help="vibrational entropies of configurations",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in _ACTIONS:
        action.add(actions)
