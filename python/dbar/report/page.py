"""The frame of a report: style, sections, tiles, written as one file."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable
from pathlib import Path

from dbar.files.atomic import replacing
from dbar.files.kinds import MARKS, Kind
from dbar.version import __version__

__all__ = ["section", "table", "tiles", "write_page"]

_CSS = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  color: #1f2933; background: #f4f5f7; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.2rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 0 0 .4rem; }
section { background: #fff; border: 1px solid #e1e5e9; border-radius: 8px; padding: 1.1rem 1.3rem;
  margin-top: 1.1rem; }
.lead { font-size: 1.08rem; margin: .2rem 0 0; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin-top: 1.1rem; }
.tiles div { flex: 1 1 6.2rem; background: #fff; border: 1px solid #e1e5e9; border-radius: 8px;
  padding: .6rem .8rem; }
.tiles b { display: block; font-size: 1.15rem; white-space: nowrap; }
.tiles span { color: #5b6672; font-size: .85rem; }
svg { width: 100%; height: auto; display: block; margin-top: .6rem; }
p { margin: .3rem 0; max-width: 52rem; }
.legend span { margin-right: .9rem; white-space: nowrap; }
.legend i { display: inline-block; width: .9rem; height: .7rem; margin-right: .3rem;
  border-radius: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #eceff2;
  vertical-align: top; } th { font-weight: 500; color: #5b6672; width: 16rem; }
table.scores th { width: auto; } table.scores { margin-top: .6rem; }
p.note { color: #8a5a00; }
dl.answers { margin: 0; display: grid; grid-template-columns: 14rem 1fr; gap: .5rem 1rem; }
dl.answers dt { font-weight: 600; } dl.answers dd { margin: 0; max-width: 46rem; }
dl.answers b { border-radius: 1rem; padding: .05rem .7rem; color: #fff; }
b.yes { background: #4c9f70; } b.no { background: #c8372d; } b.unknown { background: #8a94a0; }
@media (max-width: 40rem) { dl.answers { grid-template-columns: 1fr; } }
"""


def section(title: str, body: str) -> str:
    """A card with a heading."""
    return f"<section><h2>{title}</h2>{body}</section>"


def tiles(pairs: Iterable[tuple[str, str]]) -> str:
    """Numbers with a word below each."""
    cells = (f"<div><b>{html.escape(b)}</b><span>{text}</span></div>" for b, text in pairs)
    return f'<div class="tiles">{"".join(cells)}</div>'


def table(head: list[str], rows: Iterable[Iterable[str]]) -> str:
    """A table with a head; cells are escaped."""
    top = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f'<table class="scores"><tr>{top}</tr>{body}</table>'


def write_page(out: str | os.PathLike[str], title: str, lead: str, parts: Iterable[str]) -> Path:
    """Write the page; the file appears when it is complete.

    Raises
    ------
    OSError
        If it cannot be written, or is a file that is no report of dbar.
    """
    page = (
        f'{MARKS[Kind.PAGE]} {__version__}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>dbar: {html.escape(title)}</title><style>{_CSS}</style></head><body><main>"
        f"<h1>Report of {html.escape(title)}</h1>"
        f'<p class="lead">{html.escape(lead)}</p>'
        f"{''.join(parts)}</main></body></html>\n"
    )
    out = Path(out)
    with replacing(out, Kind.PAGE) as part:
        # a name of a file need not be UTF-8
        part.write_text(page, encoding="utf-8", errors="backslashreplace")
    return out
