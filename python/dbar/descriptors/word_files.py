"""Values of keywords that may be the name of a file: what stands in it takes its place."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from dbar import _kernels

__all__ = ["basis_word", "component_names"]


def basis_word(value, species=None) -> str:
    """Return the word that stands for radial functions.

    Parameters
    ----------
    value : str, path, dict or object with ``content()``
        ``"gto"``, ``"dvr"``, a file of ``dbar basis fit``, what stands in it, or the word itself.
    species : list of str, optional
        Chemical symbols of the descriptor, which must be those of the basis in their order.

    Raises
    ------
    ValueError
        A file that cannot be read, or is no such file, or is for other species.
    """
    content = value.content() if hasattr(value, "content") else value
    name, text = "basis", None
    if isinstance(content, Mapping):
        text = json.dumps(dict(content))
    elif isinstance(content, str | os.PathLike):
        name = os.fspath(content)
        if not _kernels.names_file("basis", name):
            return name
        text = _text("basis", name, "gto, dvr, or a file of an optimal basis")
    else:
        raise ValueError(f"basis: found {value!r}, expected gto, dvr, or an optimal basis")
    try:
        word = _kernels.word_of_file("basis", name, text)
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    _check_species(name, json.loads(text)["species"], species)
    return word


def component_names(value) -> list[str]:
    """Return numbers and labels of components, from a list of them or from a file.

    Raises
    ------
    ValueError
        A file that cannot be read or names none.
    """
    if isinstance(value, str | os.PathLike):
        name = os.fspath(value)
        if not _kernels.names_file("components", name):
            return name.split(";")
        text = _text("select", name, "numbers or labels of components, or a file of them")
        try:
            return _kernels.word_of_file("components", name, text).split(";")
        except RuntimeError as error:
            raise ValueError(str(error)) from None
    if isinstance(value, int):
        value = [value]
    names = [str(each) for each in value]
    if not names:
        raise ValueError("select: found no component, expected one or more, or None for all")
    return names


def _text(key: str, name: str, expected: str) -> str:
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ValueError(f"{key}: found {name!r}, expected {expected}: {reason}") from None


def _check_species(name: str, found, species) -> None:
    found = [str(each) for each in found]
    if species is not None and list(species) != found:
        raise ValueError(
            f"{name}: species: found {' '.join(found)}, expected {' '.join(species)}, "
            "those of the descriptor in their order"
        )
    if species is None and len(found) > 1:
        raise ValueError(
            f"{name}: species: found {' '.join(found)}, expected them as the descriptor's species"
        )
