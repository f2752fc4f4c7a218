"""Bands of forecasts that are made again and again, as wide as their own past errors ask for.

A forecast is made at every snapshot and checked when its time has come. Its next band is as wide
as the errors so far at the same horizon, in units of how large one-step errors have been lately,
with a factor that each miss enlarges and each hit shrinks (adaptive conformal inference on the
quantile itself: Angelopoulos, Candes & Tibshirani, NeurIPS 2023). Nothing is assumed about the
model; where there are too few errors there is no band. What was promised is counted against what
came, so that a band can be shown together with the share that it has held.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ENOUGH", "TOLERANCE", "OwnErrors"]

ENOUGH = 40  # outcomes from which on a measured coverage counts
TOLERANCE = 0.05  # distance from the stated share at which a band counts as failed
_BINS = (5, 10, 20, 50, 100, 200, 400)  # last horizon of each range that is judged by itself
_LEAST = 10  # errors without which there is no band
_SCALE_LEAST, _FORGET = 5, 0.9  # of the recent one-step errors


class OwnErrors:
    """Bands of one forecast quantity.

    Parameters
    ----------
    horizons : int
        Snapshots forecast each time.
    level : float
        Share of outcomes that a band is to hold.
    rate : float
        Step of the logarithm of the factor for each outcome.

    Attributes
    ----------
    hits, count : (horizons,) int arrays
        Outcomes inside their bands, and outcomes for which there was a band, by horizon.
    """

    def __init__(self, horizons: int, level: float = 0.9, rate: float = 0.2) -> None:
        if horizons < 1 or not 0.0 < level < 1.0 or not rate > 0.0:
            raise ValueError(
                f"horizons {horizons}, level {level}, rate {rate}: expected at least 1, "
                "a share in (0, 1) and a positive number"
            )
        self.level, self.rate = float(level), float(rate)
        self.hits = np.zeros(horizons, dtype=int)
        self.count = np.zeros(horizons, dtype=int)
        # row n: forecast, half widths and scale of the n-th snapshot, overwritten when all is known
        self._mean = np.full((horizons, horizons), np.nan)
        self._half = np.full((horizons, horizons), np.nan)
        self._scale = np.full(horizons, np.nan)
        self._factor = np.full(horizons, np.nan)
        self._first: list[list[float]] = [[] for _ in range(horizons)]
        self._square = self._weight = 0.0
        self._seen = 0
        self._steps = 0

    @property
    def scale(self) -> float:
        """Root mean square of the recent one-step errors, NaN while there are too few."""
        known = self._seen >= _SCALE_LEAST and self._square > 0.0
        return float(np.sqrt(self._square / self._weight)) if known else np.nan

    def learn(self, value: float) -> None:
        """Check all forecasts whose time has come against the value that came."""
        horizons = len(self._scale)
        known = np.arange(min(horizons, self._steps))
        rows = (self._steps - 1 - known) % horizons
        error = np.abs(value - self._mean[rows, known])
        half, scale = self._half[rows, known], self._scale[rows]
        self._steps += 1
        if len(error) and np.isfinite(error[0]):
            self._square = _FORGET * self._square + error[0] ** 2
            self._weight = _FORGET * self._weight + 1.0
            self._seen += 1
        promised = np.isfinite(half) & np.isfinite(error)
        inside = error <= half
        self.count[known] += promised
        self.hits[known] += promised & inside
        ratio = error / scale
        tracked = np.isfinite(ratio) & np.isfinite(self._factor[known])
        # forecasts still under way when the factor came have no band, but they count for it
        missed = np.where(promised, ~inside, ratio > self._factor[known])
        move = np.exp(self.rate * (missed - (1.0 - self.level)))
        self._factor[known] = np.where(tracked, self._factor[known] * move, self._factor[known])
        for h in known[np.isfinite(ratio) & ~tracked]:
            self._first[h].append(float(ratio[h]))
            if len(self._first[h]) == _LEAST:
                start = np.quantile(self._first[h], min(1.0, self.level * (1 + 1 / _LEAST)))
                self._factor[h] = max(float(start), 1e-300)

    def issue(self, mean: np.ndarray) -> np.ndarray:
        """Half widths (horizons,) of a forecast made now, NaN where there are too few errors.

        Parameters
        ----------
        mean : ndarray, shape (horizons,)
            NaN where nothing is forecast. To be called after `learn`, once for each snapshot.
        """
        row = (self._steps - 1) % len(self._scale)
        mean = np.asarray(mean, dtype=float)
        self._mean[row], self._scale[row] = mean, self.scale
        self._half[row] = np.where(np.isfinite(mean), self._factor * self.scale, np.nan)
        return self._half[row].copy()

    def coverage(self, until: int | None = None) -> tuple[float, int]:
        """Share of outcomes inside their bands up to a horizon (NaN for none), and their number."""
        count = int(self.count[:until].sum())
        return (float(self.hits[:until].sum() / count) if count else np.nan), count

    def reach(self) -> int:
        """Last horizon up to which no range of horizons is known to have failed; 0 for none.

        A range (1 to 5, 6 to 10, 11 to 20, ... snapshots) has failed when at least `ENOUGH`
        outcomes are known and the share inside is more than `TOLERANCE` off the level.
        """
        horizons, first = len(self.count), 0
        for last in _BINS:
            part = slice(first, min(last, horizons))
            count = self.count[part].sum()
            if count >= ENOUGH:
                off = abs(self.hits[part].sum() / count - self.level)
                if off > TOLERANCE:
                    return first
            if last >= horizons:
                return horizons
            first = last
        return first
