"""Does a VAR remember as the runs do, and are the runs one cloud (Figs. 7 and 8)."""

from __future__ import annotations

import numpy as np

from dbar.forecast import VAR
from dbar.study import chapman_kolmogorov, unimodality
from dbar.study.replica_forecast import pooled_latent

LAGS = (1, 2, 5, 10, 20)
DIM, MODES, COORDINATES = 5, 3, 4
SIMULATED = (60, 1000)  # data sets of a right model: for the memory, for the clouds
PRIOR, SEED = "persistence", 0  # those of `dbar fit`


def memory_and_dips(X, dtau):
    """Relaxation times over the lag, and dip tests, of a VAR(1) in five dimensions.

    `X` are descriptors of each run (T, K), `dtau` is the time between snapshots (ps).
    """
    space = pooled_latent(X, DIM)
    latent = [space(x) for x in X]
    model = VAR(1, random_state=SEED, prior=PRIOR).fit(latent)
    try:
        found = memory(model, latent, dtau)
    except ValueError as error:  # of a few short runs hardly a simulated set has a steady state
        found = {"why": str(error)}
    return {"memory": found, "unimodality": dips(model, latent)}


def memory(model, latent, dtau):
    """Longest times (ps) of matrices estimated at each lag, and along the modes of the model."""
    lags = [lag for lag in LAGS if lag <= min(map(len, latent)) // 4]
    test = chapman_kolmogorov(model, latent, lags, MODES, SIMULATED[0], SEED)
    estimated = model.implied_timescales(lags, latent)[:, 0]
    along = np.column_stack([test.data[:, 0], test.data_error[:, 0]]) * dtau
    along[~np.isfinite(along).all(axis=1)] = np.nan  # a time without its error says nothing
    return {
        "dimension": DIM, "simulated": SIMULATED[0], "lags_ps": np.array(lags) * dtau,
        "estimated_ps": known(estimated * dtau), "model_ps": known([test.model[0, 0] * dtau])[0],
        "along_ps": [known(pair) for pair in along], "p": known([test.p])[0],
        "largest": largest(test, dtau),
    }  # fmt: skip


def largest(test, dtau):
    """Where correlations differ most by at least two standard errors; None where they do not."""
    off = np.abs(test.significant())
    if not np.max(off) > 0.0:
        return None
    lag, mode = np.unravel_index(np.argmax(off), off.shape)
    return {
        "mode": mode + 1, "lag_ps": test.lags[lag] * dtau, "data": test.correlation[lag, mode],
        "model": test.model_correlation[lag, mode], "errors": abs(test.z[lag, mode]),
    }  # fmt: skip


def dips(model, latent):
    """Dip tests of the leading coordinates."""
    found = unimodality(latent, model, SIMULATED[1], SEED, COORDINATES)
    return {
        "simulated": SIMULATED[1], "coordinates": len(found.p), "dip": found.dip, "p": found.p,
        "p_holm": found.p_holm,
    }  # fmt: skip


def known(values):
    """Numbers that are finite, None for others."""
    return [float(v) if np.isfinite(v) else None for v in values]
