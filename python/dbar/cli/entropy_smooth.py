"""``dbar entropy smooth``: a rounded table of a potential with second derivatives that are none."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dbar.console.options import Parser, add_json, fail, number, print_json

__all__ = ["add", "run"]

_ABOUT = """\
Fit smooth splines to a table of eam/alloy or eam/fs whose numbers are rounded, and write them with
17 digits. Energies and forces stay what they were, within the rounding; entropies, which depend on
second derivatives, become right. Refused where no smooth spline stays within eight times the
rounding. TABLE is a file, or one of the potentials of LAMMPS."""

_EXAMPLE = """\
examples:
  dbar entropy smooth Fe_mm.eam.fs Fe_smooth.eam.fs
  dbar entropy smooth FeP_mm.eam.fs FeP_smooth.eam.fs --low 1.5"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "smooth", help="smooth fit of a rounded table", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("table", metavar="TABLE", help="of eam/alloy or eam/fs")
    parser.add_argument("out", type=Path, metavar="NEW", help="file to write")
    parser.add_argument("--low", type=number, default=1.0, metavar="R",
                        help="leave what is at smaller distances as it is (1 Å)")  # fmt: skip
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    from dbar.entropy.smoothing import smooth_table
    from dbar.lammps.lmp import potential_path

    args.command = "entropy smooth"  # as errors call it
    try:
        found = smooth_table(potential_path(args.table), args.out, args.low)
    except (ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, "functions": [vars(one) for one in found]})
        return 0
    table = Table(box=None, pad_edge=False)
    table.add_column("function")
    for name in ("knots", "kinks (Å)", "rounding", "largest change", "over rounding"):
        table.add_column(name, justify="right")
    for one in found:
        kinks = " ".join(f"{kink:g}" for kink in one.kinks) or "-"
        row = (str(one.knots), kinks, f"{one.noise:.2g}", f"{one.residual:.2g}",
               f"{one.excess:.1f}")  # fmt: skip
        table.add_row(one.name, *(row if one.knots else ("not rounded", "", row[2], "", "")))
    console.print(table)
    console.print(f"{args.out}: written", markup=False)
    return 0
