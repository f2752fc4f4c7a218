"""Figures of heated copper: what happened, and what the monitor said while it happened."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from figures import BLUE, INK, ORANGE, SOFT, load, panels, round_all, save
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from orders import figure_orders

from dbar.report.drawing import STATE_COLOURS
from dbar.study import per_atom
from dbar.trajectory import find_changes
from dbar.trajectory.changes import expected_false_alarms
from dbar.trajectory.verdict import trusted

WIDTH = 9  # snapshots over which the rise of the energy is averaged
DIM = 8  # of the latent space in which orders are compared
NAMES = ("learning", "trusted", "warning", "alarm")


def figures(folders, out) -> dict:
    """Draw everything; returns the numbers that the README quotes."""
    runs = load(folders)
    cases = [Case(run) for run in runs]
    figure_melt(cases[0], out)
    figure_replicas(cases, out)
    numbers = {f"{k:02d}": case.numbers() for k, case in enumerate(cases, 1)}
    found = [case for case in cases if case.delay is not None]
    X = [per_atom(run.D) for run in runs]
    return round_all(
        {
            "replica": numbers,
            **({"orders": figure_orders(X, DIM, out)} if len(runs) > 1 else {}),
            "all": {
                "alarm_while_it_melts": sum(case.in_time for case in found),
                "alarm_after_it_melted": sum(not case.in_time for case in found),
                "no_alarm": len(cases) - len(found),
                "median_delay_snapshots": np.median([c.delay for c in found]) if found else -1,
                "alarms_before": sum(len(case.early) for case in cases),
                "false_alarms_expected": sum(expected_false_alarms(c.run) for c in cases),
                "trusted_while_it_melts": sum(case.trusted_in_between for case in cases),
            },
        }
    )


class Case:
    """One replica: when it melted, and which alarms belong to it."""

    def __init__(self, run):
        self.run, self.fcc = run, run.observables["v_fcc"]
        self.energy = run.observables["pe"] / run.D[:, 0]
        self.melts = melting(self.energy)
        self.changes = find_changes(run)
        early = self.melts[0] - WIDTH
        self.early = [c for c in self.changes if c.until < early]
        late = [c for c in self.changes if c.until >= early]
        self.alarm = late[0] if late else None
        self.delay = self.alarm.said - self.melts[0] if late else None
        self.in_time = bool(late) and self.alarm.said <= self.melts[1]
        self.trusted_in_between = int(trusted(run)[self.melts[0] : self.melts[1] + 1].sum())

    def numbers(self):
        """When, how hot, how late."""
        run, out = self.run, {}
        a, b = self.melts
        out["melts_ps"] = [run.time[a], run.time[b]]
        out["melts_K"] = run.observables["temp"][a - 5 : a + 1].mean()
        out["fcc_before_after"] = [self.fcc[a - 5 : a].mean(), self.fcc[b : b + 5].mean()]
        out["largest_M"] = np.nanmax(run.monitor["M"][a : b + 1])
        if self.alarm is not None:
            out["alarm_ps"] = run.time[self.alarm.said]
            out["dated_ps"] = self.alarm.time
            out["delay_snapshots"] = self.delay
        out["early_alarms_ps"] = [run.time[c.said] for c in self.early]
        counts = np.bincount(run.monitor["state"], minlength=4)
        return out | {name: int(n) for name, n in zip(NAMES, counts, strict=True)}


def melting(energy):
    """First and last snapshot of the steepest rise, where it is more than half as steep."""
    rise = np.convolve(np.gradient(energy), np.ones(WIDTH) / WIDTH, "same")
    top = int(np.argmax(rise[WIDTH:-WIDTH])) + WIDTH
    steep = rise > 0.5 * rise[top]
    first = top - int(np.argmin(steep[top::-1])) + 1
    return first, top + int(np.argmin(steep[top:])) - 1


def _bar(axes, run):
    """The states, as a strip below a panel."""
    bar = axes.inset_axes([0.0, -0.16, 1.0, 0.1])
    state, time = run.monitor["state"], run.time
    edges = [0, *(np.flatnonzero(np.diff(state)) + 1), len(state)]
    for a, b in pairwise(edges):
        end = time[b] if b < len(time) else time[-1]
        bar.axvspan(time[a], end, color=STATE_COLOURS[state[a]], lw=0)
    bar.set_xlim(time[0], time[-1])
    bar.set_xticks([])
    bar.set_yticks([])
    bar.grid(False)
    axes.tick_params(axis="x", pad=14)


def _legend(figure):
    """What colours and lines mean."""
    states = zip(NAMES, STATE_COLOURS, strict=True)
    items = [Patch(color=colour, label=name) for name, colour in states]
    items.append(Patch(color=ORANGE, alpha=0.15, label="it melts"))
    dashed = {"color": STATE_COLOURS[3], "lw": 0.9, "ls": (0, (4, 3))}
    items.append(Line2D([], [], label="alarm", **dashed))
    figure.legend(handles=items, loc="outside upper center", ncols=6, fontsize=8, frameon=False)


def _mark(axes, case):
    axes.axvspan(*case.run.time[list(case.melts)], color=ORANGE, alpha=0.15, lw=0)
    for change in case.changes:
        axes.axvline(case.run.time[change.said], color=STATE_COLOURS[3], lw=0.9, ls=(0, (4, 3)))


def figure_melt(case, out):
    """One replica: temperature and energy, M, evidence, states."""
    run = case.run
    figure, axes = panels(3, 1, width=9.0, height=2.0)
    axes = axes[:, 0]
    for each in axes:
        each.set_xlim(run.time[0], run.time[-1])
        _mark(each, case)
    axes[0].plot(run.time, run.observables["temp"], color=SOFT, lw=1.0)
    axes[0].set_ylabel("temperature (K)")
    other = axes[0].twinx()
    other.plot(run.time, case.energy, color=BLUE)
    other.set_ylabel("energy (eV/atom)", color=BLUE)
    other.grid(False)
    M, bound = (np.where(run.monitor["state"] > 0, run.monitor[k], np.nan) for k in ("M", "bound"))
    axes[1].plot(run.time, M, color=BLUE, label="M")
    limit = float(run.monitor_config["m_limit"])
    axes[1].axhline(
        limit, color=STATE_COLOURS[2], lw=2.0, label=f"limit of what is known, {limit:g}"
    )
    axes[1].plot(run.time, bound, color=INK, lw=0.9, ls="--", label="bound of M, at most the limit")
    axes[1].set_yscale("log")
    axes[1].set_ylabel("M")
    axes[1].legend(fontsize=8, ncols=3, loc="upper left")
    evidence = run.monitor["evidence"]
    axes[2].plot(run.time, evidence, color=INK)
    axes[2].axhline(1.0, color=STATE_COLOURS[3], lw=1.0)
    axes[2].set_yscale("symlog", linthresh=1.0)
    axes[2].set_ylim(bottom=0.0)
    axes[2].set_yticks([0.0, 0.5, 1.0, 10.0][: 3 + int(evidence.max() > 5.0)])
    axes[2].yaxis.set_major_formatter("{x:g}")
    axes[2].set_ylabel("evidence of a\nchange (alarm: 1)")
    _bar(axes[2], run)
    axes[2].set_xlabel("time (ps)")
    _legend(figure)
    save(figure, out, "melt")


def figure_replicas(cases, out):
    """All replicas: energy, with the states below it."""
    figure, axes = panels(len(cases), 1, width=9.0, height=1.15)
    for k, (case, each) in enumerate(zip(cases, axes[:, 0], strict=True), 1):
        run = case.run
        each.set_xlim(run.time[0], run.time[-1])
        _mark(each, case)
        each.plot(run.time, case.energy, color=BLUE, lw=1.2)
        each.set_ylabel(f"eV/atom\nseed {k}", fontsize=8)
        each.tick_params(labelbottom=k == len(cases))
        _bar(each, run)
    axes[-1, 0].set_xlabel("time (ps)")
    _legend(figure)
    save(figure, out, "replicas")
