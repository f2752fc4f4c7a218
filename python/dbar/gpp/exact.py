"""Exact averages of pairs and of densities, by the compiled tables."""

from __future__ import annotations

import numpy as np

from dbar import _kernels
from dbar.descriptors.neighbours import neighbourhoods
from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.errors import UnstableCrystal
from dbar.gpp.potential import Potential

__all__ = ["Exact"]


class Exact:
    """Averages of pair energies and densities without error; that of F(rho) by three points.

    The density of an atom is taken as a Gaussian with its exact mean and variance. What
    ``pair_style dbar/gpp`` computes.

    Parameters
    ----------
    potential : Potential
    smax : float
        Largest variance (Å^2): the tables reach so far.
    """

    def __init__(self, potential: Potential, smax: float = 0.05) -> None:
        self.potential = potential
        self.smax = smax
        self.packets = _kernels.PacketPotential(
            potential.form, str(potential.path), list(potential.elements), smax=smax
        )

    def at(self, atoms) -> PlacedExact:
        """The average with the atoms' mean positions.

        Raises
        ------
        ValueError
            An element or a position that will not do.
        """
        return PlacedExact(self, atoms)


class PlacedExact:
    """Such an average with positions; made by :meth:`Exact.at`."""

    def __init__(self, average: Exact, atoms) -> None:
        self.average = average
        self._types = average.potential.types(atoms.get_chemical_symbols())
        found = neighbourhoods(atoms, self._types, average.packets.reach, False, 1)
        self._pairs = (
            np.repeat(np.arange(len(atoms), dtype=np.intc), np.diff(found.first)),
            found.neighbour.astype(np.intc),
            found.r,
        )

    def evaluate(self, variances) -> Averages:
        """Energy and derivatives with variances (n,) per Cartesian component (Å^2).

        Raises
        ------
        UnstableCrystal
            Where a density scatters so much that the energy would mean nothing.
        """
        s = checked_variances(variances, len(self._types), self.average.smax)
        try:
            energies, forces, virial, slopes = self.average.packets.evaluate(
                self._types, *self._pairs, s
            )
        except ValueError as error:  # all else was checked
            raise UnstableCrystal(str(error)) from None
        return Averages(energies, forces, -virial, slopes)
