"""Potentials that the averages know: embedded atoms, and those linear in a descriptor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dbar.files.json_file import load_json
from dbar.gpp.efs_file import EfsParameters, read_efs
from dbar.lammps.lmp import potential_path
from dbar.potential.eam_table import EamTable, read_table
from dbar.potential.linear import LinearPotential

__all__ = ["Potential", "load_potential"]

_COPPER = "cu-efs"


@dataclass(frozen=True)
class Potential:
    """A potential and the elements it is for.

    Attributes
    ----------
    form : str
        ``efs``, ``eam/alloy`` or ``eam/fs``, words of ``pair_style dbar/gpp``, or ``linear``.
    path : Path
        Its file.
    elements : tuple of str
        Chemical symbols, in the order of types.
    cutoff : float
        Atoms farther apart do not see each other (Å).
    content : EamTable, EfsParameters or LinearPotential
        What the file says.
    """

    form: str
    path: Path
    elements: tuple[str, ...]
    cutoff: float
    content: EamTable | EfsParameters | LinearPotential

    def types(self, symbols: Sequence[str]):
        """Place (n,) of each atom's element.

        Raises
        ------
        ValueError
            If an element is not among those of the potential.
        """
        for one in dict.fromkeys(symbols):
            if one not in self.elements:
                raise ValueError(
                    f"atoms: found the element {one}, expected one of the potential "
                    f"{self.path.name}: {', '.join(self.elements)}"
                )
        place = {one: k for k, one in enumerate(self.elements)}
        return np.array([place[one] for one in symbols], dtype=np.intc)


def load_potential(name: str | os.PathLike[str], *elements: str) -> Potential:
    """A potential by its name or from its file.

    Parameters
    ----------
    name : str or path-like
        ``"cu-efs"``, the copper of X. D. Dai et al. that comes with dbar; a table of ``eam/alloy``
        or ``eam/fs``, a file or the name of one that LAMMPS ships; or the JSON file of an extended
        Finnis-Sinclair potential (``dbar-efs/1``) or of a `LinearPotential`, SNAP for one, in
        units metal (``dbar-potential/1``; averages ``mc`` and ``gnn`` alone).
    *elements : str
        Chemical symbols to take from it; all of them by default.

    Raises
    ------
    ValueError
        If the file is none of these or lacks an element.
    OSError
        If it cannot be read.
    """
    path = _shipped() if os.fspath(name) == _COPPER else potential_path(name)
    if path.suffix == ".json":
        form, known, cutoff, content = _of_json(path)
    else:
        content = read_table(path)
        form = "eam/fs" if len(content.density[0]) > 1 else "eam/alloy"
        known, cutoff = content.elements, content.cutoff
    for one in elements:
        if one not in known:
            raise ValueError(f"elements: found {one}, expected some of {path}: {', '.join(known)}")
    if form == "linear" and elements and list(elements) != list(known):
        raise ValueError(f"elements: found {list(elements)}, expected none or {list(known)}")
    return Potential(form, path, tuple(elements or known), cutoff, content)


def _of_json(path: Path):
    """Form, elements, cutoff and content of one of the two schemas."""
    found = load_json(path)
    schema = found.get("schema") if isinstance(found, dict) else None
    if not str(schema).startswith("dbar-potential/"):
        content = read_efs(path)
        return "efs", [content.element], max(content.c, content.d), content
    content = LinearPotential.load(path)
    if content.units != "metal":
        raise ValueError(f"{path}: units: found {content.units!r}, expected 'metal'")
    return "linear", content.elements, float(content.descriptor.rcut), content


def _shipped() -> Path:
    """The copper of X. D. Dai et al.; in a source tree it is an example."""
    package = Path(__file__).parents[1]
    name = f"{_COPPER}.json"
    for folder in (package / "data", package.parents[1] / "examples" / "packets"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"{package / 'data' / name}: not found, install dbar again")
