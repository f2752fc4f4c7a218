"""The perfect crystal that the aluminium of the examples was cut from."""

from __future__ import annotations

import numpy as np
from ase.lattice.cubic import FaceCenteredCubic

LATTICE = 4.045  # A


def aluminium_sites(edges):
    """Sites as fractions (M, 3) of a box of edges (3, 3), x = [1 0 -1], y = [1 1 1], z = [1 -2 1].

    The box may be strained by less than half a period: its numbers of periods are rounded.
    """
    axes = [[1, 0, -1], [1, 1, 1], [1, -2, 1]]
    cell = FaceCenteredCubic(directions=axes, symbol="Al", latticeconstant=LATTICE)
    count = np.rint(np.diag(edges) / cell.cell.lengths()).astype(int)
    return cell.repeat(count).get_scaled_positions() % 1.0
