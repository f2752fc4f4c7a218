"""How well `dbar.online.Monitor` tells that something happened in a run, beside what else could tell it.

    python benchmarks/change_bench.py [FOLDER ...] [--settings TOML] [--kinds NAME,...] [--each]
                                      [--curve] [--baselines] [--out FOLDER]

FOLDER holds runs as .npz: D (T, K + 1), step, time, the observables that the baselines use (pe, v_frac), and windows of snapshots
(n, 2): events, in which an alarm is right, and free, in which it counts neither way because the run has just been told to do something
else. Default is ../shared/changes/data; `changes/convert.py` makes such files of stored runs.

An event is found when the state is 3 somewhere in its window; its delay is counted from the first snapshot of the window. Alarms in the
first 30 snapshots, in a free window, or up to 30 snapshots after an event are not false. Alarms at most five snapshots apart are one burst.

--curve      the monitor and the single-snapshot test of before at stated rates from 1e-5 to 1e-2 (change_curve.csv, change_curve.png)
--baselines  other tests on the same runs (change_baselines.csv), see `changes/baselines.py`
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: the matrices are small

from changes import curve, single_snapshot
from changes.runs import SHARED, by_kind, load
from changes.watching import alarms
from rich.console import Console
from rich.progress import track

from dbar.online import MonitorConfig

SINGLE = "single snapshots (before)"


def followed(items, what):
    """The items, with a bar on stderr where that is a terminal."""
    console = Console(stderr=True)
    return track(items, what, console=console, transient=True, disable=not console.is_terminal)


def score(runs, settings, each):
    """Table of kinds for the settings as they are."""
    tallies = []
    for run in followed(runs, "monitor"):
        alarm = alarms(run, settings)
        tallies.append(run.judge(alarm))
        if each:
            tally = tallies[-1]
            at = alarm.nonzero()[0][:12].tolist()
            print(
                f"{run.name:18s} found {tally.found} of {tally.events}, "
                f"false bursts {tally.bursts}, alarms at {at}"
            )
    for kind, tally in by_kind(runs, tallies).items():
        low, high = curve.interval(tally.bursts, tally.quiet)
        print(
            f"{kind:14s} found {tally.found} of {tally.events} (delays {tally.delays}, median "
            f"{tally.median_delay:.1f}), false bursts {tally.bursts} in {tally.quiet}: "
            f"{tally.per_10k:.1f} ({1e4 * low:.1f}-{1e4 * high:.1f}) per 10^4"
        )


def draw_curve(runs, settings, out):
    """Both tests at all rates."""
    rows = []
    for rate in curve.RATES:
        config = {**settings, "false_alarm": rate}
        parts = [run.judge(alarms(run, config)) for run in followed(runs, f"monitor at {rate:.0e}")]
        rows.append(curve.row("monitor", rate, by_kind(runs, parts)["all"]))
    p = [single_snapshot.probabilities(r.D, r.step) for r in followed(runs, SINGLE)]
    for rate in curve.RATES:
        parts = [run.judge(single_snapshot.alarms(q, rate)) for run, q in zip(runs, p, strict=True)]
        rows.append(curve.row(SINGLE, rate, by_kind(runs, parts)["all"]))
    curve.show(rows)
    curve.write_csv(rows, out / "change_curve.csv")
    curve.plot(rows, out / "change_curve.png")


def compare(runs, settings, out):
    """The monitor among the baselines."""
    from changes import baselines

    first = [run.judge(alarms(run, settings)) for run in followed(runs, "monitor")]
    rows = [baselines.row("monitor", "as given", "online", by_kind(runs, first)["all"])]
    rows += baselines.table(runs, followed)
    baselines.show(rows)
    curve.write_csv(rows, out / "change_baselines.csv")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, default=[SHARED])
    parser.add_argument("--settings", metavar="TOML", help="settings of the monitor")
    parser.add_argument("--kinds", type=lambda text: text.split(","), help="only these")
    parser.add_argument("--each", action="store_true", help="one line a run")
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of tables and figure")
    args = parser.parse_args()
    runs = [run for folder in args.folders for run in load(folder, args.kinds)]
    settings = MonitorConfig.load(args.settings).to_dict()
    args.out.mkdir(parents=True, exist_ok=True)
    if not (args.curve or args.baselines):
        score(runs, settings, args.each)
    if args.curve:
        draw_curve(runs, settings, args.out)
    if args.baselines:
        compare(runs, settings, args.out)


if __name__ == "__main__":
    main()
