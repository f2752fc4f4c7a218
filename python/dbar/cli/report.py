"""``dbar report``: a page with figures about one run, or about an ensemble of runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from threadpoolctl import threadpool_limits

from dbar.cli.fit import about, add_model_options, prepare
from dbar.console import signals
from dbar.console.options import (
    add_json,
    fail,
    number,
    print_json,
    progress_bars,
    refuse_given,
    same_file,
)
from dbar.files.atomic import check_writable
from dbar.files.kinds import Kind

__all__ = ["add", "run"]

_ABOUT = """\
Write a self-contained HTML page. Of one run: can its forecast be trusted, until when, what changed
and where; M and its bound, innovations, evidence, forecasts against what happened, settings; it
works while the run goes on, and on the file of a killed run.
Of several runs of the same system: a model of them and what it can do on runs that it has not
seen. Observables from descriptors, order and spectrum, memory, forecasts with bands, M and
tau_pred, the second signal, an ensemble a hundred times larger, the dimension of the motion, and
yield."""

_EXAMPLE = """\
examples:
  dbar report run.h5md
  dbar report run.h5md -o page.html
  dbar report run*.h5md -o ensemble.html
  dbar report run*.h5md -o ensemble.html --observable pe --observable pxx --trust-until 12"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    page = commands.add_parser(
        "report",
        help="make a page with figures from one or many runs",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    page.add_argument("files", nargs="+", type=Path, metavar="RUN.h5md")
    page.add_argument(
        "-o", "--out", type=Path, default=None,
        help="page (of one run RUN.html beside it, of several report.html beside the first)",
    )  # fmt: skip
    ensemble = page.add_argument_group("for several runs")
    several = [
        ensemble.add_argument(
            "--trust-until", type=number, metavar="TIME",
            help="learn M and the second signal up to this time (default: to four fifths of the "
            "earliest stress peak if there is one, else the end)",
        ),
        ensemble.add_argument(
            "--yield", dest="with_yield", action="store_true",
            help="classify snapshots as before or after yield (default: if a stress peak is found)",
        ),
        *add_model_options(page, "for several runs: "),
    ]  # fmt: skip
    add_json(page)
    page.set_defaults(run=run, several=several)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    one = len(args.files) == 1
    out = args.out or (page_of(args.files[0]) if one else args.files[0].with_name("report.html"))
    try:
        if one:
            why = f"applies to several runs, expected more than the one file {args.files[0]}"
            refuse_given(args, args.several, why)
        clash = same_file(out, args.files)
        if clash:
            raise ValueError(f"-o {out}: is the run {clash}, expected another file")
        check_writable(out, Kind.PAGE)
        return (_one if one else _many)(args, console, out)
    except (RuntimeError, ValueError, OSError) as error:
        return fail(args, error)


def page_of(run: Path) -> Path:
    """Page of a run where none is named: each run has its own."""
    return run.with_name(f"{run.name.removesuffix('.h5md')}.html")


def _one(args: argparse.Namespace, console: Console, out: Path) -> int:
    from dbar.report.run import report
    from dbar.trajectory.summary import alarm_sentence, summarise
    from dbar.trajectory.trajectory import read
    from dbar.trajectory.verdict import judge

    traj = read(args.files[0])
    signals.check()
    report(traj, out, file=args.files[0])
    summary, verdict = summarise(traj), judge(traj)
    if args.json:
        said = {"trust": verdict.trust, "until": verdict.until, "answers": verdict.sentences}
        print_json({"ok": True, "report": out, **said, **summary.as_dict()})
    if verdict.trust is not None:
        for question, answer in verdict.sentences:
            console.print(f"{question} {answer}", markup=False)
    console.print(f"{alarm_sentence(summary)}\n{out}", markup=False)
    return 0


def _many(args: argparse.Namespace, console: Console, out: Path) -> int:
    from dbar.report.ensemble import report_ensemble

    with progress_bars() as stage, threadpool_limits(1):
        study = prepare(args, stage)
        left_out = report_ensemble(study, out, args.trust_until, args.with_yield, stage)
    facts = about(study, args)
    if args.json:
        print_json({"ok": True, "report": out, "sections_left_out": left_out, **facts})
    else:
        for title, reason in left_out.items():
            console.print(f"no section '{title}': {reason}", markup=False)
        console.print(f"{out}: open it in a browser", markup=False)
    return 0
