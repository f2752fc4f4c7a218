"""Tables of embedded atoms that OpenKIM's portable models carry as text in their libraries."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from dbar.gpp.potential import Potential, load_potential

__all__ = ["potential_of"]

_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]{10000,}")
_NUMBERS = 5  # lines before those of an element


def potential_of(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Potential:
    """A potential from a table, or from the library of a portable model of OpenKIM.

    Debian's package ``openkim-models`` has such models; the text is written to `folder`.

    Parameters
    ----------
    path : path-like
        ``.../libkim-api-portable-model.so``, or what `load_potential` takes.
    folder : path-like

    Raises
    ------
    ValueError
        If there is no such table in it.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    if path.suffix != ".so":
        return load_potential(path)
    found = max(_TEXT.findall(path.read_bytes()), key=len, default=b"").decode()
    lines = found.replace("\r\n", "\n").splitlines()
    if len(lines) <= _NUMBERS:
        raise ValueError(f"{path}: found no text of a table, expected a portable model of eam")
    target = Path(tempfile.mkdtemp(dir=folder), f"{path.parent.name}.eam.alloy")
    target.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="ascii")
    return load_potential(target)
