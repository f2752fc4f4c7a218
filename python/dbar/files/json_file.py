"""JSON files of users: whatever is wrong with the text, the error names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["load_json", "load_schema"]


def load_json(path: str | os.PathLike[str]) -> object:
    """Content of a JSON file.

    Raises
    ------
    ValueError
        If it cannot be understood; the message begins with the path.
    OSError
        If the file cannot be read.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # also: not UTF-8, 5000 digits, [[[[...
        raise ValueError(f"{os.fspath(path)}: not a JSON file: {error}") from None


def load_schema(path: str | os.PathLike[str], schema: str) -> dict:
    """Content of a JSON file whose key ``schema`` says what it is.

    Raises
    ------
    ValueError
        If it cannot be understood or is of another schema; the message begins with the path.
    OSError
        If the file cannot be read.
    """
    content = load_json(path)
    found = content.get("schema") if isinstance(content, dict) else None
    if found != schema:
        raise ValueError(f"{os.fspath(path)}: schema: found {found!r}, expected {schema!r}")
    return content
