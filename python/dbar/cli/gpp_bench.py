"""``dbar gpp bench``: what averages over packets cost on this machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dbar.console.options import Parser, add_json, fail, number, print_json, progress_bars

__all__ = ["add", "run"]

_ABOUT = """\
Time one evaluation of a crystal by each average that its potential has: energy, forces, strain and
slopes by the variances, microseconds an atom. For draws also the time in which their error would
be 0.01 meV an atom. PyTorch uses all cores unless OMP_NUM_THREADS says otherwise; exact pairs use
one."""

_EXAMPLE = """\
examples:
  dbar gpp bench cu-efs
  OMP_NUM_THREADS=1 dbar gpp bench cu-efs --network copper.safetensors"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "bench", help="what averages cost", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("potential", metavar="POTENTIAL", help="cu-efs, or a file")
    parser.add_argument("--lattice", choices=("fcc", "bcc", "diamond", "sc"), default="fcc",
                        help="(fcc)")  # fmt: skip
    parser.add_argument("--element", metavar="SYMBOL", help="where the potential has several")
    parser.add_argument("--temperature", type=number, default=300.0, metavar="T", help="(300 K)")
    parser.add_argument("--network", type=Path, metavar="FILE", help="of dbar gpp train")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "gpp bench"  # as errors call it
    try:
        from dbar.gpp.potential import load_potential
        from dbar.gpp.studies.cost import costs

        elements = () if args.element is None else (args.element,)
        potential = load_potential(args.potential, *elements)
        with progress_bars() as stage:
            rows = costs(
                potential, args.lattice, args.temperature, args.network, args.element,
                stage("averages"),
            )  # fmt: skip
    except (ValueError, OSError, ModuleNotFoundError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "results": rows})
        return 0
    console.print(table(rows))
    return 0


def table(rows: list[dict]) -> Table:
    """Costs as a table, ratios to the first row."""
    shown = Table(box=None, pad_edge=False)
    for name in ("average", "", "us an atom", f"over {rows[0]['average']}", "s at 0.01 meV"):
        shown.add_column(name, justify="right")
    for row in rows:
        words = " ".join(f"{key} {value}" for key, value in row["options"].items())
        alike = f"{row['seconds_alike']:.3g}" if "seconds_alike" in row else ""
        shown.add_row(row["average"], words, f"{1e6 * row['seconds']:.3g}",
                      f"{row['seconds'] / rows[0]['seconds']:.3g}", alike)  # fmt: skip
    return shown
