"""Learning from many atoms: a sample of fixed size, uniform over all of them."""

import tracemalloc

import numpy as np
import pytest

from dbar.descriptors import Bispectrum
from dbar.novelty import AtomNovelty
from dbar.novelty.reservoir import Reservoir


def test_few_rows_are_all_kept():
    rows = np.arange(60.0).reshape(30, 2)
    sample = Reservoir(2, 30)
    for part in np.split(rows, 5):
        sample.add(part)
    np.testing.assert_array_equal(np.sort(sample.rows, axis=0), rows)


def test_every_row_is_as_likely_whenever_it_comes():
    """Share of each of 20 parts of unequal size in 2000 of 40,000 rows: chi square of 19 degrees."""
    sizes = np.tile([500, 1500, 2500, 3500], 5)
    sample = Reservoir(1, 2000)
    for k, size in enumerate(sizes):
        sample.add(np.full((size, 1), float(k)))
    counts = np.bincount(sample.rows[:, 0].astype(int), minlength=20)
    expected = 2000 * sizes / sizes.sum()
    assert counts.sum() == 2000
    assert ((counts - expected) ** 2 / expected).sum() < 43.8  # p = 0.001


class Gas:
    """Descriptors of atoms that know nothing of each other, drawn when they are asked for."""

    def __init__(self, atoms, size):
        self.atoms, self.size, self.rng = atoms, size, np.random.default_rng(3)

    def frames(self, count):
        for _ in range(count):
            yield self.rng.normal(size=(self.atoms, self.size))


def fitted(monkeypatch, count, atoms=10_000):
    model = AtomNovelty(Bispectrum(4.7, twojmax=2))
    gas = Gas(atoms, model.descriptor.n_components)
    zeros = np.zeros(atoms, int)
    monkeypatch.setattr(AtomNovelty, "_described", lambda self, B: (B, zeros))
    tracemalloc.start()
    model.fit(gas.frames(count))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return model.models_[0], peak


def test_memory_does_not_grow_with_frames(monkeypatch):
    few, least = fitted(monkeypatch, 7)
    many, peak = fitted(monkeypatch, 28)
    assert (few.count, many.count) == (70_000, 280_000)
    assert peak < 1.3 * least
    # M is chi square over its degrees: one in a thousand of the sample, to its own error
    B = np.concatenate(list(Gas(10_000, len(many.mean)).frames(28)))
    assert many.limit == pytest.approx(np.quantile(many.score(B), 0.999), rel=0.03)
