"""What the measures have in common: samples, scaling, regularisation."""

from __future__ import annotations

import numpy as np

__all__ = ["Setting", "checked_features", "metrics"]

_FEWEST = 4  # samples in each half; the training half is halved again
_VARIES = 1e-12  # of the largest value of a column: less is rounding
_STRENGTHS = (1e-9, 0.9, 20)
_LACKING = "measures need the package scikit-matter: pip install dbar[measures]"


def metrics():
    """The module ``skmatter.metrics``.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    try:
        import skmatter.metrics
    except ImportError:
        raise ImportError(_LACKING) from None
    return skmatter.metrics


def checked_features(X, Y) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays (n, p) and (n, q) of finite numbers, with samples enough.

    Raises
    ------
    ValueError
    """
    X, Y = _finite("X", X), _finite("Y", Y)
    if len(X) != len(Y):
        raise ValueError(f"Y: found {len(Y)} samples, expected as many as X has, {len(X)}")
    if len(X) < 2 * _FEWEST:
        raise ValueError(f"X: found {len(X)} samples, expected at least {2 * _FEWEST}")
    return X, Y


class Setting:
    """Samples, scaler and regression of a measure, as scikit-matter takes them.

    Parameters are those of `dbar.measures.gfre`.

    Attributes
    ----------
    train, test : ndarray of int
        Numbers of the samples, rising.
    """

    def __init__(self, X, Y, train, seed, scaler, alphas, regularization):
        self.seed = _integer("seed", seed)
        self.train = _training(len(X), train, self.seed)
        self.test = np.setdiff1d(np.arange(len(X)), self.train)
        if len(self.test) < 1:
            raise ValueError("train: found all samples, expected some left for the error")
        if scaler not in ("total", "columns", None):
            raise ValueError(f"scaler: found {scaler!r}, expected 'total', 'columns' or None")
        if regularization not in ("cutoff", "tikhonov"):
            raise ValueError(
                f"regularization: found {regularization!r}, expected 'cutoff' or 'tikhonov'"
            )
        for name, features in (("X", X), ("Y", Y)):
            _refuse_constant(name, features[self.train], scaler == "columns")
        self.scaler, self.regularization = scaler, regularization
        self.alphas = np.geomspace(*_STRENGTHS) if alphas is None else _strengths(alphas)

    def words(self) -> dict:
        """Arguments of scikit-matter's functions."""
        metrics()  # says how to install it
        from skmatter.linear_model import Ridge2FoldCV
        from skmatter.preprocessing import StandardFlexibleScaler

        scaled = self.scaler is not None
        # whether features vary has been decided, whatever their unit
        scaler = StandardFlexibleScaler(
            with_mean=scaled, with_std=scaled, column_wise=self.scaler == "columns", atol=0.0
        )
        estimator = Ridge2FoldCV(
            alphas=self.alphas,
            alpha_type="relative",
            regularization_method=self.regularization,
            random_state=self.seed,
            shuffle=True,
            scoring="neg_root_mean_squared_error",
            n_jobs=1,
        )
        return {
            "train_idx": self.train,
            "test_idx": self.test,
            "scaler": scaler,
            "estimator": estimator,
        }

    @staticmethod
    def result(each, pointwise: bool):
        """The errors of the samples, or the root of their mean square."""
        return each if pointwise else float(np.sqrt(np.mean(np.square(each))))


def _finite(name: str, values) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name}: found no array of numbers, expected (n, features)") from None
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name}: found shape {array.shape}, expected (n, features)")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        sample, column = bad[0]
        raise ValueError(
            f"{name}: found {array[sample, column]} in sample {sample}, feature {column}, expected "
            "finite numbers"
        )
    return array


def _training(n: int, train, seed: int) -> np.ndarray:
    if train is None:
        return np.sort(np.random.default_rng(seed).permutation(n)[: n // 2])
    found = np.asarray(train)
    right = found.ndim == 1 and found.dtype.kind in "iu"
    right = right and len(np.unique(found)) == len(found) and ((found >= 0) & (found < n)).all()
    if not right or len(found) < _FEWEST:
        raise ValueError(
            f"train: found {train!r}, expected at least {_FEWEST} different sample numbers from 0 "
            f"to {n - 1}"
        )
    return np.sort(found)


def _refuse_constant(name: str, features, each: bool) -> None:
    spread = features.std(axis=0)
    constant = spread <= _VARIES * np.abs(features).max(axis=0)
    if constant.all():
        raise ValueError(f"{name}: found no feature that varies over train, expected some")
    if each and constant.any():
        raise ValueError(
            f"{name}: found feature {np.argmax(constant)} the same in all of train, expected "
            "features that vary, or scaler 'total'"
        )


def _strengths(alphas) -> np.ndarray:
    try:
        found = np.atleast_1d(np.asarray(alphas, dtype=float))
    except (TypeError, ValueError, OverflowError):
        found = np.array([np.nan])
    if found.ndim != 1 or not found.size or not ((found >= 0.0) & (found < 1.0)).all():
        raise ValueError(f"alphas: found {alphas!r}, expected numbers from 0 to 1, below 1")
    return found


def _integer(name: str, value) -> int:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (whole and 0 <= value < 2**32):
        raise ValueError(f"{name}: found {value!r}, expected an integer from 0 to {2**32 - 1}")
    return int(value)
