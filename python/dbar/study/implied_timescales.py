"""Does the model remember as the data do? Chapman-Kolmogorov test along the modes of the model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.statistics.companion import companion, spectral_radius, stationary_cov
from dbar.trust.innovation import checked_trajectories

__all__ = ["ChapmanKolmogorov", "chapman_kolmogorov", "simulated"]

_MOST_NUMBERS = 2**24  # of data sets simulated at once: 128 MiB


class ChapmanKolmogorov(NamedTuple):
    """Memory of the slowest modes (lags, n), of the model and of the data.

    `model_correlation`, `correlation` and `correlation_error` are autocorrelations along each mode
    of the model. `model`, `model_error`, `data`, `data_error` say the same as relaxation times in
    snapshots, -lag / ln(correlation); a time is NaN where the correlation is not positive and
    infinite where it is 1 or more. `z` is the difference of the correlations in standard errors,
    NaN if the model has no steady state. `p` is the probability that data of a model which is right
    differ as much somewhere, by the largest |z| of all comparisons; NaN without a steady state.
    """

    lags: tuple
    model: np.ndarray
    model_error: np.ndarray
    data: np.ndarray
    data_error: np.ndarray
    z: np.ndarray
    model_correlation: np.ndarray
    correlation: np.ndarray
    correlation_error: np.ndarray
    p: float

    def significant(self) -> np.ndarray:
        """Correlation of the data less that of the model (lags, n), 0 within two errors."""
        off = self.correlation - self.model_correlation
        return np.where(np.abs(self.z) >= 2.0, off, 0.0)


def chapman_kolmogorov(
    model, trajectories, lags=(1, 2, 5, 10), n_times=3, n_null=60, random_state=0
):
    """Autocorrelation of the data along the modes of the model, against that of the model (Fig. 7).

    With l a left eigenvector of the model's Gamma(1) Gamma(0)^-1 (Gamma its stationary
    autocovariance), a process that the VAR describes has at every lag t

        l Gamma(t) l* / (l Gamma(0) l*)          (eigenvalue^t for order 1)

    The model is taken as one regression of all transitions, without bags. Modes are matched by
    their direction. Eigenvalues of a matrix estimated at each lag are not
    comparable: beyond the relaxation times their sorted moduli are those of noise. Bias and error
    of the difference are those of `n_null` data sets simulated with the model, from the first
    snapshots of the data, with their lengths, and fitted again.

    Parameters
    ----------
    model : VAR
        Fitted to `trajectories`.
    trajectories : list of ndarray (T, K)
    lags : sequence of int
    n_times : int
        Modes, slowest first; of a conjugate pair one is taken.
    n_null : int
    random_state : int or numpy.random.Generator

    Returns
    -------
    ChapmanKolmogorov
    """
    parts = checked_trajectories(trajectories, 1)
    size, lags = len(model.intercept_), tuple(int(lag) for lag in lags)
    if parts[0].shape[1] != size:
        raise ValueError(f"trajectories have {parts[0].shape[1]} components, expected {size}")
    longest = max(len(X) for X in parts)
    if min(lags) < 1 or max(lags) > longest - 2:
        raise ValueError(f"lags are {lags}, expected 1 to {longest - 2}")
    stable = spectral_radius(model.coef_) < 1.0
    # one regression of everything, as in the null: the bags shrink more, whatever the data are
    model = type(model)(model.order, 1, 1.0, 0, model.prior).fit(parts)
    if not stable or spectral_radius(model.coef_) >= 1.0:
        n = min(int(n_times), size)
        empty, endless = np.full((len(lags), n), np.nan), np.full((len(lags), n), np.inf)
        blank = (empty, endless, empty, empty, empty, empty, np.nan)
        return ChapmanKolmogorov(lags, endless, endless, *blank)
    modes = _modes(model, n_times)
    own = _of_model(model, lags, modes)
    seen = _of_data(parts, lags, modes, own)
    null = np.array(list(_null(model, parts, lags, modes, own, n_null, random_state)))
    if len(null) < min(10, n_null):
        raise ValueError(f"{len(null)} of {n_null} simulated data sets have a steady state")
    off = null[:, 1] - null[:, 0]
    z = (seen - np.abs(own) - off.mean(axis=0)) / off.std(axis=0, ddof=1)
    model_std, data_std = null.std(axis=0, ddof=1)
    return ChapmanKolmogorov(
        lags, *_times(np.abs(own), model_std, lags), *_times(seen, data_std, lags), z,
        np.abs(own), seen, data_std, _as_much(off, z),
    )  # fmt: skip


def _as_much(off, z):
    """Share of data sets, the given one included, whose largest |z| is at least that of `z`.

    Each simulated one (n, lags, modes) is measured by mean and spread of the others.
    """
    n, moved = len(off), off - off.mean(axis=0)
    rest = np.sum(moved**2, axis=0) - n / (n - 1) * moved**2  # squares about the others' mean
    own = np.abs(moved) * n / (n - 1) / np.sqrt(np.maximum(rest, 1e-300) / (n - 2))
    return (1.0 + np.sum(own.max(axis=(1, 2)) >= np.abs(z).max())) / (n + 1.0)


def _modes(model, n_times):
    """Left eigenvectors (n, K) of Gamma(1) Gamma(0)^-1, slowest first."""
    gamma = _autocovariance(model, (0, 1))
    eig, vectors = np.linalg.eig(np.linalg.solve(gamma[0], gamma[1].T))
    order = [k for k in np.argsort(-np.abs(eig), kind="stable") if eig[k].imag >= 0.0]
    return vectors.T[order[: int(n_times)]]


def _autocovariance(model, lags):
    """Gamma(lag) (lags, K, K) of the stationary model."""
    size, matrix = len(model.intercept_), companion(model.coef_)
    gamma = stationary_cov(model.coef_, model.noise_cov_)
    powers = [np.linalg.matrix_power(matrix, lag) @ gamma for lag in lags]
    return np.array([p[:size, :size] for p in powers])


def _of_model(model, lags, modes):
    gamma = _autocovariance(model, (0, *lags))
    along = np.einsum("ki,tij,kj->tk", modes, gamma, modes.conj())
    return along[1:] / along[0].real


def _of_data(parts, lags, modes, own):
    """Correlations turned by the phase of `own`, so that noise does not add to their modulus."""
    mean = np.concatenate(parts).mean(axis=0)
    series = [(X - mean) @ modes.T for X in parts]
    power = np.mean(np.concatenate([np.abs(s) ** 2 for s in series]), axis=0)
    rows = []
    for lag, expected in zip(lags, own, strict=True):
        pairs = [s[lag:] * s[:-lag].conj() for s in series if len(s) > lag]
        turn = np.exp(-1j * np.angle(expected))
        rows.append((np.concatenate(pairs).mean(axis=0) / power * turn).real)
    return np.array(rows)


def _null(model, parts, lags, modes, own, n_null, random_state):
    """Correlations (2, lags, n) of models fitted again and of their data, for simulated data."""
    again = type(model)(model.order, 1, 1.0, 0, model.prior)
    for data in simulated(model, parts, n_null, random_state, model.order):
        again.fit(data)
        if spectral_radius(again.coef_) < 1.0:
            fitted = _of_model(again, lags, modes)
            turned = (fitted * np.exp(-1j * np.angle(own))).real
            yield turned, _of_data(data, lags, modes, own)


def simulated(model, parts, count, random_state, shorter=0):
    """Yield data sets of a model with the first snapshots and lengths of `parts`.

    Each is `shorter` snapshots shorter. They are made many at once as long as they take little
    memory.
    """
    rng, p = np.random.default_rng(random_state), model.order
    block = max(1, min(count, _MOST_NUMBERS // sum(part.size for part in parts)))
    for first in range(0, count, block):
        many = min(block, count - first)
        runs = [
            model.forecast(X[:p], len(X) - shorter, many, random_state=rng)
            for X in parts
            if len(X) > shorter
        ]
        for k in range(many):
            yield [run[k] for run in runs]


def _times(correlation, error, lags):
    """Relaxation times and their errors to first order."""
    lag = np.array(lags, dtype=float)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log(correlation)
        times = np.where(correlation >= 1.0, np.inf, -lag / log)
        errors = np.where(np.isfinite(times), lag / log**2 * error / correlation, np.inf)
    return times, errors
