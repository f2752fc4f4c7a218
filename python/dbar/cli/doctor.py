"""``dbar doctor``: whether everything is there that a run needs."""

from __future__ import annotations

import argparse
import json

from rich.console import Console

from dbar.console import signals
from dbar.console.options import add_json

__all__ = ["add", "run"]


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    doctor = commands.add_parser(
        "doctor",
        help="check Python, LAMMPS, MPI, the plugin, HDF5 and PLUMED",
        description="Try everything a run needs and say what to do about what does not work.\n"
        "Exit code 1 if something does not; what is optional may be missing.",
        epilog="example:\n  dbar doctor --json",
    )
    add_json(doctor)
    doctor.set_defaults(run=run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    from dbar.doctor.checks import examine
    from dbar.doctor.finding import Finding

    def show(finding: Finding) -> None:
        signals.check()  # some checks take seconds
        bad = ("–", "yellow") if finding.optional else ("✗", "red")
        mark, colour = ("✓", "green") if finding.ok else bad
        console.print(f"[{colour}]{mark}[/] [bold]{finding.name}[/]: ", end="")
        console.print(finding.found, markup=False)
        if finding.advice:
            console.print(f"    -> {finding.advice}", markup=False, style="yellow")

    findings = examine(show)
    bad = sum(not finding.ok and not finding.optional for finding in findings)
    if args.json:
        print(json.dumps({"ok": not bad, "checks": [finding.as_dict() for finding in findings]}))
    else:
        console.print("all is well" if not bad else f"{bad} of {len(findings)} checks failed")
    return 1 if bad else 0
