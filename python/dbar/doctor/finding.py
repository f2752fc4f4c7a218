"""What a check of ``dbar doctor`` finds, and how it tries a program."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from dbar.lammps import processes

__all__ = ["Finding", "last_line", "run_program", "start_lammps"]

_TIMEOUT = 60  # seconds for a program that should take one


@dataclass(frozen=True)
class Finding:
    """Outcome of one check.

    Attributes
    ----------
    name : str
        What was looked at.
    ok : bool
        Whether a run can do with it.
    found : str
        What was found.
    advice : str
        What to do when it is not ok, "" otherwise.
    optional : bool
        Most runs do without it.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    optional: bool = False

    def as_dict(self) -> dict:
        """The finding as a JSON-able dict."""
        return asdict(self)


def run_program(command: list[str], **kwargs) -> tuple[int, str]:
    """Exit code and output (both streams) of a program, without a shell."""
    env = processes.marked()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
            **kwargs,
        )
    except OSError as error:
        return 1, f"{command[0]}: {error.strerror}"
    with process:
        try:
            out, complaints = process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            return 1, f"no answer within {_TIMEOUT} s"
        finally:
            processes.terminate(process, env)
    return process.returncode, out + complaints


def last_line(text: str, starting: str = "ERROR") -> str:
    """Last line that begins with a word, else the last line of all."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    chosen = [line for line in lines if line.startswith(starting)] or lines
    return chosen[-1] if chosen else "no output"


def start_lammps(command: list[str], script: str, prepare=None) -> tuple[int, str]:
    """Run a small input through a launcher or alone; ``prepare(folder)`` writes more files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.doctor"
        path.write_text(script)
        if prepare:
            prepare(Path(folder))
        return run_program([*command, "-in", str(path), "-log", "none"], cwd=folder)
