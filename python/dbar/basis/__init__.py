"""Radial bases that fit the data: contractions of many primitive functions to few."""

from dbar.basis.fit import BasisFit
from dbar.basis.optimal import OptimalBasis
from dbar.basis.over_frames import optimal_basis

__all__ = [
    "BasisFit",
    "OptimalBasis",
    "optimal_basis",
]
