"""Forecasts from the start of what was learnt, for three lengths of it, of particles that were
learnt from and of particles that were not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from anneal_windows_drawn import draw_window
from figures import panels, save

from dbar.estimators import LinearEstimator, RDFEstimator, stack
from dbar.forecast import VAR
from dbar.study import per_atom
from dbar.study.replica_forecast import pooled_latent
from dbar.targets import match_snapshots, potential_energy, rdf
from dbar.trust import ForecastTrust, Mahalanobis

DIM, DRAWS, SEED = 5, 200, 1
START = 1 / 6  # of the record: the first relaxation after the quench is over
SHARES = (1 / 6, 1 / 3, 1 / 2)  # of the record, lengths of the training
R_MAX, BINS = 9.0, 90  # A
ATOM = 15.1  # A^3, volume of an atom of platinum: g(r) relative to the bulk
VACUUM = (False, False, False)


class Data:
    """Descriptors, energies (eV per atom) and g(r) of all particles, and the windows of time."""

    def __init__(self, runs):
        self.D = [per_atom(run.D) for run in runs]
        self.energy = [potential_energy(run) / run.D[:, 0] for run in runs]
        self.rows = [match_snapshots(run) for run in runs]
        found = [rdf(r.snapshots, R_MAX, BINS, VACUUM, ATOM * r.D[0, 0]) for r in runs]
        self.r, self.g = found[0][0], [g for _, g in found]
        self.time = runs[0].time
        self.dtau = float(np.median(np.diff(self.time)))
        length = len(self.time)
        self.first, self.tail = int(START * length), max(2, length // 6)
        self.lasts = [self.first + int(share * length) for share in SHARES]


class Learnt:
    """What particles teach in a window: latent space, VAR, distance, energy and g(r)."""

    def __init__(self, data, train, last):
        window = slice(data.first, last)
        parts = [data.D[k][window] for k in train]
        self.space = pooled_latent(parts, DIM)
        latent = [self.space(part) for part in parts]
        self.model = VAR(random_state=SEED).fit(latent)
        self.measure = Mahalanobis().fit(latent)
        energy = [data.energy[k][window] for k in train]
        self.energy = LinearEstimator("plain").fit(*stack(latent, energy))
        inside = [(data.rows[k] >= data.first) & (data.rows[k] < last) for k in train]
        pairs = list(zip(train, inside, strict=True))
        Y = [self.space(data.D[k][data.rows[k][good]]) for k, good in pairs]
        g = [data.g[k][good] for k, good in pairs]
        self.g = RDFEstimator(target="plain").fit(*stack(Y, g))
        span = (last - data.first) * data.dtau
        self.trust = ForecastTrust(self.model, self.measure, data.dtau, span, len(train))

    def bands(self, history, steps):
        """5 and 95 % (2, steps) of the energy per atom, without and with draws of parameters."""
        out = {}
        for name, epistemic in (("noise", False), ("parameters", True)):
            y = self.model.forecast(history, steps, DRAWS, epistemic, SEED)
            mean, std = self.energy.predict(y.reshape(-1, y.shape[2]), return_std=True)
            noise = np.random.default_rng(SEED).standard_normal(len(mean))
            values = (mean + std * noise).reshape(y.shape[:2])
            out[name] = np.quantile(values, (0.05, 0.95), axis=0)
        return out


@dataclass
class Told:
    """The forecast of one particle beside what became of it, from the window's start on.

    `truth`, `mean` (steps,) and `bands` are energies per atom; `g` and `g_told` are means over the
    last sixth of the record, `g_start` is that of the start; `M`, `M_sigma` and `M_0` (steps + 1,).
    """

    truth: np.ndarray
    mean: np.ndarray
    bands: dict
    g: np.ndarray
    g_told: np.ndarray
    g_start: np.ndarray
    M: np.ndarray
    M_sigma: np.ndarray
    M_0: np.ndarray


def tell(data, learnt, k):
    """Forecast particle k from the first snapshot of the window to the end of the record."""
    X, first, steps = data.D[k], data.first, len(data.time) - data.first - 1
    history = learnt.space(X[first : first + 1])
    path = learnt.model.forecast(history, steps)
    late = data.rows[k] >= len(X) - data.tail
    start = int(np.argmin(np.abs(data.rows[k] - first)))
    t = np.arange(steps + 1)
    return Told(
        truth=data.energy[k][first + 1 :], mean=learnt.energy.predict(path),
        bands=learnt.bands(history, steps), g=data.g[k][late].mean(axis=0),
        g_told=learnt.g.predict(path[data.rows[k][late] - first - 1]).mean(axis=0),
        g_start=data.g[k][start], M=learnt.measure.score(learnt.space(X[first:])),
        M_sigma=learnt.trust.bound(history, steps), M_0=1.0 + learnt.trust.null(t * data.dtau),
    )  # fmt: skip


def figure_windows(runs, out):
    """Energy, g(r) and M from the window's start on, three windows (Fig. 2)."""
    data, everyone = Data(runs), range(len(runs))
    figure, axes = panels(len(SHARES), 4, width=16.0, height=2.9)
    numbers = {
        "start_ps": data.time[data.first], "end_ps": data.time[-1], "dimension": DIM,
        "late": "the last sixth of the record",
    }  # fmt: skip
    for row, last in zip(axes, data.lasts, strict=True):
        whole = Learnt(data, everyone, last)
        seen = [tell(data, whole, k) for k in everyone]
        unseen = [
            tell(data, Learnt(data, [j for j in everyone if j != k], last), k) for k in everyone
        ]
        draw_window(row, data, last, seen, unseen)
        numbers[f"{(last - data.first) * data.dtau:g} ps"] = {
            "in_sample": score(data, last, seen), "held_out": score(data, last, unseen),
        }  # fmt: skip
    for axis in axes[0]:
        axis.legend(fontsize=7)
    save(figure, out, "windows")
    return numbers


def score(data, last, told):
    """Means over particles, with standard errors where a pair of numbers is given."""
    trained, tail = last - data.first - 1, slice(-data.tail, None)
    held = {
        f"inside90_{name}": [
            (t.truth >= t.bands[name][0]) & (t.truth <= t.bands[name][1]) for t in told
        ]
        for name in ("noise", "parameters")
    }
    start = [t.truth[: data.tail].mean() for t in told]
    return {
        **{name: _mean([h[trained:].mean() for h in rows]) for name, rows in held.items()},
        "inside90_trained": _mean([h[:trained].mean() for h in held["inside90_parameters"]]),
        "energy_error_meV": 1e3 * _rms([t.truth[tail].mean() - t.mean[tail].mean() for t in told]),
        "energy_change_meV": 1e3
        * _rms([t.truth[tail].mean() - s for t, s in zip(told, start, strict=True)]),
        "g_error": _rms([t.g - t.g_told for t in told]),
        "g_change": _rms([t.g - t.g_start for t in told]),
        "M_late": _mean([t.M[tail].mean() for t in told]),
        "M_sigma_late": _mean([t.M_sigma[tail].mean() for t in told]),
        "M_0_late": np.mean([t.M_0[tail].mean() for t in told]),
        "M_below_M_sigma": _mean([np.mean(t.M < t.M_sigma) for t in told]),
    }


def _rms(values):
    return np.sqrt(np.mean(np.square(values)))


def _mean(values):
    """Mean over particles and its standard error."""
    return [np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))]
