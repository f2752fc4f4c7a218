"""``dbar fit``: one or many runs to a model file, with scores on runs that were left out."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from dbar.console.options import (
    Parser,
    add_json,
    between,
    fail,
    number,
    observable_option,
    plain,
    print_json,
    progress_bars,
    same_file,
)
from dbar.version import __version__

__all__ = ["add", "add_model_options", "prepare", "run"]

_ABOUT = """\
Learn from one or many runs of the same system how its descriptors move: a latent space, a bagged
vector autoregression in it, how far its forecasts can be trusted, and linear estimators of the
observables that the runs store. Prints how well all of that does on runs it has not seen: each
run is left out in turn and predicted by a model of the others."""

_EXAMPLE = """\
examples:
  dbar fit run1.h5md run2.h5md run3.h5md run4.h5md -o model.h5
  dbar fit run*.h5md -o elastic.h5 --until 12 --observable pe --observable pxx
  dbar fit run*.h5md -o model.h5 --order 2 --dimension 8 --json
  dbar fit run*.h5md -o model.h5 --monitor watch.toml --observable v_hcp:extensive

A model can judge a further run from its first snapshot on, and estimate what that one does not
compute: fix ... dbar/stream ... model model.h5 monitor watch.toml observe 1 v_hcp

A quantity named `pe` grows with the system and `press` does not; for names of your own say which:
--observable v_mine:extensive (default: per-atom)."""


def add_model_options(parser: argparse.ArgumentParser, of: str = "") -> list[argparse.Action]:
    """Add the options that say what to learn from and how; None where one is not given."""
    what = parser.add_argument_group(f"{of}what to learn from")
    how = parser.add_argument_group(
        f"{of}how (chosen by the likelihood of left-out runs if not given)"
    )
    return [
        what.add_argument(
            "--from", dest="first", type=number, metavar="TIME", help="first time used"
        ),
        what.add_argument("--until", type=number, metavar="TIME", help="last time used"),
        what.add_argument(
            "--observable", action="append", type=observable_option, metavar="NAME",
            help="thermo quantity to estimate; may be repeated (default: all that every run "
            "stores)",
        ),
        how.add_argument(
            "--order", type=between(1, 50, int), metavar="P", help="lags of the model"
        ),
        how.add_argument(
            "--dimension", type=between(1, 500, int), metavar="D", help="latent dimensions"
        ),
        how.add_argument("--bags", type=between(2, 1000, int), help="random subsets (20)"),
        how.add_argument(
            "--coverage", type=between(0.01, 0.99, float),
            help="share of the transitions in each (0.25)",
        ),
        how.add_argument("--seed", type=between(0, 2**31 - 1, int), help="of the bags (0)"),
        how.add_argument(
            "--prior", choices=("persistence", "evidence", "none"),
            help="shrink towards no change (default), towards zero, or not at all",
        ),
        how.add_argument(
            "--no-checks", dest="checks", action="store_const", const=False,
            help="do not test whether the model remembers as the data do, and whether these are "
            "one cloud",
        ),
    ]  # fmt: skip


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "fit",
        help="learn a model from one or many runs",
        description=_ABOUT,
        epilog=_EXAMPLE,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="RUN.h5md")
    parser.add_argument("-o", "--out", type=Path, required=True, help="model file to write")
    parser.add_argument(
        "--monitor", type=Path, metavar="FILE.toml",
        help="also write settings of the monitor that suit such runs",
    )  # fmt: skip
    add_model_options(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def prepare(args: argparse.Namespace, stage):
    """Read the runs of the command line and study them; returns a `dbar.study.Study`."""
    from dbar.study.study import Options, study
    from dbar.trajectory.runset import read_runs

    runs = read_runs(args.files, args.first, args.until, stage("reading runs"))
    asked = dict(args.observable) if args.observable else None
    names = runs.observables(list(asked) if asked else None)
    options = Options()
    for name in vars(options):
        if (value := getattr(args, name)) is not None:
            setattr(options, name, None if value == "none" else value)
    return study(runs, [(n, (asked or {}).get(n)) for n in names], options, stage)


def about(study, args: argparse.Namespace) -> dict:
    """What the model file says about itself."""
    from dbar.study.study import score_rows, warnings

    runs, choice, found = study.runs, study.choice, study.spectrum
    made = runs.runs[0].parameters
    atoms = np.concatenate([run.D[:, 0] for run in runs.runs])
    return plain(
        {
            "descriptor": runs.descriptor,
            "units": runs.units,
            "dtau": runs.dtau,
            "components": runs.runs[0].D.shape[1],
            "sampling": {name: made.get(name) for name in ("dt", "nevery", "nrepeat", "nfreq")},
            "masses": made.get("masses"),
            "atoms": [atoms.min(), atoms.max()],
            "ranges": {
                name: [
                    min(run.observables[name].min() for run in runs.runs),
                    max(run.observables[name].max() for run in runs.runs),
                ]
                for name in study.model.names
            },
            "runs": [
                {"file": name, "snapshots": len(run), "first": run.time[0], "last": run.time[-1]}
                for name, run in zip(runs.names, runs.runs, strict=True)
            ],
            "order": study.model.order,
            "dimension": study.model.space_.dim,
            "chosen": choice is not None,
            "radius": found.radius,
            "unstable": found.unstable,
            "unstable_bags": found.unstable_bags,
            "checked_horizon": study.model.scale_.checked,
            **_tested(study.adequacy, runs),
            "scores": score_rows(study),
            "warnings": warnings(study),
            "dbar_version": __version__,
        }
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    from dbar.files.atomic import check_writable
    from dbar.files.kinds import Kind
    from dbar.store.h5md import StoreError
    from dbar.study.model_file import ModelFileError, save
    from dbar.study.monitor_settings import check_settings_file, write_monitor_settings

    try:
        for word, path in (("-o", args.out), ("--monitor", args.monitor)):
            clash = None if path is None else same_file(path, args.files)
            if clash:
                raise ValueError(f"{word} {path}: is the run {clash}, expected another file")
        if args.monitor is not None:
            if same_file(args.monitor, [args.out]) or args.monitor == args.out:
                raise ValueError(f"--monitor {args.monitor}: is the model file, expected another")
            check_settings_file(args.monitor)
        check_writable(args.out, Kind.MODEL)
        # many small matrices: threads of the linear algebra would only get in each other's way
        with progress_bars() as stage, threadpool_limits(1):
            study = prepare(args, stage)
            facts = about(study, args)
            save(args.out, study.model, facts)
            if args.monitor is not None:
                write_monitor_settings(args.monitor, study, str(args.out))
    except (StoreError, ModelFileError, ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "model": args.out, "monitor": args.monitor, **facts})
    else:
        _show(console, study, facts, args.out, args.monitor)
    return 0


def _show(console: Console, study, facts: dict, out: Path, monitor: Path | None) -> None:
    runs, unit = study.runs, study.runs.time_unit
    count, ahead = len(runs), _horizon(study)
    console.print(
        f"{count} run{'s' if count > 1 else ''}, {sum(map(len, runs.runs))} snapshots, one every "
        f"{runs.dtau:g} {unit}".rstrip()
    )
    why = "chosen by the likelihood of what was left out" if facts["chosen"] else "as given"
    console.print(
        f"model: order {facts['order']}, {facts['dimension']} latent dimensions ({why}), "
        f"{study.model.n_bags} bags"
    )
    stable = "stable" if not facts["unstable"] else f"{facts['unstable']} unstable eigenvalues"
    console.print(f"spectrum: {stable}, largest modulus {facts['radius']:.4f}")
    if study.adequacy is not None:
        console.print(_tests(study.adequacy))
    if facts["scores"]:
        console.print(score_table(facts["scores"], study.checked.whole, f"{ahead:g} {unit}"))
    else:
        console.print("no observable is stored in all runs: the model forecasts descriptors only")
    for text in facts["warnings"]:
        console.print(f"! {text}", style="yellow", markup=False)
    console.print(f"{out}: try  dbar forecast {out} RUN.h5md --steps 10", markup=False)
    if monitor is not None:
        console.print(f"{monitor}: for  fix ... model {out} monitor {monitor}", markup=False)


def _tested(found, runs) -> dict:
    from dbar.study.adequacy import as_facts

    return {} if found is None else as_facts(found, runs.dtau, runs.time_unit)


def _tests(found) -> str:
    """Both tests in a line."""
    memory, clouds = found.memory, found.clouds
    if memory is None or not np.isfinite(memory.p):
        said = f"not tested, {found.why.get('memory', 'the model has no steady state')}"
    else:
        said = f"p = {memory.p:.2g} that a right model is as far off"
    other = f"p = {clouds.p_holm.min():.2g}" if clouds else f"not tested, {found.why['clouds']}"
    return f"memory: {said}; one cloud: {other}"


def _horizon(study) -> float:
    from dbar.study.study import reference

    return float(study.checked.horizons[reference(study)] * study.runs.dtau)


_BARRED = {"D": "D̄", "D and V": "D̄, V̄"}


def score_table(rows: list[dict], whole: bool, ahead: str) -> Table:
    """Table of the scores for a terminal."""
    left = "runs that were left out" if whole else "the last third of the run"
    table = Table(title=f"on {left}", title_justify="left", box=None, pad_edge=False)
    table.add_column("observable")
    table.add_column("from")
    for name in ("R2", "RMSE", "in 90 %", f"RMSE {ahead} ahead", "unchanged", "in 90 % band"):
        table.add_column(name.strip(), justify="right")
    for row in rows:
        inside = row["forecast_inside_90"]
        table.add_row(
            f"{row['observable']} ({row['unit']})" if row["unit"] else row["observable"],
            _BARRED[row["read_from"]],
            f"{row['r2']:.4f}",
            f"{row['rmse']:.3g}",
            f"{row['inside_90']:.2f}",
            f"{row['forecast_rmse']:.3g}",
            f"{row['unchanged_rmse']:.3g}",
            f"{row['forecast_inside_90_gaussian']:.2f} *" if inside is None else f"{inside:.2f}",
        )
    if not whole:
        table.caption, table.caption_justify = "* band not scaled: no run to check it on", "left"
    return table
