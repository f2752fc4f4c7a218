"""Gauss quadrature of functions of a symmetric operator by the Lanczos recurrence.

z . f(D) z is the integral of f over the eigenvalues of D, weighted by what z has of each
eigenvector. The tridiagonal matrix of m Lanczos steps has the nodes and weights of the Gauss rule
of that integral (G. H. Golub and J. H. Welsch, Math. Comput. 23, 221, 1969). With random z of
independent signs its mean is the trace of f(D) (M. F. Hutchinson, Commun. Stat. Simul. Comput. 19,
433, 1990); both together: S. Ubaru, J. Chen, Y. Saad, SIAM J. Matrix Anal. Appl. 38, 1075 (2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import eigh_tridiagonal

__all__ = ["WINDOW", "Lanczos", "Unsettled", "settle"]

WINDOW = 4  # steps over which the change of a quadrature is looked at
_EXHAUSTED = 1e-12  # of the largest entry: no direction is left


class Unsettled(ValueError):
    """A quadrature did not settle within the steps that it had."""


class Lanczos:
    """Lanczos recurrence from one vector, orthogonalised against all vectors before.

    Parameters
    ----------
    apply : callable
        D v of a vector v (n,).
    start : ndarray, shape (n,)
    zero : ndarray, shape (n, k)
        Orthonormal directions that are projected out of the start and of every product.

    Attributes
    ----------
    square : float
        Squared length of the projected start: what the weights add up to.
    exhausted : bool
        Whether the vectors span all that the operator makes of the start. The rule is then exact.
    """

    def __init__(
        self, apply: Callable[[np.ndarray], np.ndarray], start: np.ndarray, zero: np.ndarray
    ) -> None:
        self._apply, self._zero = apply, zero
        first = self._projected(start)
        self.square = float(first @ first)
        if not self.square > 0:
            raise ValueError("start: found nothing beside the directions that are left out")
        self._basis = np.empty((8, len(first)))
        self._basis[0] = first / np.sqrt(self.square)
        self._diagonal: list[float] = []
        self._beside: list[float] = []
        self.exhausted = False

    @property
    def steps(self) -> int:
        """How many products were taken."""
        return len(self._diagonal)

    def advance(self) -> None:
        """One step, unless there is none left to take."""
        if self.exhausted:
            return
        k = self.steps
        if k:
            self._grow(k)
        new = self._projected(self._apply(self._basis[k]))
        self._diagonal.append(float(self._basis[k] @ new))
        held = self._basis[: k + 1]
        for _ in range(2):  # twice is enough: what the first leaves is as small as its rounding
            new -= held.T @ (held @ new)
            new = self._projected(new)
        length = float(np.linalg.norm(new))
        scale = max(np.max(np.abs(self._diagonal)), max(self._beside, default=0.0))
        self.exhausted = length <= _EXHAUSTED * scale
        self._beside.append(length)
        self._next = new

    def rule(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes, ascending, and weights (steps,); the weights add up to `square`."""
        nodes, vectors = self._solved()
        return nodes, self.square * vectors[0] ** 2

    def lowest(self) -> np.ndarray:
        """The vector (n,) that belongs to the lowest node."""
        return self._basis[: self.steps].T @ self._solved()[1][:, 0]

    def _solved(self):
        return eigh_tridiagonal(np.array(self._diagonal), np.array(self._beside[:-1]))

    def _grow(self, k: int) -> None:
        if k == len(self._basis):
            wider = np.empty((2 * k, self._basis.shape[1]))  # pages are taken when written to
            wider[:k] = self._basis
            self._basis = wider
        self._basis[k] = self._next / self._beside[-1]

    def _projected(self, vector: np.ndarray) -> np.ndarray:
        return vector - self._zero @ (self._zero.T @ vector)


def settle(
    runs: Sequence[Lanczos],
    values: Callable[[], np.ndarray],
    tolerance: float,
    limit: int,
    name: str,
) -> np.ndarray:
    """Advance Lanczos recurrences together until a quadrature of them has settled.

    Every `WINDOW` steps the change c of the value is compared with that before, d. If changes go on
    shrinking by r = c/d a window, c r / (1 - r) is still to come; the value has settled where that,
    and c itself, are below the tolerance.

    Parameters
    ----------
    runs : sequence of Lanczos
    values : callable
        The values (k,) of their rules as they are.
    tolerance : float
        Of each value.
    limit : int
        Largest number of steps.
    name : str
        For errors.

    Raises
    ------
    Unsettled
        Naming the number of steps, the change that is still expected, and the tolerance.
    """
    before, change, left = None, None, np.inf
    while True:
        for _ in range(WINDOW):
            for run in runs:
                run.advance()
        now = values()
        if all(run.exhausted for run in runs):
            return now
        if before is not None:
            newer = np.abs(now - before)
            if change is not None:
                left = float(np.max(_to_come(newer, change)))
                if left <= tolerance:
                    return now
            change = newer
        before = now
        if max(run.steps for run in runs) >= limit:
            raise Unsettled(
                f"{name}: steps: found a change of {left:.3g} still to come after "
                f"{max(run.steps for run in runs)} Lanczos steps, expected at most the tolerance "
                f"{tolerance:.3g} within {limit}"
            )


def _to_come(newer: np.ndarray, older: np.ndarray) -> np.ndarray:
    """The larger of a change and of all that follow it in a geometric series."""
    shrink = np.minimum(newer / np.maximum(older, np.finfo(float).tiny), 0.99)
    return newer * np.maximum(1.0, shrink / (1.0 - shrink))
