"""Descriptors of any `ase.Atoms`, on the kernels of the plugin."""

from dbar.descriptors.families import Bispectrum, Expansion

__all__ = [
    "Bispectrum",
    "Expansion",
]
