"""Free energies of the polar displacement, the two phases, and where they are in balance."""

from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from model import LATTICE

from dbar.bias import (
    Basins,
    delta_mu,
    final_bias,
    finite_size,
    free_energy,
    itre,
    plot_delta_mu,
    plot_finite_size,
    plot_free_energy,
    read_colvar,
    read_hills,
    tiwary_parrinello,
    transition_temperature,
)
from dbar.console import signals
from dbar.report.drawing import STYLE

KB = 8.617343e-5  # eV/K
# Half of P (0.131 Å) that 4³ cells keep at 180 K without bias, where they are tetragonal.
BORDER = 0.066  # Å
FEWEST = 100  # frames in a half for which Delta mu is told
LABEL = "polar displacement P of Ti (Å)"


def analyse(plan, out):
    """Figures into `out`; returns the numbers. `plan` maps folders to their settings."""
    out.mkdir(parents=True, exist_ok=True)
    runs = [_Run(folder, settings) for folder, settings in plan.items()]
    numbers = {"runs": {run.name: run.facts() for run in runs}}
    with matplotlib.rc_context(STYLE):
        _paths(runs, out)
        _surfaces(runs, out)
        numbers |= _phases(runs, out)
    return numbers


class _Run:
    """Frames after the first tenth, with their weights by three estimators."""

    def __init__(self, folder, settings):
        signals.check()  # each run takes a while
        self.name, self.size, self.T = folder.name, settings["size"], settings["temperature"]
        colvar = read_colvar(folder / "COLVAR")
        self.hills = read_hills(folder / "HILLS", colvar)
        self.time, self.p = colvar["time"], colvar["p"]
        self.use = slice(len(self.p) // 10, None)
        self.kT = KB * self.T
        s, t = self.p[self.use], self.time[self.use]
        self.weights = {
            "ITRE": itre(s, t, self.hills, self.kT).log_weights,
            "Tiwary-Parrinello": tiwary_parrinello(s, t, self.hills, self.kT).log_weights,
            "final bias": final_bias(s, self.hills, self.kT).log_weights,
        }
        self.cubic = s < BORDER

    def facts(self):
        F = free_energy(self.p[self.use], self.weights["ITRE"], self.kT, bins=40)
        return {
            "picoseconds": float(self.time[-1]),
            "hills": len(self.hills),
            "n_eff": F.n_eff,
            "basins of P": len(Basins.fit(self.p[self.use]).weight),
            "crossings": self.crossings(),
        }

    def mu(self, frames=slice(None), method="ITRE"):
        """Cubic minus tetragonal, meV per formula unit."""
        w, p = self.weights[method][frames], self.cubic[frames]
        return delta_mu(w, p, ~p, 1000.0 * self.kT, self.size**3)

    def crossings(self):
        """Changes of phase: from below two thirds of the border to above four thirds, or back."""
        p = self.p[self.use] / BORDER
        sure = p[(p < 2 / 3) | (p > 4 / 3)] > 1.0
        return int(np.sum(sure[1:] != sure[:-1]))


def _paths(runs, out):
    figure = Figure(figsize=(9.0, 1.5 * len(runs) + 0.6), layout="constrained")
    axes = figure.subplots(len(runs), sharex=True, sharey=True, squeeze=False)[:, 0]
    for ax, run in zip(axes, runs, strict=True):
        ax.plot(run.time, run.p, lw=0.5)
        ax.set_ylabel("P (Å)")
        ax.set_title(f"{run.size}³ cells, {run.T:g} K", loc="left", fontsize=9)
    axes[-1].set_xlabel("time (ps)")
    _save(figure, out, "paths")


def _surfaces(runs, out):
    sizes = sorted({run.size for run in runs})
    figure = Figure(figsize=(4.6 * len(sizes), 3.6), layout="constrained")
    for ax, size in zip(figure.subplots(1, len(sizes), squeeze=False)[0], sizes, strict=True):
        for run in (run for run in runs if run.size == size):
            F = free_energy(run.p[run.use], run.weights["ITRE"], run.kT, bins=40)
            plot_free_energy(F, ax, (LABEL,), "eV", top=8.0 * run.kT)
            ax.lines[-1].set_label(f"{run.T:g} K, band 95 %")
        bands = len(ax.collections)
        handles = [line for line in ax.lines if not line.get_label().startswith("_")]
        assert bands >= len(handles)
        ax.legend(handles=handles, frameon=False, fontsize=8)
        ax.set_title(f"{size}³ cells", loc="left", fontsize=9)
    _save(figure, out, "free-energy")


def _phases(runs, out):
    found, numbers = {}, {}
    figure = Figure(figsize=(9.2, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for size in sorted({run.size for run in runs}):
        mine = [run for run in runs if run.size == size]
        mine = [run for run in mine if 0 < run.cubic.sum() < len(run.cubic)]
        T = [run.T for run in mine]
        if not mine:
            continue  # no run has seen both phases
        mu = [run.mu() for run in mine]
        numbers |= {f"{run.name} cubic - tetragonal (meV)": _told(run) for run in mine}
        line = None
        if len(mine) > 1:
            line = transition_temperature(T, [m.value for m in mu], [m.error for m in mu])
            found[size] = line
            numbers[f"L{size} transition (K)"] = [line.temperature, line.error]
        plot_delta_mu(
            T, [m.value for m in mu], [m.error for m in mu], line, left, "meV", f"{size}³ cells"
        )
    if len(found) > 1:
        edges = [size * LATTICE for size in found]
        T, error = zip(*((f.temperature, f.error) for f in found.values()), strict=True)
        line = finite_size(edges, T, error)
        plot_finite_size(edges, T, error, line, right, unit="Å")
        numbers["transition of an infinite cell (K)"] = [float(v) for v in line(0.0)]
    else:
        right.set_axis_off()
    _save(figure, out, "phases")
    return numbers


def _told(run):
    """Value and error, of the halves of the run, and by the other estimators."""
    mu, half = run.mu(), len(run.p[run.use]) // 2
    halves = pairwise((0, half, 2 * half)) if half >= FEWEST else ()
    return {
        "value": float(mu.value),
        "error": float(mu.error),
        "plateau": bool(mu.plateau),
        "halves": [_finite(run.mu(slice(a, b))) for a, b in halves],
        **{name: float(run.mu(method=name).value) for name in list(run.weights)[1:]},
    }


def _finite(estimate):
    value = float(estimate.value)
    return value if np.isfinite(value) else None  # one phase was not seen


def _save(figure, out, name):
    signals.check()
    for kind in ("png", "svg"):
        figure.savefig(out / f"{name}.{kind}", dpi=110)
