"""Potentials that are linear in a descriptor; `pair_style dbar` reads their files."""

from dbar.potential.linear import LinearPotential

__all__ = [
    "LinearPotential",
]
