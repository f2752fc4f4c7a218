"""Alarm level from ranks: the same promise whatever the distribution of the scores is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["RankLevel", "effective_number", "rank_level"]


class RankLevel(NamedTuple):
    """Level, and the rate at which scores of an undisturbed run pass it.

    `rate` is what to expect where scores are exchangeable, `bound` what not to exceed where they
    are so correlated that only `effective` of them are independent.
    """

    level: float
    rate: float
    bound: float
    effective: float


def effective_number(scores):
    """Independent scores among correlated ones, from the autocorrelation of their ranks.

    n / (1 + 2 sum_k rho_k), the sum ending before the first k with rho_k <= 0 (Geyer 1992). Ranks
    keep a few large scores from deciding what rho is.

    Parameters
    ----------
    scores : list of ndarray
        One series per run, without NaN.
    """
    from scipy.stats import rankdata  # takes 0.4 s to import, which every run would wait for

    count = np.array([len(s) for s in scores])
    total = int(count.sum())
    u = rankdata(np.concatenate(scores))
    parts = np.split(u - u.mean(), np.cumsum(count)[:-1])
    variance = np.mean(np.concatenate(parts) ** 2)
    if not variance > 0.0:
        return 1.0
    time = 1.0
    for lag in range(1, int(count.max())):
        pairs = [p[lag:] * p[:-lag] for p in parts if len(p) > lag]
        rho = np.concatenate(pairs).mean() / variance
        if rho <= 0.0:
            break
        time += 2.0 * rho
    return float(max(total / time, 1.0))


def rank_level(scores, false_alarm):
    """Level that a new score passes with probability `false_alarm`, if there are enough scores.

    Of n exchangeable scores the one of rank k = ceil((n + 1)(1 - false_alarm)) is passed by
    another with probability (n + 1 - k)/(n + 1), at most `false_alarm`, whatever their
    distribution (Vovk, Gammerman & Shafer 2005). With fewer than 1/false_alarm - 1 of them the
    level is the largest, and the probability 1/(n + 1). Correlated scores pass a level in bursts:
    those of m independent ones pass the largest with probability 1/(m + 1).

    Parameters
    ----------
    scores : list of ndarray
        One series per run; NaN are left out.
    false_alarm : float

    Returns
    -------
    RankLevel

    Raises
    ------
    ValueError
        If there is no score.
    """
    parts = [np.asarray(s, dtype=float) for s in scores]
    parts = [s[np.isfinite(s)] for s in parts]
    parts = [s for s in parts if len(s)]
    if not parts:
        raise ValueError("no scores to set a level with")
    pool, effective = np.sort(np.concatenate(parts)), effective_number(parts)
    n = len(pool)
    rank = min(int(np.ceil((n + 1.0) * (1.0 - false_alarm) - 1e-9)), n)
    rate = (n + 1.0 - rank) / (n + 1.0)
    return RankLevel(float(pool[rank - 1]), rate, max(rate, 1.0 / (effective + 1.0)), effective)
