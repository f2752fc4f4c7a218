"""``dbar entropy fit``: a model of the entropy from references, with scores on left-out ones."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from dbar.console.options import (
    Parser,
    add_json,
    between,
    fail,
    print_json,
    progress_bars,
    same_file,
)

__all__ = ["add", "run"]

_ABOUT = """\
Learn vibrational entropies as a linear function of the sums D of a descriptor. The model then
answers for other configurations of the material in milliseconds, whatever their size, and in
LAMMPS (compute dbar/entropy).

FILE.h5 comes from `dbar entropy reference -o`: relaxed configurations, all with the same potential.
With --bulk (a file of the same kind, of perfect crystals of each strain) it is entropies of
formation that are learnt, for cells of any size; without, those of clusters of atoms. A file of
`dbar entropy database` has its crystals in it.

Each configuration is also predicted by a model of the others (in folds), beside what its energy
alone and the mean would say. Look at these before you trust the model."""

_EXAMPLE = """\
examples:
  dbar entropy reference bulk.extxyz --pair-style eam/fs --pair-coeff "* * Fe.eam.fs Fe" \\
      --temperature 300 -o bulk.h5
  dbar entropy reference cells.extxyz --pair-style eam/fs --pair-coeff "* * Fe.eam.fs Fe" \\
      --temperature 300 -o cells.h5
  dbar entropy fit cells.h5 --bulk bulk.h5 --descriptor "afs 3.5 nmax 20 lmax 10" -o model.json
  dbar entropy fit clusters.h5 --descriptor "afs 2.5 nmax 6 lmax 6" -o model.json --json"""


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "fit", help="a model from references", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE.h5", help="of `reference -o`, or of `database`"
    )
    parser.add_argument("--bulk", type=Path, metavar="FILE.h5", help="of perfect crystals")
    parser.add_argument(
        "--descriptor", required=True, metavar="WORDS",
        help="FAMILY Rcut keyword value ..., as after `compute ID group dbar`",
    )  # fmt: skip
    parser.add_argument(
        "--species", nargs="+", metavar="SYMBOL",
        help="of each type, where the descriptor tells several apart",
    )  # fmt: skip
    parser.add_argument(
        "--form", choices=("temperature", "determinant"),
        help="S at the temperature of the file (default), or -log_det / 2 (if it has none)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=between(2, 10**6, int), default=10, metavar="N",
        help="parts that are left out in turn (10)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=between(0, 2**32 - 1, int), default=0, help="of their choice (0)"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="MODEL.json", help="file to write"
    )
    parser.add_argument("--comment", help="text that the file keeps")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the action; returns the exit code."""
    args.command = "entropy fit"  # as errors call it
    try:
        inputs = [args.file, *([args.bulk] if args.bulk else [])]
        if clash := same_file(args.out, inputs):
            raise ValueError(f"-o {args.out}: is the input {clash}, expected another file")
        with progress_bars() as stage:
            result = _fit(args, stage)
    except (ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, **result})
    else:
        _show(console, args, result)
    return 0


def _fit(args: argparse.Namespace, stage) -> dict:
    from dbar.descriptors.command import settings_of_line
    from dbar.entropy.entropy_model import EntropyModel
    from dbar.entropy.sample import Sample
    from dbar.entropy.training_set import read_training_set
    from dbar.files.atomic import check_writable
    from dbar.files.kinds import Kind

    check_writable(args.out, Kind.ENTROPY_MODEL)
    descriptor = settings_of_line(args.descriptor, args.species)
    stage("reading entropies")(0, 1)
    found = read_training_set(args.file, args.bulk, args.form)
    sample = Sample(
        EntropyModel(descriptor, args.species, found.units), found.atoms, found.entropies,
        found.bulk, found.temperature, tick=stage("descriptors"),
    )  # fmt: skip
    folds = {"folds": args.folds, "seed": args.seed}
    tick = stage("left-out folds")
    left_out = sample.cross_validation(**folds, groups=found.groups, tick=tick)
    sample.fit().export(args.out, args.comment)
    return {
        "configurations": len(sample), "components": int(sample.D.shape[1]),
        "form": "determinant" if found.temperature is None else "temperature",
        "temperature": found.temperature, "formation": found.bulk is not None, **folds,
        "left_out": {
            "rmse": left_out.rmse, "r2": left_out.r2, "slope": left_out.slope,
            "coverage_90": left_out.coverage(0.9),
        },
        "baselines": _baselines(sample, found, folds),
    }  # fmt: skip


def _baselines(sample, found, folds: dict) -> dict:
    scores = {"mean": sample.baseline(np.zeros((len(sample), 0)), **folds)}
    if found.bulk is None:
        scores["energy"] = sample.baseline(found.energies, **folds)
    elif found.bulk_energies is not None:
        energies = sample.differences(found.energies, found.bulk_energies)
        scores["energy"] = sample.baseline(energies, **folds)
    return scores


def _show(console: Console, args, result: dict) -> None:
    left, simple = result["left_out"], result["baselines"]
    kind = "entropies of formation" if result["formation"] else "entropies"
    at = f"at {result['temperature']:g}" if result["temperature"] else "as -log_det / 2"
    console.print(
        f"{result['configurations']} {kind} {at}, {result['components']} components", markup=False
    )
    table = Table(box=None, pad_edge=False)
    for name in ("left out and predicted from", "RMSE (k_B)", "R2", "slope", "in bands of 90 %"):
        table.add_column(name, justify="left" if name.startswith("left") else "right")
    table.add_row(
        "D", f"{left['rmse']:.3g}", f"{left['r2']:.4f}", f"{left['slope']:.3f}",
        f"{100 * left['coverage_90']:.0f} %",
    )  # fmt: skip
    if "energy" in simple:
        table.add_row("energy alone", f"{simple['energy']:.3g}")
    table.add_row("the mean", f"{simple['mean']:.3g}")
    console.print(table)
    console.print(f"{args.out}: model, for `dbar entropy predict` and compute dbar/entropy")
