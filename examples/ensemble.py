"""Run replicas of an example side by side, keep what is finished, then draw its figures.

A replica is made in RUNS/NN.part and renamed to RUNS/NN when LAMMPS has ended well: after Ctrl-C,
a crash or kill -9 the same command drops what was half made and goes on with the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from threadpoolctl import threadpool_limits

from dbar.console import signals
from dbar.files.atomic import replacing
from dbar.files.filelock import FileLock, Locked
from dbar.forecast.var import usable_cores
from dbar.lammps import lmp, processes
from dbar.store import h5md

_POLL = 0.2  # seconds
_LOOK = 2.0  # between looks at the stores, each of which takes some milliseconds


class EnsembleError(RuntimeError):
    """A replica could not be made; the message says why."""


@dataclass(frozen=True)
class Example:
    """An input script, how often to run it, and a version of it for the impatient.

    `figures` is the module whose ``figures(folders, out)`` draws and returns numbers. `snapshots`
    is their number in a full replica, for the progress bar; `small` the variables of ``--small``,
    `least` the replicas without which the figures cannot be drawn.
    """

    folder: Path
    figures: str
    script: str
    replicas: int
    snapshots: int
    small_replicas: int
    small_snapshots: int
    small: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    least: int = 4


def main(example: Example, argv=None, prepare: Callable | None = None) -> int:
    """Parse the command line, run what is missing, draw.

    ``prepare(base, replicas, args, console)`` makes what the replicas need and returns more
    variables for their script.
    """
    args = parse(example, argv)
    console = Console()
    base = args.folder or (example.folder / "small" if args.small else example.folder)
    replicas = args.replicas or (example.small_replicas if args.small else example.replicas)
    variables = example.variables | (example.small if args.small else {})
    total = example.small_snapshots if args.small else example.snapshots
    runs, out = base / "runs", base / "out"

    def work() -> dict:
        more = prepare(base, replicas, args, console) if prepare else {}
        folders = run(
            example, runs, replicas, variables | more, total, args.jobs, args.np, console=console
        )
        out.mkdir(exist_ok=True)
        console.print("figures ...")
        # matrices of a few dozen rows: threads would only wait for each other
        with threadpool_limits(1):
            numbers = import_module(example.figures).figures(folders, out)
        cost = {"replicas": replicas, "core_minutes": core_minutes(folders), "small": args.small}
        return cost | numbers

    code = alone(runs, out, work, console)
    if not code:
        console.print(f"report: dbar report {runs}/*/run.h5md", markup=False, soft_wrap=True)
    return code


def alone(runs: Path, out: Path, work: Callable[[], dict], console: Console) -> int:
    """Do the work with `runs` locked, keep and print the numbers it returns; the exit code.

    A signal that asks for an end is acted on wherever the work calls `signals.check`.
    """
    with signals.listening(to_the_end=True):
        return _alone(runs, out, work, console)


def _alone(runs, out, work, console):
    try:
        runs.mkdir(parents=True, exist_ok=True)
        lock = FileLock(runs)
    except Locked as owner:
        console.print(f"{runs}: {owner} is at work here", style="red", markup=False)
        return 1
    try:
        numbers = work()
    except signals.Interrupted:
        console.print("interrupted; the same command goes on where this one stopped")
        return 130  # whichever signal it was
    except (EnsembleError, ImportError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    finally:
        lock.release()
    write_text(out / "numbers.json", json.dumps(numbers, indent=1) + "\n")
    _print_numbers(console, numbers)
    console.print(f"figures and numbers: {out}", markup=False, soft_wrap=True)
    return 0


def parse(example: Example, argv=None) -> argparse.Namespace:
    """The options that all examples of this kind have."""
    parser = argparse.ArgumentParser(
        description=f"Run {example.replicas} replicas of {example.script} and draw the figures. "
        "Finished replicas are not run again.",
    )
    cores = usable_cores()
    parser.add_argument("--replicas", type=int, help=f"number of replicas ({example.replicas})")
    parser.add_argument("--np", type=int, default=1, help="MPI ranks of each replica (1)")
    parser.add_argument("--jobs", type=int, help=f"replicas at the same time ({cores} / np)")
    parser.add_argument("--small", action="store_true", help="tiny, in a minute, into small/")
    parser.add_argument("--folder", type=Path, help="where runs/ and out/ go (beside run.py)")

    args = parser.parse_args(argv)
    args.jobs = max(1, cores // args.np) if args.jobs is None else args.jobs
    for name, low in (("np", 1), ("jobs", 1), ("replicas", example.least)):
        value = getattr(args, name)
        if value is not None and value < low:
            parser.error(f"--{name} is {value}, expected at least {low}")
    return args


def run(example, runs, replicas, variables, total, jobs, np, console, first=1) -> list[Path]:
    """Make so many replicas, numbered from `first`, in `runs`; seed = number. Returns folders."""
    launcher, program = lmp.mpirun_path(), lmp.lmp_path()
    for what, path in (("mpirun", launcher), ("lmp", program)):
        if path is None:
            raise EnsembleError(f"no program {what}; `dbar doctor` says what to install")
    script = example.folder / example.script
    settings = {"script": _digest(script), "variables": {k: str(v) for k, v in variables.items()}}
    runs.mkdir(parents=True, exist_ok=True)
    folders = [runs / f"{k:02d}" for k in range(first, first + replicas)]
    missing = [folder for folder in folders if not _finished(folder, settings)]
    for left in runs.glob("*.part"):
        shutil.rmtree(left)
    if len(missing) < replicas:
        console.print(f"{replicas - len(missing)} of {replicas} replicas are there already")

    def start(folder: Path) -> subprocess.Popen:
        part = folder.with_name(folder.name + ".part")
        part.mkdir()
        shutil.copyfile(script, part / example.script)
        command = [str(launcher), "-np", str(np), str(program), "-in", example.script, "-nonbuf"]
        for name, value in {**variables, "seed": int(folder.name)}.items():
            command += ["-var", name, str(value)]
        return processes.start(command, part, "output.txt")

    active: dict[Path, subprocess.Popen] = {}
    looked = monotonic()
    with _Bars(console, replicas, replicas - len(missing), total) as bars:
        try:
            while missing or active:
                while missing and len(active) < jobs:
                    folder = missing.pop(0)
                    active[folder] = start(folder)
                signals.wait(_POLL)
                signals.check()
                look = monotonic() - looked >= _LOOK
                looked = monotonic() if look else looked
                for folder, process in list(active.items()):
                    part = folder.with_name(folder.name + ".part")
                    if process.poll() is None:
                        if look:
                            bars.show(folder.name, _snapshots(part / "run.h5md"))
                        continue
                    del active[folder]
                    _finish(part, folder, process.returncode, settings)
                    bars.done(folder.name)
        finally:
            for process in active.values():
                processes.terminate(process)
    return folders


def _finish(part: Path, folder: Path, returncode: int, settings: dict) -> None:
    text = (part / "output.txt").read_text(errors="replace")
    if returncode or not (part / "run.h5md").exists():
        tail = "\n".join(text.splitlines()[-12:])
        raise EnsembleError(f"replica {folder.name}: LAMMPS ended with {returncode}\n{tail}")
    write_text(part / "replica.json", json.dumps(settings, indent=1) + "\n")
    os.replace(part, folder)


def _finished(folder: Path, settings: dict) -> bool:
    if not folder.exists():
        return False
    record = json.loads((folder / "replica.json").read_text())
    if {name: record.get(name) for name in settings} != settings:
        raise EnsembleError(
            f"{folder} was made with other settings ({record.get('variables')} instead of "
            f"{settings['variables']}, or another input script); remove it, or choose another "
            "--folder"
        )
    return True


def _digest(script: Path) -> str:
    """Hash of the commands of an input script; comments do not count."""
    lines = (line.split("#")[0].split() for line in script.read_text().splitlines())
    text = "\n".join(" ".join(words) for words in lines if words)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _snapshots(store: Path) -> int:
    try:
        with h5md.open_for_reading(store) as file:
            return int(h5md.committed(file["observables"]))
    except (h5md.StoreError, OSError, RuntimeError, KeyError):
        return 0  # not there yet, or in the middle of a write


def core_minutes(folders) -> float:
    """Processor time of all replicas: LAMMPS's loop times by its share of the cores."""
    loop = re.compile(r"Loop time of (\S+) on (\d+) procs.*?([\d.]+)% CPU use", re.DOTALL)
    seconds = 0.0
    for folder in folders:
        for wall, ranks, share in loop.findall((folder / "output.txt").read_text(errors="replace")):
            seconds += float(wall) * int(ranks) * float(share) / 100.0
    return round(seconds / 60.0, 2)


def write_text(path: Path, text: str) -> None:
    """Write a file that is either complete or not there."""
    with replacing(path) as part:
        part.write_text(text)


def _print_numbers(console: Console, numbers: dict, indent: str = "  ") -> None:
    for name, value in numbers.items():
        deep = isinstance(value, dict) and any(isinstance(v, dict) for v in value.values())
        text = f"{indent}{name}:" if deep else f"{indent}{name}: {_one_line(value)}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
        if deep:
            _print_numbers(console, value, indent + "  ")


def _one_line(value) -> str:
    """A number, a list, or a flat dict as `name value, name value`."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {one}" for name, one in value.items())


class _Bars:
    """A bar for all replicas and one for each that runs; plain lines where there is no terminal."""

    def __init__(self, console, replicas, done, total):
        self._console, self._total, self._count, self._replicas = console, total, done, replicas
        self._bars = Progress(
            TextColumn("{task.description:<12}"), BarColumn(bar_width=None), MofNCompleteColumn(),
            TimeElapsedColumn(), console=console, expand=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._all = self._bars.add_task("replicas", total=replicas, completed=done)
        self._tasks = {}

    def __enter__(self):
        self._bars.start()
        return self

    def __exit__(self, *exc):
        self._bars.stop()

    def show(self, name, snapshots):
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(f"replica {name}", total=self._total)
        self._bars.update(self._tasks[name], completed=snapshots)

    def done(self, name):
        self._count += 1
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
        self._bars.update(self._all, completed=self._count)
        if not self._console.is_terminal:
            self._console.print(f"replica {name}: {self._count} of {self._replicas} finished")
