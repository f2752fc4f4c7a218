"""How wide forecast bands have to be, found on runs that were left out (split conformal)."""

from __future__ import annotations

import numpy as np

__all__ = ["LEVELS", "BandScale"]

LEVELS = np.array([0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98])


class BandScale:
    """Half widths in units of the forecast's own standard deviation.

    A Gaussian forecast whose noise is right has 1.64 at 90 %. Where left-out runs were missed
    more often, their errors say by how much the band has to grow, horizon by horizon.

    Parameters
    ----------
    horizons : ndarray, shape (H,), optional
        Snapshots ahead; without them the bands are those of a Gaussian.
    table : ndarray, shape (H, L, q), optional
        Factor per horizon, level of `LEVELS` and observable.
    """

    def __init__(self, horizons=None, table=None):
        self.horizons = None if horizons is None else np.asarray(horizons, dtype=float)
        self.table = None if table is None else np.asarray(table, dtype=float)

    @classmethod
    def from_errors(cls, horizons, ratios):
        """Learn from |error| / std of left-out runs.

        A list of arrays (origins, H, q) with NaN where a run ended before; each run counts alike.
        """
        return cls(horizons, _quantiles(ratios))

    @property
    def checked(self):
        """Largest horizon with errors behind it, in snapshots; 0 without any."""
        return 0 if self.horizons is None else int(self.horizons[-1])

    def factors(self, ahead, level, size):
        """Factors (len(ahead), q) at horizons `ahead` and one level in (0, 1)."""
        from scipy.special import ndtri

        if self.table is None:
            return np.full((len(ahead), size), ndtri(0.5 + 0.5 * level))
        x, grid = np.log(np.asarray(ahead, dtype=float)), np.log(self.horizons)
        # between and beyond the levels of the table the shape is that of a Gaussian
        gauss = ndtri(0.5 + 0.5 * LEVELS)
        aim, out = ndtri(0.5 + 0.5 * level), np.empty((len(x), self.table.shape[2]))
        for q in range(self.table.shape[2]):
            stretch = self.table[:, :, q] / gauss
            at = np.array([np.interp(aim, gauss, row) for row in stretch])
            out[:, q] = np.interp(x, grid, at) * aim
        return out


def _quantiles(ratios):
    pool = np.concatenate(ratios)
    weight = np.concatenate([np.full(len(r), 1.0 / len(r)) for r in ratios])
    table = np.empty((pool.shape[1], len(LEVELS), pool.shape[2]))
    for h in range(pool.shape[1]):
        for q in range(pool.shape[2]):
            column = pool[:, h, q]
            good = np.isfinite(column)
            order = np.argsort(column[good])
            share = np.cumsum(weight[good][order])
            share = (share - 0.5 * weight[good][order]) / share[-1]
            table[h, :, q] = np.interp(LEVELS, share, column[good][order])
    return table
