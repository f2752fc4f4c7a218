"""Averages by a network, as the solvers want them."""

from __future__ import annotations

import os

import numpy as np
import torch

from dbar.descriptors.neighbours import neighbourhoods
from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.network.file import About, read_network
from dbar.gpp.network.model import PacketNetwork, tensors
from dbar.gpp.network.potential_digest import potential_digest
from dbar.gpp.network.stars import Stars
from dbar.gpp.potential import Potential

__all__ = ["Network"]

_SITES = 512  # at once: bounds the memory


class Network:
    """Averages of site energies as a network has learnt them, a rotation away from nothing.

    Parameters
    ----------
    potential : Potential
        What it has learnt.
    network : path-like or (PacketNetwork, About)
        As `dbar gpp train` has written it.
    smax : float
        Largest variance (Å^2).
    device : str
        Of PyTorch.

    Raises
    ------
    ValueError
        A damaged file, or a network of another potential or of other elements.
    OSError
        If the file cannot be read.
    """

    def __init__(
        self,
        potential: Potential,
        network: str | os.PathLike[str] | tuple[PacketNetwork, About],
        smax: float = 0.05,
        device: str = "cpu",
    ) -> None:
        held = network if isinstance(network, tuple) else read_network(network)
        self.potential, self.smax, self.device = potential, smax, device
        self.network, self.about = held
        self.network.to(device)
        known = self.network.settings.species
        for symbol in potential.elements:
            if symbol not in known:
                raise ValueError(
                    f"network: found one of {', '.join(known)}, expected one that knows {symbol}"
                )
        digest = potential_digest(potential)
        if self.about.potential != digest:
            raise ValueError(
                f"network: found one that has learnt another potential ({self.about.potential}), "
                f"expected {potential.path.name} ({digest})"
            )

    @property
    def temperatures(self) -> tuple[float, float]:
        """Lowest and highest temperature of what it has learnt (K)."""
        return self.about.temperatures

    def at(self, atoms) -> PlacedNetwork:
        """The average with the atoms' mean positions."""
        return PlacedNetwork(self, atoms)


class PlacedNetwork:
    """Such an average with positions; made by :meth:`Network.at`."""

    def __init__(self, average: Network, atoms) -> None:
        self.average, settings = average, average.network.settings
        average.potential.types(atoms.get_chemical_symbols())  # refuses what it does not know
        place = {symbol: k for k, symbol in enumerate(settings.species)}
        self._species = np.array([place[one] for one in atoms.get_chemical_symbols()])
        found = neighbourhoods(atoms, self._species.astype(np.intc), settings.cutoff, False, 1)
        self._start, self._neighbour, self._vectors = found.first, found.neighbour, found.r

    def evaluate(self, variances) -> Averages:
        """Energy and derivatives with variances (n,) per Cartesian component (Å^2)."""
        n = len(self._species)
        s = checked_variances(variances, n, self.average.smax)
        whole = Stars(
            self._species, s, self._start, self._vectors,
            self._species[self._neighbour], s[self._neighbour],
        )  # fmt: skip
        parts = [
            self._derivatives(whole.part(np.arange(k, min(k + _SITES, n))))
            for k in range(0, n, _SITES)
        ]
        energies, pulled, own, theirs = (np.concatenate(one) for one in zip(*parts, strict=True))
        return Averages.of_sites(
            energies, pulled, own, theirs, whole.sites, self._neighbour, self._vectors
        )

    def _derivatives(self, stars: Stars) -> list[np.ndarray]:
        batch = tensors(stars, torch.float64, self.average.device)
        return [one.cpu().numpy() for one in self.average.network.derivatives(batch)]
