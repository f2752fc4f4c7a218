"""Streaming statistics against the plain batch formulas (numpy on the whole lag matrix)."""

import numpy as np
import pytest

from dbar.statistics.chain import LagChain
from dbar.statistics.moments import LaggedMoments, bag_members, lagged

SEED = 20231


def run(rng, n=300, size=5):
    """Snapshots with the scales of real descriptors: sums of 1e5 that vary by 1e-2 to 1e3."""
    scale = 10.0 ** np.linspace(-2, 3, size)
    return 1e5 + np.cumsum(rng.standard_normal((n, size)), axis=0) * scale


def stream(X, steps, order, replica=0, **settings):
    chain = LagChain(X.shape[1], order)
    stats = LaggedMoments(X.shape[1], order, **settings)
    for step, row in zip(steps, X, strict=True):
        z = chain.push(step, row)
        if z is not None:
            stats.add(z, step, replica)
    return stats


def assert_same(a, b, tol=1e-8):
    np.testing.assert_array_equal(a.count, b.count)
    np.testing.assert_allclose(a.mean, b.mean, rtol=1e-13)
    scale = np.sqrt(np.einsum("bii->bi", b.comoment))
    scale = np.where(scale > 0, scale, 1.0)
    np.testing.assert_allclose(
        a.comoment / scale[:, :, None] / scale[:, None, :],
        b.comoment / scale[:, :, None] / scale[:, None, :],
        atol=tol,
    )


@pytest.mark.parametrize("order", [1, 2, 3])
def test_streaming_equals_batch(order):
    X = run(np.random.default_rng(SEED))
    steps = 100 * np.arange(len(X))
    stats = stream(X, steps, order, replica=3, n_bags=6, coverage=0.3, seed=9)
    Z = lagged(X, order)
    ends = steps[order:]
    member = bag_members(9, 3, ends, 6, 0.3)
    for b in range(7):
        rows = Z if b == 0 else Z[member[:, b - 1]]
        assert stats.count[b] == len(rows)
        np.testing.assert_allclose(stats.mean[b], rows.mean(axis=0), rtol=1e-13)
        std = rows.std(axis=0)
        got = stats.comoment[b] / len(rows) / np.outer(std, std)
        want = np.cov(rows.T, bias=True) / np.outer(std, std)
        np.testing.assert_allclose(got, want, atol=1e-8)


def test_lagged_rows_are_newest_first():
    X = np.arange(10.0).reshape(5, 2)
    np.testing.assert_array_equal(lagged(X, 2)[0], [2, 3, 0, 1, 4, 5])
    assert lagged(X, 5).shape == (0, 12)


def test_two_halves_and_two_replicas_add_up():
    rng = np.random.default_rng(SEED)
    X, Y = run(rng), run(rng, 120)
    settings = dict(n_bags=5, coverage=0.4, seed=1)
    steps = 10 * np.arange(len(X))
    whole = stream(X, steps, 2, 0, **settings)
    first = stream(X[:150], steps[:150], 2, 0, **settings)
    # the restarted half needs the last P snapshots before it and no more
    second = stream(X[148:], steps[148:], 2, 0, **settings)
    assert_same(first.merge(second), whole)

    ends = 10 * np.arange(2, len(Y))
    batch = LaggedMoments(5, 2, **settings)
    batch.add_batch(lagged(X, 2), steps[2:], 0).add_batch(lagged(Y, 2), ends, 1)
    whole.merge(stream(Y, 10 * np.arange(len(Y)), 2, 1, **settings))
    assert_same(whole, batch)


def test_merge_names_what_differs():
    with pytest.raises(ValueError, match=r"coverage 0\.5 .* coverage 0\.25"):
        LaggedMoments(3).merge(LaggedMoments(3, coverage=0.5))


def test_membership_is_a_pure_function_with_the_stated_coverage():
    steps = 100 * np.arange(20000)
    member = bag_members(7, 2, steps, 10, 0.25)
    np.testing.assert_array_equal(member[123], bag_members(7, 2, steps[123], 10, 0.25)[0])
    np.testing.assert_array_equal(member[::-1], bag_members(7, 2, steps[::-1], 10, 0.25))
    # five standard deviations of a binomial; bags, replicas and seeds are uncorrelated
    assert np.all(np.abs(member.mean(axis=0) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 20000))
    others = [bag_members(7, 3, steps, 10, 0.25), bag_members(8, 2, steps, 10, 0.25)]
    both = np.hstack([member, *others]).astype(float)
    off = np.corrcoef(both.T) - np.eye(30)
    assert np.abs(off).max() < 5 / np.sqrt(20000)
    assert bag_members(0, 0, [5], 4, 1.0).all()
    assert np.array_equal(bag_members(-1, 0, [5], 4, 0.5), bag_members(2**64 - 1, 0, [5], 4, 0.5))


def test_no_transition_across_a_gap():
    X = run(np.random.default_rng(SEED), 20)
    steps = 100 * np.arange(20)
    steps[10:] += 50
    stats = stream(X, steps, 2, n_bags=0)
    Z = np.vstack([lagged(X[:10], 2), lagged(X[10:], 2)])
    assert stats.count[0] == len(Z) == 16
    np.testing.assert_allclose(stats.mean[0], Z.mean(axis=0), rtol=1e-13)


def test_chain_takes_its_stride_from_the_first_two_snapshots_or_from_the_caller():
    chain = LagChain(1, 1, stride=10)
    assert chain.push(0, np.zeros(1)) is None
    assert chain.push(5, np.zeros(1)) is None
    assert chain.push(15, np.zeros(1)) is not None
    chain = LagChain(1, 1)
    assert chain.push(0, np.zeros(1)) is None
    assert chain.push(5, np.zeros(1)) is not None
    assert chain.push(5, np.zeros(1)) is None  # the same step twice is no transition
    assert chain.push(0, np.zeros(1)) is None


@pytest.mark.parametrize("order", [1, 2])
def test_chain_takes_another_stride_until_one_comes_twice(order):
    chain, found = LagChain(1, order), []
    for step in (0, 7, 107, 207, 307, 314, 321, 421, 521, 621):
        copy = LagChain(1, order)
        copy.set_state(chain.get_state())
        z = chain.push(step, np.array([step]))
        again = copy.push(step, np.array([step]))
        assert (z is None) == (again is None) and vars(copy).keys() == vars(chain).keys()
        if z is not None:
            found.append(z.tolist())
    right = [[7, 107], [107, 207], [207, 307], [321, 421], [421, 521], [521, 621]]
    if order == 1:
        assert found == [[0, 7], *right]  # the first was taken for a stride: `expect` told
    else:
        assert found == [[107, 7, 207], [207, 107, 307], [421, 321, 521], [521, 421, 621]]
    old = LagChain(1, order)  # a state that knows of one stride only
    old.set_state({"chain_ints": np.array([100, 621, 1]), "chain_buffer": np.zeros((order, 1))})
    assert old.sure and not old.expect(628)


@pytest.mark.parametrize("order", [1, 3])
def test_projection_equals_statistics_of_projected_data(order):
    rng = np.random.default_rng(SEED)
    X = run(rng, 80)
    shift = X.mean(axis=0)
    basis = rng.standard_normal((5, 3)) / X.std(axis=0)[:, None]
    settings = dict(n_bags=4, coverage=0.3, seed=3)
    steps = np.arange(80)
    want = stream((X - shift) @ basis, steps, order, **settings)
    got = stream(X, steps, order, **settings).project(shift, basis)
    np.testing.assert_array_equal(got.count, want.count)
    np.testing.assert_allclose(got.mean, want.mean, atol=1e-9)
    np.testing.assert_allclose(got.comoment, want.comoment, atol=1e-8)


def test_differences_and_snapshots():
    X = run(np.random.default_rng(SEED), 60)
    stats = stream(X, np.arange(60), 2, n_bags=0)
    Z = lagged(X, 2)
    step = Z[:, 10:] - Z[:, :5]
    np.testing.assert_allclose(stats.differences(), np.cov(step.T), rtol=1e-7)
    n, mean, comoment = stats.snapshots()
    np.testing.assert_allclose(mean, X[2:].mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(comoment / (n - 1), np.cov(X[2:].T), rtol=1e-8)


def test_state_round_trip_is_exact_and_constant_components_do_no_harm():
    X = run(np.random.default_rng(SEED), 50)
    X[:, 2] = 2285.0
    stats = stream(X, np.arange(50), 1, n_bags=3, coverage=0.5, seed=4)
    assert np.all(stats.comoment[:, 2, :] == 0.0)
    back = LaggedMoments.from_state(stats.get_state())
    for name in ("count", "mean", "comoment"):
        np.testing.assert_array_equal(getattr(back, name), getattr(stats, name))
    assert (back.size, back.order, back.n_bags, back.coverage, back.seed) == (5, 1, 3, 0.5, 4)
