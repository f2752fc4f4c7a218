"""JSON files of users: whatever is wrong with the text, the error names the file."""

from __future__ import annotations

import json
import os
from pathlib import Path

__all__ = ["load_json"]


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
