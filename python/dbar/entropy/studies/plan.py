"""How large the databases of a study are, and how they are made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from dbar.entropy.database import Database, read_database
from dbar.entropy.iron import iron_database
from dbar.entropy.lennard_jones_search import lennard_jones_database
from dbar.entropy.smoothing import smooth_table
from dbar.lammps.lmp import potential_path

__all__ = ["FIGURES", "Plan"]

FIGURES = (2, 3, 4, 5, 6, 7)
_CLASSES = ("I2", "I3", "I4", "V4")
_STRAINS = (-1.0, 0.0, 1.0, 2.0, 3.0)


@dataclass(frozen=True)
class Plan:
    """Sizes of a study.

    Attributes
    ----------
    seed : int
    edge : int
        Of the cells of iron, in lattice constants.
    clusters, random : int
        Cells with clusters of each class, and random cells.
    strained : int
        Clusters of each class at each strain.
    minima : int
        Of the Lennard-Jones cluster.
    atoms : int
        In it.
    ranks : int
        MPI ranks of LAMMPS.
    splits : int
        Random divisions of each share.
    scattering : int
        Clusters for which the global descriptor is computed: it takes seconds of each.
    """

    seed: int = 0
    edge: int = 5
    clusters: int = 75
    random: int = 100
    strained: int = 12
    minima: int = 2000
    atoms: int = 38
    splits: int = 20
    scattering: int = 100
    ranks: int = 1

    @classmethod
    def full(cls, seed: int = 0, ranks: int = 1) -> Plan:
        """About the sizes of the paper; many days of two cores."""
        return cls(
            seed, edge=8, clusters=1130, random=9016, strained=900, minima=10_000, splits=100,
            scattering=1000,
            ranks=ranks,
        )  # fmt: skip

    def settings(self) -> dict:
        """The sizes, in terms of JSON."""
        return {name: value for name, value in asdict(self).items() if name != "ranks"}

    def database(self, name: str, folder: Path, stage) -> Database:
        """Make or continue a database of the study, and read it.

        Parameters
        ----------
        name : str
            "lj38", "iron" or "strains".
        folder : Path
        stage : callable
            ``stage(name)`` gives a callable of (done, total).
        """
        path, tick = folder / f"{name}.h5", stage(f"database {name}")
        if name == "lj38":
            lennard_jones_database(
                path, self.minima, atoms=self.atoms, seed=self.seed, progress=tick
            )
        else:
            sites, classes = [2 * self.edge**3], len(_CLASSES)
            strained = name == "strains"
            strains = _STRAINS if strained else (0.0,)
            number = classes * (self.strained * len(strains) if strained else self.clusters)
            table = smooth_iron(folder)
            iron_database(
                path, table, number=number, random=0 if strained else self.random, sites=sites,
                strains=strains, clusters=_CLASSES, seed=self.seed, ranks=self.ranks,
                progress=tick,
            )  # fmt: skip
        return read_database(path)


def smooth_iron(folder: Path) -> Path:
    """The table of LAMMPS for iron, smoothed, in a folder."""
    path = folder / "Fe_smooth.eam.fs"
    if not path.exists():
        smooth_table(potential_path("Fe_mm.eam.fs"), path)
    return path
