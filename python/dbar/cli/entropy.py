"""``dbar entropy``: vibrational entropies of configurations."""

from __future__ import annotations

import argparse

from dbar.cli import entropy_database, entropy_reference, entropy_smooth
from dbar.console.options import Parser

__all__ = ["add"]

_ABOUT = """\
Vibrational entropy of relaxed configurations, in the harmonic approximation."""

_EXAMPLE = """\
examples:
  dbar entropy reference cells.extxyz --pair-style eam/fs --pair-coeff "* * Fe.eam.fs Fe" \\
      --temperature 300 -o entropies.h5"""

_ACTIONS = (entropy_reference, entropy_database, entropy_smooth)


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
