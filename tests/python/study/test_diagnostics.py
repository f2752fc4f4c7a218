"""Order, Chapman-Kolmogorov test, spectrum and unimodality on processes whose answer is known."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from statsmodels.stats.multitest import multipletests

from dbar.forecast import VAR
from dbar.study import (
    chapman_kolmogorov,
    implied_timescales,
    log_likelihood,
    select_order,
    spectrum,
    unimodality,
)
from dbar.study.diagnostics import holm

SEED = 20239


def simulate(rng, coef, n, runs, noise=1.0):
    """Trajectories (runs, n, K) of a VAR without intercept, from its steady state."""
    coef = np.asarray(coef, dtype=float)
    order, size = coef.shape[:2]
    x = np.zeros((n + 200 + order, runs, size))
    for k in range(order, len(x)):
        x[k] = sum(x[k - 1 - p] @ coef[p].T for p in range(order))
        x[k] += noise * rng.standard_normal((runs, size))
    return list(x[200 + order :].swapaxes(0, 1))


def test_log_likelihood_is_that_of_scipy():
    X = simulate(np.random.default_rng(SEED), 0.7 * np.eye(3)[None], 60, 2)
    model = VAR(order=2, random_state=0).fit(X)
    got = log_likelihood(model, X, first=5)
    for run, values in zip(X, got, strict=True):
        for t in (5, 20, 59):
            mean = model.forecast(run[:t], 1)[0]
            want = multivariate_normal(mean, model.noise_cov_).logpdf(run[t])
            assert values[t - 5] == pytest.approx(want, rel=1e-10)


@pytest.mark.parametrize("true", [1, 2, 3])
def test_the_order_is_found(true):
    """The order of the process, from trajectories left out, in at least 9 of 10 data sets."""
    rng = np.random.default_rng(SEED)
    coef = [0.4 * np.eye(2), 0.0 * np.eye(2), 0.0 * np.eye(2)]
    coef[true - 1] = coef[true - 1] + np.array([[0.35, 0.1], [-0.1, 0.3]])
    found = []
    for _ in range(10):
        X = simulate(rng, coef, 300, 4)
        choice = select_order(X, (1, 2, 3, 5), n_bags=1, coverage=1.0, prior=None)
        assert choice.score[choice.orders.index(choice.order)] == choice.score.max()
        assert choice.error[choice.orders.index(choice.order)] == 0.0
        found.append(choice.order)
    assert np.sum(np.array(found) == true) >= 9, found


def mixed(rng, decay):
    """A VAR(1) coefficient with these eigenvalues along random orthogonal directions, (1, K, K)."""
    q = np.linalg.qr(rng.standard_normal((len(decay), len(decay))))[0]
    return (q @ np.diag(decay) @ q.T)[None]


@pytest.mark.parametrize("order", [1, 2])
def test_chapman_kolmogorov_holds_for_a_var(order):
    """25 data sets of an exact VAR: 95 % of the comparisons lie within two standard errors, at lags
    within and far beyond the relaxation times alike (20, 3, 2, 1 snapshots).
    """
    rng, z, p = np.random.default_rng(SEED), [], []
    lags = (1, 2, 5, 10, 20, 40)
    for _ in range(25):
        coef = mixed(rng, [0.95, 0.7, 0.5, 0.3])
        if order == 2:
            coef = np.concatenate([0.7 * coef, 0.25 * coef])
        X = simulate(rng, coef, 150, 6)
        found = chapman_kolmogorov(VAR(order, random_state=1).fit(X), X, lags, 3)
        z.append(found.z)
        p.append(found.p)
    share = np.mean(np.abs(z) < 2.0, axis=(0, 2))
    print(f"within two standard errors, lags {lags}: {share.round(2)}, all {share.mean():.3f}")
    print(f"p below 0.05: {np.sum(np.array(p) < 0.05)} of 25, mean {np.mean(p):.2f}")
    assert np.isfinite(z).all()
    assert 0.92 < share.mean() < 0.985
    assert share.min() > 0.85
    # of 25 right models 1.25 are to have p below 0.05; more than 5 has a probability of 0.001
    assert np.sum(np.array(p) < 0.05) <= 5 and 0.3 < np.mean(p) < 0.7


def test_chapman_kolmogorov_says_the_times_and_rejects_hidden_memory():
    """The time of the slowest mode and its error bar against the scatter of data sets; a complex
    pair is one mode, whose correlation turns. The sum of a slow and a fast process seen as one
    coordinate is not a VAR(1): its time grows with the lag by more than four error bars.
    """
    rng, times, errors = np.random.default_rng(SEED), [], []
    for _ in range(25):
        X = simulate(rng, np.diag([0.9, 0.5])[None], 500, 4)
        test = chapman_kolmogorov(VAR(random_state=1).fit(X), X, (1, 2, 5), 2)
        times.append(test.data[:, 0])
        errors.append(test.data_error[:, 0])
    np.testing.assert_allclose(np.mean(times, axis=0), -1 / np.log(0.9), rtol=0.08)
    assert 0.6 < np.mean(errors, axis=0)[0] / np.std(times, axis=0)[0] < 1.4
    turn = 0.9 * np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    X = simulate(rng, turn[None], 2000, 4)
    test = chapman_kolmogorov(VAR(random_state=1).fit(X), X, (1, 3, 8), 3)
    np.testing.assert_allclose(test.correlation[:, 0], 0.9 ** np.array([1, 3, 8]), atol=0.05)
    assert test.z.shape == (3, 1)
    hidden = simulate(rng, np.diag([0.97, 0.3])[None], 2000, 4)
    seen = [x.sum(axis=1, keepdims=True) for x in hidden]
    test = chapman_kolmogorov(VAR(random_state=1).fit(seen), seen, (1, 5, 20), 1)
    assert test.data[2, 0] > 1.5 * test.model[2, 0]
    assert test.z[2, 0] > 4
    assert test.p == pytest.approx(1 / 61)  # none of the 60 simulated ones is as far off


def test_spectrum_reports_stable_and_unstable():
    rng = np.random.default_rng(SEED)
    X = simulate(rng, np.diag([0.9, 0.5])[None], 500, 4)
    report = spectrum(VAR(order=2, random_state=0).fit(X))
    assert report.stable
    assert report.unstable == 0
    assert report.unstable_bags == 0.0
    assert len(report.eigenvalues) == 4
    assert report.radius == pytest.approx(0.9, abs=0.03)
    growing = 1.03 ** np.arange(120)[:, None] * [1.0, 0.5] + 0.1 * rng.standard_normal((120, 2))
    model = VAR(random_state=0).fit(growing)
    report = spectrum(model)
    assert not report.stable
    assert report.unstable >= 1
    assert report.unstable_bags > 0.5
    assert report.bag_radius.shape == (20,)
    test = chapman_kolmogorov(model, [growing], (1, 2), 1)
    assert np.isinf(test.model).all()
    assert np.isnan(test.z).all() and np.isnan(test.p)
    assert np.isfinite(model.forecast(growing, 30, 20, epistemic=True, random_state=0)).all()


def test_dip_test_has_its_stated_level_and_finds_two_modes():
    """Correlated one-mode data, memory up to the length of the runs: p below 0.1 in at most 20 %
    of 120 coordinates; a bistable coordinate: p < 0.02.
    """
    rng = np.random.default_rng(SEED)
    p = []
    for _ in range(40):
        X = simulate(rng, np.diag([0.995, 0.95, 0.5])[None], 200, 2)
        p += list(unimodality(X, n_null=100, random_state=rng).p)
    print(f"p < 0.1 in {np.mean(np.array(p) < 0.1):.2f}")
    assert 0.02 < np.mean(np.array(p) < 0.1) < 0.2
    X = [0.3 * rng.standard_normal((300, 1)) + 3.0 * (rng.random((300, 1)) < 0.5) for _ in range(3)]
    two = unimodality(X, n_null=100)
    assert two.p[0] < 0.02
    assert two.dip[0] > 0.1
    again = unimodality(X, n_null=100)
    np.testing.assert_array_equal(two.p, again.p)


def test_corrected_probabilities_are_those_of_statsmodels():
    rng = np.random.default_rng(SEED)
    for m in (1, 4, 30):
        p = rng.random(m) ** 3
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_one_mode_in_four_coordinates_looks_split_in_one_of_twenty():
    """80 data sets of four correlated coordinates with one mode each. That one of them has p below
    0.05 happens more often; with the correction in at most 5 %, within two standard errors.
    """
    rng, plain, corrected = np.random.default_rng(SEED), 0, 0
    for _ in range(80):
        X = simulate(rng, np.diag([0.95, 0.8, 0.5, 0.2])[None], 150, 2)
        found = unimodality(X, n_null=100, random_state=rng)
        plain += found.p.min() < 0.05
        corrected += found.p_holm.min() < 0.05
    print(f"of 80: {plain} plain, {corrected} corrected")
    assert plain > corrected
    assert corrected <= 80 * (0.05 + 2 * np.sqrt(0.05 * 0.95 / 80))


def test_first_coordinates_alone_are_tested():
    X = [x for x in simulate(np.random.default_rng(SEED), np.diag([0.5, 0.3, 0.1])[None], 60, 3)]
    model = VAR(random_state=1).fit(X)
    every, two = (unimodality(X, model, 40, coordinates=n) for n in (None, 2))
    np.testing.assert_array_equal(two.dip, every.dip[:2])
    np.testing.assert_array_equal(two.p, every.p[:2])


def test_simulated_sets_do_not_all_have_to_be_in_memory(monkeypatch):
    X = [x for x in simulate(np.random.default_rng(SEED), np.diag([0.9, 0.5])[None], 80, 5)]
    model = VAR(random_state=1).fit(X)
    whole = chapman_kolmogorov(model, X, (1, 3), 2)
    monkeypatch.setattr(implied_timescales, "_MOST_NUMBERS", 7 * 80 * 5 * 2)
    sets = list(implied_timescales.simulated(model, X, 30, 0, 1))
    assert len(sets) == 30 and all(x.shape == (79, 2) for data in sets for x in data)
    assert len({data[0][5, 0] for data in sets}) == 30
    parts = chapman_kolmogorov(model, X, (1, 3), 2)
    np.testing.assert_array_equal(parts.correlation, whole.correlation)
    np.testing.assert_allclose(parts.correlation_error, whole.correlation_error, rtol=0.5)


def test_dip_of_a_gaussian_and_of_two_points():
    """Known values: 1/4 for two equal atoms, 1/(2n) for an even spread."""
    X = np.repeat([0.0, 1.0], 50)[:, None] + 1e-9 * norm.rvs(size=(100, 1), random_state=1)
    assert unimodality([X], n_null=20).dip[0] == pytest.approx(0.25, abs=0.01)
    even = np.random.default_rng(0).permutation(np.linspace(0, 1, 100))[:, None]
    assert unimodality([even], n_null=20).dip[0] == pytest.approx(1 / 200, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda X: select_order([X]), "1 trajectories, at least 2"),
        (lambda X: select_order([X, X], (0, 1)), r"orders are \(0, 1\)"),
        (lambda X: select_order([X, X], (1, 60)), "40 snapshots, order 60 needs more"),
        (lambda X: select_order([X, X[:, :2]]), r"trajectory 1 has shape \(40, 2\)"),
        (lambda X: unimodality([X[:10]]), "10 snapshots, at least 20"),
        (lambda X: unimodality([np.where(X > 1, np.nan, X)]), "trajectory 0 is nan at"),
        (
            lambda X: chapman_kolmogorov(VAR(random_state=0).fit(X), [X], (1, 50)),
            r"lags are \(1, 50\), expected 1 to 38",
        ),
        (
            lambda X: log_likelihood(VAR(order=3, random_state=0).fit(X), [X], 1),
            "first is 1, expected at least the order 3",
        ),
    ],
)
def test_bad_input(call, text):
    with pytest.raises(ValueError, match=text):
        call(np.random.default_rng(0).standard_normal((40, 3)))


@pytest.mark.shared
def test_al_tension_latents(shared_data):
    """Order, spectrum, timescales and histograms of the real ensemble: printed; what must hold is
    that the answers are finite and that the loaded crystal is reported as it is.
    """
    from dbar.study.replica_forecast import pooled_latent

    files = sorted((shared_data / "al-tension").glob("*.npz"))
    D = [np.load(file)["D"][:, 1:] for file in files]
    space = pooled_latent(D, 5)
    Y = [space(X) for X in D]
    choice = select_order(Y, (1, 2, 3, 5), n_bags=1, coverage=1.0, prior=None)
    model = VAR(choice.order, 20, 0.25, 0).fit(Y)
    report = spectrum(model)
    test = chapman_kolmogorov(model, Y, (1, 5, 20), 2)
    modes = unimodality(Y, n_null=100)
    print(f"order {choice.order}, scores {choice.score.round(3)}, errors {choice.error.round(3)}")
    print(f"radius {report.radius:.4f}, {report.unstable_bags:.2f} of the bags unstable")
    print("model", test.model.round(1).tolist(), "data", test.data.round(1).tolist())
    print("dip", modes.dip.round(4), "p", modes.p.round(3))
    assert choice.order >= 2
    assert 0.9 < report.radius < 1.1
    assert np.isfinite(modes.dip).all()
    assert modes.p.min() > 0.05  # one mode each: the Gaussian latent picture is not refuted
