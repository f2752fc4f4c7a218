"""``dbar demo``: pull aluminium until it yields, watched live."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

from dbar.console import signals
from dbar.console.options import add_json, between, fail

__all__ = ["add", "run"]


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    demo = commands.add_parser(
        "demo",
        help="run the aluminium example and show it live",
        description="Pull aluminium with vacancy discs until it yields, on MPI ranks, and show "
        "step, stress, M and the monitor's state while it runs.\nLeaves run.h5md and report.html.",
        epilog="example:\n  dbar demo --out /tmp/al --strain 0.10 --np 4",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("dbar-demo"), help="folder for the results (dbar-demo)"
    )
    demo.add_argument(
        "--strain", type=between(0.001, 0.5, float), default=0.15, help="last strain (0.15)"
    )
    demo.add_argument("--np", type=between(1, 1024, int), default=2, help="MPI ranks (2)")
    demo.add_argument(
        "--seed",
        type=between(1, 10**8, int),
        default=8,
        help="seed of the vacancies and velocities (8)",
    )
    demo.add_argument(
        "--anneal",
        type=between(0.01, 100.0, float),
        default=1.0,
        help="length of the anneal before, 1 is 6 ps (1)",
    )
    demo.add_argument(
        "--stop", action="store_true", help="end the run when the alarm goes up (fix halt)"
    )
    add_json(demo)
    demo.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    from dbar.demo.run import DemoError, newest_snapshot, run_demo
    from dbar.demo.screen import Screen

    try:
        with Screen(console) as screen:
            summary, page, sentence = run_demo(
                args.out,
                strain=args.strain,
                ranks=args.np,
                seed=args.seed,
                anneal=args.anneal,
                stop=args.stop,
                show=screen.show,
            )
    except signals.Interrupted:
        if newest_snapshot(args.out / "run.h5md"):
            console.print(f"{args.out / 'run.h5md'}: what was written so far can be read")
        raise
    except (DemoError, OSError, RuntimeError) as error:
        return fail(args, error)
    store = args.out / "run.h5md"
    if args.json:
        files = {"store": str(store), "report": str(page), "sentence": sentence}
        print(json.dumps({"ok": True, **files, **summary.as_dict()}))
    console.print(f"{store}: {summary.snapshots} snapshots, positions of {summary.kept} kept")
    console.print(f"{page}: open it in a browser")
    console.print(sentence, style="bold", markup=False)
    return 0
