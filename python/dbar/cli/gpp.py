"""``dbar gpp``: crystals at temperature by phase packets."""

from __future__ import annotations

import argparse

from dbar.cli import gpp_bench, gpp_relax, gpp_study, gpp_train
from dbar.console.options import Parser

__all__ = ["add"]

_ABOUT = """\
Crystals at temperature without dynamics: each atom is a Gaussian, whose mean position and variance
are relaxed (phase packets)."""

_EXAMPLE = """\
examples:
  dbar gpp relax cu-efs --lattice fcc --temperature 300 500 800
  dbar gpp relax cu-efs vacancy.xyz --temperature 300 -o warm.extxyz
  dbar gpp train cu-efs -o copper.safetensors --hours 1
  dbar gpp bench cu-efs
  dbar gpp study -o study"""

_ACTIONS = (gpp_relax, gpp_train, gpp_bench, gpp_study)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "gpp",
        help="crystals at temperature without dynamics",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in _ACTIONS:
        action.add(actions)
