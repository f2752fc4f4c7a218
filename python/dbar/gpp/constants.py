"""Constants of nature in eV, Å, u and K (CODATA)."""

from __future__ import annotations

import math

from scipy import constants as codata

__all__ = ["BOLTZMANN", "GIGAPASCAL", "HBAR"]

BOLTZMANN = codata.k / codata.e  # eV/K
GIGAPASCAL = codata.giga * codata.angstrom**3 / codata.e  # eV/Å^3
# in sqrt(u eV) Å, the unit of sqrt(m kT s)
HBAR = codata.hbar / math.sqrt(codata.atomic_mass * codata.e) / codata.angstrom
