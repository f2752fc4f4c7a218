"""Changes of known size, and how soon the monitor sees them."""

from copy import deepcopy
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from changes.processes import Hidden
from dbar.online import Monitor

BEFORE, AFTER = 50, 40  # judged snapshots before the change, snapshots it is looked for
RADIUS, CHANGED = 0.5, 0.9
SHIFTS, VARIANCES = (0.5, 1.0, 2.0, 3.0), (1.5, 2.0, 4.0)


def changes():
    """Names of all changes; "nothing" shows what false alarms alone would be counted as seen."""
    out = ["nothing"]
    out += [f"shift {s:g} sigma, {where}" for where in ("one direction", "all") for s in SHIFTS]
    out += [f"variance x {v:g}" for v in VARIANCES]
    return [*out, f"T {RADIUS} -> {CHANGED}", f"T {RADIUS} -> {CHANGED}, variance kept"]


def changed(hidden, name, one, every):
    """D (AFTER, K + 1) after the change of that name."""
    shift, scale, T = 0.0, 1.0, None
    word, _, rest = name.partition(" ")
    if word == "shift":
        shift = float(rest.split()[0]) * (every if name.endswith("all") else one)
    elif word == "variance":
        scale = np.sqrt(float(rest.split()[1]))
    elif word == "T":
        T = hidden.T * CHANGED / RADIUS
        if name.endswith("kept"):
            after = Hidden.stationary(T)
            scale = np.sqrt(np.trace(hidden.cov) / np.trace(after))
    return hidden.descriptors(hidden.move(AFTER, scale, T) + shift)


@dataclass(frozen=True)
class Power:
    """Monitor and process in which all `changes` are tried, each from the same moment on."""

    size: int
    seen: str
    train: int
    rate: float

    @property
    def data(self):
        """What makes the snapshots, as text."""
        return f"power, {self.size} {self.seen}, train {self.train}"

    @property
    def key(self):
        """Name of the case."""
        return f"{self.data}, rate {self.rate:g}"

    def play(self, seed, repetition):
        """Delay {change: snapshots, 0 for at once, or None} or {} after a false alarm before it."""
        rng = np.random.default_rng([seed, crc32(self.data.encode()), repetition])
        hidden = Hidden(rng, self.size, self.seen, RADIUS)
        one, every = hidden.directions()
        monitor = Monitor({"min_snapshots": self.train, "false_alarm": self.rate})
        start = self.train + 1 + BEFORE
        for n, D in enumerate(hidden.descriptors(hidden.move(start))):
            if monitor.observe(10 * n, 0.1 * n, D).state == 3:
                return {}
        out = {}
        for name in changes():
            D = changed(deepcopy(hidden), name, one, every)
            out[name] = first_alarm(deepcopy(monitor), D, start)
        return out


def first_alarm(monitor, snapshots, start):
    """Index of the first snapshot with state 3, None if there is none."""
    for k, D in enumerate(snapshots):
        n = start + k
        if monitor.observe(10 * n, 0.1 * n, D).state == 3:
            return k
    return None


def summary(delays):
    """Median delay and share seen within 5, 10, 20 snapshots with its standard error."""
    values = np.array([np.inf if d is None else d for d in delays], float)
    out = {"repetitions": len(values)}
    # between two values of which one is infinite lies no number: the lower one is taken
    median = np.quantile(values, 0.5, method="lower") if len(values) else np.nan
    out["median_delay"] = float(median) if np.isfinite(median) else None
    for within in (5, 10, 20):
        share = float(np.mean(values < within)) if len(values) else float("nan")
        error = np.sqrt(max(share * (1.0 - share), 0.0) / max(len(values), 1))
        out[f"seen_{within}"], out[f"error_{within}"] = share, float(error)
    return out


def cases(rates, quick=False):
    """All cases."""
    sizes, trains = ((12,), (100,)) if quick else ((5, 12), (30, 100, 300))
    return [Power(s, "descriptors", t, r) for r in rates for s in sizes for t in trains]
