"""What the commands share: option parsers, progress bars on standard error, errors, JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dbar.console import signals

__all__ = [
    "Parser",
    "add_json",
    "between",
    "fail",
    "number",
    "observable_option",
    "plain",
    "print_json",
    "progress_bars",
    "refuse_given",
    "same_file",
]

Tick = Callable[[int, int], None]


class Parser(argparse.ArgumentParser):
    """Parser whose descriptions and examples keep their lines."""

    def __init__(self, *args, **kwargs) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)


def between(low: float, high: float, kind: type) -> Callable[[str], float]:
    """Parser of an integer or a number from `low` to `high`."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            name = "an integer" if kind is int else "a number"
            raise argparse.ArgumentTypeError(f"{text!r}: expected {name} from {low} to {high}")
        return value

    return parse


def number(text: str) -> float:
    """Parser of a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a finite number")
    return value


def observable_option(text: str) -> tuple[str, str | None]:
    """Parser of NAME, NAME:extensive or NAME:per-atom."""
    name, _, kind = text.partition(":")
    if not name or (kind and kind not in ("extensive", "per-atom")):
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected NAME, NAME:extensive or NAME:per-atom"
        )
    return name, kind or None


def refuse_given(
    args: argparse.Namespace, options: Iterable[argparse.Action], expected: str
) -> None:
    """Raise where an option was given that does not apply; its default is None or False.

    Raises
    ------
    ValueError
        Naming the option, its value and what was `expected`.
    """
    for option in options:
        value = getattr(args, option.dest)
        if value is not None and value is not False:
            said = "" if value is True or isinstance(value, list) else f" {value}"
            raise ValueError(f"{option.option_strings[-1]}{said}: {expected}")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option --json."""
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON on standard output"
    )


def fail(args: argparse.Namespace, error: Exception) -> int:
    """Report a problem on standard error (and as JSON) and return exit code 1."""
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    if args.json:
        print(json.dumps({"ok": False, "error": message}))
    print(f"dbar {args.command}: {message}", file=sys.stderr)
    return 1


def print_json(result: dict) -> None:
    """Print one line of JSON on standard output; numbers that are not finite become null."""
    print(json.dumps(plain(result)), flush=True)


def plain(value: object) -> object:
    """The value in terms of what JSON has."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def same_file(out: Path, inputs: list) -> Path | None:
    """The input that writing `out` would destroy, or None."""
    for path in map(Path, inputs):
        if out.exists() and path.exists() and out.samefile(path):
            return path
    return None


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[str], Tick]]:
    """Progress on standard error: ``bars("reading")`` gives a callable of (done, total).

    A terminal gets bars; anything else one line per stage. Each step of progress is also the place
    to act on a signal: `dbar.console.signals.check`.
    """
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    bars = Progress(
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TextColumn("{task.completed:>4.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )

    def stage(name: str) -> Tick:
        signals.check()
        if not console.is_terminal:
            console.print(f"{name} ...", markup=False)
            return lambda done, total: signals.check()
        task = bars.add_task(name, total=1)

        def tick(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)
            signals.check()

        return tick

    with bars:
        yield stage
