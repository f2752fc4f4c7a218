"""Run length to a false alarm, and power, of `dbar.online.Monitor` on synthetic snapshots.

    python benchmarks/change_arl.py [--quick] [--rates 1e-2,1e-3] [--alarms 20] [--power 100] [--power-rates 1e-4]
                                    [--seed 2027] [--only WORD] [--json FILE]

Run length: a hidden VAR(1) whose spectral radius is drawn between 0.3 and 0.95, seen directly or through 55 descriptors, goes on as it did;
also with a drift that is linear or bends, with noise that grows, with heavy tails, all from the first snapshot on. A repetition ends with
its first alarm or at a horizon (1 / rate, at most 1,000 judged snapshots; 600 with drift or growing noise). Repetitions go on until so
many snapshots are judged that --alarms would be expected at the stated rate. Estimate: judged snapshots / alarms, exact 95 % Poisson
interval; "factor" is the stated run length over the measured one, more than 1 where there are too many alarms. Snapshots count from the first that the test
judges, which may be before there is a model.

Power: after training and 50 more snapshots the process changes; seen within 5, 10, 20 snapshots (5: the snapshot of the change and four
more), with the standard error. Repetitions with an alarm before the change are left out and counted.

Results are written to the JSON file after every few repetitions; the same command continues where it ended. Repetition k of a case
depends on the seed, the case and k only.
"""

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: the matrices are small

from changes import power_cases, rest_cases
from changes.judge import interval
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dbar.files.atomic import replacing

SEED = 2027
EVERY = 10.0  # seconds between two writings


class Results:
    """What is known of each case, kept in a file."""

    def __init__(self, path, seed):
        self.path, self.data, self.written = (
            path,
            {"seed": seed, "run_length": {}, "power": {}},
            0.0,
        )
        if path and path.exists():
            self.data = json.loads(path.read_text())
            if self.data["seed"] != seed:
                raise SystemExit(f"{path} was made with seed {self.data['seed']}, not {seed}")

    def save(self, now=False):
        """Write the file, but not more often than every few seconds unless it must be `now`."""
        if self.path and (now or time.monotonic() - self.written > EVERY):
            with replacing(self.path) as part:
                Path(part).write_text(json.dumps(self.data, indent=1) + "\n")
            self.written = time.monotonic()


def run_length(case, alarms, results, seed, advance):
    """Repeat until `alarms` are expected."""
    row = results.data["run_length"].setdefault(
        case.key, {"rate": case.rate, "repetitions": 0, "judged": 0, "alarms": 0}
    )
    advance(row["judged"] * case.rate)
    while row["judged"] * case.rate < alarms:
        judged, alarm = case.play(seed, row["repetitions"])
        row["repetitions"] += 1
        row["judged"] += judged
        row["alarms"] += alarm
        if not row["judged"] and row["repetitions"] >= 20:
            raise SystemExit(f"{case.key}: nothing was judged in {row['repetitions']} repetitions")
        advance(judged * case.rate)
        results.save()
    low, high = interval(row["alarms"], row["judged"])
    row["factor"] = row["alarms"] / row["judged"] / case.rate
    row["factor_low"], row["factor_high"] = low / case.rate, high / case.rate


def power(case, repetitions, results, seed, advance):
    """Repeat so many times."""
    row = results.data["power"].setdefault(case.key, {"rate": case.rate, "early": 0, "delays": []})
    advance(len(row["delays"]))
    while len(row["delays"]) < repetitions:
        delays = case.play(seed, len(row["delays"]))
        row["early"] += not delays
        row["delays"].append(delays)
        advance(1)
        results.save()
    kept = [delays for delays in row["delays"] if delays]
    row["changes"] = {
        name: power_cases.summary([delays[name] for delays in kept])
        for name in power_cases.changes()
    }


def show(data):
    """Both tables, in text."""
    print(f"{'run length':64s}{'stated':>8s}{'measured':>10s}{'alarms':>8s}  factor (95 %)")
    for key, row in data["run_length"].items():
        if "factor" in row:
            length = (
                f"{row['judged'] / row['alarms']:.0f}" if row["alarms"] else f"> {row['judged']}"
            )
            print(
                f"{key.rpartition(',')[0]:64s}{1 / row['rate']:8.0f}{length:>10s}{row['alarms']:8d}"
                f"  {row['factor']:.2f} ({row['factor_low']:.2f}-{row['factor_high']:.2f})"
            )
    for key, row in data["power"].items():
        if "changes" in row:
            print(f"\n{key}: {row['early']} of {len(row['delays'])} left out (alarm before)")
            print(f"{'':36s}" + "".join(f"{f'within {n}':>16s}" for n in (5, 10, 20)) + "  median")
            for name, part in row["changes"].items():
                cells = [
                    f"{part[f'seen_{n}']:.2f} +- {part[f'error_{n}']:.2f}" for n in (5, 10, 20)
                ]
                median = "> 40" if part["median_delay"] is None else f"{part['median_delay']:.0f}"
                print(f"{name:36s}" + "".join(f"{cell:>16s}" for cell in cells) + f"{median:>8s}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def numbers(text):
        return tuple(float(word) for word in text.split(","))

    parser.add_argument("--quick", action="store_true", help="few cases, five alarms, 20 changes")
    parser.add_argument("--rates", type=numbers, help="default 1e-2,1e-3; 1e-2 with --quick")
    parser.add_argument("--alarms", type=float, help="expected a case; default 20, --quick 5")
    parser.add_argument("--power", type=int, help="repetitions; default 100, --quick 20")
    parser.add_argument("--power-rates", type=numbers, default=(1e-4,))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", help="cases whose name contains this", default="")
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    rates = args.rates or ((1e-2,) if args.quick else (1e-2, 1e-3))
    alarms = args.alarms or (5.0 if args.quick else 20.0)
    repetitions = args.power or (20 if args.quick else 100)
    rest = [c for c in rest_cases.cases(rates, args.quick) if args.only in c.key]
    changes = [c for c in power_cases.cases(args.power_rates, args.quick) if args.only in c.key]
    results, console = Results(args.json, args.seed), Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        whole = bar.add_task("cases", total=len(rest) + len(changes))
        jobs = [(run_length, case, alarms) for case in rest]
        jobs += [(power, case, repetitions) for case in changes]
        for job, case, total in jobs:
            one = bar.add_task(case.key, total=total)
            job(case, total, results, args.seed, lambda n, one=one: bar.advance(one, n))
            bar.remove_task(one)
            bar.advance(whole)
            results.save(now=True)
    show(results.data)


if __name__ == "__main__":
    main()
