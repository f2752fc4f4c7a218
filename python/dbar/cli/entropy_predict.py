"""``dbar entropy predict``: entropies of configurations by a model."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dbar.console.options import Parser, add_json, fail, number, print_json, progress_bars

__all__ = ["add", "run"]

_ABOUT = """\
Vibrational entropy of each configuration by a model of `dbar entropy fit`, without a potential.
Configurations must be relaxed, as those the model has learnt from were: that they are cannot be
seen here.

`grade` says how far outside of the training set one lies: 1 is the mean over it. Of a
configuration with a much larger one the standard deviation means little."""

_EXAMPLE = """\
examples:
  dbar entropy predict model.json cells.extxyz
  dbar entropy predict model.json relaxed.data --format lammps-data --temperature 600 --json"""

_SHOWN = 50


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "predict", help="by a model", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("model", type=Path, metavar="MODEL.json")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="as ASE reads them")
    parser.add_argument("--format", metavar="NAME", help="ASE's name of their format")
    parser.add_argument("--temperature", type=number, metavar="T", help="(that of the model)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "entropy predict"  # as errors call it
    try:
        with progress_bars() as stage:
            rows = _predict(args, stage)
    except (ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "temperature": args.temperature, "entropies": rows})
    else:
        _show(console, rows)
    return 0


def _predict(args: argparse.Namespace, stage) -> list[dict]:
    from dbar.entropy.bulk_cells import BulkCells
    from dbar.entropy.entropy_model import EntropyModel
    from dbar.entropy.frames import read_frames

    model = EntropyModel.load(args.model)
    stage("reading configurations")(0, 1)
    named = read_frames(args.files, args.format)
    rows, tick = [], stage("entropies")
    for name, atoms in named:
        try:
            said = model.answers([atoms])
            found = {"entropy": said.entropies(args.temperature), "formation": None}
            if isinstance(model.base_, BulkCells):
                found["formation"] = said.formations(args.temperature)
        except ValueError as error:
            raise ValueError(f"{name}: {str(error).removeprefix('configuration 0: ')}") from None
        found |= {"std": said.std(), "grade": said.grade()}
        numbers = {key: None if value is None else float(value[0]) for key, value in found.items()}
        rows.append({"name": name, "atoms": len(atoms), **numbers})
        tick(len(rows), len(named))
    return rows


def _show(console: Console, rows: list[dict]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("configuration", overflow="fold")
    for name in ("atoms", "S (k_B)", "S_f", "+-", "grade"):
        table.add_column(name, justify="right")
    for one in rows[:_SHOWN]:
        formation = "-" if one["formation"] is None else f"{one['formation']:.3f}"
        table.add_row(
            one["name"].replace("[", "\\["), str(one["atoms"]), f"{one['entropy']:.3f}", formation,
            f"{one['std']:.2g}", f"{one['grade']:.2g}",
        )  # fmt: skip
    if not console.is_terminal:
        console.width = 160
    console.print(table, soft_wrap=False)
    if len(rows) > _SHOWN:
        console.print(f"... and {len(rows) - _SHOWN} more (--json has all)")
