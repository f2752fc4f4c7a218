"""What ``dbar demo`` shows while it runs: a live bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from dbar.demo.run import Progress

__all__ = ["Screen"]

_COLOURS = {"": "dim", "learning": "cyan", "trusted": "green", "warning": "yellow", "alarm": "red"}
_STAGES = {"prepare": "relax, anneal, cool", "pull": "pull and watch"}


class Screen:
    """Context manager whose `show` takes the progress of the demo.

    Parameters
    ----------
    console : rich.console.Console
        A terminal gets a live display; anything else a line per tenth of each stage.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: tuple[str, int] | None = None
        self._alarmed = False
        self._bars = Bars(
            TextColumn("{task.description:<20}"),
            BarColumn(bar_width=None),
            TextColumn("{task.completed:>6.0f}/{task.total:.0f} steps"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            expand=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, int] = {}

    def __enter__(self) -> Screen:
        self._bars.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Show one state of the run."""
        if not self._console.is_terminal:
            self._plain(progress)
            return
        if progress.stage == "pull" and "prepare" in self._tasks:
            first = self._tasks["prepare"]
            self._bars.update(first, completed=self._bars.tasks[0].total)
            self._bars.stop_task(first)
        if progress.stage not in self._tasks:
            name = _STAGES[progress.stage]
            self._tasks[progress.stage] = self._bars.add_task(name, total=progress.total, note="")
        task = self._tasks[progress.stage]
        self._bars.update(task, completed=progress.step, note=_note(progress, colour=True))

    def _plain(self, progress: Progress) -> None:
        tenth = (progress.stage, 10 * progress.step // max(1, progress.total))
        alarm = progress.state_name == "alarm" and not self._alarmed
        if tenth != self._lines or alarm:
            self._lines = tenth
            self._alarmed = self._alarmed or alarm
            text = f"{_STAGES[progress.stage]}: step {progress.step}/{progress.total}"
            self._console.print(f"{text} {_note(progress)}".rstrip(), markup=False)


def _note(progress: Progress, colour: bool = False) -> str:
    if progress.stress is None:
        return ""
    M = f"{progress.M:8.2f}" if progress.M is not None else "       -"
    state = progress.state_name
    shown = f"[{_COLOURS[state]}]{state:<8}[/]" if colour else state
    return f"stress {progress.stress:+6.2f} GPa  M {M}  {shown}"
