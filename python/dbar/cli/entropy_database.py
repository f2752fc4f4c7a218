"""``dbar entropy database``: relaxed configurations with their entropies, to learn from."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from dbar.console import signals
from dbar.console.options import Parser, add_json, between, fail, number, print_json

__all__ = ["add"]

_ABOUT = """\
Search relaxed configurations and write them with their vibrational entropies. The file is complete
at every moment; the same command goes on where it was stopped, even by kill -9, and ends with the
file that an undisturbed run would have written."""

_ABOUT_LJ = """\
Minima of a Lennard-Jones cluster, found by walks of basin hopping from random positions. A quarter
of a second each for 38 atoms."""

_ABOUT_FE = """\
Cells of bcc iron with clusters of interstitials (I2, I3, ...) and vacancies (V2, V4, ...), and
random ones with Frenkel pairs made of them, with the perfect cells to compare with. About four
seconds each for 250 sites, ten times as much for 1024. Needs dbar[ovito]."""

_EXAMPLE = """\
examples:
  dbar entropy database lj38 -o lj38.h5 --minima 3000
  dbar entropy database fe -o fe.h5 --sites 250 --clusters I2 I3 I4 V4 --number 300 --random 100
  dbar entropy database fe -o strained.h5 --strains -1 0 1 2 3 --number 60"""

_EVERY = 30.0  # seconds between two lines where there is no terminal


def add(actions: argparse._SubParsersAction) -> None:
    """Add the action to the parser."""
    parser: Parser = actions.add_parser(
        "database", help="configurations to learn from", description=_ABOUT, epilog=_EXAMPLE
    )
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    _add_lj(kinds)
    _add_fe(kinds)


def _add_lj(kinds) -> None:
    parser = kinds.add_parser("lj38", help="Lennard-Jones clusters", description=_ABOUT_LJ)
    _add_common(parser)
    parser.add_argument("--minima", type=int, required=True, metavar="N", help="how many")
    parser.add_argument("--atoms", type=int, default=38, metavar="N", help="in the cluster (38)")
    parser.add_argument("--temperature", type=number, metavar="T",
                        help="epsilon/k_B; without it S = -log_det / 2")  # fmt: skip
    parser.set_defaults(run=_run_lj)


def _add_fe(kinds) -> None:
    parser = kinds.add_parser("fe", help="defects in bcc iron", description=_ABOUT_FE)
    _add_common(parser)
    parser.add_argument("--potential", metavar="TABLE",
                        help="smooth table of eam (LAMMPS's Fe_mm.eam.fs, smoothed)")  # fmt: skip
    parser.add_argument("--number", type=int, required=True, metavar="N",
                        help="cells with clusters, of all classes in turn")  # fmt: skip
    parser.add_argument("--random", type=int, default=0, metavar="N", help="random cells (0)")
    parser.add_argument("--sites", type=int, nargs="+", default=[250], metavar="N",
                        help="of the perfect cells: 128, 250, 432, 1024, ... (250)")  # fmt: skip
    parser.add_argument("--strains", type=number, nargs="+", default=[0.0], metavar="E",
                        help="of the edge, per cent (0)")  # fmt: skip
    parser.add_argument("--clusters", nargs="+", default=["I2", "I3", "I4", "V4"], metavar="CLASS",
                        help="I or V and how many (I2 I3 I4 V4)")  # fmt: skip
    parser.add_argument("--temperature", type=number, default=300.0, metavar="T", help="K (300)")
    parser.add_argument("--np", type=between(1, 1024, int), default=1, help="MPI ranks (1)")
    parser.set_defaults(run=_run_fe)


def _add_common(parser) -> None:
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.h5",
                        help="file to write or go on with")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="(0)")
    add_json(parser)


def _run_lj(args: argparse.Namespace, console: Console) -> int:
    from dbar.entropy.lennard_jones_search import lennard_jones_database

    def make(progress) -> int:
        words = {"atoms": args.atoms, "seed": args.seed, "temperature": args.temperature}
        return lennard_jones_database(args.out, args.minima, **words, progress=progress)

    return _run(args, console, "minima", make, args.minima)


def _run_fe(args: argparse.Namespace, console: Console) -> int:
    from dbar.entropy.iron import iron_database
    from dbar.lammps.lmp import potential_path

    def make(progress) -> int:
        names = ("number", "random", "sites", "strains", "seed", "temperature")
        words = {name: getattr(args, name) for name in names}
        words["clusters"] = [one for word in args.clusters for one in word.split(",") if one]
        table = None if args.potential is None else potential_path(args.potential)
        return iron_database(args.out, table, **words, ranks=args.np, progress=progress)

    return _run(args, console, "cells", make, args.number + args.random, args.np)


def _run(args, console, unit: str, make: Callable[..., int], asked: int, ranks: int = 1) -> int:
    """Make a database, and say what it has and what it cost; returns the exit code."""
    from dbar.entropy.database import read_database
    from dbar.entropy.lammps_session import LammpsError

    args.command = f"entropy database {args.what}"  # as errors call it
    start = time.monotonic()
    try:
        with _progress(unit) as progress:
            reused = make(progress)
        found = read_database(args.out)
    except (ValueError, OSError, ImportError, LammpsError) as error:
        return fail(args, error)
    except signals.Interrupted:
        print(f"{args.out}: the same command goes on with it", file=sys.stderr)
        raise
    seconds, new = time.monotonic() - start, len(found) - reused
    cost = {"seconds": seconds, "seconds_each": seconds / new if new else 0.0,
            "core_hours": seconds * ranks / 3600}  # fmt: skip
    labels, counts = _counted(found.labels)
    if args.json:
        print_json({"ok": True, "out": args.out, "made": new, "reused": reused,
                    "missing": asked - len(found), "cost": cost,
                    "labels": dict(zip(labels, counts, strict=True))})  # fmt: skip
        return 0
    kept = f", {reused} of them were there already" if reused else ""
    said = ", ".join(f"{n} {label}" for label, n in zip(labels, counts, strict=True))
    console.print(f"{args.out}: {len(found)} {unit} ({said}){kept}", markup=False)
    if asked > len(found):
        console.print(f"{asked - len(found)} fewer than asked for: of a class with few {unit} no "
                      "more were found")  # fmt: skip
    if new:
        console.print(f"{seconds:.0f} s, {cost['seconds_each']:.2g} s each, "
                      f"{cost['core_hours']:.2g} core-hours")  # fmt: skip
    return 0


def _counted(labels) -> tuple[list[str], list[int]]:
    import numpy as np

    names, counts = np.unique(labels, return_counts=True)
    return names.tolist(), counts.tolist()


@contextlib.contextmanager
def _progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """Progress on standard error: a bar, or a line now and then; with pace and time left."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[pace]}"),
        console=console, disable=not console.is_terminal,
    )  # fmt: skip
    task, begun, said = bar.add_task(unit, total=None, pace=""), None, time.monotonic()

    def tick(done: int, total: int) -> None:
        nonlocal begun, said
        now = time.monotonic()
        begun = begun or (now, done)
        each = (now - begun[0]) / (done - begun[1]) if done > begun[1] else None
        pace = "" if each is None else f"{each:.2g} s each"
        bar.update(task, completed=done, total=total, pace=pace)
        if not console.is_terminal and each is not None and now - said > _EVERY:
            said = now
            left = _duration(each * (total - done))
            console.print(f"{done} of {total} {unit}, {pace}, {left} left", markup=False)
        signals.check()

    signals.check()
    with bar:
        yield tick


def _duration(seconds: float) -> str:
    """Hours and minutes."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
