"""Iterative trajectory reweighting (ITRE) of metadynamics."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from dbar.bias.hills import Hills
from dbar.bias.reweight import checked, track

__all__ = ["ITRE", "itre"]


class ITRE(NamedTuple):
    """Result of `itre`.

    Attributes
    ----------
    log_weights : ndarray, shape (T,)
        beta (V(s_t, t) - c(t)), up to a constant.
    c : ndarray, shape (T,)
        Last iteration, in energy units.
    history : ndarray, shape (iterations + 1, T)
        c of every iteration; the first is zero.
    change : ndarray, shape (iterations,)
        Largest change of c in each iteration.
    """

    log_weights: np.ndarray
    c: np.ndarray
    history: np.ndarray
    change: np.ndarray


def itre(s, time, hills: Hills, kT: float, iterations=20, extra=None, progress=False) -> ITRE:
    r"""Weights exp(beta (V(s, t) - c(t))) with c(t) from the frames themselves.

    .. math:: c_{n+1}(t) = -k_B T \ln
        \frac{\sum_{t' \le t} e^{\beta (V(s_{t'}, t') - c_n(t'))}\, e^{-\beta V(s_{t'}, t)}}
        {\sum_{t' \le t} e^{\beta (V(s_{t'}, t') - c_n(t'))}}, \qquad c_0 = 0

    (F. Giberti, B. Cheng, G. A. Tribello and M. Ceriotti, J. Chem. Theory Comput. 16, 100 (2020)).
    beta is 1 / kT; a published early code takes kT in its place. c at t depends on earlier c
    only, so all iterations are made in one sweep over the run: T x H kernels and half as many
    exponentials, and T x H x `iterations` / 2 multiply-adds (T frames, H hills; fewer where no
    frame lies between two hills). 24 bytes are kept for each frame and iteration.

    Parameters
    ----------
    s : array, shape (T,) or (T, d)
        Values of the biased variables.
    time : array, shape (T,)
        Of the frames, increasing.
    hills : Hills
    kT : float
        In the energy unit of the hills (kJ/mol unless ``plumed.dat`` has UNITS).
    iterations : int
        See `change` of the result; ten are usually enough.
    extra : array, shape (T,), optional
        Other bias on the frames, such as walls; its weight joins that of V(s, t').
    progress : bool
        Show a bar.

    Returns
    -------
    ITRE

    Raises
    ------
    ValueError
        For values that are not finite, times that do not increase, or kT that is not positive.
    """
    points, beta, extra = checked(s, time, hills, kT, extra)
    if iterations < 1:
        raise ValueError(f"iterations: found {iterations}, expected at least 1")
    count = hills.before(time)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(count)) + 1, [len(points)]])
    c = np.zeros((iterations + 1, len(points)))
    own = np.zeros(len(points))  # beta V(s_t, t)
    sums = _WeightedSums(iterations, len(points))
    V, done = np.zeros(len(points)), 0
    for lo, hi in track(list(itertools.pairwise(edges)), progress, "ITRE"):
        V += hills.added(points, done, count[lo])
        done = count[lo]
        own[lo:hi] = beta * V[lo:hi]
        b = -beta * V[:hi]
        sums.begin(b, lo)
        for n in range(iterations):
            c[n + 1, lo:hi] = -kT * sums.mean(n, own[lo:hi] + beta * (extra[lo:hi] - c[n, lo:hi]))
    change = np.abs(np.diff(c, axis=0)).max(axis=1)
    return ITRE(own + beta * (extra - c[-1]), c[-1], c, change)


class _WeightedSums:
    """ln of the means of exp(b) under the weights exp(a) that grow by a stretch of frames."""

    def __init__(self, rows, frames):
        self.a = np.zeros((rows, frames))
        self.weight = np.zeros((rows, frames))  # exp(a - reference of the row)
        self.reference = np.full(rows, -np.inf)
        self.total = np.zeros(rows)

    def begin(self, b, start):
        """Take b of all frames up to now; those from `start` on have no weights yet."""
        self.b, self.start, self.top = b, start, b.max()
        self.e = np.exp(b - self.top)
        self.past = self.weight[:, :start] @ self.e[:start]

    def mean(self, n, a):
        """Add frames with log weights `a` to row n; ln of the mean up to each of them."""
        start, stop = self.start, self.start + len(a)
        self.a[n, start:stop] = a
        if a.max() > self.reference[n] + 100.0:  # keep the exponentials in range
            shrink = np.exp(self.reference[n] - a.max()) if start else 0.0
            self.weight[n, :start] *= shrink
            self.total[n] *= shrink
            self.past[n] *= shrink
            self.reference[n] = a.max()
        w = np.exp(a - self.reference[n])
        self.weight[n, start:stop] = w
        below = self.total[n] + np.cumsum(w)
        above = self.past[n] + np.cumsum(w * self.e[start:])
        self.total[n] = below[-1]
        if above.min() > 1e-280:
            return np.log(above / below) + self.top
        # weights and biases that lie hundreds of kT apart: no common factor serves both
        ends = range(start + 1, stop + 1)
        return np.array(
            [logsumexp(self.a[n, :k] + self.b[:k]) - logsumexp(self.a[n, :k]) for k in ends]
        )
