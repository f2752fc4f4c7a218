"""``dbar forecast``: continue a run with a fitted model and say how far that can be trusted."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from threadpoolctl import threadpool_limits

from dbar.cli.forecast_output import KINDS, show_forecast, write_forecast
from dbar.console.options import (
    Parser,
    add_json,
    between,
    fail,
    number,
    plain,
    print_json,
    progress_bars,
    refuse_given,
    same_file,
)

__all__ = ["add", "run"]

_ABOUT = """\
Continue a run beyond its last snapshot (or from a time within it, --at) with a model of `dbar fit`:
mean and band of each observable, the distance M that is to be expected and its bound M(t), and
tau_pred, the time after which M(t) exceeds 2 and the forecast is no longer to be trusted."""

_EXAMPLE = """\
examples:
  dbar forecast model.h5 new.h5md --horizon 2
  dbar forecast model.h5 new.h5md --steps 20 --at 10 --epistemic -o forecast.csv

Bands hold the stated share of what happened in runs that were left out of the fit. --epistemic
adds a second band, of draws in which the model itself is uncertain as well."""

_MOST_STEPS = 100_000


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser: Parser = commands.add_parser(
        "forecast", help="continue a run, with bands", description=_ABOUT, epilog=_EXAMPLE
    )
    parser.add_argument("model", type=Path, metavar="MODEL.h5", help="made by dbar fit")
    parser.add_argument("file", type=Path, metavar="RUN.h5md", help="run to continue")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=between(1, _MOST_STEPS, int), help="snapshots ahead")
    length.add_argument("--horizon", type=number, metavar="TIME", help="time ahead")
    parser.add_argument(
        "--at", type=number, metavar="TIME", help="forecast from this time of the run (its end)"
    )
    parser.add_argument(
        "--observable", action="append", metavar="NAME",
        help="show this one only; may be repeated (default: all that the model has)",
    )  # fmt: skip
    parser.add_argument(
        "--level", type=between(0.01, 0.999, float), default=0.9, help="share in the band (0.9)"
    )
    samples = parser.add_argument(
        "--samples", type=between(1, 100_000, int), metavar="N",
        help="also write N possible futures (.json and .h5, or --json)",
    )  # fmt: skip
    epistemic = parser.add_argument(
        "--epistemic", action="store_true",
        help="also write a band with the model's own uncertainty (-o or --json)",
    )  # fmt: skip
    seed = parser.add_argument("--seed", type=between(0, 2**31 - 1, int), help="of draws (0)")
    parser.add_argument("-o", "--out", type=Path, help="table to write: .csv, .json or .h5")
    add_json(parser)
    parser.set_defaults(run=run, written=[samples, epistemic], tabled=[samples], drawn=[seed])


def _refuse_what_does_not_apply(args: argparse.Namespace) -> None:
    if args.out is None and not args.json:
        refuse_given(args, args.written, "is not shown in a terminal, expected -o FILE or --json")
    elif args.out is not None and args.out.suffix == ".csv" and not args.json:
        refuse_given(args, args.tabled, f"{args.out} has no room for it, expected .json or .h5")
    if args.samples is None and not args.epistemic:
        refuse_given(args, args.drawn, "nothing is drawn, expected --samples or --epistemic")


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the command; returns the exit code."""
    from dbar.files.atomic import check_writable
    from dbar.store.h5md import StoreError
    from dbar.study.model_file import ModelFileError, load

    try:
        if args.out is not None:
            if args.out.suffix not in KINDS:
                raise ValueError(f"-o {args.out}: expected a name ending in .csv, .json or .h5")
            clash = same_file(args.out, [args.file, args.model])
            if clash:
                raise ValueError(f"-o {args.out}: is the input {clash}, expected another file")
        _refuse_what_does_not_apply(args)
        if args.out is not None:
            check_writable(args.out, KINDS[args.out.suffix])
        with progress_bars() as stage, threadpool_limits(1):
            model, about = load(args.model)
            steps, past, wanted = _prepare(args, model, about)
            _refuse_too_many(args, model, steps)
            tick = stage(f"forecast over {steps} snapshots")
            outlook = model.forecast(
                past.D, steps, args.level, args.samples or 0, args.epistemic, args.seed or 0
            )
            tick(1, 1)
            result = _result(args, model, about, past, outlook, wanted)
            if args.out is not None:
                write_forecast(args.out, result)
    except (StoreError, ModelFileError, ValueError, OSError) as error:
        return fail(args, error)
    if args.json:
        print_json({"ok": True, "out": args.out, **result})
    else:
        show_forecast(console, result)
    return 0


def _refuse_too_many(args, model, steps):
    most = model.most_steps(args.samples or 0, args.epistemic)
    if steps > most:
        far = (
            f"--steps {steps}" if args.steps else f"--horizon {args.horizon:g} ({steps} snapshots)"
        )
        draws = f" with --samples {args.samples}" if args.samples else ""
        draws = draws or (" with --epistemic" if args.epistemic else "")
        raise ValueError(
            f"{far}{draws}: there is no room for so many numbers, expected at most {most} snapshots"
            " ahead"
        )


def _prepare(args, model, about):
    """Steps, the run up to where the forecast starts, and the columns asked for."""
    from dbar.store.units import unit_style
    from dbar.study.about import needs
    from dbar.trajectory.comparable import RunError, refuse_descriptor
    from dbar.trajectory.runset import read_runs

    said = ("components", "units", "descriptor", "dtau", "checked_horizon", "runs", "unstable")
    needs(args.model, about, said)
    runs = read_runs([args.file], None, args.at)
    run = runs.runs[0]
    where = f"in the model {args.model}"
    if run.D.shape[1] != about["components"]:
        raise RunError(
            f"{args.file}: D has {run.D.shape[1]} components, expected {about['components']} as "
            f"{where}"
        )
    if run.units != about["units"]:
        raise RunError(f"{args.file}: units {run.units}, expected {about['units']} as {where}")
    refuse_descriptor(str(args.file), run.parameters, about["descriptor"], where)
    unit = unit_style(run.units)["time"] or "time units"
    if abs(runs.dtau - about["dtau"]) > 1e-6 * about["dtau"]:
        raise RunError(
            f"{args.file}: a snapshot every {runs.dtau:g} {unit}, expected every "
            f"{about['dtau']:g} {unit} as {where}"
        )
    if args.at is not None and not run.time[0] <= args.at <= run.time[-1] + runs.dtau:
        raise RunError(f"--at {args.at:g}: the run covers {run.time[0]:g} to {run.time[-1]:g}")
    for name in args.observable or []:
        if name not in model.names:
            have = ", ".join(model.names) or "none"
            raise RunError(
                f"--observable {name}: the model {args.model} has none of that name (it has: "
                f"{have}); fit again with --observable {name}"
            )
    wanted = [model.names.index(n) for n in args.observable or model.names]
    if args.steps is not None:
        return args.steps, run, wanted
    steps = round(args.horizon / runs.dtau)
    if not 1 <= steps <= _MOST_STEPS or args.horizon <= 0:
        raise RunError(
            f"--horizon {args.horizon:g}: expected {runs.dtau:g} (one snapshot) to "
            f"{_MOST_STEPS * runs.dtau:g} {unit}"
        )
    return steps, run, wanted


def _result(args, model, about, run, outlook, wanted):
    from dbar.store.units import unit_of, unit_style

    dtau, last = about["dtau"], float(run.time[-1])
    steps = len(outlook.mean)
    signal = None
    if model.innovation_ is not None:
        from dbar.statistics.intensive import per_atom

        score = model.innovation_.score(per_atom(run.D))
        first = model.innovation_.first_alarm(per_atom(run.D))
        scored = int(np.isfinite(score).sum())
        signal = {
            "level": model.innovation_.level_,
            "now": score[-1],
            "first_alarm": None if first is None else run.time[first],
            "false_alarms_expected": model.innovation_.expected_false_alarms(scored),
        }
    series = {}
    for q in wanted:
        name = model.names[q]
        one = {"unit": unit_of(name, run.units), "mean": outlook.mean[:, q]}
        one.update(low=outlook.low[:, q], high=outlook.high[:, q])
        if outlook.low_epistemic is not None:
            one.update(low_epistemic=outlook.low_epistemic[:, q])
            one.update(high_epistemic=outlook.high_epistemic[:, q])
        if outlook.draws is not None:
            one.update(samples=outlook.draws[:, :, q])
        series[name] = one
    checked = about["checked_horizon"] * dtau
    return plain(
        {
            "model": args.model,
            "run": args.file,
            "level": args.level,
            "time_unit": unit_style(run.units)["time"],
            "from": last,
            "time": last + dtau * np.arange(1, steps + 1),
            "observables": series,
            "M_expected": outlook.expected,
            "M_bound": outlook.bound,
            "M_now": outlook.M_now,
            "tau_pred": outlook.tau_pred,
            "tau_pred_with_drift": outlook.tau_drift,
            "eta": outlook.eta,
            "trusted_until": last + outlook.tau_pred,
            "bands_checked_for": checked,
            "bands_scaled": len(about["runs"]) > 1,
            "second_signal": signal,
            "warnings": _cautions(about, outlook, dtau * steps, checked, len(about["runs"])),
        }
    )


def _cautions(about, outlook, horizon, checked, runs):
    unit = about_unit(about)
    out = []
    if outlook.M_now >= 2.0:
        out.append(
            f"M of the newest snapshot is {outlook.M_now:.3g}: the run is outside of what the "
            "model has learnt, do not trust this forecast"
        )
    elif horizon > outlook.tau_pred:
        out.append(f"the forecast goes on beyond tau_pred, {outlook.tau_pred:.3g}{unit}")
    if horizon > checked * (1 + 1e-9):
        out.append(f"bands were checked on left-out runs up to {checked:g}{unit} ahead, not beyond")
    if runs == 1:
        out.append("the model comes from one run: its bands do not know how runs differ")
    if about["unstable"]:
        out.append("the model's spectrum is unstable: long forecasts run away")
    return out + about.get("cautions", [])


def about_unit(about: dict) -> str:
    """Unit of time with a space before it, or nothing."""
    from dbar.store.units import unit_style

    unit = unit_style(about["units"])["time"]
    return f" {unit}" if unit else ""
