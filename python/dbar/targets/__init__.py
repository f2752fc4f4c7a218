"""Observables of a stored run that an estimator can learn."""

from dbar.targets.observables import (
    STRESS,
    after_yield,
    match_snapshots,
    observable,
    potential_energy,
    pressure,
    stress,
    volume,
)
from dbar.targets.occupancy import vacancies
from dbar.targets.pair_distribution import configuration, rdf
from dbar.targets.structure import atom_structures, dislocations, structure_counts
from dbar.targets.voxels import atom_voxels, voxel_counts

__all__ = [
    "STRESS",
    "after_yield",
    "atom_structures",
    "atom_voxels",
    "configuration",
    "dislocations",
    "match_snapshots",
    "observable",
    "potential_energy",
    "pressure",
    "rdf",
    "stress",
    "structure_counts",
    "vacancies",
    "volume",
    "voxel_counts",
]
