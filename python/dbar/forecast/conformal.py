"""Forecast intervals that keep their promise where the noise changes.

The noise of a VAR is one number per direction; that of a loaded crystal is not. Constant noise
over-covers before yield and under-covers after it. Two remedies, for two situations:

- `AdaptiveConformal`: one run, no ensemble. Widths follow the recent innovations (known at once)
  and the recent misses (known once the horizon has passed).
- `LocalConformal`: an ensemble of runs. Widths are quantiles of the errors that the forecast made
  in similar states of other replicas, corrected online by the recent misses.

Both rest on adaptive conformal inference (Gibbs & Candes, NeurIPS 2021; with a tracked quantile:
Angelopoulos, Candes & Tibshirani, NeurIPS 2023): whatever the data do, the share of misses over a
long record approaches the nominal one. docs/theory/trust.md.
"""

from __future__ import annotations

import numpy as np


class RecentScale:
    """Square root of the running mean of normalised squared innovations.

    Parameters
    ----------
    memory : float
        Snapshots over which the mean forgets.
    prior : float
        Snapshots of unit innovation assumed at the start.
    """

    def __init__(self, memory=10.0, prior=5.0):
        if memory < 1.0 or prior <= 0.0:
            raise ValueError(f"memory {memory} and prior {prior}: expected >= 1 and > 0")
        self.memory, self.sum, self.weight = float(memory), float(prior), float(prior)

    @property
    def value(self):
        """Present scale; 1 while the noise is that of the training."""
        return float(np.sqrt(self.sum / self.weight))

    def update(self, square):
        """Learn a squared innovation over its expectation (NaN, after a gap, is skipped)."""
        if np.isfinite(square):
            keep = 1.0 - 1.0 / self.memory
            self.sum, self.weight = keep * self.sum + square, keep * self.weight + 1.0
        return self.value


class _Levels:
    """Nominal levels and the corrections that adaptive conformal inference makes to them."""

    def __init__(self, levels, rate):
        self.levels = np.asarray(levels, dtype=float)
        if self.levels.ndim != 1 or not np.all((self.levels > 0.0) & (self.levels < 1.0)):
            raise ValueError(f"levels are {levels}, expected numbers in (0, 1)")
        if not 0.0 <= rate < 1.0:
            raise ValueError(f"rate is {rate}, expected a number in [0, 1)")
        self.rate = float(rate)
        self.shift = np.zeros(len(self.levels))

    def update(self, error, widths):
        """Learn the error (K,) of a forecast for which `widths` (L, K) had been issued."""
        error = np.abs(np.asarray(error, dtype=float))
        if not np.isfinite(error).all():
            raise ValueError("the error of a forecast is not finite")
        missed = np.mean(error > widths, axis=1)
        self.shift = self.shift + self.rate * (missed - (1.0 - self.levels))


class AdaptiveConformal(_Levels):
    """Intervals for one run of forecasts, widths learnt online.

    Half width = std x scale x factor. `std` is the model's; the scale is that of the recent
    innovations (`RecentScale`); log factor is the quantile that adaptive conformal inference
    tracks, moved up by rate x (share of components missed) and down by rate x (nominal share).

    Parameters
    ----------
    levels : sequence of float
        Nominal coverages, such as (0.5, 0.9).
    rate : float
        Step of log factor per forecast judged; 0 leaves the Gaussian factor.
    memory : float
        Snapshots over which the scale forgets.
    """

    def __init__(self, levels=(0.5, 0.9), rate=0.05, memory=10.0):
        from scipy.special import ndtri

        super().__init__(levels, rate)
        self.scale = RecentScale(memory)
        self._start = np.log(ndtri(0.5 + 0.5 * self.levels))

    @property
    def factors(self):
        """Half widths in units of std x scale, (L,)."""
        return np.exp(self._start + self.shift)

    def observe(self, square):
        """Learn a squared one-step innovation over its expectation."""
        self.scale.update(square)

    def widths(self, std):
        """Half widths (L, K) for a forecast with standard deviations `std` (K,)."""
        return np.multiply.outer(self.factors * self.scale.value, np.asarray(std, dtype=float))


class LocalConformal(_Levels):
    """Intervals from the errors that forecasts made in similar states of other replicas.

    Where the recent misses ask for a level beyond all calibration errors, the interval is
    infinite: none of them says how wide it would have to be. An infinite interval cannot miss, so
    the level comes back at once. A level that went on rising behind the largest error would keep
    intervals too wide for as long again.

    Parameters
    ----------
    features : ndarray, shape (N, f)
        State in which each calibration forecast was made, in coordinates in which distance means
        dissimilarity (a latent coordinate, the logarithm of a `RecentScale`).
    errors : ndarray, shape (N, K)
        Errors of these forecasts, each made by a model that had not seen the replica.
    levels : sequence of float
    neighbours : int
        Calibration forecasts taken as similar: few follow the state, many steady the quantile.
    rate : float
        Step of adaptive conformal inference in the level.
    """

    def __init__(self, features, errors, levels=(0.5, 0.9), neighbours=60, rate=0.0):
        super().__init__(levels, rate)
        self.features = np.asarray(features, dtype=float)
        self.errors = np.abs(np.asarray(errors, dtype=float))
        if self.features.ndim != 2 or self.errors.ndim != 2 or len(self.features) != len(errors):
            raise ValueError(
                f"features {self.features.shape} and errors {self.errors.shape}: expected (N, f) "
                "and (N, K)"
            )
        if not (np.isfinite(self.features).all() and np.isfinite(self.errors).all()):
            raise ValueError("features and errors for calibration must be finite")
        least = int(np.ceil(1.0 / (1.0 - self.levels.max())))
        if not least <= neighbours <= len(self.features):
            raise ValueError(
                f"neighbours is {neighbours}, expected {least} (1 / (1 - largest level)) to "
                f"{len(self.features)} (calibration forecasts)"
            )
        self.neighbours = int(neighbours)

    def widths(self, feature):
        """Half widths (L, K) for a forecast made in the state `feature` (f,); may be infinite."""
        feature = np.asarray(feature, dtype=float)
        if feature.shape != self.features.shape[1:] or not np.isfinite(feature).all():
            raise ValueError(f"feature is {feature}, expected {self.features.shape[1]} numbers")
        k = self.neighbours
        distance = np.square(self.features - feature).sum(axis=1)
        near = self.errors[np.argpartition(distance, k - 1)[:k]]
        level = (self.levels + self.shift) * (1.0 + 1.0 / k)
        out = np.quantile(near, np.clip(level, 0.0, 1.0), axis=0)
        out[level > 1.0], out[level <= 0.0] = np.inf, 0.0
        return out


def coverage(errors, widths):
    """Share of |errors| (T, K) within `widths` (T, L, K), per level (L,); rows with NaN left out.

    An infinite width holds every error.

    Raises
    ------
    ValueError
        If the shapes do not agree or every row holds NaN.
    """
    errors, widths = np.asarray(errors, dtype=float), np.asarray(widths, dtype=float)
    if widths.ndim != 3 or widths[:, 0].shape != errors.shape:
        raise ValueError(f"errors {errors.shape} and widths {widths.shape} do not agree")
    good = np.isfinite(errors).all(axis=1) & ~np.isnan(widths).any(axis=(1, 2))
    if not good.any():
        raise ValueError("no forecast with both an error and widths")
    return np.mean(np.abs(errors[good])[:, None] <= widths[good], axis=(0, 2))
