"""Figures of the tension ensemble; every statement about a replica comes from the others."""

from __future__ import annotations

import numpy as np
from crystals import aluminium_sites
from figures import GPA, along, kept, kept_rows, lengths, load, panels, parity, round_all, save
from memory import memory_and_dips
from orders import figure_orders
from tension_ensemble import figure_manifold, figure_resampled
from tension_forecast import figure_through_yield
from tension_lines import figure_clouds, figure_lines
from tension_trust import figure_trust, figure_yield
from tension_yield import figure_yielded

from dbar.estimators import LinearEstimator, RDFEstimator, StressEstimator, leave_trajectory_out
from dbar.study import per_atom
from dbar.targets import potential_energy, pressure, rdf, stress, volume

CUTOFF = 3.45  # A, between first and second neighbours of aluminium


def figures(folders, out) -> dict:
    """Draw everything; returns the numbers that the README quotes."""
    runs = load(folders)
    found = kept(folders, runs, CUTOFF, sites=aluminium_sites)
    X = [per_atom(run.D) for run in runs]
    numbers = {
        "estimators": figure_estimators(runs, found, out),
        "stress_rdf": figure_stress_rdf(runs, found, out),
        "yield": figure_yield(runs, out),
        "trust": figure_trust(runs, out),
        "resampled": figure_resampled(runs, found, out),
        "manifold": figure_manifold(runs, out),
        "through_yield": figure_through_yield(runs, found, out),
        "lines": figure_lines(runs, found, out),
        "clouds": figure_clouds(runs, found, out),
        "yielded": figure_yielded(runs, out),
        "orders": figure_orders(X, 20, out),
    }
    numbers |= memory_and_dips(X, runs[0].time[1] - runs[0].time[0])
    return round_all(numbers)


def strain(run):
    """Engineering strain (%) at each snapshot since the run began."""
    lx = run.observables["lx"]
    slope = (lx[-1] - lx[0]) / (run.step[-1] - run.step[0])
    start = lx[0] - slope * (run.step[0] - run.parameters.get("start", 0))
    return 100.0 * (lx / start - 1.0)


def figure_estimators(runs, found, out):
    """Energy, pressure, stacking faults and dislocations from D alone (Figs. 1 and 4)."""
    D = [run.D for run in runs]
    rows = [f["row"] for f in found]
    sparse = kept_rows(runs, found)
    area = lengths(runs, found)
    wanted = {
        "potential energy": ("eV", 1.0, D, [potential_energy(run) for run in runs], "extensive"),
        "pressure": ("GPa", GPA, D, [pressure(run) for run in runs], "per-atom"),
        "fcc atoms": ("", 1.0, sparse, [f["fcc"] for f in found], "extensive"),
        "hcp atoms": ("", 1.0, sparse, [f["hcp"] for f in found], "extensive"),
        "other atoms": ("", 1.0, sparse, [f["other"] for f in found], "extensive"),
        "dislocation length": ("Å", 1.0, sparse, area, "extensive"),
    }
    shown = [name for name in wanted if name not in ("fcc atoms", "other atoms")]
    figure, axes = panels(2, len(shown), width=13.0)
    numbers, last = {}, len(runs) - 1
    for name, (unit, scale, X, y, target) in wanted.items():
        held = leave_trajectory_out(LinearEstimator(target), X, y)
        numbers[name] = {"r2": held.r2, "rmse": scale * held.rmse, "cover90": held.coverage(0.9)}
        if name not in shown:
            continue
        column, mine = shown.index(name), held.groups == last
        x = strain(runs[last]) if len(X[last]) == len(D[last]) else strain(runs[last])[rows[last]]
        label = f"{name} ({unit})" if unit else name
        along(
            axes[0, column], x, scale * held.truth[mine], scale * held.mean[mine],
            scale * held.std[mine], "strain (%)", label,
        )  # fmt: skip
        parity(axes[1, column], held, name, unit, scale)
    axes[0, 0].legend(fontsize=8)
    save(figure, out, "estimators")
    return numbers


def figure_stress_rdf(runs, found, out):
    """Stresses with and without V (Fig. 5), and g(r) (Fig. 2b)."""
    D, V = [run.D for run in runs], [run.V for run in runs]
    sigma, space = [stress(run) for run in runs], [volume(run) for run in runs]
    scalar = leave_trajectory_out(LinearEstimator("per-atom"), D, sigma)
    tensor = leave_trajectory_out(StressEstimator(), V, sigma, space, D)
    figure, axes = panels(1, 4, width=14.0, height=3.4)
    parity(axes[0, 0], tensor, "stress xx from D̄ and V̄", "GPa", GPA, 0)
    parity(axes[0, 1], scalar, "stress xy from D̄ alone", "GPa", GPA, 3)
    parity(axes[0, 2], tensor, "stress xy from D̄ and V̄", "GPa", GPA, 3)
    g, r = [], None
    for run in runs:
        r, rows = rdf(run.snapshots, 8.0, 80)
        g.append(rows)
    held = leave_trajectory_out(RDFEstimator(), kept_rows(runs, found), g)
    mine = np.flatnonzero(held.groups == len(runs) - 1)
    for k, shade in ((mine[0], 0.35), (mine[-1], 1.0)):
        x = strain(runs[-1])[found[-1]["row"][k - mine[0]]]
        axes[0, 3].plot(r, held.truth[k], ".", ms=3.5, color="#1f2933", alpha=shade)
        axes[0, 3].plot(r, held.mean[k], color="#1f5fa8", alpha=shade, label=f"{x:.0f} % strain")
    axes[0, 3].set_xlabel("r (Å)")
    axes[0, 3].set_ylabel("g(r): dots MD, lines predicted")
    axes[0, 3].legend(fontsize=8)
    save(figure, out, "stress-rdf")
    error = np.sum((held.truth - held.mean) ** 2)
    spread = np.sum((held.truth - held.truth.mean(axis=0)) ** 2)
    return {
        "order": "xx yy zz xy xz yz",
        "r2_D": scalar.r2, "r2_DV": tensor.r2, "cover90_DV": tensor.coverage(0.9),
        "rmse_GPa_DV": GPA * tensor.rmse, "rdf_explained": 1.0 - error / spread,
        "rdf_cover90": np.mean(held.coverage(0.9)[r > 2.4]),
    }  # fmt: skip
