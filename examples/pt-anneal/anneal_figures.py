"""Figures of the platinum ensemble; every statement about a particle comes from the others."""

from __future__ import annotations

import numpy as np
from anneal_windows import VACUUM, figure_windows
from figures import BLUE, INK, ORANGE, SOFT, along, kept, load, panels, parity, round_all, save
from memory import memory_and_dips
from orders import figure_orders

from dbar.estimators import LinearEstimator, leave_trajectory_out
from dbar.forecast import VAR
from dbar.study import drift_growth, per_atom
from dbar.study.replica_forecast import pooled_latent
from dbar.targets import potential_energy
from dbar.trust import ForecastTrust, Mahalanobis

CUTOFF = 3.346  # A, between first and second neighbours of platinum
DIM = 5
SEED = 1
DRAWS = 300
SMOOTH = 10  # snapshots: one alone passes 2 by its noise


def figures(folders, out) -> dict:
    """Draw everything; returns the numbers that the README quotes."""
    runs = load(folders)
    found = kept(folders, runs, CUTOFF, VACUUM, lines=False)
    cases = [Case(runs, k) for k in range(len(runs))]
    X = [per_atom(run.D) for run in runs]
    numbers = {
        "estimators": figure_estimators(runs, found, out),
        "forecast": figure_forecast(runs, cases, out),
        "trust": figure_trust(runs, cases, out),
        "windows": figure_windows(runs, out),
        "orders": figure_orders(X, DIM, out),
    }
    numbers |= memory_and_dips(X, runs[0].time[1] - runs[0].time[0])
    return round_all(numbers)


class Case:
    """One particle forecast from half of its record, by the first halves of the others."""

    def __init__(self, runs, k):
        D = [run.D[:, 1:] for run in runs]
        others = [j for j in range(len(runs)) if j != k]
        self.k, self.n = k, len(D[k]) // 2
        self.space = pooled_latent([D[j][: self.n] for j in others], DIM)
        self.latent = self.space(D[k])
        train = [self.space(D[j][: self.n]) for j in others]
        self.models = {
            prior: VAR(random_state=SEED, prior=prior).fit(train)
            for prior in ("evidence", "persistence")
        }
        self.measure = Mahalanobis().fit(train)
        self.M = self.measure.score(self.latent)
        self.growth = drift_growth(train, self.measure)
        self.dtau = float(np.median(np.diff(runs[k].time)))
        self.span, self.others = self.n * self.dtau, len(others)
        energy = [(potential_energy(run) / run.D[:, 0]) for run in runs]
        self.energy = energy[k]
        self.estimator = LinearEstimator("plain").fit(
            np.concatenate(train), np.concatenate([energy[j][: self.n] for j in others]),
            np.repeat(np.arange(len(others)), self.n),
        )  # fmt: skip

    def draws(self, prior, epistemic):
        """Forecast latents (DRAWS, steps, d) and energies per atom (DRAWS, steps)."""
        steps = len(self.latent) - self.n
        history = self.latent[: self.n]
        y = self.models[prior].forecast(history, steps, DRAWS, epistemic, SEED)
        mean, std = self.estimator.predict(y.reshape(-1, DIM), return_std=True)
        rng = np.random.default_rng(SEED)
        energy = mean + std * rng.standard_normal(len(mean))
        return y, energy.reshape(y.shape[:2])

    def trust(self, prior, growth=0.0):
        """Bound on M and its forecast mean."""
        return ForecastTrust(
            self.models[prior], self.measure, self.dtau, self.span, self.others, growth=growth
        )


def figure_estimators(runs, found, out):
    """Energy and ordered atoms from D alone."""
    rows = [f["row"] for f in found]
    D, last = [run.D for run in runs], len(runs) - 1
    wanted = {
        "potential energy (eV)": (D, [potential_energy(run) for run in runs], runs[last].time),
        "fcc and hcp atoms": (
            [d[r] for d, r in zip(D, rows, strict=True)], [f["fcc"] + f["hcp"] for f in found],
            runs[last].time[rows[last]],
        ),
    }  # fmt: skip
    figure, axes = panels(1, 4, width=14.0, height=3.2)
    numbers = {}
    for column, (name, (X, y, time)) in enumerate(wanted.items()):
        held = leave_trajectory_out(LinearEstimator(), X, y)
        mine = held.groups == last
        along(
            axes[0, 2 * column], time, held.truth[mine], held.mean[mine], held.std[mine],
            "time (ps)", name,
        )  # fmt: skip
        word, _, unit = name.partition(" (")
        numbers[word] = parity(axes[0, 2 * column + 1], held, word, unit.rstrip(")"))
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "estimators")
    return numbers


def figure_forecast(runs, cases, out):
    """Energy and leading components forecast from the middle on, with both bands (Fig. 2)."""
    cover = {}
    last = cases[-1]
    time = runs[-1].time
    figure, axes = panels(2, 3, width=13.0, height=3.0)
    for row, prior in enumerate(("evidence", "persistence")):
        for case in cases:
            for epistemic in (True, False):
                y, energy = case.draws(prior, epistemic)
                truth = case.latent[case.n :]
                for name, values, real in (
                    ("energy", energy, case.energy[case.n :]),
                    ("leading three", y[:, :, :3], truth[:, :3]),
                ):
                    low, high = np.quantile(values, (0.05, 0.95), axis=0)
                    key = f"{prior}, {'noise and parameters' if epistemic else 'noise'}, {name}"
                    cover.setdefault(key, []).append(np.mean((real > low) & (real < high)))
                if case is last:
                    _bands(axes[row], time[case.n :], energy, y, epistemic)
        shown = np.column_stack([last.energy, last.latent[:, :2]]).T
        words = ("potential energy\n(eV per atom)", "first component (σ)", "second component (σ)")
        for axis, values, text in zip(axes[row], shown, words, strict=True):
            axis.plot(time, values, ".", ms=2.0, color=INK, label="MD")
            axis.axvline(time[last.n - 1], color=SOFT, lw=0.8)
            axis.set_xlabel(f"time (ps), prior: {'zero' if prior == 'evidence' else prior}")
            axis.set_ylabel(text)
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "forecast")
    return {f"90 % band holds: {name}": np.mean(shares) for name, shares in cover.items()}


def _bands(axes, time, energy, y, epistemic):
    color, label = (BLUE, "noise and parameters") if epistemic else (ORANGE, "noise alone")
    for axis, values in zip(axes, (energy, y[:, :, 0], y[:, :, 1]), strict=True):
        low, high = np.quantile(values, (0.05, 0.95), axis=0)
        shade = 0.25 if epistemic else 0.45
        axis.fill_between(time, low, high, color=color, alpha=shade, lw=0, label=label)
        if not epistemic:
            axis.plot(time, values.mean(axis=0), color=ORANGE, lw=1.4)


def figure_trust(runs, cases, out):
    """M of the held-out particles against what was promised for it."""
    n, time = cases[0].n, runs[0].time
    ahead = time[n:] - time[n - 1]
    M = np.array([case.M[n:] for case in cases])
    bounds = {
        "bound, prior zero": [c.trust("evidence") for c in cases],
        "bound, prior persistence": [c.trust("persistence") for c in cases],
        "bound, persistence and drift": [c.trust("persistence", c.growth) for c in cases],
    }
    figure, axes = panels(1, 2, width=11.0, height=3.6)
    for m in M:
        axes[0, 0].plot(ahead, m, color=SOFT, lw=0.5, alpha=0.7)
    axes[0, 0].plot(ahead, M.mean(axis=0), color=INK, lw=1.8, label="MD, mean over particles")
    late = slice(-max(1, len(ahead) // 6), None)
    numbers = {"M_late": np.mean(M[:, late])}
    for (name, trusts), color in zip(bounds.items(), (ORANGE, BLUE, "#4c9f70"), strict=True):
        rows = [t.bound(c.latent[:n], len(ahead))[1:] for t, c in zip(trusts, cases, strict=True)]
        axes[0, 0].plot(ahead, np.mean(rows, axis=0), color=color, label=name)
        numbers[name] = {
            "late": np.mean(np.array(rows)[:, late]), "M_below": np.mean(M < np.array(rows)),
            "tau_pred_ps_median": np.median(
                [t.tau_pred(c.latent[:n]) for t, c in zip(trusts, cases, strict=True)]
            ),
        }  # fmt: skip
    axes[0, 0].axhline(2.0, color=INK, lw=0.8, ls="--")
    axes[0, 0].set_xlabel("time from the last training snapshot (ps)")
    axes[0, 0].set_ylabel("M")
    axes[0, 0].set_ylim(0.0, np.quantile(M, 0.98))
    axes[0, 0].legend(fontsize=8)
    smooth = np.array([np.convolve(m, np.full(SMOOTH, 1.0 / SMOOTH), "valid") for m in M])
    when = ahead[SMOOTH - 1 :]
    crossing = [when[np.flatnonzero(m > 2.0)[0]] if (m > 2.0).any() else when[-1] for m in smooth]
    for trusts, color, word in zip(bounds.values(), (ORANGE, BLUE, "#4c9f70"), bounds, strict=True):
        tau = [t.tau_pred(c.latent[:n]) for t, c in zip(trusts, cases, strict=True)]
        axes[0, 1].plot(tau, crossing, "o", ms=4, color=color, label=word.removeprefix("bound, "))
    top = float(ahead[-1])
    axes[0, 1].plot([0, top], [0, top], color=SOFT, lw=0.8)
    axes[0, 1].set_xlabel("tau_pred (ps): when M should reach 2")
    axes[0, 1].set_ylabel("when the mean of ten M of MD\nfirst passes 2 (ps)")
    axes[0, 1].legend(fontsize=8)
    save(figure, out, "trust")
    return numbers | {"M_passes_2_ps_median": np.median(crossing)}
