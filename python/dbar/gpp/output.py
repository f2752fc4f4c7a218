"""Files of configurations, for LAMMPS and for ASE."""

from __future__ import annotations

import io as streams
import os
from collections.abc import Sequence

from ase import Atoms, io

from dbar.files.atomic import replacing
from dbar.files.kinds import MARKS, XYZ_MARK, Kind

__all__ = ["write_lammps", "write_xyz"]


def write_lammps(path: str | os.PathLike[str], atoms: Atoms, elements: Sequence[str]) -> None:
    """Data file of LAMMPS (units metal, atom_style atomic) with positions and velocities.

    Parameters
    ----------
    path : path-like
        Appears when it is complete; only another such file is replaced.
    atoms : ase.Atoms
        Of :func:`dbar.gpp.draw`, or mean positions.
    elements : sequence of str
        Chemical symbols in the order of types, as those of the potential.

    Raises
    ------
    ValueError
        An atom of another element.
    OSError
        If it cannot be written.
    """
    for one in dict.fromkeys(atoms.get_chemical_symbols()):
        if one not in elements:
            raise ValueError(f"atoms: found the element {one}, expected {', '.join(elements)}")
    text = streams.StringIO()
    io.write(
        text, atoms, format="lammps-data", specorder=list(elements), masses=True,
        velocities=atoms.has("momenta"), units="metal", atom_style="atomic",
    )  # fmt: skip
    with replacing(path, Kind.PACKETS_DATA) as part:
        rest = text.getvalue().partition("\n")[2]
        part.write_text(f"{MARKS[Kind.PACKETS_DATA]}\n{rest}", encoding="utf-8")


def write_xyz(path: str | os.PathLike[str], atoms: Atoms) -> None:
    """Extended xyz file, with the array ``variance`` and velocities if there are any.

    Parameters
    ----------
    path : path-like
        Appears when it is complete; only another such file is replaced.
    atoms : ase.Atoms

    Raises
    ------
    OSError
        If it cannot be written.
    """
    named = atoms.copy()
    key, _, value = XYZ_MARK.partition("=")
    named.info[key] = value.strip('"')
    with replacing(path, Kind.PACKETS_XYZ) as part:
        io.write(part, named, format="extxyz")
