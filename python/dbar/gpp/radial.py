"""The functions of a potential on PyTorch, of one or many distances at once."""

from __future__ import annotations

import numpy as np
import torch

from dbar.gpp.efs_file import EfsParameters
from dbar.gpp.potential import Potential
from dbar.potential.eam_table import EamTable

__all__ = ["SiteFunctions", "site_functions"]


class SiteFunctions:
    """Pair energy, density and embedding energy, differentiable.

    Types are integer tensors that broadcast with the distances.
    """

    def pair(self, r, centre, other):
        """V(r) of two atoms (eV)."""
        raise NotImplementedError

    def density(self, r, centre, other):
        """Density at the centre due to the other."""
        raise NotImplementedError

    def embedding(self, rho, centre):
        """F(rho) of the centre (eV)."""
        raise NotImplementedError

    def energies(self, vectors, centre, other):
        """Energies of sites.

        Parameters
        ----------
        vectors : tensor, shape (3, ..., m)
            From the atom to its neighbours (Å), components first.
        centre : tensor of int, shape (..., 1)
        other : tensor of int, shape (..., m)

        Returns
        -------
        tensor, shape (...,)
            Half of the pair energies and the embedding energy (eV).
        """
        x, y, z = vectors
        r = torch.sqrt(x * x + y * y + z * z)
        half = 0.5 * self.pair(r, centre, other).sum(-1)
        return half + self.embedding(self.density(r, centre, other).sum(-1), centre[..., 0])


def site_functions(potential: Potential, device: str = "cpu") -> SiteFunctions:
    """The functions of a potential on a device."""
    if isinstance(potential.content, EamTable):
        return _TableFunctions(potential.content, potential.elements, device)
    return _EfsFunctions(potential.content)


class _EfsFunctions(SiteFunctions):
    """An extended Finnis-Sinclair potential of one element."""

    def __init__(self, of: EfsParameters) -> None:
        self.of = of

    def pair(self, r, centre, other):
        of = self.of
        polynomial = torch.zeros_like(r)
        for c in reversed(of.polynomial):
            polynomial = polynomial * r + c
        return torch.clamp(r - of.c, max=0.0) ** 2 * polynomial

    def density(self, r, centre, other):
        inside = torch.clamp(r - self.of.d, max=0.0) ** 2
        return inside + self.of.B**2 * inside**2

    def embedding(self, rho, centre):
        # an atom that has lost all neighbours: the root has no slope there
        return -self.of.A * torch.sqrt(torch.clamp(rho, min=1e-300))


class _TableFunctions(SiteFunctions):
    """Cubic pieces between the points of a table, as LAMMPS makes them."""

    def __init__(self, table: EamTable, elements: tuple[str, ...], device: str) -> None:
        place = [table.elements.index(one) for one in elements]
        self.cutoff, self.count = table.cutoff, len(place)
        self.rho_end = (len(table.embedding[0]) - 1) * table.drho
        pairs, densities = [], []
        for a in place:
            for b in place:
                low, high = sorted((a, b))
                pairs.append(table.pair[high * (high + 1) // 2 + low])
                of_b = table.density[b]
                densities.append(of_b[a] if len(of_b) > 1 else of_b[0])
        self._pair = _Pieces(pairs, table.dr, device)
        self._density = _Pieces(densities, table.dr, device)
        self._embedding = _Pieces([table.embedding[a] for a in place], table.drho, device)

    def pair(self, r, centre, other):
        return self._inside(r, self._pair(r, centre * self.count + other) / r)

    def density(self, r, centre, other):
        return self._inside(r, self._density(r, centre * self.count + other))

    def embedding(self, rho, centre):
        return self._embedding(rho, centre, goes_on=self.rho_end)

    def _inside(self, r, value):
        return torch.where(r < self.cutoff, value, torch.zeros_like(value))


class _Pieces:
    """Several functions on one grid from 0, each by cubic pieces with slopes of LAMMPS's choice."""

    def __init__(self, functions: list[np.ndarray], step: float, device: str) -> None:
        self.step = step
        rows = np.array([_cubic(one) for one in functions])
        self.last = rows.shape[1] - 1
        self.rows = torch.as_tensor(rows, device=device)

    def __call__(self, x, which, goes_on: float | None = None):
        """Values; beyond `goes_on` along the last slope."""
        place = (x.detach() / self.step).long().clamp(0, self.last)
        c0, c1, c2, c3 = self.rows[which.expand(place.shape), place].unbind(-1)
        t = x / self.step - place
        if goes_on is None:
            return c0 + t * (c1 + t * (c2 + t * c3))
        over = torch.clamp(t - 1.0, min=0.0)
        t = t - over
        return c0 + t * (c1 + t * (c2 + t * c3)) + over * (c1 + 2.0 * c2 + 3.0 * c3)


def _cubic(f: np.ndarray) -> np.ndarray:
    """Coefficients (n - 1, 4) of the pieces, in units of the step."""
    slope = np.empty_like(f)
    slope[0], slope[-1] = f[1] - f[0], f[-1] - f[-2]
    slope[1], slope[-2] = 0.5 * (f[2] - f[0]), 0.5 * (f[-1] - f[-3])
    slope[2:-2] = (f[:-4] - f[4:] + 8.0 * (f[3:-1] - f[1:-3])) / 12.0
    rise = f[1:] - f[:-1]
    c2 = 3.0 * rise - 2.0 * slope[:-1] - slope[1:]
    c3 = slope[:-1] + slope[1:] - 2.0 * rise
    return np.stack([f[:-1], slope[:-1], c2, c3], axis=1)
