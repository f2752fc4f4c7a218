"""How M grows ahead of snapshots, and when it reaches a limit: the one place where that is done.

With T the map of [lags, 1] over one snapshot, S the noise and A = Sigma^-1, <M> at horizon n + k is
that of the mean, carried on by T^k, plus tr(A [C_k + T^k C_n T^kT]) / d, C_k the covariance at k.
One step after the other costs a product of matrices each, and a horizon is as long as the training.
Maps over 1, ..., n paces are made once, by doubling; n horizons are then one product of matrices.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dbar.statistics.companion import affine, embed, spectral_radius

__all__ = ["Horizons", "expected_blocks", "first_reach"]

_SETTLED = 1e-13  # relative distance from the steady state that rounding makes of nothing
_STEADY = 4096  # horizons at a time in the steady state
_NUMBERS = 1 << 20  # at a time, of many states


class _Block(NamedTuple):
    """Horizons `t` (n,): maps (n d, S) to whitened means, what noise adds to <M> (n,).

    Maps begin at the last horizon of the block before, `move` (S, S) leads to that of this one,
    where the covariance is `cov`.
    """

    t: np.ndarray
    maps: np.ndarray
    rest: np.ndarray
    move: np.ndarray
    cov: np.ndarray


class Horizons:
    """When M(t) = <M> + growth t reaches a limit, from any number of states.

    M is known at every snapshot up to 2 `block`, then at horizons that lie further and further
    apart, neighbours never further than a share 1 / `block` of their horizon; it is linear between.

    Parameters
    ----------
    step : ndarray, shape (P K + 1, P K + 1)
        Map of [lags newest first, 1] over one snapshot, see `dbar.statistics.companion.affine`.
    noise : ndarray, shape (K, K)
    mean : ndarray, shape (K,)
    factor : ndarray, shape (K, d)
        M(D) is the mean over columns of ((D - mean) @ factor)**2.
    growth : float
        Above zero.
    limit : float
    most : float
        Horizon in snapshots that is given where it takes longer.
    block : int
        A power of two.
    """

    def __init__(self, step, noise, mean, factor, growth, limit, most=np.inf, block=8):
        self.limit, self._most = limit, most
        last, self._t, maps, rest = min(most, limit / growth), [np.zeros(1)], [], []
        move = np.eye(len(step))
        with np.errstate(over="ignore", invalid="ignore"):  # of a forecast that runs away
            for part in _blocks(step, noise, mean, factor, block, widening=True):
                maps.append(part.maps @ move)
                rest.append(part.rest)
                self._t.append(part.t)
                move = part.move @ move
                if part.t[-1] >= last:
                    break
        self._t, self._maps = np.concatenate(self._t), np.concatenate(maps)
        self._rest = np.concatenate(rest) + growth * self._t[1:]

    def reach(self, states, now):
        """First horizon (R,), in snapshots, from states (R, P K + 1), [lags newest first, 1].

        `now` (R,) is M of the newest snapshots; zero where that is beyond the limit already.
        """
        out, together = np.empty(len(states)), max(1, _NUMBERS // len(self._maps))
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, len(states), together):
                part = slice(first, first + together)
                bound = _squared(states[part], self._maps, len(self._rest)) + self._rest
                bound = np.concatenate([now[part, None], bound], axis=1)
                out[part] = first_reach(self._t, bound, self.limit)
        return np.fmin(out, self._most)


def _squared(states, maps, count):
    """<M> (R, count) of the mean forecasts alone."""
    return np.square(states @ maps.T).reshape(len(states), count, -1).mean(axis=2)


def first_reach(t, bound, limit):
    """First t (R,) at which `bound` (R, n), linear in between, reaches a limit; NaN if never.

    That of a forecast that runs away is where it was finite last.
    """
    over = ~(bound < limit)  # NaN, too
    k = over.argmax(axis=1)
    rows, back = np.arange(len(k)), np.maximum(k - 1, 0)
    before, after = bound[rows, back], bound[rows, k]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(k > 0, (limit - before) / (after - before), 0.0)
    there = t[back] + (t[k] - t[back]) * np.nan_to_num(part)
    return np.where(over[rows, k], there, np.nan)


def expected_blocks(model, mahalanobis, history, block):
    """<M> (n,) of the next n snapshots, then of the n after these, and so on without an end.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted.
    mahalanobis : dbar.trust.Mahalanobis
        In the coordinates of `model`.
    history : ndarray, shape (>= P, K)
        Snapshots in time order.
    block : int
        n, a power of two, until <M> does not change any more: from there on it is larger.
    """
    model.forecast(history, 0)  # raises for a history that does not fit
    step, measure = affine(model.coef_, model.intercept_), mahalanobis
    state = np.append(np.asarray(history, dtype=float)[::-1][: model.order].ravel(), 1.0)[None]
    near = _SETTLED * (1.0 - spectral_radius(model.coef_) ** block)
    known = None
    for part in _blocks(step, model.noise_cov_, measure.mean_, measure.factor_, block):
        out = _squared(state, part.maps, block)[0] + part.rest
        yield out
        before, state, cov = state, state @ part.move.T, part.cov
        off, wide = np.abs(state - before).max(), np.sqrt(np.abs(np.trace(cov)))
        still = known is not None and np.abs(cov - known).max() <= near * np.abs(cov).max()
        if still and off <= near * wide:
            break
        known = cov
    steady = np.full(_STEADY, out[-1])
    while True:
        yield steady


def _blocks(step, noise, mean, factor, count, widening=False) -> Iterator[_Block]:
    """Blocks of `count` horizons, one after the other without an end.

    Widening ones: two with every snapshot, then each with half of the snapshots of the one before.
    """
    size, dim = factor.shape
    source, precision = embed(noise, (len(step) - 1) // size), factor @ factor.T
    about = np.zeros((size, len(step)))
    about[:, -1] = mean
    cov, passed, pace, t = np.zeros_like(source), 0.0, 1.0, np.arange(1.0, count + 1.0)
    while True:
        tops, own_rest, move, own = _doubled(step, source, precision, count)
        maps = (factor.T @ (tops - about)).reshape(-1, len(step))
        moves, back = tops[:, :, :-1], move[:-1, :-1]
        weights = (moves.transpose(0, 2, 1) @ precision @ moves).reshape(count, -1)
        times = (2 if pace == 1.0 else 1,) if widening else ()
        for _ in itertools.repeat(None, *times):
            rest = (own_rest + weights @ cov.ravel()) / dim
            cov = own + back @ cov @ back.T
            yield _Block(passed + pace * t, maps, rest, move, cov)
            passed += pace * count
        one = step[:-1, :-1]
        source, step, pace = source + one @ source @ one.T, step @ step, 2.0 * pace


def _doubled(step, source, precision, count):
    """Upper rows (count, K, S) of the maps over 1, 2, ... steps, tr(A C); map and C of the last."""
    size = len(precision)
    tops, rest = step[None, :size], np.array([np.sum(precision * source[:size, :size])])
    power, cov = step, source
    while len(tops) < count:
        moves, back = tops[:, :, :-1], power[:-1, :-1]
        more = moves @ cov @ moves.transpose(0, 2, 1) * precision
        rest = np.append(rest, rest + more.sum(axis=(1, 2)))
        tops = np.concatenate([tops, tops @ power])
        power, cov = power @ power, cov + back @ cov @ back.T
    return tops, rest, power, cov
