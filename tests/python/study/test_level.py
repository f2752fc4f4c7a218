"""Runs that are left out are left out of everything: level of M, order and dimension."""

import numpy as np
import pytest

from dbar.study import EnsembleMahalanobis, EnsembleModel, drift_growth
from dbar.study.study import Options, study
from dbar.trust import Mahalanobis

SEED = 20254


def ensemble(rng, runs, n, size, phi):
    """Runs (n, size + 1) of `size` descriptors that all relax with `phi`; 10 atoms."""
    mix, out = rng.standard_normal((size, size)), []
    lengths = n if isinstance(n, list) else [n] * runs
    for length in lengths:
        x, X = rng.standard_normal(size), np.empty((length, size))
        for k in range(length):
            x = phi * x + np.sqrt(1.0 - phi**2) * rng.standard_normal(size)
            X[k] = x
        out.append(np.hstack([np.full((length, 1), 10.0), 10.0 * (X @ mix + 100.0)]))
    return out


@pytest.mark.parametrize(
    ("phi", "runs", "n"),
    [(0.0, 5, 40), (0.0, 12, 40), (0.9, 5, 40), (0.9, 12, 60), (0.9, 6, [30, 40, 50, 60, 40, 50])],
)
def test_new_runs_have_a_mean_m_of_one(phi, runs, n):
    """20 ensembles of 30 descriptors, 5 dimensions, 10 new runs each: within three standard errors
    and 5 % (the level is found with one run less).
    """
    rng, new = np.random.default_rng(SEED), []
    for _ in range(20):
        seed = rng.integers(2**32)  # the same process, and later numbers of the same stream
        X = ensemble(np.random.default_rng(seed), runs, n, 30, phi)
        fresh = ensemble(np.random.default_rng(seed), runs + 10, 60, 30, phi)[runs:]
        model = EnsembleModel({}, 1, 5).fit(X, [np.zeros((len(x), 0)) for x in X], trust=False)
        new.append(np.mean([model.score(x).mean() for x in fresh]))
    mean, error = np.mean(new), np.std(new) / np.sqrt(20)
    print(f"phi {phi}, {runs} runs: M of new runs {mean:.2f} +- {error:.2f}")
    assert abs(mean - 1.0) < 0.05 + 3.0 * error


def test_the_distance_in_latent_coordinates_is_the_same():
    X = [x[:, 1:] for x in ensemble(np.random.default_rng(SEED), 6, 40, 30, 0.5)]
    raw = EnsembleMahalanobis(5).fit(X)
    latent = raw.in_latent()
    np.testing.assert_allclose(latent.score(raw.space_(X[2])), raw.score(X[2]), rtol=1e-8)
    others = raw.of_others(X, 2)
    np.testing.assert_allclose(others.in_latent().score(others.space_(X[2])), raw.left_out_[2])


def test_growth_by_drift_judges_runs_in_the_space_of_the_others():
    """A latent space that has seen the run finds less drift in it: mean of twelve ensembles."""
    rng, found = np.random.default_rng(SEED), []
    for _ in range(12):
        X = [x[:, 1:] for x in ensemble(rng, 5, 64, 30, 0.99)]
        raw = EnsembleMahalanobis(5).fit(X)
        inside = drift_growth(
            [raw.space_(x) for x in X], Mahalanobis(5).fit([raw.space_(x) for x in X])
        )
        found.append((drift_growth(X, raw), inside))
    honest, leaky = np.mean(found, axis=0)
    print(f"growth {honest:.4f}, in a space that has seen the run {leaky:.4f}")
    assert honest > 1.5 * leaky > 0.0


class Runs:
    virials = None
    """As much of a `RunSet` as a study without observables needs."""

    def __init__(self, D):
        self.D, self.dtau = D, 1.0

    def __len__(self):
        return len(self.D)

    def values(self, names):
        return [np.zeros((len(X), 0)) for X in self.D]


def test_the_run_that_scores_a_model_has_no_say_in_its_order_and_dimension():
    """Runs relax within a snapshot, but for two long ones that oscillate. The first run decides
    the choice for all; the model that is judged on it must not know of it.
    """
    rng = np.random.default_rng(SEED)
    mix = np.random.default_rng(SEED).standard_normal((6, 6))
    X = ensemble(rng, 6, 150, 6, 0.3)
    for r in (4, 5):
        odd = np.zeros((400, 6))
        for k in range(2, 400):
            odd[k] = 1.2 * odd[k - 1] - 0.6 * odd[k - 2] + 0.6 * rng.standard_normal(6)
        X[r] = np.hstack([np.full((400, 1), 10.0), 10.0 * (odd @ mix + 100.0)])

    def found(first):
        runs = Runs([first, *X[1:5]])
        return study(runs, [], Options(), lambda name: lambda done, total: None)

    with_it, without = found(X[5]), found(X[0])
    assert with_it.choice[:2] != without.choice[:2]
    for name in ("order", "dimension"):
        a, b = (getattr(result.checked.models[0], name) for result in (with_it, without))
        assert a == b, name
    assert with_it.checked.nested
    np.testing.assert_array_equal(
        with_it.checked.models[0].var_.coef_, without.checked.models[0].var_.coef_
    )


@pytest.mark.parametrize(
    ("runs", "n", "order", "nested"), [(3, 40, None, True), (1, 90, None, True), (1, 45, 5, False)]
)
def test_whether_the_choice_was_nested_is_said(runs, n, order, nested):
    X = ensemble(np.random.default_rng(SEED), runs, n, 6, 0.5)
    result = study(Runs(X), [], Options(order=order), lambda name: lambda done, total: None)
    assert result.checked.nested == nested
