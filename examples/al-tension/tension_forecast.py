"""Forecasts through yield, learnt on both sides of it or before it only."""

from __future__ import annotations

import numpy as np
from figures import BLUE, GPA, INK, ORANGE, SOFT, lengths, panels, save
from tension_trust import held_out_parts, peaks, percent

from dbar.estimators import LinearEstimator, stack
from dbar.forecast import VAR
from dbar.study import per_atom
from dbar.study.replica_forecast import pooled_latent
from dbar.targets import pressure
from dbar.trust import ForecastTrust, Mahalanobis

ORDERS = (1, 3, 5)
COLOURS = dict(zip(ORDERS, (BLUE, "#4c9f70", ORANGE), strict=True))
WINDOWS = {"2 to 14 %": (2.0, 14.0), "2 to 7 %": (2.0, 7.0)}
END = 14.0  # % strain, of the forecasts
DIM, DRAWS, SEED = 10, 200, 1
NAMES = {
    "pressure": "pressure (GPa)", "hcp": "hcp atoms (%)", "partial": "1/6<112> length (Å)",
    "other": "amorphous atoms (%)",
}  # fmt: skip


def targets(runs, found):
    """Rows of D and values of each target in each replica."""
    every = [np.arange(len(run)) for run in runs]
    kept = [f["row"] for f in found]
    both = list(zip(found, runs, strict=True))
    return {
        "pressure": (every, [GPA * pressure(run) for run in runs]),
        "hcp": (kept, [100.0 * f["hcp"] / run.D[f["row"], 0] for f, run in both]),
        "partial": (kept, lengths(runs, found, "partial")),
        "other": (kept, [100.0 * f["other"] / run.D[f["row"], 0] for f, run in both]),
    }


class Window:
    """What training replicas teach between two strains, and forecasts of others from its start."""

    def __init__(self, x, X, wanted, train, span):
        # a P-snapshot history has to lie before the first forecast
        self.first = max(int(np.searchsorted(x, span[0] - 1e-6)), max(ORDERS) - 1)
        self.last = int(np.searchsorted(x, span[1] + 1e-6))
        self.end = int(np.searchsorted(x, END + 1e-6))
        if x[0] > span[0] or x[-1] < END - 1e-6:
            raise ValueError(
                f"window: found runs from {x[0]:.3g} to {x[-1]:.3g} % strain, expected {span[0]:g} "
                f"to {END:g} % inside"
            )
        parts = [X[k][self.first : self.last] for k in train]
        self.space = pooled_latent(parts, DIM)
        latent = [self.space(part) for part in parts]
        self.measure = Mahalanobis().fit(latent)
        self.models = {order: VAR(order, random_state=SEED).fit(latent) for order in ORDERS}
        self.estimators, self.mean_path = {}, {}
        for name, (rows, values) in wanted.items():
            inside = [(rows[k] >= self.first) & (rows[k] < self.last) for k in train]
            pairs = list(zip(train, inside, strict=True))
            Y = [self.space(X[k][rows[k][good]]) for k, good in pairs]
            y = [values[k][good] for k, good in pairs]
            self.estimators[name] = LinearEstimator("plain").fit(*stack(Y, y))
            self.mean_path[name] = np.mean([values[k] for k in train], axis=0)

    def history(self, order, X):
        """Latents (order, d) of the snapshots up to the first of the window."""
        return self.space(X[self.first + 1 - order : self.first + 1])

    def forecast(self, order, X):
        """Latents from the first snapshot of the window to the end: mean (steps, d) and draws."""
        model, history = self.models[order], self.history(order, X)
        steps = self.end - self.first - 1
        return model.forecast(history, steps), model.forecast(history, steps, DRAWS, True, SEED)

    def read(self, name, mean, latents):
        """A target on the mean path (steps,), and 5 and 95 % of its draws with all noise."""
        estimator, flat = self.estimators[name], latents.reshape(-1, latents.shape[2])
        value, std = estimator.predict(flat, return_std=True)
        value = value + std * np.random.default_rng(SEED).standard_normal(len(value))
        low, high = np.quantile(value.reshape(latents.shape[:2]), (0.05, 0.95), axis=0)
        return estimator.predict(mean), low, high

    def promised(self, order, X, dtau):
        """Time after which M(t), its mean and what was learnt too little, reaches 2."""
        trust = ForecastTrust(self.models[order], self.measure, dtau)
        return trust.tau_pred(self.history(order, X))


class Tally:
    """Errors of forecasts of one target by one order, over replicas, before and after a peak."""

    def __init__(self):
        self.off, self.held, self.late, self.unchanged, self.path = [], [], [], [], []

    def add(self, truth, told, late, start, path):
        """Truth (n,), mean and band, whether after the peak, value at the start, mean path."""
        mean, low, high = told
        self.off.append(truth - mean)
        self.held.append((truth >= low) & (truth <= high))
        self.late.append(late)
        self.unchanged.append(truth - start)
        self.path.append(truth - path)

    def numbers(self):
        """Root mean square errors before and after the peak, and the share inside 90 %."""
        late = np.concatenate(self.late)
        out = {}
        for name, rows in (("rmse", self.off), ("unchanged", self.unchanged), ("path", self.path)):
            square = np.square(np.concatenate(rows))
            out[name] = [np.sqrt(square[~late].mean()), np.sqrt(square[late].mean())]
        held = np.concatenate(self.held)
        return out | {"inside90": [np.mean(held[~late]), np.mean(held[late])]}


def figure_through_yield(runs, found, out):
    """Held-out replicas forecast from 2 % strain on by P = 1, 3, 5 (Fig. 3 a-d), and their M."""
    x, top = percent(runs), peaks(runs)
    X = [per_atom(run.D) for run in runs]
    wanted = targets(runs, found)
    figure, axes = panels(len(WINDOWS), len(NAMES) + 1, width=18.0, height=3.1)
    numbers = {
        "orders": list(ORDERS), "phases": "before and after the stress peak",
        "peak_percent": [x[min(top)], x[max(top)]],
    }  # fmt: skip
    for row, (word, span) in zip(axes, WINDOWS.items(), strict=True):
        tallies = {name: {order: Tally() for order in ORDERS} for name in NAMES}
        M, inside, promised = {}, {}, []
        for train, held in held_out_parts(len(runs)):
            window = Window(x, X, wanted, train, span)
            M |= {k: window.measure.score(window.space(X[k])) for k in held}
            inside |= {k: window.measure.score(window.space(X[k])) for k in train}
            promised += [
                x[window.first] + window.promised(max(ORDERS), X[k], x[1] - x[0]) for k in held
            ]
            for order in ORDERS:
                for k in held:
                    drawn = _tell(window, order, k, X[k], wanted, top[k], tallies)
                    if k == len(runs) - 1:
                        _draw(row, x, window, order, drawn)
        for axis, name in zip(row, NAMES, strict=False):
            _finish(axis, x, wanted[name], len(runs) - 1, span, NAMES[name])
        _draw_distances(row[-1], x, M, span, top)
        late = slice(window.last if span[1] < END else max(top), None)
        numbers[word] = {
            name: {str(order): tally.numbers() for order, tally in of.items()}
            for name, of in tallies.items()
        } | {
            "M_window": np.mean([m[window.first : window.last] for m in M.values()]),
            "M_largest_held_out": _range([m[late].max() for m in M.values()]),
            "M_largest_in_sample": _range([m[late].max() for m in inside.values()]),
            "M_stays_above_2_from_peak": _passes(x, M, top, window.first),
            "promised_until_percent": [min(promised), np.median(promised), max(promised)],
            "radius": {str(p): abs(m.spectrum_[0]) for p, m in window.models.items()},
        }  # fmt: skip
    axes[0, 0].legend(fontsize=7)
    save(figure, out, "through-yield")
    return numbers


def _tell(window, order, k, X, wanted, peak, tallies):
    """Forecast one replica, add its errors to the tallies; values of each target."""
    drawn, latents = {}, window.forecast(order, X)
    for name, (rows, values) in wanted.items():
        drawn[name] = window.read(name, *latents)
        good = (rows[k] > window.first) & (rows[k] < window.end)
        before = int(np.searchsorted(rows[k], window.first, side="right")) - 1
        at = rows[k][good]
        tallies[name][order].add(
            values[k][good], [row[at - window.first - 1] for row in drawn[name]], at > peak,
            values[k][max(before, 0)], window.mean_path[name][good],
        )  # fmt: skip
    return drawn


def _draw(row, x, window, order, drawn):
    when = x[window.first + 1 : window.end]
    for axis, name in zip(row, NAMES, strict=False):
        mean, low, high = drawn[name]
        if order == max(ORDERS):
            axis.fill_between(when, low, high, color=COLOURS[order], alpha=0.2, lw=0, label="90 %")
        axis.plot(when, mean, color=COLOURS[order], lw=1.3, label=f"P = {order}")


def _finish(axis, x, target, last, span, label):
    rows, values = target
    for k in range(len(values)):
        axis.plot(x[rows[k]], values[k], color=SOFT, lw=0.4, alpha=0.4)
    axis.plot(x[rows[last]], values[last], ".", ms=3, color=INK, label="MD")
    axis.axvspan(*span, color=SOFT, alpha=0.15, lw=0)
    low, high = min(map(np.min, values)), max(map(np.max, values))
    pad = 0.3 * (high - low) or 1.0
    axis.set_ylim(low - pad, high + pad)
    axis.set_xlabel(f"strain (%), trained {span[0]:g} to {span[1]:g} %")
    axis.set_ylabel(label)


def _draw_distances(axis, x, M, span, top):
    for m in M.values():
        axis.semilogy(x, m, color=BLUE, lw=0.6, alpha=0.6)
    axis.axhline(2.0, color=INK, lw=0.8, ls="--")
    axis.axvspan(*span, color=SOFT, alpha=0.15, lw=0)
    axis.axvspan(x[min(top)], x[max(top)], color=ORANGE, alpha=0.2, lw=0, label="stress peaks")
    axis.set_xlabel(f"strain (%), trained {span[0]:g} to {span[1]:g} %")
    axis.set_ylabel("M of held-out replicas")
    axis.legend(fontsize=7, loc="upper left")


def _range(values):
    return [min(values), max(values)]


def _passes(x, M, top, first):
    """Strain from the peak (%) at which M stays above 2 for ever: least, median, most."""
    found = []
    for k, m in M.items():
        low = np.flatnonzero(m <= 2.0)
        after = int(low[-1]) + 1 if len(low) else first
        if after < len(m):
            found.append(x[after] - x[top[k]])
    return [min(found), np.median(found), max(found)] if found else []
