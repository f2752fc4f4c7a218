"""Reweighted free energies of the metadynamics runs beside those of the runs without bias."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ensemble import core_minutes
from figures import BLUE, INK, ORANGE, SOFT, panels, round_all, save
from learn import labelled

from dbar.bias import (
    CollectiveVariable,
    final_bias,
    free_energy,
    free_energy_difference,
    itre,
    read_colvar,
    read_hills,
    tiwary_parrinello,
)
from dbar.console import signals

KT = 8.617333e-5 * 1050.0  # eV
BORDER = 0.5  # between crystal and melt
FILLING = 0.1  # share of a run in which the bias is still filling the wells
GREEN = "#3a8f5c"
COLOURS = {"ITRE": BLUE, "Tiwary-Parrinello": ORANGE, "final bias": GREEN, "no bias": INK}


class Walker:
    """Frames of one run after the filling: s, and the log weights of each estimator."""

    def __init__(self, folder: Path, biased: bool):
        signals.check()  # each run takes a while
        colvar = read_colvar(folder / "COLVAR")
        self.time, self.s = colvar["time"], colvar["s"]
        self.weights = {"no bias": np.zeros(len(self.s))}
        if biased:
            hills = read_hills(folder / "HILLS", colvar)
            found = itre(self.s, self.time, hills, KT)
            self.change = found.change[-1] if len(found.change) else 0.0
            self.weights = {
                "ITRE": found.log_weights,
                "Tiwary-Parrinello": tiwary_parrinello(self.s, self.time, hills, KT).log_weights,
                "final bias": final_bias(self.s, hills, KT).log_weights,
            }
        kept = self.time >= FILLING * self.time[-1]
        self.time, self.s = self.time[kept], self.s[kept]
        # the constant in a logarithm of weights differs from run to run
        self.weights = {
            name: w[kept] - np.logaddexp.reduce(w[kept]) for name, w in self.weights.items()
        }

    def crossings(self) -> int:
        """Times it went from one well (0.2, 0.8) into the other."""
        side = np.where(self.s < 0.2, 0, np.where(self.s > 0.8, 1, -1))
        return int(np.count_nonzero(np.diff(side[side >= 0])))


def joined(walkers, name, part=slice(None)):
    """The variable and log weights of all runs, one after the other."""
    s = np.concatenate([w.s[part] for w in walkers])
    return s, np.concatenate([w.weights[name][part] for w in walkers])


def difference(s, log_weights):
    """F(melt) - F(crystal) in eV."""
    return free_energy_difference(log_weights, s >= BORDER, s < BORDER, KT)


def figures(folders, out) -> dict:
    """Draw ``free-energy``; the numbers."""
    base = Path(folders[0]).parent.parent
    free = sorted(path for path in (base / "free").iterdir() if path.is_dir())[: len(folders)]
    train = sorted(path for path in (base / "train").iterdir() if path.is_dir())
    walkers = {True: [Walker(f, True) for f in folders], False: [Walker(f, False) for f in free]}
    figure, axes = panels(2, 2)
    _training(axes[0, 0], train, base)
    _path(axes[0, 1], walkers[True])
    _surfaces(axes[1, 0], walkers)
    numbers = _differences(axes[1, 1], walkers)
    save(figure, out, "free-energy")
    biased, unbiased = walkers[True], walkers[False]
    return round_all(
        {
            "kT_eV": KT,
            "core_minutes_train": core_minutes(train),
            "core_minutes_free": core_minutes(free),
            "crossings": [w.crossings() for w in biased],
            "crossings_no_bias": [w.crossings() for w in unbiased],
            "itre_change_eV": max(w.change for w in biased),
            "melt_minus_crystal_eV": numbers,
        }
    )


def _training(ax, train, base):
    cv = CollectiveVariable.load(base / "train" / "order.json")
    values = {False: [], True: []}
    for run, molten in labelled(train):
        values[molten].append(cv.value(run.D))
    for molten, label, colour in ((False, "crystal", BLUE), (True, "melt", ORANGE)):
        s = np.concatenate(values[molten])
        ax.hist(s, 60, density=True, color=colour, alpha=0.6, label=f"started as {label}")
    ax.set(xlabel="learnt variable s", ylabel="density", title="training runs, no bias")
    ax.legend(frameon=False)


def _path(ax, walkers):
    for k, w in enumerate(walkers[:2]):
        colour = (BLUE, ORANGE)[k]
        ax.plot(w.time, w.s, ".", ms=1.0, color=colour, rasterized=True, label=f"run {k + 1}")
    ax.axhline(BORDER, color=SOFT, lw=0.8)
    ax.set(xlabel="time (ps)", ylabel="learnt variable s", title="metadynamics")
    ax.set_ylim(top=max(2.6, ax.get_ylim()[1]))
    ax.legend(frameon=False, markerscale=6, loc="upper right", ncols=2)


def _surfaces(ax, walkers):
    low, high = -0.3, 1.7
    for name, colour in COLOURS.items():
        s, weights = joined(walkers[name != "no bias"], name)
        surface = free_energy(s, weights, KT, bins=40, bounds=[(low, high)])
        x, F = surface.axes[0], surface.F
        zero = -KT * np.log(np.mean(np.exp(-F[(x > -0.1) & (x < 0.2)] / KT)))
        bottom, top = surface.estimate.interval(0.95)
        if name == "no bias":
            half = 0.5 * (top - bottom)
            live = np.isfinite(F) & (half < 0.3)
            style = {"fmt": "o", "ms": 2.5, "lw": 0.8, "color": colour}
            ax.errorbar(x[live], F[live] - zero, half[live], label=name, **style)
            continue
        dashed = name == "Tiwary-Parrinello"  # it lies on ITRE
        ax.plot(x, F - zero, "--" if dashed else "-", color=colour, lw=1.4, label=name)
        if name == "ITRE":
            ax.fill_between(x, bottom - zero, top - zero, color=colour, alpha=0.25, lw=0)
    ax.set(xlabel="learnt variable s", ylabel="F (eV)", title="free energy with 95 % from blocks")
    ax.set(xlim=(low, high), ylim=(-0.1, 0.6))
    ax.legend(frameon=False, fontsize=8)


def _finite(values):
    """The numbers, None for those that are infinite: JSON has no word for them."""
    return [float(v) if np.isfinite(v) else None for v in values]


def _differences(ax, walkers) -> dict:
    numbers = {}
    for row, (name, colour) in enumerate(COLOURS.items()):
        group = walkers[name != "no bias"]
        half = len(group[0].s) // 2
        parts = {"all": slice(None), "first half": slice(half), "second half": slice(half, None)}
        found = {what: difference(*joined(group, name, part)) for what, part in parts.items()}
        single = [float(difference(w.s, w.weights[name]).value) for w in group]
        low, high = found["all"].interval(0.95)
        ax.errorbar(
            found["all"].value, row, xerr=[[found["all"].value - low], [high - found["all"].value]],
            fmt="o", color=colour, capsize=3,
        )  # fmt: skip
        for what, mark in (("first half", "<"), ("second half", ">")):
            ax.plot(found[what].value, row + 0.18, mark, color=colour, ms=5, mfc="none")
        ax.plot(single, np.full(len(single), row - 0.18), "|", color=colour, ms=9)
        inside = np.isfinite(single).all()  # a run that stayed in one well says nothing
        numbers[name] = {
            "value": found["all"].value, "block_error": found["all"].error,
            "plateau": bool(found["all"].plateau),
            "error_of_runs": np.std(single, ddof=1) / np.sqrt(len(single)) if inside else None,
            "halves": _finite([found["first half"].value, found["second half"].value]),
            "runs": _finite(single),
        }  # fmt: skip
    ax.set_yticks(range(len(COLOURS)), list(COLOURS))
    ax.set_ylim(len(COLOURS) - 0.5, -0.5)
    ax.set(xlabel="F(melt) - F(crystal) (eV)", title="all with 95 %, < > halves, | single runs")
    return numbers
