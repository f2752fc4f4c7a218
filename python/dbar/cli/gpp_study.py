"""``dbar gpp study``: figures of the paper on own runs, by one command."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from dbar.console.options import Parser, add_json, between, fail, number, print_json, progress_bars

__all__ = ["add", "run"]

_ABOUT = """\
What averages over phase packets are worth: a crystal is turned (figure 1), compressed until a shell
of neighbours crosses the cutoff (2), aluminium heated (3), copper heated, beside molecular dynamics
with --picoseconds (4), iron taken along the Bain path (5), a boundary of two grains relaxed (6).

The folder gets pictures, study.md and study.json; figures that are there already are not made
again. Minutes without dynamics, which takes 2048 atoms through so many picoseconds, and half as
many once more, at each of three temperatures. Needs dbar[gpp].

The paper's aluminium (Y. Mishin 1999) and an iron in which bcc and fcc are both stable (H. Chamati
2006) are not shipped. Debian's package openkim-models has them: name its libraries."""

_EXAMPLE = """\
examples:
  dbar gpp study -o study --figures 1 2 4
  dbar gpp study -o study --picoseconds 100 --np 2
  dbar gpp study -o study --figures 5 \\
      --iron .../EAM_Dynamo_ChamatiPapanicolaouMishin_2006_Fe__*/libkim-api-portable-model.so"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "study", help="the paper's figures on own runs", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--figures", nargs="+", type=between(1, 6, int), metavar="N", help="of 1 to 6 (all)"
    )
    parser.add_argument("--aluminium", metavar="FILE", help="potential (Al_mm.eam.fs)")
    parser.add_argument("--iron", metavar="FILE", help="potential (Fe_mm.eam.fs)")
    parser.add_argument("--network", type=Path, metavar="FILE", help="that has learnt cu-efs")
    parser.add_argument("--picoseconds", type=number, default=0.0, metavar="T",
                        help="of dynamics at each temperature (0: none)")  # fmt: skip
    parser.add_argument("--seed", type=between(0, 2**31 - 2, int), default=0, help="(0)")
    parser.add_argument("--np", type=between(1, 1024, int), default=1, help="MPI ranks (1)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "gpp study"  # as errors call it
    try:
        from dbar.gpp.studies.plan import FIGURES, Plan
        from dbar.gpp.studies.run import run_study

        given = {name: getattr(args, name) for name in ("aluminium", "iron", "network")}
        given = {name: one for name, one in given.items() if one is not None}
        plan = Plan(picoseconds=args.picoseconds, ranks=args.np, seed=args.seed, **given)
        with progress_bars() as stage:
            found = run_study(args.out, args.figures or FIGURES, plan=plan, stage=stage)
    except (ValueError, OSError, RuntimeError, ModuleNotFoundError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, "figures": found})
    else:
        console.print((args.out / "study.md").read_text(), markup=False, soft_wrap=True)
        console.print(f"{args.out}: study.md, study.json and the pictures", markup=False)
    return 0
