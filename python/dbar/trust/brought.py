"""Change at the beginning of a run, seen by a model of other runs: there is no yardstick yet.

Whitened one-step errors of the model are averaged over windows, and so are their squares, as in
`dbar.trust.windows`. Of each window mean and variance are known from runs that were left out of a
model of the others: how much foreign runs differ counts as rest. An F distribution with that mean
and variance, and with as many degrees of freedom below as that mean is known by, says
how probable a larger value is.
"""

from __future__ import annotations

import numpy as np

from dbar.trust.change import LEVEL
from dbar.trust.windows import MEANS, SIZES

__all__ = ["BroughtTest", "rest_of", "root_of", "whitened_errors"]

_TINY = 1e-300


def whitened_errors(model, Y):
    """One-step errors (T - P, d) of latent coordinates Y (T, d) by a `dbar.forecast.VAR`."""
    p = model.order
    ahead = sum(Y[p - 1 - k : len(Y) - 1 - k] @ model.coef_[k].T for k in range(p))
    return (Y[p:] - ahead - model.intercept_) @ root_of(model.noise_cov_)


def root_of(noise):
    """Matrix (d, d) that makes errors (..., d) of this covariance white, from the right."""
    w, v = np.linalg.eigh(noise)
    # data without noise: an error of 1e-9 of the largest is never news
    return v / np.sqrt(np.maximum(w, 1e-18 * max(w[-1], _TINY)))


def rest_of(errors):
    """What the windows of undisturbed runs are like: rows (3, n_windows).

    Parameters
    ----------
    errors : list of ndarray (T, d)
        Whitened errors of runs by models that had not seen them.

    Returns
    -------
    ndarray
        Mean, degrees of freedom that the variance gives, and those by which the mean is known.
    """
    each = [np.array([_windows(part[: k + 1]) for k in range(len(part))]) for part in errors]
    values, d = np.concatenate(each), errors[0].shape[1]
    mean = np.nanmean(values, axis=0)
    # not more than Gaussian errors of so many dimensions have
    most = d * np.array([*np.ones(len(MEANS)), *SIZES])
    above = np.minimum(2.0 * mean**2 / np.maximum(np.nanvar(values, axis=0), _TINY), most)
    of_runs = np.array([np.nanmean(part, axis=0) for part in each])
    error = of_runs.var(axis=0, ddof=1) / len(each)
    below = np.clip(2.0 * mean**2 / np.maximum(error, _TINY), 4.0, 1e4)
    return np.array([np.maximum(mean, 1.0), above, below])


def _windows(errors):
    """Values of the windows that end with the newest of errors (n, d); NaN where n is too few."""
    n, d = errors.shape
    out = [
        w * np.square(errors[n - w :].mean(axis=0)).sum() / d if n >= w else np.nan for w in MEANS
    ]
    out += [np.square(errors[n - w :]).sum() / (w * d) if n >= w else np.nan for w in SIZES]
    return np.array(out)


class BroughtTest:
    """Test of change by a model from elsewhere.

    Parameters
    ----------
    rest : ndarray, shape (3, n_windows)
        From `rest_of`.
    false_alarm : float
        As for `dbar.trust.change.ChangeTest`.
    """

    def __init__(self, rest, false_alarm):
        self.rest = np.array(rest, float)
        self._level = -np.log(LEVEL[: self.rest.shape[1]] * false_alarm)
        self.errors = None

    def observe(self, error):
        """Evidence of a change from a whitened error (d,); None after a gap."""
        from scipy.special import fdtrc

        if error is None:
            self.errors = None
            return 0.0
        kept = error[None] if self.errors is None else np.vstack([self.errors, error])
        self.errors = kept[-max(*MEANS, *SIZES) :]
        mean, above, below = self.rest
        p = fdtrc(above, below, _windows(self.errors) / mean)
        return float(np.nanmax(-np.log(np.maximum(p, _TINY)) / self._level))
