"""Synthetic runs whose changes are known exactly: a hidden VAR(1), seen through descriptors."""

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

ATOMS, DESCRIPTORS = 864.0, 55
SEEN_NOISE = 0.01  # of a descriptor's standard deviation


class Hidden:
    """Stable random x_{n+1} = T x_n + w_n with unit noise, and the descriptors that it moves.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws this process and everything that it does.
    size : int
        Dimension of x.
    seen : {"descriptors", "directly"}
        Through 55 descriptors (and the number of atoms), mixed from coordinates whose weights fall from 1 to 0.1, with white noise of
        one hundredth of their spread; or each coordinate as a descriptor.
    radius : float
        Spectral radius of T.
    heavy : bool
        Noise from Student's t with five degrees of freedom (unit variance) instead of Gaussian.
    """

    def __init__(self, rng, size, seen, radius, heavy=False):
        self.rng, self.size, self.heavy = rng, size, heavy
        T = rng.standard_normal((size, size))
        self.T = T * radius / np.abs(np.linalg.eigvals(T)).max()
        self.cov = self.stationary(self.T)
        self.mix, self.spread = np.eye(size), np.zeros(size)
        if seen == "descriptors":
            weights = np.geomspace(1.0, 0.1, size)[:, None]
            self.mix = weights * rng.standard_normal((size, DESCRIPTORS))
            self.spread = SEEN_NOISE * np.sqrt(
                np.einsum("ik,ij,jk->k", self.mix, self.cov, self.mix)
            )
        self.x = np.linalg.cholesky(self.cov) @ rng.standard_normal(size)

    @staticmethod
    def stationary(T):
        """Covariance of x for unit noise."""
        return solve_discrete_lyapunov(T, np.eye(len(T)))

    def directions(self):
        """Shifts (size,) of one standard deviation: along one random direction, and of every coordinate."""
        u = self.rng.standard_normal(self.size)
        u /= np.linalg.norm(u)
        signs = self.rng.choice([-1.0, 1.0], self.size)
        return u * np.sqrt(u @ self.cov @ u), signs * np.sqrt(np.diag(self.cov))

    def move(self, length, scale=1.0, T=None):
        """The next x (length, size); `scale`, one or one a snapshot, multiplies the noise."""
        T = self.T if T is None else T
        shape = (length, self.size)
        if self.heavy:
            w = self.rng.standard_t(5, shape) * np.sqrt(3.0 / 5.0)
        else:
            w = self.rng.standard_normal(shape)
        w *= np.broadcast_to(scale, length)[:, None]
        out, x = np.empty(shape), self.x
        for n in range(length):
            out[n] = x = T @ x + w[n]
        self.x = x
        return out

    def descriptors(self, x):
        """D (length, K + 1) of x (length, size)."""
        seen = 100.0 + x @ self.mix
        seen += self.spread * self.rng.standard_normal(seen.shape)
        return np.column_stack([np.full(len(seen), ATOMS), seen])
