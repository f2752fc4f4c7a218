"""What is judged on left-out runs: at most 16 models however many runs, one for each up to that."""

import numpy as np
import pytest

from dbar.forecast import VAR
from dbar.forecast.band_scale import BandScale
from dbar.statistics.folds import splits
from dbar.study import (
    EnsembleForecast,
    EnsembleMahalanobis,
    EnsembleModel,
    drift_growth,
    select_order,
)
from dbar.study.check import Checked
from dbar.trust import InnovationTrust, Mahalanobis, choose_dimension


def walks(count, length=24, size=4, seed=0):
    rng = np.random.default_rng(seed)
    out = np.zeros((count, length, size))
    for t in range(1, length):
        out[:, t] = 0.8 * out[:, t - 1] + rng.normal(size=(count, size))
    return list(out + np.arange(size))


def with_atoms(X):
    return [np.hstack([np.full((len(x), 1), 1.0), x]) for x in X]


def model_of(X):
    return EnsembleModel({}, 1, 3).fit(
        with_atoms(X), [np.zeros((len(x), 0)) for x in X], trust=False
    )


def level_of(X):
    """Runs of unequal length."""
    return model_of([*X[:-1], X[-1][:-1]])


def growth_of(X):
    return drift_growth(X, Mahalanobis(3).fit(X))


def coverage_of(X):
    ratios = [np.abs(x[:, None, :]) for x in X]
    nothing = [np.ones_like(r) for r in ratios]
    return Checked(None, np.array([1]), ratios, nothing, nothing, [], [], True).coverage(0.9)


LEARNERS = {
    "innovation": (lambda X: InnovationTrust(2).fit(X), InnovationTrust, "_learn"),
    "dimension": (
        lambda X: choose_dimension(X, 20, [21] * len(X), (2,), 3, 3), InnovationTrust, "_learn",
    ),
    "mahalanobis": (lambda X: EnsembleMahalanobis(3).fit(X), EnsembleMahalanobis, "_project"),
    "forecast": (
        lambda X: EnsembleForecast(2, 1, 2, neighbours=12).fit(X), EnsembleForecast, "_learn",
    ),
    "growth": (growth_of, VAR, "fit"),
    "order": (lambda X: select_order(X, (1,), random_state=0), VAR, "fit"),
    "level": (level_of, Mahalanobis, "fit"),
    "coverage": (coverage_of, BandScale, "from_errors"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEARNERS)
def test_models_do_not_grow_with_runs(monkeypatch, name):
    learn, owner, method = LEARNERS[name]
    calls, original = [], getattr(owner, method)
    monkeypatch.setattr(owner, method, lambda *a, **k: calls.append(1) or original(*a, **k))
    counts = []
    for runs in (5, 16, 40):
        calls.clear()
        learn(walks(runs))
        counts.append(len(calls))
    more = counts[0] - 5  # models of all runs
    assert more in (0, 1)
    assert counts == [5 + more, 16 + more, 16 + more]


def test_every_run_is_left_out_once_and_learnt_otherwise():
    for count in (2, 5, 16, 17, 40):
        folds = splits(range(count))
        assert sorted(k for _, left in folds for k in left) == list(range(count))
        assert all(sorted([*train, *left]) == list(range(count)) for train, left in folds)


def test_scores_are_those_of_models_of_the_others():
    X = walks(7)
    trust = InnovationTrust(2).fit(X)
    distance = EnsembleMahalanobis(3).fit(X)
    for r, run in enumerate(X):
        others = X[:r] + X[r + 1 :]
        np.testing.assert_array_equal(InnovationTrust(2).fit(others).score(run), trust.left_out_[r])
        others = distance.of_others(X, r)
        found = others.in_latent().score(others.space_(run))
        np.testing.assert_allclose(found, distance.left_out_[r])
    many = walks(20)
    known = EnsembleMahalanobis(3).fit(many)
    left = next(left for _, left in splits(many) if len(left) == 2)
    others = known.of_others(many, left)
    for r in left:
        found = others.in_latent().score(others.space_(many[r]))
        np.testing.assert_allclose(found, known.left_out_[r])
