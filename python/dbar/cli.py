"""The command ``dbar``: exit code 0 if all is well, 1 if a problem was found, 2 for wrong usage."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from dbar import __version__

__all__ = ["build_parser", "main"]

_ABOUT = """\
dbar watches a molecular-dynamics run from the inside: a LAMMPS plugin sums atomic descriptors into
one global vector, an embedded monitor learns from that stream, forecasts it and says how far the
forecast can be trusted.
"""

_EXAMPLES = """\
examples:
  dbar doctor                    is everything there that a run needs?
  dbar demo                      pull aluminium until it yields, watched live (1-2 minutes)
  dbar report run.h5md           turn what a run left behind into a page with figures
"""


class _Parser(argparse.ArgumentParser):
    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)


def _between(low: float, high: float, kind: type) -> object:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            name = "an integer" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r}: expected {name} from {low} to {high}")
        return value

    return parse


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(prog="dbar", description=_ABOUT, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"dbar {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    as_json = {"action": "store_true", "help": "print the result as JSON on standard output"}

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
        "--strain", type=_between(0.001, 0.5, float), default=0.15, help="last strain (0.15)"
    )
    demo.add_argument("--np", type=_between(1, 1024, int), default=2, help="MPI ranks (2)")
    demo.add_argument(
        "--seed",
        type=_between(1, 10**8, int),
        default=8,
        help="seed of the vacancies and velocities (8)",
    )
    demo.add_argument(
        "--anneal",
        type=_between(0.01, 100.0, float),
        default=1.0,
        help="length of the anneal before, 1 is 6 ps (1)",
    )
    demo.add_argument(
        "--stop", action="store_true", help="end the run when the alarm goes up (fix halt)"
    )
    demo.add_argument("--json", **as_json)
    demo.set_defaults(run=_demo)

    doctor = commands.add_parser(
        "doctor",
        help="check Python, LAMMPS, MPI, the plugin and HDF5",
        description="Try everything a run needs and say what to do about what does not work.\n"
        "Exit code 1 if something does not.",
        epilog="example:\n  dbar doctor --json",
    )
    doctor.add_argument("--json", **as_json)
    doctor.set_defaults(run=_doctor)

    page = commands.add_parser(
        "report",
        help="make a page with figures from a run's file",
        description="Write a self-contained HTML page about a run: stress, M and its bound, "
        "innovations,\nforecast against what happened, settings. Works while the run goes on, "
        "and on the file of a killed run.",
        epilog="example:\n  dbar report run.h5md -o report.html",
    )
    page.add_argument("file", type=Path, help="H5MD file written by fix dbar/stream")
    page.add_argument("-o", "--out", type=Path, default=None, help="page (report.html beside FILE)")
    page.add_argument("--json", **as_json)
    page.set_defaults(run=_report)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = build_parser().parse_args(argv)
    # With --json, standard output carries nothing else.
    console = Console(stderr=args.json, highlight=False, soft_wrap=True)
    try:
        return args.run(args, console)
    except KeyboardInterrupt:
        console.print("stopped; what was written so far can be read", style="yellow")
        return 130


def _fail(args: argparse.Namespace, error: Exception) -> int:
    if args.json:
        print(json.dumps({"ok": False, "error": str(error)}))
    print(f"dbar {args.command}: {error}", file=sys.stderr)
    return 1


def _doctor(args: argparse.Namespace, console: Console) -> int:
    from dbar.doctor import Finding, examine

    def show(finding: Finding) -> None:
        mark, colour = ("✓", "green") if finding.ok else ("✗", "red")
        console.print(f"[{colour}]{mark}[/] [bold]{finding.name}[/]: ", end="")
        console.print(finding.found, markup=False)
        if finding.advice:
            console.print(f"    -> {finding.advice}", markup=False, style="yellow")

    findings = examine(show)
    bad = sum(not finding.ok for finding in findings)
    if args.json:
        print(json.dumps({"ok": not bad, "checks": [finding.as_dict() for finding in findings]}))
    else:
        console.print("all is well" if not bad else f"{bad} of {len(findings)} checks failed")
    return 1 if bad else 0


def _report(args: argparse.Namespace, console: Console) -> int:
    from dbar.report import report
    from dbar.summary import alarm_sentence, summarise
    from dbar.trajectory import StoreError, read

    out = args.out or args.file.with_name("report.html")
    try:
        traj = read(args.file)
        report(traj, out, name=str(args.file))
    except (StoreError, ValueError, OSError) as error:
        return _fail(args, error)
    summary = summarise(traj)
    if args.json:
        print(json.dumps({"ok": True, "report": str(out), **summary.as_dict()}))
    console.print(f"{alarm_sentence(summary)}\n{out}", markup=False)
    return 0


def _demo(args: argparse.Namespace, console: Console) -> int:
    from dbar.demo import DemoError, run_demo
    from dbar.demo_screen import Screen

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
    except (DemoError, OSError, RuntimeError) as error:
        return _fail(args, error)
    store = args.out / "run.h5md"
    if args.json:
        files = {"store": str(store), "report": str(page), "sentence": sentence}
        print(json.dumps({"ok": True, **files, **summary.as_dict()}))
    console.print(f"{store}: {summary.snapshots} snapshots, positions of {summary.kept} kept")
    console.print(f"{page}: open it in a browser")
    console.print(sentence, style="bold", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
