"""Who runs next, who is forecast instead, and when to stop: small classes a user can write too.

A policy answers from a `View` alone and keeps nothing between two calls, so that a resumed
ensemble decides as an undisturbed one does.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

__all__ = ["POLICIES", "Depth", "Policy", "Trust", "Uniform", "Variance", "View", "load_policy"]


@dataclass(frozen=True)
class View:
    """What a policy sees; arrays have one entry per replica.

    Attributes
    ----------
    chunks : int
        Chunks that make a whole replica.
    progress : ndarray of int
        Chunks done, those in flight included.
    free : ndarray of bool
        Can be given its next chunk now: not failed, not finished, not in flight.
    M, tau_pred, remaining : ndarray
        Distance of the newest snapshot, time that its forecast holds (at most the horizon), and
        time left to the horizon. M is NaN and tau_pred 0 while there is no model.
    mean, std : ndarray, shape (R, q)
        Forecast of the observables at the horizon; NaN while there is no model.
    cost : ndarray
        Of one chunk, any unit.
    errors : ndarray, shape (G, G)
        Squared error of the forecast of one replica (observables in units of their spread, summed)
        from row ``grid[o]`` chunks to column ``grid[t]`` chunks.
    grid : ndarray, shape (G,)
        Chunks to which the rows and columns of `errors` belong, beginning with 0.
    rng : numpy.random.Generator
        A stream that belongs to this decision.
    """

    chunks: int
    progress: np.ndarray
    free: np.ndarray
    M: np.ndarray
    tau_pred: np.ndarray
    remaining: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    cost: np.ndarray
    errors: np.ndarray
    grid: np.ndarray
    rng: np.random.Generator = field(repr=False)


class Policy(Protocol):
    """What the controller needs of a policy."""

    def choose(self, view: View, count: int) -> np.ndarray:
        """Return at most `count` free replicas in the order in which they are to run.

        None at all, while no chunk is in flight, ends the ensemble.
        """


def _first(order: np.ndarray, allowed: np.ndarray, count: int) -> np.ndarray:
    return order[allowed[order]][:count]


class Uniform:
    """The same number of chunks for every replica: those that are behind run next."""

    def choose(self, view, count):
        """See `Policy`."""
        return _first(np.argsort(view.progress, kind="stable"), view.free, count)


class Depth:
    """One replica after the other to its end: half the budget makes half of the replicas whole."""

    def choose(self, view, count):
        """See `Policy`."""
        return _first(np.argsort(-view.progress, kind="stable"), view.free, count)


class Trust:
    """Forecast the replicas whose tau_pred reaches the horizon; run the least trusted.

    The smaller tau_pred / remaining the less a replica is trusted; at equal values the larger M.
    """

    def choose(self, view, count):
        """See `Policy`."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(view.remaining > 0, view.tau_pred / view.remaining, np.inf)
        distance = np.nan_to_num(view.M, nan=np.inf)
        order = np.lexsort((view.progress, -distance, share))
        return _first(order, view.free & (share < 1.0), count)


class Variance:
    """Run where the error of the ensemble means drops most per cost.

    Of R replicas, w_o have stopped at o and n_t have been at t. The mean at t is made of what was
    simulated and of forecasts, whose common error is corrected by the n_t replicas that were
    there. With s^2(o, t), the squared error of one forecast, its squared error is

        sum_o w_o s^2(o,t) / R^2  +  (sum_o w_o s(o,t) / R)^2 / max(n_t, 1/2),

    which is s^2 (1/n - 1/R), that of a random sample, if s does not depend on o. A replica at o
    is worth the largest drop of the sum over t, per cost, that going on to any later point brings:
    what lies behind a stretch without surprises counts.

    Parameters
    ----------
    least : float
        Stop when no replica lowers the sum by this share per chunk.
    """

    def __init__(self, least: float = 0.0) -> None:
        self.least = float(least)

    def choose(self, view, count):
        """See `Policy`."""
        at = np.searchsorted(view.grid, view.progress, side="right") - 1
        weight = np.bincount(at, minlength=len(view.grid)).astype(float)
        total, worth = self.worth(view.errors, view.grid, weight)
        gain = np.where(view.progress < view.chunks, worth[at], 0.0)
        allowed = view.free & (gain > self.least * total)
        return _first(np.argsort(-gain / view.cost, kind="stable"), allowed, count)

    @staticmethod
    def worth(errors, grid, weight):
        """Sum of the squared errors, and the best drop per chunk (G,) from each point of the grid.

        Parameters
        ----------
        errors : ndarray, shape (G, G)
            s^2(o, t).
        grid : ndarray, shape (G,)
            In chunks.
        weight : ndarray, shape (G,)
            Replicas that have stopped there.
        """
        size, replicas = len(grid), weight.sum()
        square = np.triu(errors, 1)
        root = np.sqrt(square)
        reached = weight[::-1].cumsum()[::-1]
        own, common = weight @ square, weight @ root

        def error(own, common, reached):
            shared = np.square(common) / np.maximum(reached, 0.5)
            return ((own + shared) / replicas**2)[..., 1:].sum(axis=-1)

        total, worth = error(own, common, reached), np.zeros(size)
        t = np.arange(size)
        for o in range(size - 1):
            ends = t[o + 1 :, None]  # one row per point the replica could go on to
            n = reached + ((t > o) & (t <= ends))
            after = error(own - square[o] + square[o + 1 :], common - root[o] + root[o + 1 :], n)
            worth[o] = ((total - after) / (grid[o + 1 :] - grid[o])).max()
        return total, worth


POLICIES = {"uniform": Uniform, "depth": Depth, "trust": Trust, "variance": Variance}


def load_policy(name: str, settings: dict | None = None, folder: Path | None = None) -> Policy:
    """Make a policy from its name, or MODULE:CLASS of the user's.

    Parameters
    ----------
    name : str
    settings : dict, optional
        Keyword arguments of the class.
    folder : Path, optional
        Where MODULE is looked for first.

    Raises
    ------
    ValueError
        If there is no such policy, or it does not take the settings.
    """
    kind = POLICIES.get(name)
    if kind is None:
        module, _, attribute = name.partition(":")
        if not module or not attribute:
            known = ", ".join(POLICIES)
            raise ValueError(f"policy {name!r}: expected one of {known}, or MODULE:CLASS")
        if folder is not None and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
        try:
            kind = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise ValueError(f"policy {name!r}: {error}") from None
    try:
        policy = kind(**(settings or {}))
    except TypeError as error:
        raise ValueError(f"policy {name!r} does not take its settings: {error}") from None
    if not callable(getattr(policy, "choose", None)):
        raise ValueError(f"policy {name!r} has no method choose(view, count)")
    return policy
