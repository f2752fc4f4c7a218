"""How much of one description of atoms is in another: reconstruction errors and distortion."""

from dbar.measures.reconstruction import gfrd, gfre, lfre

__all__ = [
    "gfrd",
    "gfre",
    "lfre",
]
