"""Numbers of any size: learnt in their own scale, or refused with the word; noise is no signal."""

import numpy as np
import pytest

from dbar.forecast import VAR
from dbar.online import Monitor
from dbar.statistics.latent import Latent, varying
from dbar.statistics.moments import LaggedMoments
from dbar.trust import Mahalanobis

CONFIG = {"min_snapshots": 12, "latent_dim": 3, "n_bags": 8, "coverage": 0.5}


def walk(n=60, size=3, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, size))
    for k in range(1, n):
        x[k] = 0.8 * x[k - 1] + rng.normal(size=size)
    return 10.0 + x


def watch(x, monitor):
    for k, row in enumerate(x):
        monitor.observe(10 * k, 1.0 * k, np.append(100.0, row))
    return monitor


@pytest.mark.parametrize("size", [1e-130, 1e-60, 1.0, 1e60, 1e140])
def test_a_monitor_learns_in_any_scale(size):
    x = walk()
    one, two = watch(x, Monitor(CONFIG)), watch(size * x, Monitor(CONFIG))
    assert two.refits == one.refits > 1 and two.state == one.state
    np.testing.assert_allclose(
        two.model.latent(size * x), one.model.latent(x), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (1e160, r"D\[\d\] is -?\S+e\+16\d at step 0, expected less than 1e\+150 in size"),
        (-1e300, r"D\[\d\] is -?\S+e\+30\d at step 0, expected less than 1e\+150"),
        (1e-170, r"D at step 0 has no number above \S+e-\d+ in size, expected 1e-140 or more"),
    ],
)
def test_a_size_that_cannot_be_squared_is_refused(size, message):
    with pytest.raises(ValueError, match=message):
        watch(size * walk(), Monitor(CONFIG))
    config, x = {**CONFIG, "virial": True}, walk()[0]
    with pytest.raises(ValueError, match=r"V.* at step 0"):
        Monitor(config).observe(0, 0.0, np.append(100, x), np.full((4, 6), size))


def test_a_first_snapshot_of_zeros_is_no_scale():
    x = walk()
    x[0] = 0.0
    assert watch(x, Monitor(CONFIG)).refits


@pytest.mark.parametrize(("size", "words"), [(1e160, "1e\\+150"), (1e-170, "1e-140")])
def test_other_learners_refuse_it_too(size, words):
    X = size * walk()
    for learn in (
        lambda: VAR(random_state=1, coverage=0.5).fit(X),
        lambda: VAR(random_state=1, coverage=0.5).partial_fit(X),
        lambda: Mahalanobis().fit(X),
    ):
        with pytest.raises(ValueError, match=words):
            learn()


@pytest.mark.parametrize("mean", [0.0, 1e-17, 3e-16])
def test_what_vanishes_by_symmetry_has_no_weight(mean):
    """Rounding about zero is not constant to 1e-12 of its mean, but of nothing else either."""
    rng = np.random.default_rng(1)
    x = np.hstack([walk(200), mean + 1e-17 * rng.normal(size=(200, 1))])
    centred = x - x.mean(axis=0)
    found = Latent.fit(len(x), x.mean(axis=0), centred.T @ centred, 4)
    assert found.dim == 3 and not found.basis[3].any()
    assert (
        Mahalanobis().fit(x).transform(x).shape[1] == 3 if hasattr(Mahalanobis, "transform") else 1
    )


def test_descriptors_of_very_different_size_all_live():
    size = np.array([1e-6, 1.0, 1e8])
    x = walk(200) * size
    centred = x - x.mean(axis=0)
    assert varying(x.mean(axis=0), centred.T @ centred / 199).all()


def test_sums_that_are_not_finite_are_named():
    with pytest.raises(ValueError, match="descriptors: their squares are not finite"):
        Latent.fit(10, np.zeros(2), np.full((2, 2), np.inf), 2)
    assert LaggedMoments(2).count.sum() == 0
