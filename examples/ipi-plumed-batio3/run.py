"""Metadynamics of barium titanate between cubic and tetragonal: python run.py --help."""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from ensemble import EnsembleError, alone, write_text  # noqa: E402
from model import STEP, write_inputs  # noqa: E402

from dbar.console import signals  # noqa: E402
from dbar.lammps import lmp, processes  # noqa: E402

METAD = "SIGMA=0.008 HEIGHT=0.004 PACE=62 BIASFACTOR=8"
PATIENCE = 30.0  # seconds between the ends of i-PI and of LAMMPS


def start(part, settings, np, seed):
    """Start i-PI and LAMMPS in a new folder."""
    part.mkdir()
    name = f"dbar-batio3-{os.getpid()}-{part.stem}"  # of the socket in /tmp
    steps = round(1000.0 * settings["picoseconds"] / STEP)
    keys = ("size", "temperature", "metad")
    write_inputs(part, **{key: settings[key] for key in keys}, steps=steps, seed=seed, name=name)
    client = [str(lmp.mpirun_path()), "-np", str(np), str(lmp.lmp_path())]
    client += ["-in", str(HERE / "in.batio3"), "-screen", "none"]
    client += ["-var", "name", name, "-var", "T", str(settings["temperature"])]
    server = [str(Path(sys.executable).with_name("i-pi")), "input.xml"]
    return [processes.start(server, part, "i-pi.log"), processes.start(client, part, "lammps.out")]


def ended(processes, part):
    """Whether both programs have ended well; raises EnsembleError if one has not."""
    codes = [process.poll() for process in processes]
    if any(codes):  # neither 0 nor None
        signals.wait(1.0)
        tails = [
            "\n".join((part / log).read_text(errors="replace").splitlines()[-8:])
            for log in ("i-pi.log", "lammps.out")
        ]
        raise EnsembleError(
            f"{part.stem}: exit codes of i-PI and LAMMPS {codes}\n" + "\n".join(tails)
        )
    if codes[0] is None or codes[1] is not None:
        return codes[0] is not None
    end = time.monotonic() + PATIENCE
    while processes[1].poll() is None:
        if time.monotonic() > end:
            raise EnsembleError(f"{part.stem}: LAMMPS goes on after i-PI's end")
        signals.wait(0.1)
        signals.check()
    return processes[1].returncode == 0


def finished(folder, settings):
    """Whether the folder holds this run; raises EnsembleError if it holds another."""
    if not folder.exists():
        return False
    record = json.loads((folder / "settings.json").read_text())
    if record != settings:
        raise EnsembleError(f"{folder} was made with {record}, not {settings}; remove it")
    return True


def simulate(plan, runs, jobs, np, console):
    """Make the runs that are missing; `plan` maps folder names to settings."""
    for left in runs.glob("*.part"):
        shutil.rmtree(left)
    waiting = [name for name, settings in plan.items() if not finished(runs / name, settings)]
    active = {}
    with Progress(console=console, disable=not console.is_terminal) as bars:
        tasks = {name: bars.add_task(name, total=plan[name]["picoseconds"]) for name in waiting}
        try:
            while waiting or active:
                while waiting and len(active) < jobs:
                    name = waiting.pop(0)
                    part = runs / f"{name}.part"
                    active[name] = start(part, plan[name], np, 1 + list(plan).index(name))
                signals.wait(0.5)
                signals.check()
                for name, processes in list(active.items()):
                    part = runs / f"{name}.part"
                    bars.update(tasks[name], completed=reached(part))
                    if ended(processes, part):
                        del active[name]
                        write_text(part / "settings.json", json.dumps(plan[name], indent=1) + "\n")
                        os.replace(part, runs / name)
                        if not console.is_terminal:
                            console.print(f"{name} finished")
        finally:
            for processes in active.values():
                for process in processes:
                    processes.terminate(process)


def reached(part):
    """Time that PLUMED has seen, in ps."""
    try:
        with (part / "COLVAR").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200))
            return float(file.read().split(b"\n")[-2].split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0


def arguments():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--sizes", type=int, nargs="+", default=[4, 5], help="unit cells along an edge (4 5)")
    add(
        "--temperatures",
        type=float,
        nargs="+",
        default=[230.0, 250.0, 270.0],
        help="K (230 250 270)",
    )
    add("--picoseconds", type=float, default=80.0, help="length of each run (80)")
    add("--np", type=int, default=1, help="MPI ranks of LAMMPS in each run (1)")
    add("--jobs", type=int, default=2, help="runs at the same time (2)")
    add("--small", action="store_true", help="8 cells, 0.4 ps, one temperature: does it work?")
    add("--folder", type=Path, default=HERE, help="where runs/ and out/ go (beside run.py)")
    args = parser.parse_args()
    if args.small:
        args.sizes, args.temperatures, args.picoseconds = [3], [240.0], 0.4
        args.folder = HERE / "small" if args.folder == HERE else args.folder
    return args


def main():
    """Simulate what is missing, then draw."""
    args, console = arguments(), Console()
    runs, out = args.folder / "runs", args.folder / "out"
    plan = {
        f"L{size}-T{temperature:g}": {
            "size": size,
            "temperature": temperature,
            "picoseconds": args.picoseconds,
            "metad": METAD,
        }
        for temperature in args.temperatures
        for size in args.sizes
    }

    def work():
        simulate(plan, runs, args.jobs, args.np, console)
        from analyse import analyse

        return analyse({runs / name: settings for name, settings in plan.items()}, out)

    return alone(runs, out, work, console)


if __name__ == "__main__":
    sys.exit(main())
