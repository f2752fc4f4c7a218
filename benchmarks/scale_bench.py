"""Time and peak memory of long runs: 10^4, 10^5 and 10^6 snapshots through store, read, fit, report and watch.

Each stage is a process of its own, so that its peak is its own; an import of dbar alone is the first row. The
snapshots are synthetic (a process of three coordinates seen through 20 descriptors), with the monitor's columns.

    python benchmarks/scale_bench.py [--snapshots 10000 100000 1000000] [--folder FOLDER] [--stages read fit ...]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

STAGES = ("import", "write", "append", "read", "read_runs", "fit", "report", "watch")
SIZE, ATOMS, DTAU, NFREQ = 20, 1000, 0.1, 100
APPENDED = 2000  # rows that are appended one after the other, however long the run


def snapshots(count, seed=20266):
    """A run as a `Trajectory`: everything a fix would have stored but V and positions."""
    from scipy.signal import lfilter

    from dbar.online import MonitorConfig
    from dbar.store.columns import MONITOR_FIELDS
    from dbar.trajectory import Trajectory

    rng = np.random.default_rng(seed)
    z = np.column_stack(
        [lfilter([1.0], [1.0, -a], rng.normal(size=count)) for a in (0.9, 0.8, 0.5)]
    )
    x = 5.0 + z @ rng.normal(size=(3, SIZE)) + 0.05 * rng.normal(size=(count, SIZE))
    state = np.ones(count, int)
    state[:40] = 0
    state[1000 :: max(1000, count // 10)] = 3
    columns = {name: np.zeros(count) for name in MONITOR_FIELDS}
    columns |= {"state": state, "M": rng.chisquare(5, count) / 5, "bound": np.full(count, 2.0)}
    columns |= {"innovation": rng.chisquare(5, count) / 5, "tau_pred": rng.random(count)}
    columns |= {
        "refits": (10 * np.log1p(np.arange(count))).astype(int),
        "regime": np.ones(count, int),
    }
    columns |= {"change_step": np.full(count, -1), "evidence": 0.5 * rng.random(count)}
    observables = {
        "pe": ATOMS * (z[:, 0] - 3.0), "press": 10.0 * z[:, 1], "temp": 300.0 + z[:, 2],
        "vol": ATOMS * (16.0 + 0.1 * z[:, 0]),
    }  # fmt: skip
    return Trajectory(
        D=ATOMS * np.hstack([np.ones((count, 1)), x]), time=DTAU * np.arange(count),
        step=NFREQ * np.arange(count), observables=observables, monitor=columns,
        parameters={"units": "metal", "descriptor": {"family": "bso4"}, "nfreq": NFREQ, "dt": 0.001},
        monitor_config=asdict(MonitorConfig()),
    )  # fmt: skip


def stage(name, file, count):
    """Seconds that one stage takes; the writing of what it needs is not counted."""
    out = file.with_suffix("")
    if name == "import":
        begun = time.perf_counter()
        import dbar.trajectory  # noqa: F401
    elif name == "write":
        from dbar.trajectory import write

        traj = snapshots(count)
        begun = time.perf_counter()
        write(file, traj)
    elif name == "append":
        begun = append(out.with_suffix(".store.h5md"))
    elif name == "read":
        from dbar.trajectory import read

        begun = time.perf_counter()
        assert len(read(file)) == count
    elif name == "read_runs":
        from dbar.trajectory import read_runs

        begun = time.perf_counter()
        assert len(read_runs([file]).runs[0]) == count
    elif name == "watch":
        from dbar.watch.watching import Watching

        watching = Watching([file])
        watching.poll()
        begun = time.perf_counter()  # of a further frame
        watching.frame(True)
    else:
        from dbar.cli.program import main

        words = {
            "fit": ["fit", file, "-o", f"{out}.model.h5", "--order", 1, "--dimension", 5, "--json"],
            "report": ["report", file, "-o", f"{out}.html", "--json"],
        }[name]
        begun = time.perf_counter()
        assert main([str(word) for word in words]) == 0
    return time.perf_counter() - begun


def append(file):
    """Write rows one after the other as a run does; returns when that began."""
    from dbar.store import Store
    from dbar.store.rows import Header

    traj = snapshots(APPENDED)
    settings = {
        "fix_id": "s", "descriptor": {}, "size": SIZE + 1, "virial": False, "units": "metal", "dt": 0.001,
        "nevery": NFREQ, "nrepeat": 1, "nfreq": NFREQ, "natoms": 0, "thermo": list(traj.observables),
        "lammps_version": "none", "plugin_version": "none",
    }  # fmt: skip
    store = Store(file, Header.from_settings(settings, {}))
    begun = time.perf_counter()
    for k in range(APPENDED):
        thermo = np.array([column[k] for column in traj.observables.values()])
        monitor = {name: column[k] for name, column in traj.monitor.items()}
        store.append(int(traj.step[k]), traj.time[k], traj.D[k], None, thermo, monitor)
    store.close()
    return begun


def measured(name, file, count, tries):
    """Least time (s) and least peak memory (MiB) of a stage, each in processes of its own."""
    command = [sys.executable, __file__, "--stage", name, "--file", file, "--snapshots", str(count)]
    found = []
    for _ in range(tries):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name}, {count} snapshots:\n{done.stdout}{done.stderr}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return tuple(min(column) for column in zip(*found, strict=True))


def main():
    """Print the table, or (--stage) run one stage and print its time and peak."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--snapshots", type=int, nargs="+", default=[10**4, 10**5, 10**6])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        seconds = stage(args.stage, args.file, args.snapshots[0])
        print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
        return
    table = Table(
        "stage", *(f"{count:,} snapshots" for count in args.snapshots), title="time, peak memory"
    )
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for name in args.stages:
            row = []
            for count in args.snapshots:
                file = Path(folder) / f"{count}.h5md"
                if name not in ("import", "append", "write") and not file.exists():
                    measured("write", file, count, 1)
                seconds, peak = measured(name, file, count, args.tries)
                row.append(f"{seconds:.3g} s, {peak:.0f} MiB")
            table.add_row(name if name != "append" else f"append {APPENDED} rows", *row)
            Console(stderr=True, width=120).print(name, *row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
