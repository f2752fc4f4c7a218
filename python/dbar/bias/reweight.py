"""Weights of the frames of a metadynamics run: final bias, and Tiwary and Parrinello's c(t)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from dbar.bias.hills import Hills, bias_grid

__all__ = ["Reweighted", "final_bias", "tiwary_parrinello"]


class Reweighted(NamedTuple):
    """Logarithms of the weights (T,), up to a constant, and c(t) (T,) in energy units."""

    log_weights: np.ndarray
    c: np.ndarray


def final_bias(s, hills: Hills, kT: float, extra=None) -> Reweighted:
    """Weights as if the bias had been the last one all the time: log w = beta V(s, end).

    Right for the part of a run in which the bias hardly changes. Costs T x H kernels.

    Parameters
    ----------
    s : array, shape (T,) or (T, d)
        Values of the biased variables.
    hills : Hills
    kT : float
        In the energy unit of the hills (kJ/mol unless ``plumed.dat`` has UNITS).
    extra : array, shape (T,), optional
        Other bias on the frames, such as walls.

    Returns
    -------
    Reweighted
        c is zero.
    """
    points, beta, extra = checked(s, None, hills, kT, extra)
    return Reweighted(beta * (hills.potential(points) + extra), np.zeros(len(points)))


def tiwary_parrinello(s, time, hills: Hills, kT: float, extra=None, grid=None, progress=False):
    r"""Weights exp(beta (V(s, t) - c(t))) with c(t) from the bias alone.

    .. math:: c(t) = k_B T \ln \frac{\int ds\, e^{\frac{\gamma}{\gamma-1} \beta V(s,t)}}
        {\int ds\, e^{\frac{1}{\gamma-1} \beta V(s,t)}}

    (P. Tiwary and M. Parrinello, J. Phys. Chem. B 119, 736 (2015), equation 12; PLUMED's
    ``CALC_RCT``). Ordinary metadynamics is the limit of infinite gamma, in which the denominator
    is the size of the domain. Costs H x G kernels and as many logarithms' sums as there are
    different biases, G being the points of the grid; T x H / 2 kernels for V.

    Parameters
    ----------
    s, hills, kT, extra
        As in `final_bias`.
    time : array, shape (T,)
        Of the frames, increasing.
    grid : list of d arrays, optional
        Points over which c is integrated, equally spaced; by default `bias_grid`. It should span
        what the run can reach: without a barrier at its ends c is that of the wrong domain.
    progress : bool
        Show a bar.

    Returns
    -------
    Reweighted
    """
    points, beta, extra = checked(s, time, hills, kT, extra)
    axes = bias_grid(hills) if grid is None else [np.asarray(axis, dtype=float) for axis in grid]
    mesh = np.stack([m.ravel() for m in np.meshgrid(*axes, indexing="ij")], axis=1)
    mesh = hills.points(mesh)
    high = 1.0 if np.isinf(hills.biasfactor) else hills.biasfactor / (hills.biasfactor - 1.0)
    count = hills.before(time)
    used = np.unique(count)
    V, c, done = np.zeros(len(mesh)), np.zeros(len(used)), 0
    for k, upto in enumerate(track(used, progress, "c(t)")):
        V += hills.added(mesh, done, upto)
        done = upto
        c[k] = (logsumexp(high * beta * V) - logsumexp((high - 1.0) * beta * V)) / beta
    c = c[np.searchsorted(used, count)]
    own = hills.potential(points, time)
    return Reweighted(beta * (own + extra - c), c)


def checked(s, time, hills, kT, extra):
    """Points (T, d), 1 / kT and the other bias (T,); raises ValueError for what is not usable."""
    if not (np.isfinite(kT) and kT > 0.0):
        raise ValueError(f"kT: found {kT}, expected a positive energy")
    points = hills.points(s)
    if not len(points):
        raise ValueError("s: found no frames")
    extra = np.zeros(len(points)) if extra is None else np.asarray(extra, dtype=float)
    if extra.shape != (len(points),) or not np.isfinite(extra).all():
        raise ValueError(f"extra: found shape {extra.shape}, expected ({len(points)},), all finite")
    if time is not None:
        time = np.asarray(time, dtype=float)
        if time.shape != (len(points),) or not (np.diff(time) > 0).all():
            raise ValueError(f"time: expected {len(points)} increasing numbers")
    return points, 1.0 / kT, extra


def track(work, show, what):
    """Iterate over `work`, with a bar if asked."""
    if not show:
        return work
    from rich.progress import track as bar

    return bar(work, description=what)
