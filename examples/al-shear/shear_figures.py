"""Figures of the shear ensemble; every statement about a replica comes from the others."""

from __future__ import annotations

import numpy as np
from crystals import aluminium_sites
from figures import (
    BLUE,
    GPA,
    INK,
    ORANGE,
    SOFT,
    along,
    kept,
    lengths,
    load,
    panels,
    parity,
    round_all,
    save,
)
from orders import figure_orders
from scipy.integrate import trapezoid
from shear_cycles import DIM, features, figure_cycles

from dbar.estimators import LinearEstimator, StressEstimator, leave_trajectory_out
from dbar.forecast import coverage
from dbar.study import EnsembleForecast, EnsembleMahalanobis, per_atom
from dbar.targets import potential_energy, stress, volume
from dbar.trust import Mahalanobis

CUTOFF = 3.45  # A, between first and second neighbours of aluminium
XY = 3  # place of xy in xx yy zz xy xz yz
HORIZON = 5  # snapshots
CYCLES = 2


def figures(folders, out) -> dict:
    """Draw everything; returns the numbers that the README quotes."""
    runs = load(folders)
    found = kept(folders, runs, CUTOFF, sites=aluminium_sites)
    D = [run.D for run in runs]
    held = leave_trajectory_out(
        StressEstimator(), [run.V for run in runs], [stress(run) for run in runs],
        [volume(run) for run in runs], D,
    )  # fmt: skip
    numbers = {
        "loops": figure_loops(runs, held, out),
        "path": figure_path(runs, found, held, out),
        "trust": figure_trust(runs, out),
        "cycles": figure_cycles(runs, found, out),
        "orders": figure_orders([features(run) for run in runs], DIM, out),
    }
    return round_all(numbers)


def shear(run):
    """Engineering shear strain (%)."""
    return 100.0 * run.observables["v_gamma"]


def figure_loops(runs, held, out):
    """Stress-strain loops of two held-out replicas, and all stresses xy (Fig. 9)."""
    scalar = leave_trajectory_out(
        LinearEstimator("per-atom"), [run.D for run in runs], [stress(run) for run in runs]
    )
    figure, axes = panels(1, 4, width=14.0, height=3.4)
    for axis, k in zip(axes[0], (len(runs) - 1, 0), strict=False):
        mine, x = np.flatnonzero(held.groups == k), shear(runs[k])
        for cycle, rows in enumerate(np.array_split(np.arange(len(x)), CYCLES)):
            color = (BLUE, ORANGE)[cycle % 2]
            axis.plot(x[rows], GPA * held.truth[mine[rows], XY], ".", ms=3, color=color, alpha=0.6)
            axis.plot(
                x[rows], GPA * held.mean[mine[rows], XY], color=color, lw=1.0,
                label=f"cycle {cycle + 1}",
            )  # fmt: skip
        axis.set_xlabel(f"shear strain (%), replica {k + 1}")
        axis.set_ylabel("shear stress xy (GPa)\ndots MD, lines predicted")
        axis.legend(fontsize=8)
    parity(axes[0, 2], scalar, "stress xy from D̄ alone", "GPa", GPA, XY)
    parity(axes[0, 3], held, "stress xy from D̄ and V̄", "GPa", GPA, XY)
    save(figure, out, "loops")
    work = [GPA * trapezoid(stress(r)[:, XY], shear(r) / 100.0) for r in runs]
    mine = [GPA * trapezoid(held.mean[held.groups == k, XY], shear(r) / 100.0)
            for k, r in enumerate(runs)]  # fmt: skip
    return {
        "order": "xx yy zz xy xz yz", "r2_D": scalar.r2, "r2_DV": held.r2,
        "rmse_GPa_DV": GPA * held.rmse, "cover90_DV": held.coverage(0.9),
        "largest_stress_GPa": max(GPA * np.abs(stress(r)[:, XY]).max() for r in runs),
        "dissipated_GPa_MD": np.mean(work), "dissipated_GPa_predicted": np.mean(mine),
        "dissipated_rms_error": np.sqrt(np.mean(np.square(np.subtract(work, mine)))),
    }  # fmt: skip


def figure_path(runs, found, held, out):
    """Stress, stacking faults and dislocations along a held-out replica."""
    last, numbers = len(runs) - 1, {}
    time, mine = runs[last].time, held.groups == last
    figure, axes = panels(3, 2, width=12.0, height=2.5)
    left, right = axes[:, 0], axes[:, 1]
    left[0].plot(time, shear(runs[last]), color=INK)
    left[0].set_xlabel("time (ps)")
    left[0].set_ylabel("shear strain (%)")
    along(
        left[1], time, GPA * held.truth[mine, XY], GPA * held.mean[mine, XY],
        GPA * held.std[mine, XY], "time (ps)", "stress xy (GPa)",
    )  # fmt: skip
    energy = leave_trajectory_out(
        LinearEstimator(), [r.D for r in runs], [potential_energy(r) for r in runs]
    )
    along(
        left[2], time, energy.truth[mine], energy.mean[mine], energy.std[mine], "time (ps)",
        "potential energy (eV)",
    )  # fmt: skip
    numbers["potential energy"] = _quality(energy)
    rows = [f["row"] for f in found]
    X = [run.D[r] for run, r in zip(runs, rows, strict=True)]
    targets = {
        "fcc atoms": [f["fcc"] for f in found],
        "hcp atoms": [f["hcp"] for f in found],
        "other atoms": [f["other"] for f in found],
        "dislocation length (Å)": lengths(runs, found),
    }
    shown = iter(right)
    for name, y in targets.items():
        counts = leave_trajectory_out(LinearEstimator(), X, y)
        numbers[name] = _quality(counts)
        if name == "fcc atoms":
            continue
        own = counts.groups == last
        along(
            next(shown), time[rows[last]], counts.truth[own], counts.mean[own], counts.std[own],
            "time (ps)", name,
        )  # fmt: skip
    right[0].legend(fontsize=8)
    save(figure, out, "path")
    return numbers


def _quality(held):
    return {"r2": held.r2, "rmse": held.rmse, "cover90": held.coverage(0.9)}


def figure_trust(runs, out):
    """Distance of held-out replicas from the first cycle of the others, and forecasts."""
    X = [per_atom(run.D) for run in runs]
    sums = [run.D[:, 1:] for run in runs]
    time, first = runs[0].time, len(X[0]) // CYCLES
    figure, axes = panels(1, 2, width=12.0, height=3.4)
    M, early, hits, drawn = [], [], [], None
    for k in range(len(runs)):
        others = [j for j in range(len(runs)) if j != k]
        cycle = [sums[j][:first] for j in others]
        quarter = [sums[j][: first // 8] for j in others]  # up to half the amplitude: elastic
        kind = EnsembleMahalanobis if len(others) > 3 else Mahalanobis
        M.append(kind(30).fit(cycle).score(sums[k]))
        early.append(kind(10).fit(quarter).score(sums[k]))
        model = EnsembleForecast(10, 5, HORIZON).fit([X[j] for j in others])
        drawn = model.intervals(X[k])
        hits.append(coverage(drawn.errors, drawn.widths))
    for rows, color, text in (
        (early, ORANGE, "trained on the others' first eighth of a cycle"),
        (M, BLUE, "trained on their first cycle"),
    ):
        for m in rows:
            axes[0, 0].semilogy(time, m, color=color, lw=0.5, alpha=0.4)
        axes[0, 0].semilogy(time, np.median(rows, axis=0), color=color, lw=1.6, label=text)
    axes[0, 0].axhline(2.0, color=INK, lw=0.8, ls="--")
    axes[0, 0].axvline(time[first - 1], color=SOFT, lw=0.8)
    axes[0, 0].set_xlabel("time (ps)")
    axes[0, 0].set_ylabel("M of held-out replicas")
    axes[0, 0].legend(fontsize=8)
    when, mean = time[HORIZON:], drawn.mean[:-HORIZON, 0]
    for level, shade in ((1, 0.2), (0, 0.35)):
        half = drawn.widths[:-HORIZON, level, 0]
        axes[0, 1].fill_between(
            when, mean - half, mean + half, color=ORANGE, alpha=shade, lw=0,
            label=("50 %", "90 %")[level],
        )  # fmt: skip
    axes[0, 1].plot(time, model.space_(X[-1])[:, 0], ".", ms=2.5, color=INK, label="MD")
    axes[0, 1].set_xlabel("time (ps)")
    step = HORIZON * (time[1] - time[0])
    axes[0, 1].set_ylabel(f"leading component (σ),\nforecast {step:.1f} ps ahead")
    axes[0, 1].legend(fontsize=8)
    save(figure, out, "trust")
    M, early = np.array(M), np.array(early)
    return {
        "M_first_cycle": np.mean(M[:, :first]), "M_second_cycle": np.mean(M[:, first:]),
        "M_above_2_first_second": [np.mean(M[:, :first] > 2), np.mean(M[:, first:] > 2)],
        "elastic_M_inside": np.mean(early[:, : first // 8]),
        "elastic_M_passes_2_ps": [time[np.flatnonzero(row > 2.0)[0]] for row in early
                                  if (row > 2.0).any()],
        "elastic_M_largest": early.max(), "cover_50_90": np.mean(hits, axis=0),
    }  # fmt: skip
