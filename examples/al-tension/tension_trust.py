"""Forecast intervals, distances, alarms and the yield classifier of the tension ensemble."""

from __future__ import annotations

import numpy as np
from figures import BLUE, INK, ORANGE, SOFT, panels, save
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupShuffleSplit

from dbar.estimators import YieldClassifier, stack
from dbar.forecast import coverage
from dbar.study import EnsembleForecast, EnsembleMahalanobis, per_atom
from dbar.targets import after_yield, stress
from dbar.trust import InnovationTrust, Mahalanobis

SEED = 1
HORIZON = 10  # snapshots: 1 % strain
PARTS = 4  # an expensive fit leaves a quarter of the replicas out at once


def peaks(runs):
    """Snapshot of the largest tensile stress of each replica."""
    return [int(np.argmax(stress(run)[:, 0])) for run in runs]


def percent(runs):
    """Strain (%) at every snapshot, the same in all replicas."""
    lx = runs[0].observables["lx"]
    slope = (lx[-1] - lx[0]) / (runs[0].step[-1] - runs[0].step[0])
    since = runs[0].step - runs[0].parameters.get("start", 0)
    return 100.0 * slope * since / (lx[0] - slope * since[0])


def held_out_parts(n):
    """Replicas in at most `PARTS` parts: (training, held out) of each."""
    for part in range(min(PARTS, n)):
        held = [k for k in range(n) if k % min(PARTS, n) == part]
        yield [k for k in range(n) if k not in held], held


def figure_trust(runs, out):
    """Forecasts one per cent ahead; M and the de-trended innovation, trained below 6 % strain."""
    x, top = percent(runs), peaks(runs)
    X = [per_atom(run.D) for run in runs]
    sums = [run.D[:, 1:] for run in runs]
    trained = int(np.sum(x < 6.0))
    figure, axes = panels(2, 2, width=11.0, height=3.3)
    hits, M, score, offset, false, elastic = {}, {}, {}, [], 0, 0
    for train, held in held_out_parts(len(runs)):
        model = EnsembleForecast(10, 5, HORIZON).fit([X[k] for k in train])
        early = [sums[k][:trained] for k in train]
        # the ensemble's distance is calibrated on left-out replicas and needs four of them
        measure = (EnsembleMahalanobis() if len(train) > 3 else Mahalanobis(30)).fit(early)
        trust = InnovationTrust(10).fit(early)
        for k in held:
            found = model.intervals(X[k])
            _count(hits, found, top[k])
            if k == len(runs) - 1:
                _draw_forecast(axes[0, 0], x, model.space_(X[k])[:, 0], found)
            M[k] = measure.score(sums[k])
            score[k] = trust.score(sums[k]) / trust.level_
            first = np.flatnonzero(score[k] > 1.0)
            offset.append(x[first[0]] - x[top[k]] if len(first) else np.nan)
            false += int(np.sum(score[k][: max(top[k] - HORIZON, 0)] > 1.0))
            elastic += max(top[k] - HORIZON, 0)
    cover = {name: np.mean(rows, axis=0) for name, rows in hits.items()}
    _draw_cover(axes[0, 1], cover)
    for k in range(len(runs)):
        # aligned at the stress peak
        axes[1, 0].semilogy(x - x[top[k]], M[k], color=BLUE, lw=0.7, alpha=0.6)
        axes[1, 1].semilogy(x - x[top[k]], score[k], color=ORANGE, lw=0.7, alpha=0.6)
    for axis, level, text in (
        (axes[1, 0], 2.0, "M of held-out replicas\n(trained below 6 % strain)"),
        (axes[1, 1], 1.0, "innovation over its alarm level"),
    ):
        axis.axhline(level, color=INK, lw=0.8, ls="--")
        axis.axvline(0.0, color=SOFT, lw=0.8)
        axis.set_xlabel("strain from the stress peak (%)")
        axis.set_ylabel(text)
    save(figure, out, "trust")
    window = [o for o in offset if -1.0 <= o <= 0.5]
    inside = np.concatenate([m[:trained] for m in M.values()])
    over = {k: np.flatnonzero(m[trained:] > 2.0) for k, m in M.items()}
    crossed = [x[trained + rows[0]] - x[top[k]] for k, rows in over.items() if len(rows)]
    late = int(np.argmin(np.abs(x - 10.0)))
    return {
        "peak_strain": [min(x[top]), max(x[top])], "cover_50_90": cover,
        "alarm_from_peak": [np.nanmin(offset), np.nanmedian(offset), np.nanmax(offset)],
        "alarm_in_time": f"{len(window)} of {len(runs)}", "no_alarm": int(np.isnan(offset).sum()),
        "false_alarms": false, "elastic_snapshots": elastic,
        "M_below_2_in_training_range": np.mean(inside < 2.0),
        "M_passes_2_from_peak": [min(crossed), max(crossed)] if crossed else [],
        "M_least_at_10_percent": min(m[late] for m in M.values()),
    }  # fmt: skip


def _count(hits, found, peak):
    when = np.arange(len(found.mean)) + HORIZON
    phase = np.where(when < peak - 10, "before", np.where(when <= peak + 10, "at", "after"))
    for t in np.flatnonzero(np.isfinite(found.errors).all(axis=1)):
        if np.isfinite(found.widths[t]).all():
            share = coverage(found.errors[t : t + 1], found.widths[t : t + 1])
            hits.setdefault(str(phase[t]), []).append(share)


def _draw_forecast(axes, x, truth, found):
    when, mean = x[HORIZON:], found.mean[:-HORIZON, 0]
    for level, shade in ((1, 0.2), (0, 0.35)):
        half = found.widths[:-HORIZON, level, 0]
        label = ("50 %", "90 %")[level]
        axes.fill_between(
            when, mean - half, mean + half, color=ORANGE, alpha=shade, lw=0, label=label
        )
    axes.plot(x, truth, ".", ms=2.5, color=INK, label="MD")
    axes.set_xlabel("strain (%)")
    axes.set_ylabel("leading component (σ),\nforecast 1 % strain ahead")
    axes.legend(fontsize=8)


def _draw_cover(axes, cover):
    names = [name for name in ("before", "at", "after") if name in cover]
    for column, (level, color) in enumerate(((0.5, BLUE), (0.9, ORANGE))):
        at = np.arange(len(names)) + 0.3 * column
        axes.bar(at, [cover[n][column] for n in names], 0.28, color=color, label=f"{level:.0%}")
        axes.axhline(level, color=INK, lw=0.8, ls="--")
    axes.set_xticks(np.arange(len(names)) + 0.15, [f"{name} yield" for name in names])
    axes.set_ylim(0.0, 1.0)
    axes.set_ylabel("share of MD inside the interval")
    axes.legend(fontsize=8, loc="lower right")


def figure_yield(runs, out):
    """Before or after the stress peak, learnt from a quarter of the replicas (Fig. 10)."""
    x = percent(runs)
    labels = [after_yield(stress(run)[:, 0]) for run in runs]
    X, y, groups = stack([run.D for run in runs], labels)
    size = max(2, len(runs) // 4)
    splitter = GroupShuffleSplit(6, train_size=size, random_state=SEED)
    right, area, error = [], [], []
    figure, axes = panels(1, 2, width=10.0, height=3.2)
    for draw, (train, test) in enumerate(splitter.split(X, y, groups)):
        model = YieldClassifier(folds=min(5, size)).fit(X[train], y[train], groups[train])
        p = model.predict_proba(X[test])[:, 1]
        right.append(np.mean((p > 0.5) == y[test]))
        area.append(roc_auc_score(y[test], p))
        for g in np.unique(groups[test]):
            mine = groups[test] == g
            at = int(np.sum(~y[test][mine]))
            turn = int(np.sum(p[mine] < 0.5))
            error.append((turn - at) * (x[1] - x[0]))
            if draw == 0:
                axes[0, 0].plot(x - x[at - 1], p[mine], color=BLUE, lw=0.8, alpha=0.6)
    axes[0, 0].axvline(0.0, color=SOFT, lw=0.8)
    axes[0, 0].set_xlabel("strain from the stress peak (%)")
    axes[0, 0].set_ylabel("probability of having yielded")
    axes[0, 1].hist(error, 25, color=BLUE)
    axes[0, 1].set_xlabel("predicted less true yield strain (%)")
    axes[0, 1].set_ylabel("held-out replicas, six draws")
    save(figure, out, "yield")
    return {
        "trained_on": size, "accuracy": np.mean(right), "area_under_curve": np.mean(area),
        "median_error_strain": np.median(np.abs(error)),
    }  # fmt: skip
