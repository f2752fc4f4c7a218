"""Averages over points: cubature of third and fifth order, and Monte Carlo.

The energy of a site depends on the 3 (m + 1) coordinates of its atom and m neighbours, all of them
independent Gaussians. Every rule is a set of points and weights in these coordinates. PyTorch
evaluates them all at once and differentiates.
"""

from __future__ import annotations

import numpy as np
import torch

from dbar.gpp import rules
from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.clusters import Choice, Clusters, Neighbours, check_choice
from dbar.gpp.potential import Potential
from dbar.gpp.radial import site_functions
from dbar.statistics.block_error import mean_error

__all__ = ["Q3", "Q5", "MonteCarlo", "Sampled"]

# distances in one call: what the caches of a processor hold, and what fills a graphics card
_AT_ONCE, _AT_ONCE_ELSEWHERE = 1 << 15, 1 << 22


class Sampled:
    """What averages over points share; made by its subclasses.

    Parameters
    ----------
    potential : Potential
    neighbours : int, float or None
        Those that count for the energy of an atom: the nearest ones, so many (18); those that come
        within the cutoff with more than this probability (1e-6); or None, those whose mean
        distance is below the cutoff.
    smax : float
        Largest variance (Å^2).
    device : str
        Of PyTorch.
    """

    def __init__(
        self,
        potential: Potential,
        neighbours: Choice = None,
        smax: float = 0.1,
        device: str = "cpu",
    ) -> None:
        check_choice(neighbours)
        _check(smax, device)
        self.potential = potential
        self.neighbours = neighbours
        self.smax = smax
        self.device = device
        self.functions = site_functions(potential, device)
        self.at_once = _AT_ONCE if torch.device(device).type == "cpu" else _AT_ONCE_ELSEWHERE
        self._rules: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def at(self, atoms) -> PlacedSampled:
        """The average with the atoms' mean positions.

        Raises
        ------
        ValueError
            An element or a position that will not do.
        """
        return PlacedSampled(self, atoms)

    def rule(self, sites: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Points (3, p, sites) and weights (p,) for an atom and its neighbours."""
        if sites not in self._rules:
            points, weights = self._points(3 * sites)
            shaped = np.ascontiguousarray(points.reshape(-1, sites, 3).transpose(2, 0, 1))
            self._rules[sites] = (
                torch.as_tensor(shaped, device=self.device),
                torch.as_tensor(weights, device=self.device),
            )
        return self._rules[sites]

    def error(self, totals: np.ndarray) -> float:
        """Standard error of the mean of energies (p,) at the points (eV)."""
        return 0.0

    def _points(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError


class Q3(Sampled):
    """Third-order cubature: 2n points, one coordinate shifted by sqrt(n s)."""

    def _points(self, n):
        return rules.q3(n)


class Q5(Sampled):
    """Fifth-order cubature: 2n^2 + 1 points, none, one or two coordinates shifted."""

    def _points(self, n):
        return rules.q5(n)


class MonteCarlo(Sampled):
    """Random points, the same for all positions and variances.

    Parameters
    ----------
    potential, neighbours, smax, device
        As of the others; `neighbours` is a probability by default.
    samples : int
        Points of each site.
    method : str
        ``direct``: independent draws; ``metropolis``: a random walk whose first 3n samples are
        left out.
    seed : int
    """

    def __init__(
        self,
        potential: Potential,
        neighbours: Choice = 1e-6,
        smax: float = 0.1,
        device: str = "cpu",
        samples: int = 10000,
        method: str = "direct",
        seed: int = 0,
    ) -> None:
        if method not in ("direct", "metropolis"):
            raise ValueError(f"method: found {method!r}, expected direct or metropolis")
        if samples < 64:
            raise ValueError(f"samples: found {samples}, expected 64 or more")
        super().__init__(potential, neighbours, smax, device)
        self.samples = samples
        self.method = method
        self.seed = seed

    def error(self, totals):
        """Standard error of the mean (eV), by blocks where the samples are correlated."""
        if self.method == "direct":
            return float(np.std(totals, ddof=1) / np.sqrt(len(totals)))
        return mean_error(totals)

    def _points(self, n):
        draw = rules.direct if self.method == "direct" else rules.metropolis
        return draw(n, self.samples, self.seed)


class PlacedSampled:
    """A sampled average with positions; made by :meth:`Sampled.at`."""

    def __init__(self, average: Sampled, atoms) -> None:
        self.average = average
        self.count = len(atoms)
        types = average.potential.types(atoms.get_chemical_symbols())
        self._types = torch.as_tensor(types, device=average.device).long()
        self._around = Neighbours(atoms, average.potential.cutoff, average.neighbours, average.smax)

    def evaluate(self, variances) -> Averages:
        """Energy and derivatives with variances (n,) per Cartesian component (Å^2)."""
        s = checked_variances(variances, self.count, self.average.smax)
        found = _Sums(self.count)
        for clusters in self._around.clusters(s):
            points, weights = self.average.rule(clusters.vectors.shape[1] + 1)
            sites = max(1, self.average.at_once // max(1, points[0].numel()))
            for first in range(0, len(clusters.centres), sites):
                self._add(found, _part(clusters, first, first + sites), s, points, weights)
        return found.averages(self.average)

    def _add(self, found: _Sums, clusters: Clusters, s, points, weights) -> None:
        """Add some clusters, a part of the points at a time."""
        tensor = {"dtype": torch.float64, "device": self.average.device, "requires_grad": True}
        vectors = torch.tensor(clusters.vectors.transpose(2, 0, 1), **tensor)
        own = torch.tensor(s[clusters.centres], **tensor)
        others = torch.tensor(s[clusters.neighbours], **tensor)
        centre = self._types[torch.as_tensor(clusters.centres)][:, None, None]
        other = self._types[torch.as_tensor(clusters.neighbours)][:, None, :]
        step = max(1, self.average.at_once // max(1, clusters.neighbours.size))
        gradients = [np.zeros(tuple(one.shape)) for one in (vectors, own, others)]
        energies, totals = np.zeros(len(own)), []
        for first in range(0, len(weights), step):
            z, w = points[:, first : first + step], weights[first : first + step]
            moved = vectors[:, :, None] + torch.sqrt(others)[:, None] * z[:, None, :, 1:]
            moved = moved - torch.sqrt(own)[:, None, None] * z[:, None, :, :1]
            each = self.average.functions.energies(moved, centre, other)
            mean = each @ w
            for sums, part in zip(
                gradients,
                torch.autograd.grad(mean.sum(), (vectors, own, others), allow_unused=True),
                strict=True,
            ):
                sums += 0.0 if part is None else part.cpu().numpy()
            energies += mean.detach().cpu().numpy()
            totals.append(each.detach().sum(0).cpu().numpy())
        gradients[0] = gradients[0].transpose(1, 2, 0)
        found.add(clusters, energies, gradients, np.concatenate(totals))


class _Sums:
    """What clusters add up to."""

    def __init__(self, count: int) -> None:
        self.energies, self.slopes = np.zeros(count), np.zeros(count)
        self.forces, self.strain = np.zeros((count, 3)), np.zeros((3, 3))
        self.totals: np.ndarray | float = 0.0

    def add(self, clusters: Clusters, energies, gradients, totals) -> None:
        by_vector, by_own, by_others = gradients
        np.add.at(self.energies, clusters.centres, energies)
        np.add.at(self.forces, clusters.centres, by_vector.sum(axis=1))
        np.add.at(self.forces, clusters.neighbours, -by_vector)
        np.add.at(self.slopes, clusters.centres, by_own)
        np.add.at(self.slopes, clusters.neighbours, by_others)
        self.strain += np.einsum("smi,smj->ij", by_vector, clusters.vectors)
        # rules of other numbers of neighbours have as many points only where they are drawn
        same = np.ndim(self.totals) == 0 or len(self.totals) == len(totals)
        self.totals = self.totals + totals if same else 0.0

    def averages(self, average: Sampled) -> Averages:
        error = average.error(self.totals) if np.ndim(self.totals) else 0.0
        return Averages(self.energies, self.forces, self.strain, self.slopes, error)


def _check(smax: float, device: str) -> None:
    if not 0.0 < smax < float("inf"):
        raise ValueError(f"smax: found {smax!r}, expected a variance above 0 Å^2")
    try:
        torch.zeros(1, dtype=torch.float64, device=device)
    except (RuntimeError, AssertionError, TypeError) as error:
        said = str(error).splitlines()[0]
        raise ValueError(
            f"device: found {device!r}, expected cpu or one that PyTorch finds ({said})"
        ) from None


def _part(clusters: Clusters, first: int, end: int) -> Clusters:
    return Clusters(
        clusters.centres[first:end], clusters.neighbours[first:end], clusters.vectors[first:end]
    )
