"""Vacancies and interstitials of a cell: Wigner-Seitz analysis of OVITO (optional)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Defects", "check_ovito", "find_defects"]


@dataclass(frozen=True)
class Defects:
    """What a cell has that a perfect one has not.

    Attributes
    ----------
    vacancies, interstitials : int
        Sites without an atom, and atoms beyond the first of each site.
    empty : ndarray of int
        Sites without an atom.
    crowded : ndarray of int
        Atoms that share a site.
    """

    vacancies: int
    interstitials: int
    empty: np.ndarray
    crowded: np.ndarray


def check_ovito() -> None:
    """Raise ImportError, with what to install, where there is no OVITO."""
    try:
        import ovito.io.ase
        import ovito.modifiers
        import ovito.pipeline  # noqa: F401
    except ImportError:
        raise ImportError(
            "counting defects needs the package ovito: pip install dbar[ovito]"
        ) from None


def find_defects(atoms, perfect) -> Defects:
    """Count atoms in the Wigner-Seitz cells of the sites of a perfect cell.

    A. Stukowski, Modelling Simul. Mater. Sci. Eng. 18, 015012 (2010), describes OVITO.

    Parameters
    ----------
    atoms, perfect : ase.Atoms
        In the same cell.

    Raises
    ------
    ImportError
        Without OVITO.
    """
    check_ovito()
    from ovito.io.ase import ase_to_ovito
    from ovito.modifiers import WignerSeitzAnalysisModifier
    from ovito.pipeline import Pipeline, StaticSource

    found = {}
    for displaced in (False, True):
        modifier = WignerSeitzAnalysisModifier(output_displaced=displaced)
        modifier.reference = StaticSource(data=ase_to_ovito(_bare(perfect)))
        pipeline = Pipeline(source=StaticSource(data=ase_to_ovito(_bare(atoms))))
        pipeline.modifiers.append(modifier)
        found[displaced] = pipeline.compute()
    counts = found[True].attributes
    occupancy = np.asarray(found[False].particles["Occupancy"])
    own = np.asarray(found[True].particles["Occupancy"])
    return Defects(
        int(counts["WignerSeitz.vacancy_count"]), int(counts["WignerSeitz.interstitial_count"]),
        np.flatnonzero(occupancy == 0), np.flatnonzero(own > 1),
    )  # fmt: skip


def _bare(atoms):
    """Positions and cell alone, all inside of it."""
    from ase import Atoms

    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    bare.wrap()
    return bare
