"""Minima of Lennard-Jones clusters (units lj), and walks from one to the next.

Basin hopping: D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101, 5111 (1997).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dbar.potential.modes import zero_modes
from dbar.statistics.eigen import eigenpairs

__all__ = ["Minimum", "energy_and_gradient", "minimum", "second_derivatives", "walk"]

_RADIUS = 0.62  # of the ball in which a walk begins: this times the third root of the atoms
_CLOSEST = 0.6  # sigma, of two atoms there
_STEP = 0.42  # sigma, largest displacement along an axis
_COLD, _HOT = 0.4, 2.0  # epsilon/k_B, of the walks
_BOND = 1.6  # sigma
_ROUGHLY = 1e-3  # epsilon/sigma, gradient from which Newton's method goes on
_AT_REST = 1e-9
_SOFTEST = 1e-3  # epsilon/sigma^2, of the eigenvalues of what is taken for a minimum


@dataclass
class Minimum:
    """A minimum of the energy.

    Attributes
    ----------
    positions : ndarray, shape (n, 3)
    energy : float
        In epsilon.
    log_det : float
        Sum of the logarithms of the eigenvalues of the second derivatives that are not 0.
    """

    positions: np.ndarray
    energy: float
    log_det: float


def energy_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Energy (epsilon) and gradient (n, 3) of 4 (r^-12 - r^-6) between all atoms at x (n, 3)."""
    inverse = _inverse_squares(x)
    six = inverse**3
    slope = -24.0 * (2.0 * six * six - six) * inverse  # V'/r
    return 2.0 * float(np.sum(six * six - six)), slope.sum(axis=1)[:, None] * x - slope @ x


def second_derivatives(x: np.ndarray) -> np.ndarray:
    """Second derivatives of the energy at x (n, 3): (3n, 3n)."""
    n, inverse = len(x), _inverse_squares(x)
    six = inverse**3
    slope = -24.0 * (2.0 * six * six - six) * inverse
    curve = 24.0 * (28.0 * six * six - 8.0 * six) * inverse**2  # (V'' - V'/r) / r^2
    between = x[:, None] - x[None]
    blocks = -curve[..., None, None] * between[..., :, None] * between[..., None, :]
    blocks -= slope[..., None, None] * np.eye(3)
    here = np.arange(n)
    blocks[here, here] = -blocks.sum(axis=1)
    return blocks.transpose(0, 2, 1, 3).reshape(3 * n, 3 * n)


def minimum(x: np.ndarray) -> Minimum | None:
    """The minimum below positions (n, 3), centred; None if the cluster falls apart on the way."""
    from scipy import optimize

    found = optimize.minimize(
        lambda flat: _flat(*energy_and_gradient(flat.reshape(-1, 3))), x.ravel(), jac=True,
        method="L-BFGS-B", options={"maxiter": 3000, "maxfun": 5000, "gtol": _ROUGHLY, "ftol": 0.0},
    )  # fmt: skip
    x = found.x.reshape(-1, 3)
    for _ in range(8):
        energy, gradient = energy_and_gradient(x)
        if not np.isfinite(energy) or not _is_one(x):
            return None
        zero = zero_modes(x, np.ones(len(x)), np.eye(3), np.zeros(3, dtype=bool))
        # what moves the whole is made stiff: then it neither moves nor is taken for soft
        stiff = second_derivatives(x) + 1e3 * (zero @ zero.T)
        values, vectors = eigenpairs(stiff.copy)
        if values[0] < _SOFTEST:
            return None
        if np.max(np.abs(gradient)) < _AT_REST:
            log_det = float(np.sum(np.log(values))) - zero.shape[1] * np.log(1e3)
            return Minimum(x - x.mean(axis=0), energy, log_det)
        x = x - (vectors @ ((vectors.T @ gradient.ravel()) / values)).reshape(-1, 3)
    return None


def walk(n: int, seed: int, number: int, length: int) -> Iterator[Minimum | None]:
    """Minima of a walk of basin hopping, which is a function of the arguments alone.

    It begins at random positions in a ball, at a temperature of its own.

    Parameters
    ----------
    n : int
        Number of atoms.
    seed, number : int
        Of the database, and of the walk.
    length : int
        Steps, the first of them to the first minimum.

    Yields
    ------
    Minimum or None
        After each step where the walk is; None where it stayed.
    """
    rng = np.random.default_rng([seed, n, number])
    temperature = rng.uniform(_COLD, _HOT)
    here: Minimum | None = None
    for _ in range(length):
        chance = rng.random()
        if here is None:
            start = _anywhere(n, rng)
        else:
            start = here.positions + rng.uniform(-_STEP, _STEP, (n, 3))
        there = minimum(start)
        if there is None:
            yield None
            continue
        rise = 0.0 if here is None else there.energy - here.energy
        if chance < np.exp(min(0.0, -rise / temperature)):
            here = there
            yield here
        else:
            yield None


def _inverse_squares(x):
    from scipy.spatial.distance import pdist, squareform

    squares = squareform(pdist(x, "sqeuclidean"))
    np.fill_diagonal(squares, np.inf)
    return 1.0 / squares


def _flat(energy, gradient):
    return energy, gradient.ravel()


def _is_one(x) -> bool:
    """Whether bonds hold all atoms together."""
    from scipy.spatial.distance import pdist, squareform

    bonds = squareform(pdist(x)) < _BOND
    reached = bonds[0]
    for _ in range(len(x)):
        more = bonds[reached].any(axis=0) | reached
        if (more == reached).all():
            break
        reached = more
    return bool(reached.all())


def _anywhere(n: int, rng) -> np.ndarray:
    """Positions in a ball of the density of a solid, none of them very close to another."""
    radius, found = _RADIUS * n ** (1 / 3) + 0.3, []
    while len(found) < n:
        point = rng.normal(size=3)
        point *= radius * rng.random() ** (1 / 3) / np.linalg.norm(point)
        if all(np.linalg.norm(point - other) > _CLOSEST for other in found):
            found.append(point)
    return np.array(found)
