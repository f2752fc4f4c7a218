"""Which expansions can be contracted."""

from __future__ import annotations

from dbar.descriptors.expansion import Expansion
from dbar.descriptors.words import shown

__all__ = ["checked_primitive"]


def checked_primitive(primitive) -> Expansion:
    """The expansion itself, if its radial functions can be contracted.

    Raises
    ------
    ValueError
        No `Expansion`, one with blocks for the central atoms, one of a contracted basis, or one
        that leaves out species of neighbours.
    """
    if not isinstance(primitive, Expansion):
        raise ValueError(f"primitive: found {primitive!r}, expected a dbar.descriptors.Expansion")
    if primitive.perspecies:
        raise ValueError(
            "primitive perspecies: found True, expected False; per_centre gives each species of "
            "central atoms functions of its own"
        )
    if primitive.basis not in ("gto", "dvr"):
        raise ValueError(
            f"primitive basis: found {shown(primitive.basis)!r}, expected 'gto' or 'dvr'"
        )
    everyone = list(range(1, primitive.n_species + 1))
    found = primitive.settings()["neighbors"]
    if found != everyone:
        raise ValueError(
            f"primitive neighbors: found {primitive.neighbors}, expected all species; who needs "
            "some of them alone fits with all and leaves out the others afterwards"
        )
    return primitive
