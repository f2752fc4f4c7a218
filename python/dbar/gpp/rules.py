"""Points and weights that average a function of many standard normal variables.

Each rule is a set of points (p, n) and weights (p,) that sum to 1.
"""

from __future__ import annotations

import numpy as np

__all__ = ["direct", "metropolis", "q3", "q5"]

_STEP = 2.38  # over sqrt(n): the best width of a proposal (Roberts, Gelman, Gilks 1997)


def q3(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Third-order cubature with 2n points: one variable at +-sqrt(n), weights 1/(2n).

    Exact for polynomials up to degree 3 (A. H. Stroud, Math. Tables Aids Comput. 11, 257 (1957)).

    Parameters
    ----------
    n : int
        Number of variables.
    """
    one = np.sqrt(n) * np.eye(n)
    return np.concatenate([one, -one]), np.full(2 * n, 1.0 / (2 * n))


def q5(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Fifth-order cubature with 2n^2 + 1 points: none, one or two variables away from 0.

    Exact for polynomials up to degree 5. With more than four variables the weights of the second
    kind are negative (A. H. Stroud, D. Secrest, Math. Comp. 17, 105 (1963)).

    Parameters
    ----------
    n : int
        Number of variables.
    """
    one = np.sqrt(n + 2.0) * np.eye(n)
    first, second = np.triu_indices(n, 1)
    pairs = np.zeros((4, len(first), n))
    rows = np.arange(len(first))
    for k, (a, b) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
        pairs[k, rows, first] = a * np.sqrt((n + 2.0) / 2.0)
        pairs[k, rows, second] = b * np.sqrt((n + 2.0) / 2.0)
    points = np.concatenate([np.zeros((1, n)), one, -one, pairs.reshape(-1, n)])
    weights = np.concatenate(
        [
            [2.0 / (n + 2.0)],
            np.full(2 * n, (4.0 - n) / (2.0 * (n + 2.0) ** 2)),
            np.full(4 * len(first), 1.0 / (n + 2.0) ** 2),
        ]
    )
    return points, weights


def direct(n: int, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Independent draws.

    Parameters
    ----------
    n, samples, seed : int
        Number of variables and of draws, and where the random numbers begin.
    """
    points = np.random.default_rng([seed, n]).standard_normal((samples, n))
    return points, np.full(samples, 1.0 / samples)


def metropolis(n: int, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A random walk with the normal distribution as its limit, its first 3n samples left out.

    All variables move at once, from 0. The distribution does not depend on the potential, and so
    the walk is the same for all positions and variances: averages along it are smooth functions
    of both.

    Parameters
    ----------
    n, samples, seed : int
        Number of variables and of samples that are kept, and where the random numbers begin.
    """
    rng = np.random.default_rng([seed, n])
    here, square = np.zeros(n), 0.0
    points = np.empty((samples, n))
    for k in range(-3 * n, samples):
        there = here + _STEP / np.sqrt(n) * rng.standard_normal(n)
        new = float(there @ there)
        if rng.random() < np.exp(min(0.0, 0.5 * (square - new))):
            here, square = there, new
        if k >= 0:
            points[k] = here
    return points, np.full(samples, 1.0 / samples)
