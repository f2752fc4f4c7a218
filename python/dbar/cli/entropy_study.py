"""``dbar entropy study``: the figures of the paper on own data, by one command."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from dbar.console.options import Parser, add_json, between, fail, print_json, progress_bars

__all__ = ["add", "run"]

_ABOUT = """\
How well vibrational entropies follow from D, by the figures 2 to 7 of C. Lapointe et al., Phys.
Rev. Materials 4, 063802 (2020): databases of clusters of defects in iron, of strained cells, of
random cells and of Lennard-Jones minima are made, learnt from and asked for what was left out.

The folder gets pictures, study.md (the paper's numbers beside ours) and study.json. What is
finished is kept: the same command goes on where it was stopped."""

_EXAMPLE = """\
examples:
  dbar entropy study -o study
  dbar entropy study -o study --figures 7
  dbar entropy study -o big --full"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "study", help="the paper's figures on own data", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--figures", nargs="+", type=between(2, 7, int), metavar="N", help="of 2 to 7 (all)"
    )
    parser.add_argument("--full", action="store_true", help="the paper's sizes: many days")
    parser.add_argument("--seed", type=between(0, 2**32 - 1, int), default=0, help="(0)")
    parser.add_argument("--np", type=between(1, 1024, int), default=1, help="MPI ranks (1)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    from dbar.entropy.lammps_session import LammpsError
    from dbar.entropy.studies.plan import FIGURES, Plan
    from dbar.entropy.studies.run import run_study

    args.command = "entropy study"  # as errors call it
    try:
        plan = Plan.full(args.seed, args.np) if args.full else Plan(seed=args.seed, ranks=args.np)
        with progress_bars() as stage:
            found = run_study(args.out, args.figures or FIGURES, plan=plan, stage=stage)
    except (ValueError, OSError, LammpsError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, "figures": found})
    else:
        console.print((args.out / "study.md").read_text(), markup=False, soft_wrap=True)
        console.print(f"{args.out}: study.md, study.json and the pictures", markup=False)
    return 0
