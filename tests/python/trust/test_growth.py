"""Growth of M: evaluated a second way, independent of the bags, and beside the published formula."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from dbar.forecast import VAR
from dbar.study.replica_forecast import pooled_latent
from dbar.trust import ForecastTrust, Mahalanobis
from dbar.trust.growth import epistemic_growth, sigma_m2, sigma_m2_eq13

SEED = 20252
COVERAGES, BAGS = (0.1, 0.25, 0.4), (10, 20, 40)


def trajectory(rng, n=400, size=4, slow=0.9):
    coef = np.diag(np.linspace(slow, 0.2, size)) + 0.05 * rng.standard_normal((size, size))
    x, out = np.zeros(size), np.empty((n + 100, size))
    for k in range(n + 100):
        x = coef @ x + rng.standard_normal(size)
        out[k] = x
    return out[100:]


def fitted(n=400, **kw):
    X = trajectory(np.random.default_rng(SEED), n)
    return VAR(random_state=0, **kw).fit(X), Mahalanobis().fit(X), X


@pytest.mark.parametrize("coverage", [0.25, 0.4])
def test_epistemic_growth_equals_an_independent_evaluation(coverage):
    """Plain loops over horizons, bags and eigenvalues; and scipy's Lyapunov solution at the end."""
    model, measure, _ = fitted(n=2000, coverage=coverage)
    t, u = epistemic_growth(model, measure)
    A, T = measure.precision_, model.coef_of_all()[0]
    scale = 3.0 * coverage / (1.0 - coverage)
    centred = [c + B[0] @ measure.mean_ for c, B in zip(
        model.bag_intercept_, model.bag_coef_, strict=True)]  # fmt: skip
    cov_c = scale * np.cov(np.array(centred).T)
    cov_s = scale * np.cov(model.bag_noise_eig_.T)
    _, axes = np.linalg.eigh(model.noise_cov_)

    def excess(gain, responses):
        total = np.trace(A @ gain @ cov_c @ gain.T)
        for i in range(4):
            for j in range(4):
                total += cov_s[i, j] * np.trace(A @ responses[i] @ A @ responses[j])
        return total / 4

    for horizon, value in zip(t, u, strict=True):
        powers = [np.eye(4)]
        for _ in range(int(horizon) - 1):
            powers.append(T @ powers[-1])
        responses = [sum(np.outer(p @ a, p @ a) for p in powers) for a in axes.T]
        assert value == pytest.approx(excess(sum(powers), responses), rel=1e-9)
    steady = [solve_discrete_lyapunov(T, np.outer(a, a)) for a in axes.T]
    assert u[-1] == pytest.approx(excess(np.linalg.inv(np.eye(4) - T), steady), rel=1e-6)
    assert sigma_m2(model, measure) == pytest.approx(np.max(u / t))
    assert np.all(u <= sigma_m2(model, measure) * t * (1 + 1e-12))


def test_epistemic_growth_is_the_excess_of_m_over_perturbed_steady_states():
    """Monte Carlo of its meaning: M of the model's steady state measured with the mean and the
    covariance of perturbed models exceeds 1 by u(infinity), for perturbations small enough for
    second order (spread scaled by 1e-2).
    """
    rng = np.random.default_rng(SEED)
    model, _, _ = fitted(coverage=0.4)
    T, S, spread = model.coef_of_all()[0], model.noise_cov_, model.epistemic_scale_
    cov = solve_discrete_lyapunov(T, S)
    exact = Mahalanobis()
    exact.mean_, exact.dim_ = np.linalg.solve(np.eye(4) - T, model.intercept_), 4
    exact.factor_ = np.linalg.cholesky(np.linalg.inv(cov))
    u = epistemic_growth(model, exact)[1][-1]
    centred = model.bag_intercept_ + model.bag_coef_[:, 0] @ exact.mean_
    s, axes = np.linalg.eigh(S)
    gain, scale = np.linalg.inv(np.eye(4) - T), 1e-2
    root_c = np.linalg.cholesky(spread * np.cov(centred.T)) * scale
    root_s = np.linalg.cholesky(spread * np.cov(model.bag_noise_eig_.T)) * scale
    excess = []
    for g in rng.standard_normal((2000, 8)):
        values = []
        for sign in (1, -1):  # antithetic pair: first order cancels
            moved = gain @ (sign * root_c @ g[:4])
            perturbed = (axes * (s + sign * root_s @ g[4:])) @ axes.T
            inverse = np.linalg.inv(solve_discrete_lyapunov(T, perturbed))
            values.append((np.trace(inverse @ cov) + moved @ inverse @ moved) / 4 - 1)
        excess.append(np.mean(values) / scale**2)
    assert np.mean(excess) == pytest.approx(u, abs=5 * np.std(excess) / np.sqrt(2000))


# ---- independent of the bags ----------------------------------------------------------------------


def efficiencies(runs, measure, fits, **settings):
    """eta per coverage and number of bags, mean over `fits` seeds of the bags."""
    eta = np.empty((len(COVERAGES), len(BAGS), fits))
    for i, coverage in enumerate(COVERAGES):
        for j, bags in enumerate(BAGS):
            for seed in range(fits):
                model = VAR(1, bags, coverage, seed, **settings).fit(runs)
                eta[i, j, seed] = ForecastTrust(model, measure).efficiency()
    one = (eta.std(axis=2) / eta.mean(axis=2)).max(axis=0)
    print(f"eta {eta.mean(axis=2).round(3).tolist()}; a single fit scatters by up to "
          f"{one.round(2).tolist()} with {BAGS} bags")  # fmt: skip
    return eta.mean(axis=2)


@pytest.mark.parametrize("prior", ["evidence", "persistence"])
def test_efficiency_does_not_depend_on_the_bags(prior):
    """Mean over five data sets, five drawings of the bags each: within 20 % over coverages 0.1 to
    0.4 and 10 to 40 bags.
    """
    rng, eta = np.random.default_rng(SEED), 0.0
    for _ in range(5):
        runs = [trajectory(rng, 300, 5) for _ in range(4)]
        eta = eta + efficiencies(runs, Mahalanobis().fit(runs), 5, prior=prior)
    assert eta.max() < 1.2 * eta.min(), eta


@pytest.mark.shared
@pytest.mark.parametrize("name", ["pt-anneal", "al-tension"])
@pytest.mark.parametrize("prior", ["evidence", "persistence"])
def test_efficiency_does_not_depend_on_the_bags_on_real_runs(shared_data, name, prior):
    runs = [np.load(file)["D"] for file in sorted((shared_data / name).glob("*.npz"))]
    runs = [D[:, 1:] / D[:, :1] for D in runs]
    space = pooled_latent(runs, 5)
    runs = [space(X) for X in runs]
    eta = efficiencies(runs, Mahalanobis().fit(runs), 6, prior=prior)
    assert eta.max() < 1.2 * eta.min()


def test_bands_one_step_ahead_do_not_depend_on_the_coverage_of_the_bags():
    """Epistemic 90 % bands one step ahead, 60 trainings of 120 snapshots in 6 dimensions: the
    shares at coverages 0.1, 0.25 and 0.4 lie within 2.5 points of each other and of 90 %.
    """
    rng = np.random.default_rng(SEED)
    inside = {coverage: [] for coverage in COVERAGES}
    for _ in range(60):
        X = trajectory(rng, 720, 6)
        for coverage, found in inside.items():
            model = VAR(coverage=coverage, random_state=1).fit(X[:120])
            for now in range(140, 720, 40):
                draws = model.forecast(X[now : now + 1], 1, 400, True, rng)[:, 0]
                low, high = np.quantile(draws, [0.05, 0.95], axis=0)
                found.append(np.mean((X[now + 1] > low) & (X[now + 1] < high)))
    share = {coverage: float(np.mean(found)) for coverage, found in inside.items()}
    print(share)
    assert max(share.values()) - min(share.values()) < 0.025
    assert all(abs(value - 0.9) < 0.025 for value in share.values())


# ---- the published formula -------------------------------------------------------------------------


def test_eq13_equals_plain_traces_in_whitened_coordinates():
    """In whitened coordinates Sigma_tr is the identity. Units of the data do not matter there; an
    order of two has its gain in the companion form. The floor of the paper is the harmonic one.
    """
    _, measure, X = fitted(600)
    for order in (1, 2):
        model = VAR(order, random_state=0).fit(X)
        white = VAR(order, random_state=0).fit((X - measure.mean_) @ measure.factor_)
        T_Z = np.zeros((4 * order, 4 * order))
        T_Z[:4] = np.hstack(list(white.coef_))
        T_Z[4:, :-4] = np.eye(4 * order - 4)
        gain = np.linalg.inv(np.eye(4 * order) - T_Z)[:4, :4]
        _, axes = np.linalg.eigh(white.noise_cov_)
        X_t = axes.T  # S = X_t^T diag(lambda) X_t
        cov_c, cov_l = (
            np.cov(white.bag_intercept_.T),
            np.diag(white.bag_noise_eig_.var(axis=0, ddof=1)),
        )
        want = (np.trace(gain @ cov_c) + np.trace(gain @ X_t.T @ cov_l @ X_t)) / 4
        got = sigma_m2_eq13(model, measure)
        assert got == pytest.approx(want, rel=1e-6)
    big = VAR(2, random_state=0).fit(10.0 * X)
    assert sigma_m2_eq13(big, Mahalanobis().fit(10.0 * X)) == pytest.approx(got, rel=1e-6)
    trust = ForecastTrust(model, measure, 0.5, 100.0, 2, formula="eq13")
    assert trust.sigma_m2_ == pytest.approx(1.0 / (1.0 / got + 400.0))
    print(f"ours over theirs {sigma_m2(model, measure) / got:.2f}")


def test_eq13_is_refused_where_it_says_nothing():
    rng = np.random.default_rng(SEED)
    X = 1.03 ** np.arange(120)[:, None] * [1.0, 0.5] + 0.1 * rng.standard_normal((120, 2))
    model, measure = VAR(random_state=0).fit(X), Mahalanobis().fit(X)
    with pytest.raises(ValueError, match=r"spectral radius is 1\.\d+, eq13 needs less than 1"):
        sigma_m2_eq13(model, measure)
    with pytest.raises(ValueError, match="formula is 'eq12', expected 'bags' or 'eq13'"):
        ForecastTrust(model, measure, formula="eq12")
    one = VAR(n_bags=1, coverage=1.0, random_state=0).fit(trajectory(rng, 80))
    with pytest.raises(ValueError, match="which is none"):
        sigma_m2_eq13(one, Mahalanobis().fit(trajectory(rng, 80)))
