"""Stress from the virial-type tensors V̄, by one vector theta for all six components."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from dbar.descriptors.voigt import tensor_to_voigt, voigt_to_tensor
from dbar.estimators.front import check_finite, check_groups
from dbar.statistics.ridge import bayesian_ridge

__all__ = ["StressEstimator", "stress_rows"]

# Orthonormal parts of a symmetric tensor in the order xx yy zz xy xz yz: its trace, then the five
# deviatoric ones. The Frobenius norm is the sum of their squares, so a fit of them all with equal
# weights does not depend on the axes.
_PARTS = np.array(
    [
        [3**-0.5, 3**-0.5, 3**-0.5, 0, 0, 0],
        [2**-0.5, -(2**-0.5), 0, 0, 0, 0],
        [6**-0.5, 6**-0.5, -2 * 6**-0.5, 0, 0, 0],
        [0, 0, 0, 2**0.5, 0, 0],
        [0, 0, 0, 0, 2**0.5, 0],
        [0, 0, 0, 0, 0, 2**0.5],
    ]
)
_TRACE = np.array([True, False, False, False, False, False])
_ISOTROPIC = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
_ROUNDS, _FOLDS = 5, 8


class StressEstimator(BaseEstimator):
    """Stress sigma_ab = theta . V̄_ab / volume (PRL 131, 236101, supplement; l = 0 equivariant).

    theta is one vector for all components: rotate the system and the predicted stress rotates
    with it. With D̄ given as well, sigma_ab = (theta . V̄_ab + phi . D̄ delta_ab) / volume, in which
    the atom count stands for the kinetic part; that is just as equivariant.

    The components of the stress are fitted together by Bayesian ridge without intercept, after
    splitting them into trace and deviator, each with a noise level of its own (in a solid the
    pressure fluctuates otherwise than shear does), found by iteration.

    Attributes
    ----------
    theta_ : ndarray, shape (K+1,)
        In units of stress times volume; entry 0 is zero, as the atom count has no virial.
    phi_ : ndarray, shape (K+1,) or None
        Coefficients of D̄, None without it.
    noise_std_ : ndarray, shape (2,)
        Noise of the orthonormal parts: trace (xx+yy+zz)/sqrt(3), and each of the deviatoric five.

    Examples
    --------
    >>> import numpy as np
    >>> from dbar.estimators import StressEstimator
    >>> V = np.random.default_rng(0).normal(size=(40, 3, 6))
    >>> V[:, 0] = 0.0
    >>> stress = np.einsum("nkc,k->nc", V, [0.0, 2.0, -1.0]) / 10.0
    >>> model = StressEstimator().fit(V, stress, volume=np.full(40, 10.0))
    >>> bool(np.allclose(model.theta_, [0.0, 2.0, -1.0], atol=1e-3))
    True
    """

    def fit(self, V, stress, volume, D=None, groups=None):
        """Learn from snapshots.

        Parameters
        ----------
        V : ndarray, shape (n, K+1, 3, 3) or (n, K+1, 6)
        stress : ndarray, shape (n, 3, 3) or (n, 6)
            Tension positive (minus LAMMPS's pressure tensor), any units; order xx yy zz xy xz yz.
        volume : ndarray, shape (n,)
        D : ndarray, shape (n, K+1), optional
        groups : ndarray, shape (n,), optional
            Trajectory of each snapshot. With it the noise is what left-out trajectories show.

        Raises
        ------
        ValueError
            For wrong shapes, values that are not finite, a volume that is not positive, fewer than
            3 snapshots, or V that vanishes.
        """
        features = self._design(V, volume, D)
        stress = np.asarray(stress, dtype=float)
        self._tensor = stress.ndim == 3
        target = tensor_to_voigt(stress) if self._tensor else stress
        if target.shape != (len(features), 6):
            raise ValueError(
                f"stress has shape {stress.shape}, expected {(len(features), 6)} or "
                f"{(len(features), 3, 3)}"
            )
        check_finite("stress", target)
        if len(features) < 3:
            raise ValueError(f"n_samples = {len(features)} snapshots, at least 3 are needed")
        groups = check_groups(groups, len(features))
        if groups is None:
            self._solve(_factors(features, target))
        else:
            # a triangular factor per trajectory serves all subsets of trajectories
            names = np.unique(groups)
            parts = [_factors(features[groups == g], target[groups == g]) for g in names]
            self._solve(_merged(parts))._noise_of_left_out(parts, len(features))
        return self._named(np.shape(V)[1], D is not None)

    def fit_rows(self, blocks, size, with_d):
        """Learn from triangular factors instead of snapshots.

        Parameters
        ----------
        blocks : two pairs (rows, count)
            Of trace and deviator: rows whose products are those of all `stress_rows`, and the
            number of these.
        size : int
            Length K+1 of V̄ along its first axis.
        with_d : bool
            Whether D̄ is among the features.
        """
        self._tensor = False
        return self._solve(blocks)._named(size, with_d)

    def _named(self, size, with_d):
        self.n_features_in_, self.with_d_ = int(size), bool(with_d)
        self.theta_ = np.concatenate([[0.0], self.coef_[: size - 1]])
        self.phi_ = self.coef_[size - 1 :] if with_d else None
        return self

    def predict(self, V, volume, D=None, return_std=False):
        """Stress of snapshots, in the shape that `fit` was given, and its standard deviation."""
        check_is_fitted(self)
        if (D is not None) != self.with_d_:
            raise ValueError(f"D is {'missing' if D is None else 'given'}, unlike at fit")
        if np.shape(V)[1] != self.n_features_in_:
            raise ValueError(
                f"V has {np.shape(V)[1]} components, expected {self.n_features_in_} as at fit"
            )
        features = self._design(V, volume, D)
        mean = features @ self.coef_
        if not return_std:
            return self._shaped(mean)
        spread = np.sum((features @ self._root) ** 2, axis=-1)
        trace, deviator = self.noise_std_**2
        normal, shear = trace / 3 + 2 * deviator / 3, deviator / 2
        std = np.sqrt(spread + np.where(_ISOTROPIC > 0, normal, shear))
        return self._shaped(mean), self._shaped(std)

    def pressure(self, V, volume, D=None):
        """Pressure, minus a third of the trace of the stress, and its standard deviation, (n,).

        The standard deviation is that of the trace alone, which the noise of the deviator does not
        enter.
        """
        check_is_fitted(self)
        row = -(_ISOTROPIC / 3.0) @ self._design(V, volume, D)
        std = np.sqrt(np.sum((row @ self._root) ** 2, axis=-1) + self.noise_std_[0] ** 2 / 3.0)
        return row @ self.coef_, std

    def score(self, V, stress, volume, D=None):
        """Mean over the six components of R^2."""
        stress = np.asarray(stress, dtype=float)
        want = tensor_to_voigt(stress) if stress.ndim == 3 else stress
        got = self.predict(V, volume, D)
        got = tensor_to_voigt(got) if got.ndim == 3 else got
        return r2_score(want, got)

    def _shaped(self, values):
        return voigt_to_tensor(values) if self._tensor else values

    @staticmethod
    def _design(V, volume, D):
        """Features (n, 6, p) of the six components."""
        V = np.asarray(V, dtype=float)
        if V.ndim == 4 and V.shape[2:] == (3, 3):
            V = tensor_to_voigt(V)
        if V.ndim != 3 or V.shape[2] != 6 or V.shape[1] < 2:
            raise ValueError(f"V has shape {V.shape}, expected (n, K+1, 6) or (n, K+1, 3, 3)")
        check_finite("V", V)
        volume = np.asarray(volume, dtype=float)
        if volume.shape != V.shape[:1]:
            raise ValueError(f"volume has shape {volume.shape}, expected ({len(V)},)")
        check_finite("volume", volume)
        if not (volume > 0).all():
            row = int(np.argmin(volume > 0))
            raise ValueError(f"volume is {volume[row]:g} at snapshot {row}, expected > 0")
        features = V[:, 1:].swapaxes(1, 2)
        if D is not None:
            D = np.asarray(D, dtype=float)
            if D.shape != V.shape[:2]:
                raise ValueError(f"D has shape {D.shape}, expected {V.shape[:2]}")
            check_finite("D", D)
            features = np.concatenate([features, D[:, None] * _ISOTROPIC[:, None]], axis=2)
        return features / volume[:, None, None]

    def _solve(self, blocks):
        """Solve for the triangular factors of [rows, aim] of trace and deviator."""
        norms, counts = [np.sum(r**2, axis=0) for r, _ in blocks], [n for _, n in blocks]
        n = float(sum(counts))
        square = sum(norms) / n
        if not square[:-1].any():
            raise ValueError("V is zero in all snapshots: the stress needs `virial yes`")
        live = square[:-1] > 0
        scale = np.where(live, 1.0 / np.sqrt(np.where(live, square[:-1], 1.0)), 0.0)
        level = np.sqrt(square[-1]) or 1.0
        noise = np.ones(2)
        for _ in range(_ROUNDS):
            weight = noise.mean() / noise
            stacked = np.vstack(
                [r * np.sqrt(w / n) for (r, _), w in zip(blocks, weight, strict=True)]
            )
            A, b = stacked[:, :-1] * scale, stacked[:, -1] / level
            u, s, axes = np.linalg.svd(A, full_matrices=False)
            keep = s > s[0] * 1e-10
            basis = scale[:, None] * (axes[keep].T / s[keep])
            joint = np.column_stack([u[:, keep], b])
            p = joint.shape[1] - 1
            moments = n * (joint.T @ joint)[None]
            fit = bayesian_ridge(np.array([n]), np.zeros((1, p + 1)), moments, p)
            self.coef_ = basis @ fit.coef[0, 0] * level
            noise = self._errors(blocks) / (1.0 - min(fit.effective[0, 0] / n, 0.5))
            noise = np.maximum(noise, 1e-24 * level**2)
        self.noise_std_ = np.sqrt(noise)
        w, v = np.linalg.eigh(fit.coef_cov(0, 0))
        self._root = basis @ (v * np.sqrt(np.maximum(w, 0.0))) * level
        return self

    def _errors(self, blocks):
        """Mean squared errors of trace and deviator."""
        move = np.append(-self.coef_, 1.0)
        return np.array([np.sum((r @ move) ** 2) / n for r, n in blocks])

    def _noise_of_left_out(self, parts, count):
        total, folds = np.zeros(2), min(_FOLDS, len(parts))
        for fold in range(folds):
            kept = [part for k, part in enumerate(parts) if k % folds != fold]
            left = _merged([part for k, part in enumerate(parts) if k % folds == fold])
            size = np.array([n for _, n in left])
            total += StressEstimator()._solve(_merged(kept))._errors(left) * size
        self.noise_std_ = np.sqrt(total / (count * np.array([1, 5])))


def stress_rows(V, stress, volume, D=None):
    """Equations [features, stress] of trace (n, p + 1) and deviator (5 n, p + 1) of snapshots.

    Arguments as for `StressEstimator.fit`, the stress as (n, 6).
    """
    return _rows(StressEstimator._design(V, volume, D), stress)


def _rows(features, target):
    rows = np.concatenate([_PARTS @ features, (target @ _PARTS.T)[:, :, None]], axis=2)
    return [rows[:, mask].reshape(-1, rows.shape[2]) for mask in (_TRACE, ~_TRACE)]


def _factors(features, target):
    """Triangular factors of [rows, aim], with their numbers of rows, of trace and deviator."""
    return [(np.linalg.qr(block, mode="r"), len(block)) for block in _rows(features, target)]


def _merged(parts):
    """Factors of several sets of snapshots taken together."""
    out = []
    for block in range(2):
        stacked = np.vstack([part[block][0] for part in parts])
        out.append((np.linalg.qr(stacked, mode="r"), sum(part[block][1] for part in parts)))
    return out
