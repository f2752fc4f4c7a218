"""``dbar demo``: run the aluminium example and watch it from outside while it watches itself."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dbar.console import signals
from dbar.files.atomic import check_writable, set_aside
from dbar.files.filelock import FileLock, Locked
from dbar.files.kinds import Kind
from dbar.lammps import lmp, processes
from dbar.report.run import report
from dbar.store import h5md
from dbar.trajectory.summary import STATES, Summary, alarm_sentence, summarise
from dbar.trajectory.trajectory import read

__all__ = ["DemoError", "Progress", "example_file", "run_demo"]

_RATE = 0.005  # 1/ps, as in the input
_DT = 0.002  # ps
_POLL = 0.25  # seconds between two looks at the file
_INPUTS = ("in.al-tension", "monitor.toml")
_LOGS = ("log.lammps", "output.txt")


class DemoError(RuntimeError):
    """The demo could not start or LAMMPS stopped with an error; the message says why."""


@dataclass(frozen=True)
class Progress:
    """State of the running demo.

    Attributes
    ----------
    stage : str
        "prepare" (relax, anneal, cool) or "pull".
    step, total : int
        Timesteps done of the stage's total.
    stress : float or None
        GPa, tension positive.
    M : float or None
    state : int or None
        0 learning to 3 alarm.
    """

    stage: str
    step: int
    total: int
    stress: float | None = None
    M: float | None = None
    state: int | None = None

    @property
    def state_name(self) -> str:
        """Name of the state, "" before there is one."""
        return "" if self.state is None else STATES[self.state]


def example_file(name: str) -> Path:
    """A file of the example, from the installed package or from a source tree."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data", package.parents[1] / "examples" / "al-tension"):
        if (folder / name).exists():
            return folder / name
    raise DemoError(f"{name}: not found; the package is incomplete, install it again")


def run_demo(
    out: Path,
    *,
    strain: float = 0.15,
    ranks: int = 2,
    seed: int = 8,
    anneal: float = 1.0,
    stop: bool = False,
    show: Callable[[Progress], None] = lambda progress: None,
) -> tuple[Summary, Path, str]:
    """Run the example under MPI and report on it.

    Parameters
    ----------
    out : Path
        Folder for ``run.h5md``, ``report.html`` and the logs; made if missing. An older
        store, older logs and inputs that were changed are kept as ``NAME.bck.N``.
    strain : float
        Engineering strain at which the run ends.
    ranks : int
        Number of MPI ranks.
    seed : int
        Seed of structure and velocities.
    anneal : float
        Length of the annealing, 1 for 6 ps.
    stop : bool
        End the run when the alarm goes up.
    show : callable
        Receives the progress about four times a second.

    Returns
    -------
    Summary, Path, str
        Numbers of the run, the report, and a sentence about the alarm.

    Raises
    ------
    DemoError
        If something needed is missing, if the folder holds a store that is being written, or
        if LAMMPS fails, with the last lines of its output.
    OSError
        If the folder holds something else under the name of a result; it is not touched then.
    dbar.console.signals.Interrupted
        Where signals are listened to and one has come. LAMMPS has ended.
    """
    launcher, program = lmp.mpirun_path(), lmp.lmp_path()
    for what, path in (("mpirun", launcher), ("lmp", program)):
        if path is None:
            raise DemoError(f"no program {what}; `dbar doctor` says what to install")
    out.mkdir(parents=True, exist_ok=True)
    store, page = out / "run.h5md", out / "report.html"
    _make_room(out, store, page)
    for name in _INPUTS:
        shutil.copyfile(example_file(name), out / name)
    command = [str(launcher), "-np", str(ranks), str(program)]
    command += ["-in", "in.al-tension", "-log", "log.lammps", "-nonbuf"]
    variables = {"strain": strain, "seed": seed, "anneal": anneal}
    variables["stop"] = "yes" if stop else "no"
    for name, value in variables.items():
        command += ["-var", name, str(value)]
    steps = (round(3000 * anneal), round(strain / _RATE / _DT))
    _run(command, out, steps, show)
    if not store.exists():
        raise DemoError(f"LAMMPS ended without writing {store}\n{_tail(out)}")
    traj = read(store)
    summary = summarise(traj)
    return summary, report(store, page), alarm_sentence(summary)


def _make_room(out: Path, store: Path, page: Path) -> None:
    """Keep what the folder holds and the demo would write anew; nothing is moved on an error."""
    try:
        lock = FileLock(store)
    except Locked as owner:
        raise DemoError(f"{store}: is being written by {owner}, expected another folder") from None
    try:
        check_writable(store, Kind.RUN)
        check_writable(page, Kind.PAGE)
        made = (*_LOGS, *_INPUTS)
        for name in made:
            check_writable(out / name)
        old = [store, *(out / name for name in made)]
        for path in filter(Path.exists, old):
            if path.name not in _INPUTS or not filecmp.cmp(path, example_file(path.name), False):
                set_aside(path)
    finally:
        lock.release()


def _run(
    command: list[str], out: Path, steps: tuple[int, int], show: Callable[[Progress], None]
) -> None:
    process = processes.start(command, out, "output.txt")
    try:
        while process.poll() is None:
            show(_look(out, steps))
            signals.wait(_POLL)
            signals.check()
        show(_look(out, steps))
    finally:
        processes.terminate(process)
    if process.returncode:
        raise DemoError(f"LAMMPS stopped with exit code {process.returncode}\n{_tail(out)}")


def _look(out: Path, steps: tuple[int, int]) -> Progress:
    """Read the newest snapshot, or before there is one the last step in the log."""
    newest = newest_snapshot(out / "run.h5md")
    if newest:
        total = steps[1]
        step, pxx, M, state = newest
        return Progress("pull", min(step, total), total, -pxx / 1e4, M if M > 0 else None, state)
    done = _steps_prepared(out / "log.lammps")
    return Progress("prepare", min(done, steps[0]), steps[0])


def newest_snapshot(path: Path) -> tuple[int, float, float, int] | None:
    """Step, pxx, M and state of the newest snapshot in a file that is being written."""
    try:
        with h5md.open_for_reading(path) as file:
            root = file["observables"]
            n = h5md.committed(root)
            if not n:
                return None
            own = root["dbar"]
            return (
                int(own["D/step"][n - 1]),
                float(root["pxx/value"][n - 1]),
                float(own["M/value"][n - 1]),
                int(own["state/value"][n - 1]),
            )
    except (h5md.StoreError, OSError, RuntimeError, KeyError):
        return None  # not there yet, or in the middle of a write: the next look will do


def _steps_prepared(log: Path) -> int:
    """Last timestep printed during the annealing runs."""
    step = 0
    try:
        for line in log.read_text(errors="replace").splitlines():
            words = line.split()
            if 6 <= len(words) <= 7 and words[0].isdigit() and "." in words[1]:
                step = int(words[0])
    except OSError:
        pass
    return step


def _tail(out: Path, lines: int = 12) -> str:
    """Last lines that LAMMPS wrote; its error may be lost on the way when MPI is aborted."""
    said = _lines(out / "output.txt")[-lines:]
    lost = [line for line in _lines(out / "log.lammps")[-lines:] if line.startswith("ERROR")]
    said += [line for line in lost if line not in said]
    return "\n".join(said) + f"\n(all of it: {out / 'output.txt'})"


def _lines(path: Path) -> list[str]:
    text = path.read_text(errors="replace") if path.exists() else ""
    return [line for line in text.splitlines() if line.strip()]
