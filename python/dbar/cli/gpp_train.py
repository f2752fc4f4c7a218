"""``dbar gpp train``: a network for averages over packets."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from dbar.console.options import (
    Parser,
    add_json,
    between,
    fail,
    number,
    print_json,
    progress_bars,
)

__all__ = ["add", "run"]

_ABOUT = """\
Train an equivariant graph network to average the energies of sites over Gaussian atoms: one atom
with its neighbours and their variances in, the average and its derivatives out. It learns sites of
a crystal at several temperatures, whose positions and variances are shaken. Averages of embedded
atoms are exact, those of a potential that is linear in a descriptor (SNAP) are drawn.

The file always holds the best network so far. What the training needs to go on is kept beside it
(NAME.training) after every epoch: the same command goes on where it was stopped, as if it had not
been. A batch of 32 sites takes some tenths of a second with 16 features. Needs dbar[gpp]."""

_EXAMPLE = """\
examples:
  dbar gpp train cu-efs -o copper.safetensors --sites 20000 --hours 1
  dbar gpp relax cu-efs --lattice fcc --temperature 300 \\
      --average gnn --network copper.safetensors"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "train", help="a network for averages", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("potential", metavar="POTENTIAL", help="cu-efs, or a file")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.safetensors")
    parser.add_argument("--lattice", choices=("fcc", "bcc", "diamond", "sc"), default="fcc",
                        help="(fcc)")  # fmt: skip
    parser.add_argument("--element", metavar="SYMBOL", help="where the potential has several")
    parser.add_argument("--sites", type=between(10, 10**8, int), default=20000, metavar="N",
                        help="to learn from (20000)")  # fmt: skip
    parser.add_argument("--temperature", nargs="+", type=number, metavar="T",
                        help="of the crystals, K (100 to 500 in steps of 50)")  # fmt: skip
    parser.add_argument("--samples", type=between(64, 10**6, int), default=256, metavar="N",
                        help="draws of each site of a linear potential (256)")  # fmt: skip
    parser.add_argument("--features", type=between(1, 1024, int), default=16, metavar="N",
                        help="scalars and vectors of an atom (16)")  # fmt: skip
    parser.add_argument("--epochs", type=between(1, 10**6, int), default=200, metavar="N",
                        help="at most (200)")  # fmt: skip
    parser.add_argument("--hours", type=number, metavar="H", help="no epoch begins later")
    parser.add_argument("--seed", type=between(0, 2**32 - 1, int), default=0, help="(0)")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "gpp train"  # as errors call it
    try:
        if args.out.suffix != ".safetensors":
            raise ValueError(f"-o {args.out}: expected a name ending in .safetensors")
        training = _train(args)
    except (ValueError, OSError, ModuleNotFoundError) as error:
        return fail(args, error)
    if args.json:
        result = {"epochs": training.epoch, "done": training.done, "history": training.history}
        print_json({"ok": True, "out": args.out, **result})
        return 0
    _show(console, training)
    console.print(f"{args.out}: the best network", markup=False)
    return 0


def _train(args):
    from dbar.gpp.choice import module_of_extra
    from dbar.gpp.potential import load_potential

    learning = module_of_extra("dbar.gpp.network.learning")
    elements = () if args.element is None else (args.element,)
    words = {name: getattr(args, name) for name in
             ("lattice", "sites", "samples", "features", "epochs", "seed")}  # fmt: skip
    if args.temperature is not None:
        words["temperatures"] = tuple(args.temperature)
    potential, plan = load_potential(args.potential, *elements), learning.Plan(**words)
    with progress_bars() as stage:
        said = {"name": "epoch"}

        def told(entry: dict) -> None:
            off = 1000 * entry["energy"]["mae"]
            said["name"] = f"epoch {entry['epoch'] + 1} (held out: {off:.3g} meV)"
            said.pop("tick", None)

        def tick(done: int, total: int) -> None:
            if "tick" not in said:
                said["tick"] = stage(said["name"])
            said["tick"](done, total)

        return learning.train(potential, args.out, plan, hours=args.hours, tick=tick, told=told)


def _show(console: Console, training) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("epoch", "energy (meV)", "force (meV/Å)", "thermal (meV/Å^2)"):
        table.add_column(name, justify="right")
    best = min(training.history, key=lambda entry: entry["held_out"], default=None)
    for entry in [*training.history[-5:], *([best] if best else [])]:
        row = (f"{1000 * entry[key]['mae']:.3f}" for key in ("energy", "force", "thermal"))
        name = f"best: {entry['epoch']}" if entry is best else str(entry["epoch"])
        table.add_row(name, *row)
    console.print(table)
    console.print("mean absolute errors on sites that were left out")
