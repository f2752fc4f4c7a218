"""Clusters without a crystal to compare with: one intercept for each composition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dbar.entropy.contents import Contents

__all__ = ["Compositions"]


class Compositions:
    """What configurations of each composition have on average.

    Attributes
    ----------
    formulas : list of dict of str to int
        Number of atoms of each species.
    counts : ndarray of int, shape (m,)
        Configurations learnt from.
    sums : ndarray, shape (m, K)
        Mean of D.
    entropies : ndarray, shape (m,)
        Mean entropy, k_B.
    """

    def __init__(self, formulas, counts, sums, entropies) -> None:
        self.formulas = formulas
        self.counts = counts
        self.sums = sums
        self.entropies = entropies

    @classmethod
    def of(cls, contents: Sequence[Contents], D: np.ndarray, entropies: np.ndarray) -> Compositions:
        """Those of a training set."""
        each = [one.formula for one in contents]
        formulas = [one for k, one in enumerate(each) if one not in each[:k]]
        which = np.array([formulas.index(one) for one in each])
        counts = np.bincount(which)
        sums = np.array([D[which == k].mean(axis=0) for k in range(len(formulas))])
        means = np.array([entropies[which == k].mean() for k in range(len(formulas))])
        return cls(formulas, counts, sums, means)

    def place(self, one: Contents) -> tuple[int, float]:
        """Number of the composition, and how often it is contained: once.

        Raises
        ------
        ValueError
            A composition that was not learnt.
        """
        formula = one.formula
        if formula not in self.formulas:
            known = ", ".join(map(_text, self.formulas[:5]))
            more = ", ..." if len(self.formulas) > 5 else ""
            raise ValueError(
                f"composition: found {_text(formula)}, expected one that was learnt: {known}{more}"
            )
        return self.formulas.index(formula), 1.0

    @property
    def uncertainty(self) -> np.ndarray:
        """Variance of each intercept in units of the noise's (m,)."""
        return 1.0 / self.counts

    def rows(self, places, D, entropies) -> tuple[np.ndarray, np.ndarray]:
        """Differences within each composition, one fewer than there are configurations of it.

        Helmert contrasts: the k-th is what the mean of the first k has more than the one after
        them, scaled such that the noise of each has the variance of one configuration's. With
        them the intercepts are gone, and the noise is not underestimated by having fitted them.
        """
        which = np.array([place[0] for place in places])
        x, y = [], []
        for k in range(len(self.formulas)):
            x.append(_contrasts(D[which == k] - self.sums[k]))
            y.append(_contrasts(entropies[which == k] - self.entropies[k]))
        return np.concatenate(x), np.concatenate(y)


def _contrasts(values):
    k = np.arange(1.0, len(values)).reshape(-1, *[1] * (values.ndim - 1))
    return (np.cumsum(values, axis=0)[:-1] - k * values[1:]) / np.sqrt(k * (k + 1.0))


def _text(formula) -> str:
    return "".join(f"{symbol}{count}" for symbol, count in formula.items()) or "no atoms"
