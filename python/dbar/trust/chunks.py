"""Where a system is unlike what it was: M of each chunk of atoms, and which chunks stand out.

A chunk of N atoms has the mean d of N atomic descriptors, whose variance falls like 1/N. Of each
chunk z = sqrt(N / N_mean) (d - mean) is looked at, which has one and the same covariance for all,
and M(z) is that of `dbar.trust.Mahalanobis`, learnt from all chunks of the first half of a
reference. The scores of its second half, which the model has not seen, say how large M becomes when
nothing happens: that share of them as large as one of a later snapshot is its p-value (Vovk,
Gammerman & Shafer 2005). Of the chunks of a snapshot those stand out that the procedure of
Benjamini & Hochberg (J. R. Stat. Soc. B 57, 289, 1995) picks at level q; with such p-values it
keeps its promise (Bates et al., Ann. Stat. 51, 149, 2023).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.trust.mahalanobis import Mahalanobis
from dbar.trust.rank_level import effective_number

__all__ = ["ChunkMap", "ChunkTrust", "chunk_map"]

_LEAST_REFERENCE = 8  # snapshots, of which half teach the model
_LEAST_COMMON = 3  # chunks that can be compared with each other
_BLOCK = 1 << 26  # bytes of a block of snapshots


class ChunkMap(NamedTuple):
    """What is known of each chunk in each snapshot.

    Attributes
    ----------
    M : ndarray, shape (T, n)
        NaN of a chunk with fewer than `least` atoms.
    p : ndarray, shape (T, n)
        Share of undisturbed scores that are as large; NaN in the reference, and where M is.
    changed : ndarray of bool, shape (T, n)
        Chunks that stand out.
    first : ndarray of int, shape (n,)
        Snapshot from which on a chunk stands out `persist` times in a row, -1 if none.
    reference : int
        Snapshots of the reference.
    rate : float
        q: the share of snapshots, at most, with any chunk that stands out while nothing happens,
        if snapshots are independent.
    bound : float
        That share where snapshots remember those before: q, or n / (m + 1) if that is more, with m
        independent scores among those of the reference. A longer reference makes it smaller.
    """

    M: np.ndarray
    p: np.ndarray
    changed: np.ndarray
    first: np.ndarray
    reference: int
    rate: float
    bound: float


class ChunkTrust:
    """M of chunks of atoms, against the chunks of a reference taken together.

    Parameters
    ----------
    least : int
        Chunks of fewer atoms have no M: a mean of few atoms is far from normal, and a chunk at a
        free surface or in a corner of the box is another thing than one inside.
    common : bool
        Leave out what all chunks do together, the median over those of the snapshot, which does
        not move with a few that go another way. A system that is stretched or heated as a whole is
        then like what it was.

    Attributes
    ----------
    mean_ : ndarray, shape (K,)
        Of all atoms of the reference; zero if `common`.
    size_ : float
        Mean number of atoms of the chunks of the reference.
    mahalanobis_ : Mahalanobis
    """

    def __init__(self, least=8, common=False):
        self.least, self.common = least, common

    def fit(self, D):
        """Learn from chunks of a reference, D (T, n, K+1), in time order.

        Raises
        ------
        ValueError
            If fewer than 4 of them have `least` atoms, none has in two snapshots in a row, with
            `common` fewer than 3 have in every snapshot, or a number is not finite.
        """
        D = _finite(D, 0)
        use = self._enough(D)
        if use.sum() < 4:
            raise ValueError(
                f"{int(use.sum())} chunks of the reference have {self.least} atoms or more, at "
                "least 4 are needed"
            )
        most = use.sum(axis=1).max()
        if self.common and most < _LEAST_COMMON:
            raise ValueError(
                f"common: found {most} chunks with {self.least} atoms or more in a snapshot, "
                f"expected at least {_LEAST_COMMON}, which can be compared with each other"
            )
        if not (use[1:] & use[:-1]).any():
            raise ValueError(
                f"least: found no chunk of the reference with {self.least} atoms or more in two "
                "snapshots in a row, expected some: larger chunks, or a smaller least"
            )
        atoms = D[use]
        self.size_ = float(atoms[:, 0].mean())
        total = atoms.sum(axis=0)
        self.mean_ = np.zeros(len(total) - 1) if self.common else total[1:] / total[0]
        z = self._scaled(D, use)
        # steps from one snapshot to the next are those of a chunk that has enough atoms in both
        parts = []
        for c in range(D.shape[1]):
            there = np.flatnonzero(use[:, c])
            parts += [z[p, c] for p in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1)]
        self.mahalanobis_ = Mahalanobis().fit([part for part in parts if len(part)])
        return self

    def score(self, D, start=0):
        """M (T, n) of chunks D (T, n, K+1); NaN where a chunk has fewer than `least` atoms.

        Raises
        ------
        ValueError
            If a number is not finite; `start` is the number of the first snapshot, for this.
        """
        D = _finite(D, start)
        use = self._enough(D)
        M = np.full(use.shape, np.nan)
        M[use] = self.mahalanobis_.score(self._scaled(D, use)[use])
        return M

    def _enough(self, D):
        if D.ndim != 3 or D.shape[2] < 2:
            raise ValueError(f"D of chunks has shape {D.shape}, expected (T, n, K+1) with K >= 1")
        return D[..., 0] >= max(self.least, 1)

    def _scaled(self, D, use):
        count = np.where(use, D[..., 0], 1.0)[..., None]
        mean = self.mean_
        if self.common:
            mean = np.zeros((len(D), 1, D.shape[2] - 1))
            some = use.any(axis=1)
            d = np.where(use[..., None], D[..., 1:] / count, np.nan)
            mean[some, 0] = np.nanmedian(d[some], axis=1)
        return np.sqrt(count / self.size_) * (D[..., 1:] / count - mean)


def _finite(D, start):
    D = np.asarray(D, dtype=float)
    bad = np.argwhere(~np.isfinite(D))
    if len(bad) and D.ndim == 3:
        t, c, k = (int(number) for number in bad[0])
        raise ValueError(
            f"D of chunks: found {D[t, c, k]} at snapshot {start + t}, chunk {c}, component {k}, "
            "expected finite numbers"
        )
    return D


def chunk_map(D, reference, least=8, common=False, rate=0.05, persist=3):
    """M of each chunk in each snapshot, and which chunks stand out against the reference.

    Parameters
    ----------
    D : ndarray, shape (T, n, K+1)
        Sums of n chunks in T snapshots. What is indexed like an array, as chunks of a store are
        (`dbar.trajectory.Chunks`), is read in pieces.
    reference : int
        Snapshots at the beginning in which nothing happens.
    least, common
        As in `ChunkTrust`.
    rate : float
        q in (0, 1): see `ChunkMap.rate`. A smaller one than one over half of the reference cannot
        be told from its scores.
    persist : int
        Snapshots in a row in which a chunk must stand out for `ChunkMap.first`.

    Returns
    -------
    ChunkMap

    Raises
    ------
    ValueError
        For a reference of fewer than 8 snapshots or of all of them, too small for `rate` or with
        too few atoms; other parameters outside of their range; numbers that are not finite.
    """
    D = D if hasattr(D, "shape") else np.asarray(D, dtype=float)
    T, n = D.shape[:2]
    if not _LEAST_REFERENCE <= reference < T:
        raise ValueError(
            f"reference: found {reference} snapshots, expected {_LEAST_REFERENCE} or more and "
            f"fewer than the {T} there are"
        )
    if persist < 1 or persist != int(persist):
        raise ValueError(f"persist: found {persist}, expected an integer of 1 or more")
    half = reference // 2
    if not 0.0 < rate < 1.0 or rate * (reference - half) < 1.0:
        raise ValueError(
            f"rate: found {rate}, expected a number below 1, and {1 / (reference - half):.3g} or "
            f"more with a reference of {reference} snapshots"
        )
    trust = ChunkTrust(least, common).fit(D[:half])
    each = max(1, _BLOCK // (8 * n * D.shape[2]))
    M = np.concatenate([trust.score(D[k : k + each], k) for k in range(0, T, each)])
    calm = np.sort(M[half:reference][np.isfinite(M[half:reference])])
    if not len(calm):
        raise ValueError(f"no chunk has {least} atoms in the second half of the reference")
    larger = len(calm) - np.searchsorted(calm, M, side="left")
    p = np.where(np.isfinite(M), (1.0 + larger) / (len(calm) + 1.0), np.nan)
    p[:reference] = np.nan
    changed = np.array([_picked(row, rate) for row in p])
    series = [column[np.isfinite(column)] for column in M[half:reference].T]
    effective = effective_number([each for each in series if len(each)])
    bound = max(rate, n / (effective + 1.0))
    return ChunkMap(M, p, changed, _first(changed, persist), reference, rate, bound)


def _picked(p, rate):
    """Which p-values the procedure of Benjamini and Hochberg picks; NaN never."""
    known = np.sort(p[np.isfinite(p)])
    below = np.flatnonzero(known <= rate * np.arange(1, len(known) + 1) / max(len(known), 1))
    return p <= known[below[-1]] if len(below) else np.zeros(len(p), dtype=bool)


def _first(changed, persist):
    """First of `persist` snapshots in a row in which a chunk stands out, (n,); -1 if none."""
    run = np.zeros(changed.shape[1], dtype=int)
    first = np.full(changed.shape[1], -1)
    for t, row in enumerate(changed):
        run = np.where(row, run + 1, 0)
        first = np.where((first < 0) & (run == persist), t - persist + 1, first)
    return first
