"""Exact streaming sufficient statistics of lagged descriptor vectors.

Everything the forecast learns from a run is held in count, mean and co-moment matrix of

    z_n = [D_n, D_{n-1}, ..., D_{n-P+1}, D_{n+1}]            (length (P + 1) K)

once for all transitions and once per bag, in raw descriptor units. They are updated one
transition at a time (Welford) and combined exactly (Chan, Golub & LeVeque 1983), so that online
equals batch to rounding, replicas and restarts add up, memory does not grow with time, and any
linear latent space can be projected out afterwards.
"""

from __future__ import annotations

import numpy as np

from dbar.statistics.moment_size import refuse_too_large

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def _mix(x):
    """Finalizer of the splitmix64 generator: a bijection of 64-bit words, as a counter hash."""
    x = (x ^ (x >> np.uint64(30))) * _MIX1
    x = (x ^ (x >> np.uint64(27))) * _MIX2
    return x ^ (x >> np.uint64(31))


def _words(values):
    return np.array([int(v) & 0xFFFFFFFFFFFFFFFF for v in np.ravel(values)], dtype=np.uint64)


def bag_members(seed, replica, steps, n_bags, coverage):
    """Which bags each transition joins: a pure function of (seed, replica, step).

    Parameters
    ----------
    seed, replica : int
        Seed of the model and number of the trajectory.
    steps : int or array_like of int, shape (N,)
        Timestep of the newest snapshot of each transition.
    n_bags : int
        Number of bags.
    coverage : float
        Probability in (0, 1] that a transition joins a bag.

    Returns
    -------
    ndarray of bool, shape (N, n_bags)
    """
    base = _mix(_words([seed]) + _GOLDEN)
    base = _mix(base ^ (_words([replica]) + _GOLDEN))
    rows = _mix(base + _words(steps) * _GOLDEN)
    bags = _mix(np.arange(1, n_bags + 1, dtype=np.uint64) * _GOLDEN)
    uniform = (_mix(rows[:, None] ^ bags[None, :]) >> np.uint64(11)) * 2.0**-53
    return uniform < coverage


def lagged(D, order):
    """Transitions of one evenly spaced trajectory.

    Parameters
    ----------
    D : ndarray, shape (T, K)
        Snapshots in time order.
    order : int
        Number P of lags.

    Returns
    -------
    ndarray, shape (max(T - P, 0), (P + 1) K)
        Rows [D_n, ..., D_{n-P+1}, D_{n+1}].
    """
    D = np.asarray(D, dtype=float)
    n = len(D) - order
    if n <= 0:
        return np.empty((0, (order + 1) * D.shape[1]))
    lags = [D[order - 1 - p : order - 1 - p + n] for p in range(order)]
    return np.hstack([*lags, D[order:]])


class LaggedMoments:
    """Count, mean and co-moments of transitions: entry 0 of all, entries 1..n_bags of each bag.

    Parameters
    ----------
    size : int
        Length K of a snapshot.
    order : int
        Number P of lags.
    n_bags : int
        Number of bags; 0 keeps the total alone.
    coverage : float
        Probability that a transition joins a bag.
    seed : int
        Seed of the bag membership.

    Attributes
    ----------
    count : ndarray, shape (n_bags + 1,)
        Transitions (as floats).
    mean : ndarray, shape (n_bags + 1, (P + 1) K)
    comoment : ndarray, shape (n_bags + 1, (P + 1) K, (P + 1) K)
        Sums of (z - mean)(z - mean)^T; more than 4 GiB of them is a ValueError.
    """

    def __init__(self, size, order=1, n_bags=20, coverage=0.25, seed=0):
        self.size, self.order, self.n_bags = int(size), int(order), int(n_bags)
        self.coverage, self.seed = float(coverage), int(seed)
        refuse_too_large(self.size, self.order, self.n_bags)
        d = (self.order + 1) * self.size
        self.count = np.zeros(self.n_bags + 1)
        self.mean = np.zeros((self.n_bags + 1, d))
        self.comoment = np.zeros((self.n_bags + 1, d, d))

    def joined(self, steps, replica=0):
        """Membership (N, n_bags + 1) of transitions ending at `steps`; column 0 is True."""
        bags = bag_members(self.seed, replica, steps, self.n_bags, self.coverage)
        return np.hstack([np.ones((len(bags), 1), dtype=bool), bags])

    def add(self, z, step, replica=0):
        """Learn one transition: a rank-one update of the total and of the bags it joins."""
        for b in np.flatnonzero(self.joined(step, replica)[0]):
            n = self.count[b]
            delta = z - self.mean[b]
            self.mean[b] += delta / (n + 1.0)
            delta *= np.sqrt(n / (n + 1.0))
            self.comoment[b] += np.multiply.outer(delta, delta)
            self.count[b] = n + 1.0

    def add_batch(self, Z, steps, replica=0):
        """Learn many transitions Z (N, (P + 1) K) ending at `steps` (N,)."""
        Z = np.asarray(Z, dtype=float)
        member = self.joined(steps, replica)
        for b in range(self.n_bags + 1):
            rows = Z[member[:, b]]
            if len(rows):
                mean = rows.mean(axis=0)
                self._combine(b, float(len(rows)), mean, (rows - mean).T @ (rows - mean))
        return self

    def _combine(self, b, n, mean, comoment):
        total = self.count[b] + n
        if total == 0.0:
            return
        delta = mean - self.mean[b]
        self.comoment[b] += comoment
        self.comoment[b] += (self.count[b] * n / total) * np.multiply.outer(delta, delta)
        self.mean[b] += (n / total) * delta
        self.count[b] = total

    def merge(self, other):
        """Add the statistics of another run (rank, replica, restart) in place; return self.

        Raises
        ------
        ValueError
            If size, order, number of bags, coverage or seed differ.
        """
        for name in ("size", "order", "n_bags", "coverage", "seed"):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                raise ValueError(
                    f"statistics with {name} {theirs} cannot be added to {name} {mine}"
                )
        for b in range(self.n_bags + 1):
            self._combine(b, other.count[b], other.mean[b], other.comoment[b])
        return self

    def project(self, shift, basis):
        """Statistics of the latent coordinates (D - shift) @ basis, from the raw ones.

        Parameters
        ----------
        shift : ndarray, shape (K,)
        basis : ndarray, shape (K, d)

        Returns
        -------
        LaggedMoments
            The same transitions and bags in d dimensions.
        """
        out = LaggedMoments(basis.shape[1], self.order, self.n_bags, self.coverage, self.seed)
        blocks, k, d = self.order + 1, self.size, basis.shape[1]
        bags = self.n_bags + 1
        out.count = self.count.copy()
        mean = self.mean.reshape(bags, blocks, k) - shift
        out.mean = (mean @ basis).reshape(bags, blocks * d)
        out.mean[self.count == 0] = 0.0
        half = self.comoment.reshape(bags, blocks * k * blocks, k) @ basis
        half = half.reshape(bags, blocks, k, blocks * d).swapaxes(2, 3)
        full = np.ascontiguousarray(half).reshape(bags, blocks * blocks * d, k) @ basis
        full = full.reshape(bags, blocks, blocks * d, d)
        full = full.transpose(0, 2, 1, 3).reshape(bags, blocks * d, blocks * d)
        out.comoment = 0.5 * (full + full.swapaxes(1, 2))
        return out

    def snapshots(self):
        """Count, mean (K,) and co-moments (K, K) of the newest snapshots of all transitions."""
        k = self.order * self.size
        return self.count[0], self.mean[0, k:], self.comoment[0, k:, k:]

    def differences(self):
        """Covariance (K, K) of one-step differences D_{n+1} - D_n about their mean."""
        k, new = self.size, self.order * self.size
        c = self.comoment[0]
        cross = c[:k, new:]
        return (c[:k, :k] + c[new:, new:] - cross - cross.T) / max(self.count[0] - 1.0, 1.0)

    def get_state(self):
        """Arrays and scalars from which `from_state` restores the statistics bit for bit."""
        ints = np.array([self.size, self.order, self.n_bags, self.seed], dtype=np.int64)
        return {
            "moments_ints": ints,
            "moments_coverage": np.array(self.coverage),
            "moments_count": self.count.copy(),
            "moments_mean": self.mean.copy(),
            "moments_comoment": self.comoment.copy(),
        }

    @classmethod
    def from_state(cls, state):
        """Inverse of `get_state`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or does not belong together.
        """
        size, order, n_bags, seed = (int(v) for v in state["moments_ints"])
        names = ("count", "mean", "comoment")
        parts = [np.array(state[f"moments_{name}"], float, order="C") for name in names]
        d, n = (order + 1) * size, n_bags + 1
        right = min(size, order, n) > 0 and [(n,), (n, d), (n, d, d)]
        if right != [part.shape for part in parts]:  # nothing is made of sizes that are not there
            raise ValueError(f"no statistics of {size} numbers, {order} lags and {n_bags} bags")
        out = cls(size, order, n_bags, float(state["moments_coverage"]), seed)
        out.count, out.mean, out.comoment = parts
        return out
