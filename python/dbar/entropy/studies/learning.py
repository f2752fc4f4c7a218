"""Scores of fits to parts of a database, and what simpler guesses would score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.stats import spearmanr

from dbar.entropy.held_out import HeldOut
from dbar.entropy.sample import Sample

__all__ = ["class_mean", "counts", "learning_curve", "least", "rank_correlation", "transfer_curve"]

Tick = Callable[[int, int], None]


def learning_curve(
    sample: Sample, test_shares: Sequence[float], splits: int, seed: int, tick: Tick
) -> list[dict]:
    """Random divisions: for each share of the test set the mean and spread of the scores."""
    rows, total = [], len(test_shares) * splits
    for share in test_shares:
        n = max(1, round(share * len(sample)))
        found = []
        for split in range(splits):
            order = np.random.default_rng([seed, split]).permutation(len(sample))
            one = sample.held_out(order[n:], order[:n])
            found.append((one.rmse, one.coverage(0.9), one.r2))
            tick(len(rows) * splits + split + 1, total)
        rmse, coverage, r2 = np.array(found).T
        rows.append(
            {
                "test_share": share, "train": len(sample) - n, "rmse": float(rmse.mean()),
                "rmse_std": float(rmse.std(ddof=1)) if splits > 1 else 0.0,
                "coverage_90": float(coverage.mean()), "r2": float(r2.mean()),
            }
        )  # fmt: skip
    return rows


def transfer_curve(
    sample: Sample, train: Sequence[int], test: Sequence[int], sizes: Sequence[int], seed: int
) -> list[dict]:
    """The error on `test` of fits to more and more of `train`, chosen at random."""
    order = np.random.default_rng(seed).permutation(train)
    return [{"train": int(n), **scores(sample.held_out(order[:n], test))} for n in sizes]


def scores(one: HeldOut) -> dict:
    """The scores of a test set as numbers."""
    return {
        "rmse": one.rmse, "r2": one.r2, "slope": one.slope, "coverage_90": one.coverage(0.9),
        "mean_error": float(one.errors.mean()),
    }  # fmt: skip


def least(samples: Mapping[str, Sample], which: Sequence[int], folds: int, seed: int) -> dict:
    """Root mean square error of each sample by cross-validation on `which` alone."""
    found = {}
    for name, sample in samples.items():
        order = np.random.default_rng(seed).permutation(which)
        parts = np.array_split(order, folds)
        one = HeldOut.together([sample.held_out(np.setdiff1d(order, p), p) for p in parts])
        found[name] = one.rmse
    return found


def class_mean(sample: Sample, labels: Sequence, folds: int = 10, seed: int = 0) -> float:
    """Root mean square error of the mean of a configuration's class, by cross-validation."""
    kinds = np.unique(labels)
    columns = np.asarray(labels)[:, None] == kinds[None, 1:]  # with an intercept: those means
    return sample.baseline(columns, folds, seed)


def counts(
    sample: Sample, vacancies, interstitials, train: Sequence[int], test: Sequence[int]
) -> float:
    """Root mean square error on `test` of a law linear in the numbers of defects."""
    design = np.column_stack([vacancies, interstitials]).astype(float)
    w = np.linalg.lstsq(design[train], sample.reference[train], rcond=None)[0]
    return float(np.sqrt(np.mean((design[test] @ w - sample.reference[test]) ** 2)))


def rank_correlation(one: HeldOut) -> float:
    """Spearman's, of the grade and the size of the error."""
    return float(spearmanr(one.grade, np.abs(one.errors)).statistic)
