"""Averages of embedded atoms over Gaussian atoms by plain quadrature, slow: what the kernels are held to.

A pair with mean vector R and sum of variances S sees f(|x|), x normal about R. In polar coordinates about R this is
E[h(R + sqrt(S) z)] / R with h(r) = r f(|r|) and z normal in one dimension, here by Gauss-Legendre points where the
function is not zero. Derivatives by autograd.
"""

import numpy as np
import torch

from dbar.descriptors.neighbours import neighbourhoods
from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.radial import site_functions

_WIDTHS = 9.0


class ExactOracle:
    """An average as `dbar.gpp` takes it; one cutoff for all functions, or one for each kind."""

    def __init__(self, potential, smax=0.1, points=120, cutoffs=None, shared=True, spread=True):
        self.potential, self.smax = potential, smax
        self.functions = site_functions(potential)
        nodes, weights = np.polynomial.legendre.leggauss(points)
        self.nodes, self.weights = torch.as_tensor(nodes), torch.as_tensor(weights)
        self.cutoffs = cutoffs or (potential.cutoff, potential.cutoff)
        self.shared, self.spread = shared, spread

    def at(self, atoms):
        return _Placed(self, atoms)

    def mean(self, function, R, S, cutoff):
        """E[h(R + sqrt(S) z)] / R, function of (pairs, points) distances."""
        sigma = torch.sqrt(S)
        low = torch.maximum(R - _WIDTHS * sigma, torch.full_like(R, 1e-3))
        high = torch.minimum(R + _WIDTHS * sigma, torch.full_like(R, cutoff))
        # nodes move with nothing: where an integrand ends at a cutoff it is zero there
        low, high = low.detach(), torch.maximum(high, low).detach()
        x = 0.5 * (low + high)[:, None] + 0.5 * (high - low)[:, None] * self.nodes
        density = torch.exp(-0.5 * ((x - R[:, None]) / sigma[:, None]) ** 2)
        h = x * function(x) * density
        scale = 0.5 * (high - low) / sigma / np.sqrt(2 * np.pi)
        return (h @ self.weights) * scale / R


class _Placed:
    def __init__(self, oracle, atoms):
        self.oracle, self.count = oracle, len(atoms)
        reach = oracle.potential.cutoff + 6 * np.sqrt(2 * oracle.smax)
        types = oracle.potential.types(atoms.get_chemical_symbols())
        found = neighbourhoods(atoms, types, reach, False, 1)
        self.i = torch.as_tensor(np.repeat(np.arange(self.count), np.diff(found.first)))
        self.j = torch.as_tensor(found.neighbour).long()
        self.vectors = found.r
        self.types = torch.as_tensor(types).long()

    def evaluate(self, variances):
        s = torch.tensor(
            checked_variances(variances, self.count, self.oracle.smax), requires_grad=True
        )
        vectors = torch.tensor(self.vectors, requires_grad=True)
        energies = self._energies(vectors, s)
        by_vector, by_s = torch.autograd.grad(energies.sum(), (vectors, s))
        by_vector = by_vector.numpy()
        forces = np.zeros((self.count, 3))
        np.add.at(forces, self.i.numpy(), by_vector)
        np.add.at(forces, self.j.numpy(), -by_vector)
        strain = np.einsum("pi,pj->ij", by_vector, self.vectors)
        return Averages(energies.detach().numpy(), forces, strain, by_s.numpy())

    def _energies(self, vectors, s):
        of, functions = self.oracle, self.oracle.functions
        R = torch.sqrt((vectors**2).sum(-1))
        S = s[self.i] + s[self.j]
        a, b = self.types[self.i][:, None], self.types[self.j][:, None]
        pair = of.mean(lambda r: functions.pair(r, a, b), R, S, of.cutoffs[0])
        density = of.mean(lambda r: functions.density(r, a, b), R, S, of.cutoffs[1])
        square = of.mean(lambda r: functions.density(r, a, b) ** 2, R, S, of.cutoffs[1])
        slope = torch.autograd.grad(density.sum(), R, create_graph=True)[0]
        gradient = slope[:, None] * vectors / R[:, None]

        def total(values):
            return torch.zeros((self.count, *values.shape[1:]), dtype=values.dtype).index_add(
                0, self.i, values
            )

        m = total(density)
        v = total(square - density**2)
        if of.shared:  # the central atom moves with all its neighbours
            v = v + s * ((total(gradient) ** 2).sum(-1) - total((gradient**2).sum(-1)))
        wide = torch.sqrt(3 * torch.clamp(v, min=1e-16))

        def F(rho):
            return functions.embedding(torch.clamp(rho, min=0.0), self.types)

        mean = 2 / 3 * F(m) + (F(m + wide) + F(m - wide)) / 6 if of.spread else F(m)
        return 0.5 * total(pair) + mean
