"""Growth of M by what the bags do not know: sigma_M^2, and the formula of the paper beside it.

Derivation, the constant and what was measured: docs/theory/growth-of-m.md.
"""

from __future__ import annotations

import numpy as np

from dbar.statistics.companion import companion, embed, spectral_radius

__all__ = ["epistemic_growth", "sigma_m2", "sigma_m2_eq13"]


def epistemic_growth(model, mahalanobis):
    """Excess of M that the spread of the bags causes at horizons 1, 2, 4, ... snapshots.

    The bag covariances of c (about the training mean) and of the eigenvalues s of S, times
    3 f/(1-f) for bags of coverage f, are carried to the mean and covariance of the forecast at
    horizon t, and from there to M, to second order:

        u(t) = [tr(A G_t Cov(c) G_t^T) + sum_ij Cov(s)_ij tr(A L_i(t) A L_j(t))] / d
        A = Sigma^-1,  G_t = sum_{k<t} T^k,  L_i(t) = sum_{k<t} T^k u_i u_i^T T^kT

    so that u(infinity) belongs to the steady state, G = (I - T)^-1 and L_i from the discrete
    Lyapunov equation. T is that of all transitions: bags of a tenth are shrunk so much more than
    bags of four tenths that their mean would bring the coverage in again. The horizons end with
    the length of the training, or where u reaches 1 and the forecast has expired (that point is
    interpolated): a radius of 1 or more does no harm.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted.
    mahalanobis : Mahalanobis
        In the coordinates of `model`.

    Returns
    -------
    t, u : ndarray
    """
    size, order, scale = len(model.intercept_), len(model.coef_), model.epistemic_scale_
    about = model.bag_intercept_ + model.bag_coef_.sum(axis=1) @ mahalanobis.mean_
    drift = np.zeros((order * size, len(about)))
    drift[:size] = np.sqrt(scale) * (about - about.mean(axis=0)).T
    _, axes = np.linalg.eigh(model.noise_cov_)
    response = embed(np.einsum("ik,jk->kij", axes, axes), order)
    precision, cov_s = mahalanobis.precision_, scale * model.noise_eig_cov_
    power, t, horizons, growth = companion(model.coef_of_all()), 1, [], []
    while True:
        moved = mahalanobis.factor_.T @ drift[:size]
        of_mean = np.square(moved).sum() / max(len(about) - 1, 1)
        weighted = response[:, :size, :size] @ precision
        of_cov = np.einsum("ij,iab,jba->", cov_s, weighted, weighted, optimize=True)
        horizons.append(t)
        growth.append((of_mean + of_cov) / mahalanobis.dim_)
        if growth[-1] >= 1.0 and t > 1:
            before = max(growth[-2], 1e-12)
            part = np.log(1.0 / before) / np.log(growth[-1] / before)
            horizons[-1], growth[-1] = 0.5 * t * 2.0**part, 1.0
        if growth[-1] >= 1.0 or 2 * t > max(model.n_transitions_, 1.0):
            return np.array(horizons, dtype=float), np.array(growth)
        drift = drift + power @ drift
        response = response + power @ response @ power.T
        power, t = power @ power, 2 * t


def sigma_m2(model, mahalanobis):
    """Growth of M per snapshot from the spread of the bags.

    The smallest slope whose line lies above `epistemic_growth` at every horizon, max_t u(t)/t.

    Returns
    -------
    float
        Without the floor dtau / tau_M, which `ForecastTrust` applies.
    """
    t, u = epistemic_growth(model, mahalanobis)
    return float(np.max(u / t))


def sigma_m2_eq13(model, mahalanobis):
    """Growth of M per snapshot as published, for comparison (PRL 131, 236101, supplement, Eq. 13).

        sigma_M^2 = tr([I - T_Z]^-1 Sigma_c Sigma_tr^-1) / d
                    + tr([I - T_Z]^-1 X^T Sigma_lambda X Sigma_tr^-1) / d

    with the plain covariances over bags of c and of the eigenvalues lambda of S = X^T diag(lambda)
    X. Its terms change with the units of the coordinates, so the model is fitted again in those
    in which Sigma_tr is the identity. Of Sigma_lambda the diagonal is taken: the other elements
    multiply products of two eigenvectors, whose signs are arbitrary.
    `docs/theory/growth-of-m.md` says in what the formula falls short.

    Parameters
    ----------
    model : dbar.forecast.VAR
        Fitted.
    mahalanobis : Mahalanobis
        In the coordinates of `model`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the spectral radius is 1 or more, or the sum is not positive.
    """
    settings = model.order, model.n_bags, model.coverage, model.random_state, model.prior
    white = type(model)(*settings)
    white.fit_moments(model.moments_.project(mahalanobis.mean_, mahalanobis.factor_))
    radius, dim = spectral_radius(white.coef_), mahalanobis.dim_
    if radius >= 1.0:
        raise ValueError(f"spectral radius is {radius:.6g}, eq13 needs less than 1")
    gain = np.linalg.inv(np.eye(dim * white.order) - companion(white.coef_))[:dim, :dim]
    _, axes = np.linalg.eigh(white.noise_cov_)
    noise = (axes * np.diag(white.noise_eig_cov_)) @ axes.T
    total = float(np.trace(gain @ white.intercept_cov_) + np.trace(gain @ noise)) / dim
    if not total > 0.0:
        raise ValueError(f"eq13 gives a growth of {total:.3g}, which is none")
    return total
