"""Potentials linear in a descriptor, tables of others, normal modes."""

from dbar.potential.linear import LinearPotential

__all__ = [
    "LinearPotential",
]
