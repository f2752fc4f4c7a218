"""Observables of chunks of atoms: what an estimator says of each chunk, and of all together."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from dbar.estimators.front import check_finite
from dbar.estimators.linear import LinearEstimator

__all__ = ["ChunkEstimator", "chunk_stress", "in_no_chunk"]

_ROUNDING = 1e-10  # of the sum of the sizes of what is added up


class ChunkEstimator(BaseEstimator):
    """Observable of each chunk of atoms, as a linear function of the sums D of that chunk.

    A chunk of N atoms is a snapshot of N atoms: `LinearEstimator` learns from all chunks that
    have atoms, each with the weight of its N, as the part of A/N that D does not explain falls
    like 1/N. Of an extensive observable the chunks then add up to what the same estimator says of
    all their atoms together.

    Parameters
    ----------
    target : {"extensive", "per-atom"}
        As in `LinearEstimator`: a number that adds up over chunks (energy, hcp atoms), or one that
        does not (a fraction, a stress).
    n_components : int, optional
        As in `LinearEstimator`.
    least : int
        Chunks with fewer atoms are not learnt from.

    Attributes
    ----------
    estimator_ : LinearEstimator
        The one that was fitted; it takes D of whole snapshots as well.

    Examples
    --------
    >>> import numpy as np
    >>> from dbar.estimators import ChunkEstimator
    >>> rng = np.random.default_rng(0)
    >>> atoms = rng.integers(0, 20, size=(30, 8))  # of 8 chunks in 30 snapshots, some empty
    >>> D = np.dstack([atoms, atoms * rng.normal(size=(30, 8)), atoms * rng.normal(size=(30, 8))])
    >>> model = ChunkEstimator().fit(D, D @ [0.5, 1.0, -2.0])
    >>> found = model.predict(D)
    >>> found.shape, bool((found[atoms == 0] == 0.0).all())
    ((30, 8), True)
    >>> bool(np.allclose(found.sum(axis=1), model.estimator_.predict(D.sum(axis=1))))
    True
    """

    def __init__(self, target="extensive", n_components=None, least=1):
        self.target = target
        self.n_components = n_components
        self.least = least

    def fit(self, D, y, groups=None):
        """Learn from chunks.

        Parameters
        ----------
        D : ndarray, shape (T, n, K+1)
            Sums of n chunks in T snapshots.
        y : ndarray, shape (T, n) or (T, n, q)
            Observable(s) of each chunk. Of chunks without atoms they are not looked at.
        groups : ndarray, shape (T,), optional
            Trajectory of each snapshot, as in `LinearEstimator`.

        Raises
        ------
        ValueError
            For shapes that do not fit, values that are not finite, an unknown target, or fewer
            than 3 chunks with `least` atoms.
        """
        if self.target not in ("extensive", "per-atom"):
            raise ValueError(f"target is {self.target!r}, expected 'extensive' or 'per-atom'")
        D = checked_chunks(D)
        y = np.asarray(y, dtype=float)
        if y.shape[:2] != D.shape[:2] or y.ndim > 3:
            raise ValueError(f"y has shape {y.shape}, expected {D.shape[:2]} or (T, n, q)")
        least = max(self.least, 1)
        use = D[..., 0] >= least
        if use.sum() < 3:
            raise ValueError(
                f"{int(use.sum())} chunks have {least} atoms or more, at least 3 are needed"
            )
        if groups is not None:
            groups = np.asarray(groups)
            if groups.shape != (len(D),):
                raise ValueError(f"groups has shape {groups.shape}, expected ({len(D)},)")
            groups = np.broadcast_to(groups[:, None], use.shape)[use]
        model = LinearEstimator(target=self.target, n_components=self.n_components)
        self.estimator_ = clone(model).fit(D[use], y[use], groups=groups)
        return self

    def predict(self, D, return_std=False):
        """Observable of chunks.

        Parameters
        ----------
        D : ndarray, shape (T, n, K+1)
        return_std : bool

        Returns
        -------
        mean : ndarray, shape (T, n) or (T, n, q)
            Of a chunk without atoms 0 if it is extensive, else NaN: nothing has a value there.
        std : ndarray, of the same shape
            Only with ``return_std=True``.
        """
        check_is_fitted(self)
        D = checked_chunks(D)
        some = D[..., 0] > 0
        empty = 0.0 if self.target == "extensive" else np.nan
        shape = (*some.shape, *np.shape(self.estimator_.intercept_))
        out = [np.full(shape, empty) for _ in range(2 if return_std else 1)]
        if some.any():
            found = self.estimator_.predict(D[some], return_std)
            for filled, values in zip(out, found if return_std else (found,), strict=True):
                filled[some] = values
        return tuple(out) if return_std else out[0]


def chunk_stress(estimator, V, volume, D=None):
    """Stress of each chunk by a `StressEstimator`, whose volume-weighted mean is that of the whole.

    sigma_ab of a chunk is (theta . V_ab + phi . D delta_ab) / volume, V and D being its sums: what
    was learnt from whole snapshots or from chunks holds for both, as nothing is added to sums.

    Parameters
    ----------
    estimator : StressEstimator
        Fitted.
    V : ndarray, shape (T, n, K+1, 3, 3) or (T, n, K+1, 6)
        Virial-type sums of n chunks in T snapshots.
    volume : ndarray, shape (n,) or (T, n)
        Of each chunk.
    D : ndarray, shape (T, n, K+1), optional
        For an estimator that was fitted with D.

    Returns
    -------
    ndarray, shape (T, n, 6) or (T, n, 3, 3)
        As the estimator was fitted. 0 in a chunk without atoms, where nothing bears a load.

    Raises
    ------
    ValueError
        For shapes that do not fit, or as `StressEstimator.predict`.
    """
    V = np.asarray(V, dtype=float)
    if V.ndim not in (4, 5):
        raise ValueError(f"V of chunks has shape {V.shape}, expected (T, n, K+1, 3, 3)")
    count, volume = V.shape[:2], np.asarray(volume, dtype=float)
    if volume.shape not in (count, count[1:]):
        raise ValueError(f"volume has shape {volume.shape}, expected {count[1:]} or {count}")
    volume = np.broadcast_to(volume, count).ravel()
    if D is not None:
        D = checked_chunks(D)
        D = D.reshape(-1, D.shape[2])
    found = estimator.predict(V.reshape(-1, *V.shape[2:]), volume, D)
    return found.reshape(*count, *found.shape[1:])


def in_no_chunk(whole, D):
    """Sums of the atoms that are in no chunk, checked: what the whole has and the chunks have not.

    Parameters
    ----------
    whole : ndarray, shape (T, K+1)
        D of all atoms.
    D : ndarray, shape (T, n, K+1)
        Of the chunks.

    Returns
    -------
    ndarray, shape (T, K+1)

    Raises
    ------
    ValueError
        If the chunks have more atoms than there are, or all of them and other sums.
    """
    D, whole = checked_chunks(D), np.asarray(whole, dtype=float)
    if whole.shape != D.shape[::2]:
        raise ValueError(f"whole has shape {whole.shape}, expected {D.shape[::2]}")
    check_finite("whole", whole)
    rest = whole - D.sum(axis=1)
    size = np.abs(D).sum(axis=1) + np.abs(whole)
    atoms = np.rint(rest[:, 0])
    if (atoms < 0).any():
        t = int(np.argmax(atoms < 0))
        raise ValueError(
            f"chunks have {D[t, :, 0].sum():.15g} atoms at snapshot {t}, expected at most "
            f"{whole[t, 0]:.15g}, those of the whole"
        )
    wrong = np.argwhere((atoms[:, None] == 0) & (np.abs(rest) > _ROUNDING * size))
    if len(wrong):
        t, k = wrong[0]
        raise ValueError(
            f"component {k} of the chunks adds up to {D[t, :, k].sum():.15g} at snapshot {t}, "
            f"expected {whole[t, k]:.15g}, that of the whole"
        )
    rest[atoms == 0] = 0.0
    return rest


def checked_chunks(D):
    """D of chunks as finite floats (T, n, K+1) that have no negative counts."""
    D = np.asarray(D, dtype=float)
    if D.ndim != 3 or D.shape[2] < 2:
        raise ValueError(f"D of chunks has shape {D.shape}, expected (T, n, K+1) with K >= 1")
    check_finite("D", D, "chunk and component")
    if (D[..., 0] < 0).any():
        t, c = np.argwhere(D[..., 0] < 0)[0]
        raise ValueError(
            f"component 0 of chunk {c} is {D[t, c, 0]:g} at snapshot {t}, expected its number of "
            "atoms"
        )
    return D
