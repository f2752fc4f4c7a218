"""The model that ``dbar fit`` makes: latent space, autoregression, trust, observables.

Descriptors are taken per atom, so that replicas may differ in size by a few atoms.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.estimators.readout import Readout
from dbar.estimators.stress import StressEstimator
from dbar.forecast.band_scale import BandScale
from dbar.forecast.var import VAR
from dbar.statistics.folds import splits
from dbar.statistics.intensive import per_atom
from dbar.study.replica_forecast import EnsembleMahalanobis, drift_growth, pooled_latent
from dbar.trust.innovation import InnovationTrust
from dbar.trust.mahalanobis import LIMIT, ForecastTrust, Mahalanobis

__all__ = ["EnsembleModel", "Outlook"]

_DRAWS = 400
_MOST_NUMBERS = 2**26  # of a forecast, 512 MiB


class Outlook(NamedTuple):
    """Forecast of a run, row k for k + 1 snapshots ahead.

    `mean`, `std`, `low`, `high` (steps, q) of the observables; `low_epistemic`, `high_epistemic`
    (steps, q) or None with the uncertainty of the model itself; `draws` (n, steps, q) or None;
    `expected`, `bound` (steps,) are <M> and M(t); `M_now`, `tau_pred` (time), `eta`, `tau_drift`.
    """

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    low_epistemic: np.ndarray | None
    high_epistemic: np.ndarray | None
    draws: np.ndarray | None
    expected: np.ndarray
    bound: np.ndarray
    M_now: float
    tau_pred: float
    eta: float
    tau_drift: float


class EnsembleModel:
    """Latent VAR of one or many runs with trust and observables.

    Parameters
    ----------
    kinds : dict
        Observables: name -> "extensive" or "per-atom".
    order, dimension : int
        Of the VAR.
    n_bags, coverage, seed, prior
        Of `dbar.forecast.VAR`.
    dtau : float
        Time between snapshots.

    Attributes
    ----------
    space_ : dbar.statistics.latent.Latent
        From descriptors per atom to latent coordinates.
    var_ : dbar.forecast.VAR
    measure_ : dbar.trust.Mahalanobis
        In latent coordinates; that of `dbar.study.EnsembleMahalanobis` from four comparable runs
        on. From four runs on its mean is 1 over left-out runs, with fewer over the runs themselves.
    growth_ : float
        Growth of M per snapshot by drift that forecasts of left-out runs did not see; 0 if there
        were fewer than three runs to find it.
    innovation_ : dbar.trust.InnovationTrust or None
        Second signal; it needs three runs.
    estimator_, readout_ : Readout
        Observables from all descriptors (for snapshots that are known) and from the latent
        coordinates (for forecasts).
    stress_ : StressEstimator or None
        Pressure and its tensor from V̄, where the runs have it with the volume and the tensor.
    widths_ : ndarray, shape (2, q)
        Factors on the standard deviations of observables known from D̄ alone and with V̄, which
        left-out runs ask for if 1.6449 of them are to hold 90 %; 1 until they are set.
    moments_ : LaggedMoments or None
        Of descriptors per atom, to judge a run with, and to go on learning from; None until set.
    joint_mean_, joint_comoment_ : ndarray or None
        Of [descriptors per atom, observables] of all snapshots, for an ensemble that begins with
        the model; None until set.
    rest_ : ndarray or None
        Of `dbar.trust.brought.rest_of`, from left-out runs; None until set.
    scale_ : BandScale
        Width of the bands that left-out runs ask for; that of a Gaussian until it is set.
    n_runs_, snapshots_, training_time_, atoms_ : int, int, float, float
        Runs, their snapshots, mean length of a run, median number of atoms.
    """

    def __init__(
        self, kinds, order=1, dimension=5, n_bags=20, coverage=0.25, seed=0,
        prior="persistence", dtau=1.0,
    ):  # fmt: skip
        self.kinds, self.order, self.dimension = dict(kinds), int(order), int(dimension)
        self.n_bags, self.coverage, self.seed = int(n_bags), float(coverage), int(seed)
        self.prior, self.dtau = prior, float(dtau)
        self.innovation_, self.growth_ = None, 0.0
        self.scale_ = BandScale()
        self.stress_ = self.moments_ = self.rest_ = None
        self.joint_mean_ = self.joint_comoment_ = None
        self.widths_ = np.ones((2, len(self.kinds)))

    def fit(self, D, values, trust=True, virials=None):
        """Learn from runs.

        Parameters
        ----------
        D : list of ndarray (T, K+1)
        values : list of ndarray (T, q)
            Observables, in the order of `kinds`.
        virials : list of (V, volume, pressures), optional
            (T, K+1, 3, 3), (T,) and (T, 6) of each run, in the order of
            `dbar.descriptors.voigt.STRESS`; for what of the stress is among `kinds`.
        trust : bool
            Also the second signal and the growth by drift, which are not needed by every check.

        Raises
        ------
        ValueError
            If there are too few snapshots, or nothing varies.
        """
        X = [per_atom(part) for part in D]
        self.space_ = pooled_latent(X, self.dimension)
        Y = [self.space_(part) for part in X]
        rows = sum(max(len(part) - self.order, 0) for part in Y)
        if self.coverage * rows < 3 or rows < 2 * self.space_.dim:
            raise ValueError(
                f"{rows} transitions of order {self.order} for {self.space_.dim} dimensions and "
                f"bags of {100 * self.coverage:g} %: use more snapshots or a smaller model"
            )
        settings = dict(n_bags=self.n_bags, coverage=self.coverage, prior=self.prior)
        self.var_ = VAR(self.order, random_state=self.seed, **settings).fit(Y)
        comparable = len(Y) >= 4 and len({len(part) for part in Y}) == 1
        between = EnsembleMahalanobis(self.dimension).fit(X) if comparable else None
        self.measure_ = between.in_latent() if comparable else Mahalanobis(self.space_.dim).fit(Y)
        if len(Y) >= 4 and not comparable:
            self.measure_.factor_ = self.measure_.factor_ / np.sqrt(self._level_of_others(X))
        self.n_runs_, self.snapshots_ = len(Y), sum(map(len, Y))
        self.training_time_ = float(np.mean([len(part) - 1 for part in Y]) * self.dtau)
        self.atoms_ = float(np.median(np.concatenate([part[:, 0] for part in D])))
        self.estimator_, self.readout_ = Readout(self.kinds), Readout(self.kinds)
        if self.kinds:
            self.estimator_.fit(D, values)
            self.readout_.fit([_as_sums(d, y) for d, y in zip(D, Y, strict=True)], values)
        if virials and any(name in self.kinds for name in (*STRESS, "press")):
            self._fit_stress(D, virials)
        if trust and len(Y) >= 3:
            self._fit_signals(X, Y, between)
        return self

    def _level_of_others(self, X):
        """Mean M of left-out runs, in the latent space and by the distance of the others."""
        scores = []
        for train, left in splits(X):
            others = [X[k] for k in train]
            space = pooled_latent(others, self.dimension)
            measure = Mahalanobis(space.dim).fit([space(part) for part in others])
            scores += [measure.score(space(X[k])) for k in left]
        return np.mean(np.concatenate(scores))

    def _fit_signals(self, X, Y, between):
        if min(map(len, Y)) >= 16:
            model = dict(order=self.order, prior=self.prior, random_state=self.seed)
            known = (Y, self.measure_) if between is None else (X, between)
            self.growth_ = drift_growth(*known, model=model)
        self.innovation_ = second_signal(X)

    def _fit_stress(self, D, virials):
        groups = np.repeat(np.arange(len(D)), [len(part) for part in D]) if len(D) > 1 else None
        V, volume, pressure = (np.concatenate(parts) for parts in zip(*virials, strict=True))
        self.stress_ = StressEstimator().fit(V, -pressure, volume, np.concatenate(D), groups)

    @property
    def names(self):
        """Observables in the order of the columns."""
        return list(self.kinds)

    @property
    def names_from_virial(self):
        """Those of the observables that `estimate` takes from V̄, where it is given."""
        return [n for n in self.kinds if self.stress_ is not None and n in (*STRESS, "press")]

    def estimate(self, D, V=None, volume=None, checked=False):
        """Observables (n, q) of snapshots and their standard deviations, scaled by `widths_`.

        Parameters
        ----------
        D : ndarray, shape (n, K+1)
        V : ndarray, shape (n, K+1, 3, 3) or (n, K+1, 6), optional
            With it and the volume (n,) pressures are taken from `stress_`.
        checked : bool
            D is known to be finite and of the right shape.
        """
        mean, std = self.estimator_.predict(D, checked)
        std = std * self.widths_[0]
        if self.stress_ is None or V is None or volume is None:
            return mean, std
        parts = [k for k, name in enumerate(STRESS) if name in self.kinds]
        columns = [self.names.index(STRESS[k]) for k in parts]
        found, spread = self.stress_.predict(V, volume, D, return_std=True)
        mean[:, columns] = -found[:, parts]
        std[:, columns] = spread[:, parts] * self.widths_[1, columns]
        if "press" in self.kinds:
            k = self.names.index("press")
            mean[:, k], std[:, k] = self.stress_.pressure(V, volume, D)
            std[:, k] *= self.widths_[1, k]
        return mean, std

    def latent(self, D):
        """Latent coordinates (T, d) of descriptors D (T, K+1)."""
        return self.space_(per_atom(np.asarray(D, dtype=float)))

    def score(self, D):
        """M of snapshots D (T, K+1), (T,)."""
        return self.measure_.score(self.latent(D))

    @property
    def trust(self):
        """`ForecastTrust` of the model, with the growth of M that the bags give."""
        return ForecastTrust(
            self.var_, self.measure_, self.dtau, self.training_time_, self.n_runs_, LIMIT
        )

    @property
    def trust_drift(self):
        """`ForecastTrust` with the growth of M that left-out runs showed."""
        return ForecastTrust(
            self.var_, self.measure_, self.dtau, self.training_time_, self.n_runs_, LIMIT,
            self.growth_,
        )  # fmt: skip

    def read_out(self, Y, atoms, checked=False):
        """Observables (n, q) and their standard deviations of latent coordinates Y (n, d).

        `atoms` is one number or one per row. With `checked` all numbers are known to be finite.
        """
        if not self.kinds:
            return np.empty((len(Y), 0)), np.empty((len(Y), 0))
        atoms = np.broadcast_to(atoms, len(Y))[:, None]
        return self.readout_.predict(np.hstack([atoms, atoms * Y]), checked)

    def forecast_std(self, std, steps, atoms):
        """Standard deviation (steps, q): process noise carried along, and that of the readout."""
        slopes = self.readout_.slopes(atoms) if self.kinds else np.empty((0, self.space_.dim))
        with np.errstate(over="ignore", invalid="ignore"):
            cov = self.var_.forecast_cov(steps)
            moved = np.einsum("qi,tij,qj->tq", slopes, cov, slopes)
        return np.sqrt(np.maximum(moved, 0.0) + std**2)

    def most_steps(self, n_samples=0, epistemic=False):
        """Snapshots ahead that a forecast with so many draws has room for."""
        size, draws = self.space_.dim, n_samples or (_DRAWS if epistemic else 0)
        # draws are copied on the way, and become text
        return _MOST_NUMBERS // (size**2 + 4 * draws * (size + 2 * len(self.kinds)))

    def forecast(self, D, steps, level=0.9, n_samples=0, epistemic=False, random_state=0):
        """Continue a run.

        Parameters
        ----------
        D : ndarray, shape (>= P, K+1)
            Newest snapshots in time order.
        steps : int
        level : float
            Probability inside the bands.
        n_samples : int
            Members of the ensemble returned in `draws` (or used for the epistemic bands).
        epistemic : bool
            Also bands with the uncertainty of the model's own parameters.
        random_state : int

        Returns
        -------
        Outlook

        Raises
        ------
        ValueError
            If `steps` is more than `most_steps` allows.
        """
        most = self.most_steps(n_samples, epistemic)
        if steps > most:
            raise ValueError(
                f"steps {steps} with n_samples {n_samples}: there is no room for so many numbers, "
                f"expected at most {most} steps"
            )
        atoms, Y = float(D[-1, 0]), self.latent(D[-self.order :])
        center, std = self.read_out(self.var_.forecast(Y, steps), atoms)
        std = self.forecast_std(std, steps, atoms)
        half = self.scale_.factors(np.arange(1, steps + 1), level, std.shape[1]) * std
        low_e = high_e = draws = None
        if n_samples or epistemic:
            count = n_samples or _DRAWS
            draws = self._draw(Y, steps, count, epistemic, atoms, random_state)
            if epistemic:
                tails = [0.5 - 0.5 * level, 0.5 + 0.5 * level]
                low_e, high_e = np.quantile(draws, tails, axis=0)
        trust = self.trust
        expected, bound = trust.expected(Y, steps), trust.bound(Y, steps)
        return Outlook(
            center, std, center - half, center + half, low_e, high_e,
            draws if n_samples else None, expected[1:], bound[1:], float(expected[0]),
            trust.tau_pred(Y), trust.efficiency(Y), self.trust_drift.tau_pred(Y),
        )  # fmt: skip

    def _draw(self, Y, steps, count, epistemic, atoms, random_state):
        rng = np.random.default_rng(random_state)
        with np.errstate(over="ignore", invalid="ignore"):
            paths = self.var_.forecast(Y, steps, count, epistemic, rng)
        # a draw of an unstable model may leave the range of numbers; it counts as far away
        paths = np.clip(np.nan_to_num(paths, nan=1e9), -1e9, 1e9)
        flat = paths.reshape(-1, paths.shape[2])
        mean, std = self.read_out(flat, atoms)
        mean = mean + std * rng.standard_normal(mean.shape)
        return mean.reshape(count, steps, -1)


def second_signal(X):
    """`InnovationTrust` of descriptors per atom (list of (T, K)), None if they are too few."""
    if len(X) < 3 or min(map(len, X)) < 14:
        return None
    rows = sum(len(part) - 1 for part in X) - max(len(part) - 1 for part in X)
    dimension = min(10, (rows - 1) // 3)
    return InnovationTrust(dimension).fit(X) if dimension >= 1 else None


def _as_sums(D, Y):
    """Latent coordinates in the form of D: the atoms, then coordinates times atoms."""
    return np.hstack([D[:, :1], D[:, :1] * Y])
