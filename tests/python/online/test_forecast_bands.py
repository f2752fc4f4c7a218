"""Do the bands of a frozen model hold what they promise? In all descriptors, not in latent ones."""

import numpy as np
import pytest

from dbar.online import Monitor
from dbar.online.frozen import FrozenModel
from dbar.statistics.moments import LaggedMoments, lagged

SEED = 20253


def fitted(X, largest=12):
    moments = LaggedMoments(X.shape[1], 1, 20, 0.25, 0)
    moments.add_batch(lagged(X, 1), np.arange(1, len(X)))
    return FrozenModel.fit(moments, largest)


def process(rng, size, slow):
    """A stationary VAR(1) with relaxation times from `slow` to 1, mixed into `size` descriptors."""
    decay, weight = np.exp(-1.0 / np.geomspace(slow, 1.0, size)), np.geomspace(1.0, 0.05, size)
    mix = rng.standard_normal((size, size))

    def run(n):
        x, out = weight * rng.standard_normal(size), np.empty((n, size))
        for k in range(n):
            x = decay * x + np.sqrt(1.0 - decay**2) * weight * rng.standard_normal(size)
            out[k] = x @ mix
        return out

    return run


def share(model, X, origins, inflation=1.0, steps=10):
    """Shares of the descriptors inside two standard deviations, one and `steps` ahead."""
    inside = []
    for k in origins:
        mean, std = model.forecast(model.latent(X[k]), steps, inflation)
        inside.append((np.abs(X[k + 1 : k + 1 + steps] - mean) < 2.0 * std).mean(axis=1))
    return np.mean(inside, axis=0)[[0, -1]]


@pytest.mark.parametrize(
    ("size", "slow", "n", "least"),
    [(20, 5, 100, 0.92), (20, 20, 400, 0.93), (56, 5, 400, 0.93), (56, 20, 400, 0.88)],
)
def test_two_standard_deviations_hold_descriptors_outside_the_latent_space(size, slow, n, least):
    """95 % are stated: `least` is what slow relaxation, learnt from few snapshots, leaves of it."""
    rng, found = np.random.default_rng(SEED), []
    for _ in range(15):
        X = process(rng, size, slow)(n + 300)
        model = fitted(X[:n])
        found.append(share(model, X, range(n - 1, n + 280, 30)))
    one, ten = np.mean(found, axis=0)
    print(f"{size} descriptors, {n} snapshots: {one:.3f} one ahead, {ten:.3f} ten ahead")
    assert least < one < 0.975
    assert least < ten < 0.975


def test_the_variance_is_the_sum_of_its_parts():
    """Written out: latent noise carried along and spread of the bags, mapped to the descriptors,
    plus the variance of what the latent space leaves, noise times the inflation.
    """
    X = process(np.random.default_rng(SEED), 20, 5)(300)
    model, inflation = fitted(X, 5), 1.7
    Y = model.latent(X[1:])
    rest = X[1:] - model.shift - Y @ model.inverse
    np.testing.assert_allclose(model.outside, np.square(rest).sum(axis=0) / (299 - 6), rtol=1e-8)
    mean, std = model.forecast(model.latent(X[-1]), 6, inflation=inflation)
    cov, state = np.zeros((5, 5)), model.latent(X[-1])
    bags = np.repeat(state[None], 20, axis=0)
    for k in range(6):
        cov = model.matrix @ cov @ model.matrix.T + model.noise
        state = model.matrix @ state + model.drift
        bags = np.einsum("bij,bj->bi", model.bag_map, bags) + model.bag_drift
        inside = model.inverse.T @ (inflation * cov + np.cov(bags.T)) @ model.inverse
        np.testing.assert_allclose(std[k] ** 2, np.diag(inside) + inflation * model.outside)
        np.testing.assert_allclose(mean[k], model.shift + state @ model.inverse)


def test_a_forecast_that_runs_away_has_infinite_bands():
    X = 1.2 ** np.arange(60)[:, None] * [1.0, 0.5, 0.2]
    X = X + np.random.default_rng(SEED).standard_normal((60, 3))
    model = fitted(X)
    _, std = model.forecast(model.latent(X[-1]), 9000)
    assert not np.isnan(std).any()
    assert np.isinf(std[-1]).all()


def test_states_of_before_are_refused():
    model = fitted(process(np.random.default_rng(SEED), 20, 5)(100))
    state = model.get_state()
    again = FrozenModel.from_state(state)
    for a, b in zip(
        again.forecast(model.shift[:12], 3), model.forecast(model.shift[:12], 3), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    state.pop("model_outside")
    with pytest.raises(ValueError, match="no outside: it is damaged or of another version"):
        FrozenModel.from_state(state)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "until"), [("al-tension", 150), ("pt-anneal", 240)])
def test_bands_of_real_runs(shared_data, name, until):
    """Forecasts one and ten snapshots ahead along each run, from the monitor of that run alone."""
    found = []
    for file in sorted((shared_data / name).glob("*.npz"))[:5]:
        D, monitor = np.load(file)["D"][:until], Monitor()
        for k in range(until):
            monitor.observe(k, float(k), D[k])
            if monitor.model is None or k + 11 > until or k % 10:
                continue
            inflation = max(1.0, monitor.inflation_sum / monitor.inflation_weight)
            found.append(share(monitor.model, D[:, 1:], [k], inflation))
    one, ten = np.mean(found, axis=0)
    print(f"{name}: {one:.3f} one ahead, {ten:.3f} ten ahead, {len(found)} forecasts")
    assert 0.92 < one < 0.995
    assert 0.92 < ten < 0.995


def test_sigma_of_a_frozen_model_does_not_depend_on_the_coverage_of_the_bags():
    """Mean over 12 runs of 300 snapshots, coverages 0.1, 0.25 and 0.4: within 20 %, and the spread of
    the bags in the variance of M one step ahead within 20 % of each other.
    """
    rng, sigma, spread = np.random.default_rng(SEED), [], []
    for _ in range(12):
        X, row, wide = process(rng, 20, 5)(300), [], []
        for coverage in (0.1, 0.25, 0.4):
            moments = LaggedMoments(20, 1, 20, coverage, 0)
            moments.add_batch(lagged(X, 1), np.arange(1, len(X)))
            model = FrozenModel.fit(moments, 5)
            ahead = model.advance(model.start(model.latent(X[-1])))
            row.append(model.sigma_m2)
            wide.append(ahead[2].var(axis=0, ddof=1).sum())
        sigma.append(row)
        spread.append(wide)
    for found in (np.mean(sigma, axis=0), np.mean(spread, axis=0)):
        print(found)
        assert found.max() < 1.2 * found.min()
