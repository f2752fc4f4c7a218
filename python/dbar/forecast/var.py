"""Vector autoregression with bagged Bayesian-ridge coefficients, from streaming statistics.

D_{n+1} = sum_p T_p D_{n-p} + c + w_n,  cov(w) = S      (PRL 131, 236101, Eq. 3)
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from dbar.forecast.bags import BaggedRegression
from dbar.statistics.companion import (
    companion,
    embed,
    long_run_cov,
    noise_factor,
    spectral_radius,
    stationary_cov,
    stationary_mean,
)
from dbar.statistics.moments import LaggedMoments
from dbar.statistics.ridge import least_squares
from dbar.statistics.settled import NEVER, settled


class SteadyState(NamedTuple):
    """Stationary moments of a VAR.

    `mean` (K,), `cov` (K, K) of single snapshots, `long_run_cov` (K, K) of sqrt(N) times the mean
    of N snapshots, `radius` the spectral radius of the companion matrix.

    Where some directions never relax (`unsettled` (n, K), orthonormal rows, usually none) these are
    the moments of D with its part along them taken out. `settles` (K,) says which components have
    no part along them: of these the moments are those of D itself.
    """

    mean: np.ndarray
    cov: np.ndarray
    long_run_cov: np.ndarray
    radius: float
    settles: np.ndarray
    unsettled: np.ndarray


class VAR(BaggedRegression):
    """Vector autoregression of order P, bagged.

    Parameters
    ----------
    order : int
        Number P of lags.
    n_bags : int
        Number of random subsets of the transitions, each fitted by itself.
    coverage : float
        Probability in (0, 1] that a transition joins a bag.
    random_state : int, optional
        Seed of the bag membership; drawn afresh when not given.
    prior : {"evidence", "persistence", None}
        "evidence": each output is a Bayesian ridge whose two precisions maximise the evidence
        (equal to scikit-learn's ``BayesianRidge``); "persistence": the same for D_{n+1} - D_n,
        which shrinks T_0 towards 1 and the rest towards 0 and so does not turn slow drift into
        relaxation; None: ordinary least squares.

    Attributes
    ----------
    coef_ : ndarray, shape (P, K, K)
        Mean over bags of T_p; ``coef_[p]`` multiplies D_{n-p}.
    intercept_ : ndarray, shape (K,)
    noise_cov_, noise_cov_mle_ : ndarray, shape (K, K)
        Residual covariance of all transitions, divided by the residual degrees of freedom and by
        the number of transitions.
    bag_coef_, bag_intercept_, bag_noise_eig_ : ndarray, shapes (B, P, K, K), (B, K), (B, K)
        Bagwise fits; the eigenvalues of S ascend.
    coef_cov_ : ndarray, shape (P K K, P K K)
    intercept_cov_, noise_eig_cov_ : ndarray, shape (K, K)
        Plain covariances over bags of ``coef_.ravel()``, c and the eigenvalues of S.
    bag_scale_ : float
        f/(1-f) for coverage f, zero for a single bag. Bags share data: for independent transitions
        and no prior, `bag_scale_` times the covariances above is the sampling covariance of a fit
        to everything.
    epistemic_scale_ : float
        3 f/(1-f): what trust and epistemic bands multiply the covariances with. Three, because
        shrinkage and what a VAR does not know need that room (docs/theory/growth-of-m.md).
    n_transitions_, dof_ : float
        Transitions learnt and residual degrees of freedom.
    moments_ : LaggedMoments
    """

    # ---- dynamics -------------------------------------------------------------------------

    @property
    def spectrum_(self):
        """Companion eigenvalues (P K,), largest modulus first."""
        w = np.linalg.eigvals(companion(self.coef_))
        return w[np.argsort(-np.abs(w))]

    @property
    def stable_(self):
        """Whether the spectral radius is below 1."""
        return spectral_radius(self.coef_) < 1.0

    def steady_state(self, null_space=False):
        """Stationary moments (`SteadyState`).

        Parameters
        ----------
        null_space : bool
            With directions along which nothing relaxes (eigenvalues of modulus 1 or more, or less
            by at most 1e-6), give the steady state of the others and say which those are, instead
            of an error (PRL 131, 236101, supplement, in its V, L form).

        Raises
        ------
        ValueError
            If the spectral radius is 1 or more: the fitted process has no steady state. With
            `null_space` if nothing at all relaxes.
        """
        radius, size = spectral_radius(self.coef_), len(self.intercept_)
        if null_space and radius >= 1.0 - NEVER:
            found = settled(self.coef_, self.intercept_, self.noise_cov_)
            if len(found.unsettled) == size:
                raise ValueError(
                    f"spectral radius is {radius:.6g} and all {size} directions have no steady "
                    "state, expected at least one that relaxes"
                )
            return SteadyState(*found[:3], radius, *found[3:])
        if radius >= 1.0:
            raise ValueError(
                f"spectral radius is {radius:.6g}, a steady state needs less than 1; "
                "null_space=True gives that of the directions that relax"
            )
        return SteadyState(
            stationary_mean(self.coef_, self.intercept_),
            stationary_cov(self.coef_, self.noise_cov_)[:size, :size],
            long_run_cov(self.coef_, self.noise_cov_),
            radius, np.ones(size, bool), np.zeros((0, size)),
        )  # fmt: skip

    def implied_timescales(self, lags, trajectories=None):
        """Relaxation times -lag / ln|eigenvalue| at each lag, in snapshots.

        Parameters
        ----------
        lags : sequence of int
        trajectories : list of ndarray (T, K), optional
            Estimate the lagged transition matrix from these data (least squares). Without them
            the model's own prediction is used, Gamma(lag) Gamma(0)^-1 of its stationary
            autocovariance. At lags beyond a relaxation time the moduli estimated from data are
            those of noise: `dbar.study.chapman_kolmogorov` compares model and data there.

        Returns
        -------
        ndarray, shape (len(lags), K)
            Longest first; infinite for a modulus of 1 or more.
        """
        size = len(self.intercept_)
        rows = []
        for lag in lags:
            if trajectories is None:
                gamma = stationary_cov(self.coef_, self.noise_cov_)
                moved = np.linalg.matrix_power(companion(self.coef_), int(lag)) @ gamma
                step = moved[:size, :size] @ np.linalg.inv(gamma[:size, :size])
            else:
                stats = LaggedMoments(size, 1, 0)
                for replica, X in enumerate(trajectories):
                    pairs = np.hstack([X[: -int(lag)], X[int(lag) :]])
                    stats.add_batch(pairs, np.arange(len(pairs)), replica)
                step = least_squares(stats.count, stats.mean, stats.comoment, size).coef[0]
            modulus = np.sort(np.abs(np.linalg.eigvals(step)))[::-1]
            with np.errstate(divide="ignore"):
                times = -float(lag) / np.log(modulus)
            rows.append(np.where(modulus < 1.0, times, np.inf))
        return np.array(rows)

    def forecast(self, history, steps, n_samples=0, epistemic=False, random_state=None):
        """Continue `history`.

        Parameters
        ----------
        history : ndarray, shape (>= P, K)
            Snapshots in time order; the last P are used.
        steps : int
        n_samples : int
            0 returns the mean forecast; otherwise draws with process noise.
        epistemic : bool
            Draw the parameters too: coefficients with `epistemic_scale_` times the bag covariance
            (for a single bag the sampling covariance S x (Z'Z)^-1 of the fit), and the noise with
            the uncertainty of its own estimate, so that one step ahead is a multivariate t.
        random_state : int or numpy.random.Generator, optional

        Returns
        -------
        ndarray, shape (steps, K) or (n_samples, steps, K)
        """
        history = np.asarray(history, dtype=float)
        size = len(self.intercept_)
        if history.ndim != 2 or history.shape[1] != size or len(history) < self.order:
            raise ValueError(
                f"history has shape {history.shape}, expected (at least {self.order}, {size})"
            )
        flat = self.coef_.transpose(1, 0, 2).reshape(size, -1)
        state = history[::-1][: self.order].ravel()
        if n_samples == 0:
            return _propagate(state[None], flat, self.intercept_, np.zeros((1, steps, size)))[0]
        rng, root = np.random.default_rng(random_state), noise_factor(self.noise_cov_)
        if not epistemic:
            return _sample(state, flat, self.intercept_, root, (n_samples, steps, size), rng)
        noise = rng.standard_normal((n_samples, steps, size)) @ root.T
        start = np.repeat(state[None], n_samples, axis=0)
        free = max(self.dof_ - size + 1.0, 1.0)
        scale = np.sqrt(max(self.dof_, free) / rng.chisquare(free, n_samples))
        coef, intercept = self.draw_parameters(n_samples, rng)
        return _propagate(start, coef, intercept, noise * scale[:, None, None])

    def draw_parameters(self, n_samples, rng):
        """Coefficients (n, K, P K) and intercepts (n, K) drawn from their epistemic spread."""
        size = len(self.intercept_)
        flat = self.coef_.transpose(1, 0, 2).reshape(size, -1)
        bags = len(self.bag_coef_)
        if bags > 1:
            both = np.concatenate([self.regression_.coef, self.bag_intercept_[:, :, None]], axis=2)
            g = rng.standard_normal((n_samples, bags)) * np.sqrt(self.epistemic_scale_ / (bags - 1))
            move = np.tensordot(g, both - both.mean(axis=0), axes=1)
            return flat + move[:, :, :-1], self.intercept_ + move[:, :, -1]
        m, p = self.moments_, size * self.order
        root_s = noise_factor(self.noise_cov_)
        root_x = noise_factor(np.linalg.pinv(m.comoment[0, :p, :p], hermitian=True))
        move = root_s @ rng.standard_normal((n_samples, size, p)) @ root_x.T
        shift = rng.standard_normal((n_samples, size)) @ root_s.T / np.sqrt(m.count[0])
        return flat + move, self.intercept_ + shift - move @ m.mean[0, :p]

    def forecast_cov(self, steps):
        """Covariance (steps, K, K) of the forecast error from process noise alone."""
        size, matrix = len(self.intercept_), companion(self.coef_)
        source = embed(self.noise_cov_, self.order)
        cov, out = np.zeros_like(source), np.empty((steps, size, size))
        for k in range(steps):
            cov = matrix @ cov @ matrix.T + source
            out[k] = cov[:size, :size]
        return out


_BLOCK = 250  # trajectories whose state and noise stay in the cache together


def _sample(state, coef, intercept, root, shape, rng):
    """Noisy continuations (n, steps, K) of one history (P K,), in blocks on all usable cores.

    Every block has a generator of its own, so the draws do not depend on the number of cores.
    """
    n, steps, size = shape
    out = np.empty(shape)
    blocks = [slice(k, min(k + _BLOCK, n)) for k in range(0, n, _BLOCK)]
    motion, kick = coef.T.copy(), root.T.copy()

    def run(block, generator):
        rows = block.stop - block.start
        # buffers are kept: fresh ones would cost more page faults than arithmetic
        past = np.repeat(state[None], rows, axis=0)
        noise, new, push = (np.empty((rows, size)) for _ in range(3))
        for k in range(steps):
            generator.standard_normal(out=noise)
            np.matmul(past, motion, out=new)
            np.matmul(noise, kick, out=push)
            new += push
            new += intercept
            out[block, k] = new
            if len(state) > size:
                past[:, size:] = past[:, :-size].copy()
            past[:, :size] = new

    threads = min(len(blocks), usable_cores())
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(run, blocks, rng.spawn(len(blocks))))
    return out


def usable_cores():
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _propagate(state, coef, intercept, noise):
    """Run x -> coef x + c + noise for a stack of histories (n, P K); coef shared or per draw."""
    size = noise.shape[2]
    out = np.empty_like(noise)
    for k in range(noise.shape[1]):
        if coef.ndim == 2:
            new = state @ coef.T + intercept + noise[:, k]
        else:
            new = np.einsum("nij,nj->ni", coef, state) + intercept + noise[:, k]
        out[:, k] = new
        state = np.concatenate([new, state[:, :-size]], axis=1)
    return out
