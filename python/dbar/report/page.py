"""The frame of a report: sections, tiles, tables, written as one file.

Whatever is not `Markup` is text, and is escaped: names of files and of observables come from users.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dbar.files.atomic import replacing
from dbar.files.kinds import MARKS, Kind
from dbar.version import __version__

__all__ = ["answers", "legend", "section", "settings", "table", "tiles", "write_page"]

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip


@functools.cache
def _parts() -> Any:
    return _TEMPLATES.get_template("parts.html").module


def section(title: str, body: Markup) -> Markup:
    """A card with a heading."""
    return _parts().section(title, body)


def tiles(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Numbers with a word below each."""
    return _parts().tiles(pairs)


def table(head: list[str], rows: Iterable[Iterable[object]]) -> Markup:
    """A table with a head."""
    return _parts().table(head, rows)


def settings(pairs: Iterable[tuple[str, object]]) -> Markup:
    """A table of names and values."""
    return _parts().settings(pairs)


def answers(rows: Iterable[tuple[str, str | Markup]]) -> Markup:
    """Questions with their answers."""
    return _parts().answers(rows)


def legend(title: str, items: Iterable[tuple[str, str]]) -> Markup:
    """Words behind patches of a colour each."""
    return _parts().legend(title, items)


def write_page(out: str | os.PathLike[str], title: str, lead: str, parts: Iterable[Markup]) -> Path:
    """Write the page; the file appears when it is complete.

    Raises
    ------
    OSError
        If it cannot be written, or is a file that is no report of dbar.
    """
    mark = Markup(MARKS[Kind.PAGE])
    made = {"mark": mark, "version": __version__, "title": title, "lead": lead, "parts": parts}
    page = _TEMPLATES.get_template("page.html").render(made)
    out = Path(out)
    with replacing(out, Kind.PAGE) as part:
        # a name of a file need not be UTF-8
        part.write_text(page + "\n", encoding="utf-8", errors="backslashreplace")
    return out
