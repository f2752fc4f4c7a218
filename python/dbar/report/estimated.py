"""How good a run's estimates and forecasts of an observable were, against what it computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.statistics.ranks import NORMAL

__all__ = ["Score", "score_estimates", "score_forecasts"]


@dataclass(frozen=True)
class Score:
    """Of one observable; NaN where there is nothing to count.

    Attributes
    ----------
    count : int
        Values compared.
    rmse : float
    judged : int
        Those of them that had a band: young estimates have none.
    inside : float
        Share of these inside the 90 % band.
    r2 : float
        One minus the squared errors over those of the mean of the values; NaN where they are equal.
    unchanged : float
        RMSE of saying that the newest value computed before will still hold; of forecasts only.
    """

    count: int
    rmse: float = np.nan
    judged: int = 0
    inside: float = np.nan
    r2: float = np.nan
    unchanged: float = np.nan


def score_estimates(table: np.ndarray, values: np.ndarray) -> Score:
    """Compare the estimate of each snapshot with what was computed there.

    Parameters
    ----------
    table : (T, 4) array
        In the order of `dbar.store.columns.QUANTITIES`, NaN where something was not known.
    values : (T,) array
        Computed; NaN where they were not.
    """
    known = np.isfinite(table[:, 0]) & np.isfinite(values)
    return _score(table[known, 0], NORMAL * table[known, 1], values[known])


def score_forecasts(table: np.ndarray, values: np.ndarray, step: np.ndarray, later: int) -> Score:
    """Compare the forecast of each snapshot with what was computed `later` timesteps after it.

    Parameters
    ----------
    table, values
        As for `score_estimates`.
    step : (T,) int array
        Timesteps, increasing.
    later : int
        Timesteps.
    """
    if not len(step):
        return Score(0)
    due = np.searchsorted(step, step + later).clip(max=len(step) - 1)
    newest = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))
    then, before = values[due], np.where(newest < 0, np.nan, values[newest])
    known = np.isfinite(table[:, 2]) & np.isfinite(then) & np.isfinite(before)
    known &= step[due] == step + later
    return _score(table[known, 2], table[known, 3], then[known], before[known])


def _score(
    mean: np.ndarray, half: np.ndarray, values: np.ndarray, before: np.ndarray | None = None
) -> Score:
    if not len(values):
        return Score(0)
    off, spread = values - mean, np.square(values - values.mean()).sum()
    flat = not spread > 1e-24 * np.square(values).sum()  # equal to rounding
    banded = np.isfinite(half)
    inside = np.abs(off[banded]) <= half[banded]
    return Score(
        len(values),
        float(np.sqrt(np.mean(off**2))),
        len(inside),
        float(np.mean(inside)) if len(inside) else np.nan,
        np.nan if flat else float(1.0 - off @ off / spread),
        np.nan if before is None else float(np.sqrt(np.mean(np.square(values - before)))),
    )
