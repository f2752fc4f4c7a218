"""Forecasts: a bagged vector autoregression, and bands whose coverage is measured."""

from dbar.forecast.band_scale import BandScale
from dbar.forecast.conformal import AdaptiveConformal, LocalConformal, RecentScale, coverage
from dbar.forecast.var import VAR

__all__ = [
    "VAR",
    "AdaptiveConformal",
    "BandScale",
    "LocalConformal",
    "RecentScale",
    "coverage",
]
