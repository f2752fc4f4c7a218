"""Errors of ratios of weighted sums over correlated frames, by blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Estimate", "block_sums", "effective_size", "log_ratio", "mean_error", "normalised"]

_FINE = 2048  # blocks that are kept at most; shorter ones are never needed with so many
_LEAST = 8  # blocks from which an error is still taken


@dataclass(frozen=True)
class Estimate:
    """Number(s) with an error from blocks.

    Attributes
    ----------
    value, error : float or ndarray
    n_blocks : int or ndarray of int
        Blocks behind the error; its degrees of freedom are one less.
    block : int or ndarray of int
        Frames in a block.
    plateau : bool or ndarray of bool
        The error stopped growing with the length of the blocks. Where False the run is too short
        for its correlations and the error too small.
    """

    value: np.ndarray
    error: np.ndarray
    n_blocks: np.ndarray
    block: np.ndarray
    plateau: np.ndarray

    def interval(self, level=0.95):
        """Lower and upper end of the interval of probability `level` (Student's t)."""
        from scipy.stats import t as student

        half = student.ppf(0.5 + level / 2, np.maximum(self.n_blocks - 1, 1)) * self.error
        value = np.where(np.isfinite(self.error), self.value, 0.0)
        return value - half, value + half

    def scaled(self, factor) -> Estimate:
        """The same estimate times a factor."""
        error = self.error * abs(factor)
        return Estimate(self.value * factor, error, self.n_blocks, self.block, self.plateau)


def normalised(log_weights) -> np.ndarray:
    """Weights (T,) of sum 1 from their logarithms, without overflow."""
    log_weights = np.asarray(log_weights, dtype=float)
    if log_weights.ndim != 1 or len(log_weights) == 0 or not np.isfinite(log_weights).all():
        raise ValueError(f"log_weights: found shape {log_weights.shape}, expected (T,), all finite")
    w = np.exp(log_weights - log_weights.max())
    return w / w.sum()


def effective_size(log_weights) -> float:
    """Kish's effective number of frames, (sum w)^2 / sum w^2; correlations are not in it."""
    return float(1.0 / np.sum(normalised(log_weights) ** 2))


def block_sums(values, frames) -> np.ndarray:
    """Sums of `values` (T, ...) over blocks of `frames` frames; what is left over is left out."""
    blocks = len(values) // frames
    return values[: blocks * frames].reshape(blocks, frames, *values.shape[1:]).sum(axis=1)


def finest(count) -> int:
    """Frames in the finest blocks of a run of `count` frames; fewer than 32 are an error."""
    if count < 4 * _LEAST:
        raise ValueError(f"found {count} frames, at least {4 * _LEAST} are needed for an error")
    return -(-count // _FINE)


def log_ratio(upper, lower, frames) -> Estimate:
    """Logarithms of ratios of sums, with errors.

    The length of the blocks is doubled until B^3 > 2 N g^2, where N is the number of finest blocks,
    B the length in them and g the square of the error over that of blocks of one (R. M. Lee et
    al., Phys. Rev. E 83, 066706 (2011)); 8 blocks are left at least.

    Parameters
    ----------
    upper, lower : ndarray, shape (N, ...) and (N,) or (N, ...)
        Weighted sums over the finest blocks.
    frames : int
        Frames in each of these.

    Returns
    -------
    Estimate
        Infinite where a sum vanishes.
    """
    upper = np.asarray(upper, dtype=float)
    shape = upper.shape[1:]
    upper = upper.reshape(len(upper), -1)
    lower = np.broadcast_to(np.asarray(lower, float).reshape(len(upper), -1), upper.shape)
    A, B = upper.sum(axis=0), lower.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(A / B)
        influence = upper / A - lower / B  # first order: sums to zero
    live = np.isfinite(value)
    influence = np.where(live, influence, 0.0)
    n = len(influence)
    errors, lengths = [], []
    length = 1
    while n // length >= _LEAST:
        sums = block_sums(influence, length)
        m = len(sums)
        sums = sums - sums.mean(axis=0)
        errors.append(np.sqrt(np.sum(sums**2, axis=0) / (m - 1.0) * n / length))
        lengths.append(length)
        length *= 2
    errors, lengths = np.array(errors), np.array(lengths)
    base = np.where(errors[0] > 0.0, errors[0], 1.0)
    growth = (errors / base) ** 2
    enough = lengths[:, None] ** 3.0 > 2.0 * n * growth**2
    plateau = enough.any(axis=0)
    chosen = np.where(plateau, enough.argmax(axis=0), len(lengths) - 1)
    error = np.where(live, errors[chosen, np.arange(len(value))], np.inf)
    block = lengths[chosen]
    parts = (value, error, n // block, block * frames, plateau & live)
    return Estimate(*(p.reshape(shape) if shape else p.reshape(())[()] for p in parts))


def mean_error(values) -> float:
    """Standard error of the mean of correlated values (T,), by blocks as in :func:`log_ratio`."""
    values = np.asarray(values, dtype=float)
    frames = finest(len(values))
    # a mean is a ratio of sums; from an origin at which all values are positive
    above = values - values.min() + (np.ptp(values) or 1.0)
    sums = block_sums(above, frames)
    found = log_ratio(sums, np.full(len(sums), float(frames)), frames)
    return float(found.error * np.exp(found.value))
