"""Atoms that look like none of the reference, and the regions they form."""

from dbar.novelty.atom_novelty import AtomNovelty, SpeciesModel, regions
from dbar.novelty.clusters import Region

__all__ = [
    "AtomNovelty",
    "Region",
    "SpeciesModel",
    "regions",
]
