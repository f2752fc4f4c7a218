"""What a study of phase packets is about."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dbar.gpp.average import Average
from dbar.gpp.choice import make_average
from dbar.gpp.potential import Potential

__all__ = ["FIGURES", "Plan"]

FIGURES = (1, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Plan:
    """Potentials and lengths of runs.

    Parameters
    ----------
    copper, aluminium, iron : str
        Potentials: names, tables, or libraries of portable models of OpenKIM. The paper's
        aluminium (Y. Mishin 1999) and an iron with both minima (H. Chamati 2006) are in Debian's
        ``openkim-models``.
    network : path-like, optional
        One that has learnt the copper.
    picoseconds : float
        Of molecular dynamics at each temperature of figure 4; 0 for none.
    cells : int
        Cubic cells along an edge of those runs.
    ranks : int
    seed : int
    """

    copper: str = "cu-efs"
    aluminium: str = "Al_mm.eam.fs"
    iron: str = "Fe_mm.eam.fs"
    network: str | os.PathLike[str] | None = None
    picoseconds: float = 0.0
    cells: int = 8
    ranks: int = 1
    seed: int = 0

    def averages(self, potential: Potential, *names: str) -> dict[str, Average]:
        """Averages of a potential by name: exact, q3, q3 18, q5 18, gnn; a number of neighbours."""
        made = {}
        for name in names:
            word, _, neighbours = name.partition(" ")
            if word == "gnn":
                if self.network is not None:
                    made[name] = make_average("gnn", potential, network=self.network)
            elif neighbours:
                made[name] = make_average(word, potential, neighbours=int(neighbours))
            else:
                made[name] = make_average(word, potential)
        return made
