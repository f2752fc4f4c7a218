"""Runs that go on as they did, and how long the monitor takes to a false alarm in them."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from changes.processes import Hidden
from dbar.online import Monitor

LONGEST = {"rest": 1000, "tails": 1000, "drift": 600, "noise": 600}


@dataclass(frozen=True)
class Case:
    """A kind of run, and the monitor's settings in it.

    Attributes
    ----------
    group : {"rest", "drift", "noise", "tails"}
    size, seen : int, str
        See `Hidden`.
    train : int
        Snapshots before the first judgement (`min_snapshots`).
    rate : float
        Stated false alarms per snapshot (`false_alarm`).
    linear, quadratic : float
        Drift along a random direction from the beginning on: standard deviations per snapshot, and the gain of that speed per snapshot.
    doubling : float
        Snapshots in which the variance of the noise doubles, from the beginning on; 0 for never.
    """

    group: str
    size: int
    seen: str
    train: int
    rate: float
    linear: float = 0.0
    quadratic: float = 0.0
    doubling: float = 0.0

    @property
    def data(self):
        """What makes the snapshots, as text; cases that differ in the rate see the same ones."""
        extra = [f"{k} {getattr(self, k):g}" for k in ("linear", "quadratic", "doubling")]
        extra = [text for text in extra if not text.endswith(" 0")]
        return ", ".join([self.group, f"{self.size} {self.seen}", f"train {self.train}", *extra])

    @property
    def key(self):
        """Name of the case."""
        return f"{self.data}, rate {self.rate:g}"

    @property
    def horizon(self):
        """Judged snapshots after which a repetition without an alarm ends."""
        return int(min(round(1.0 / self.rate), LONGEST[self.group]))

    def snapshots(self, seed, repetition):
        """D (T, K + 1) of one repetition."""
        rng = np.random.default_rng([seed, crc32(self.data.encode()), repetition])
        length = self.train + 1 + self.horizon
        hidden = Hidden(rng, self.size, self.seen, rng.uniform(0.3, 0.95), self.group == "tails")
        sigma, _ = hidden.directions()
        n = np.arange(length)
        scale = 2.0 ** (0.5 * n / self.doubling) if self.doubling else 1.0
        x = hidden.move(length, scale)
        x += (self.linear * n + 0.5 * self.quadratic * n**2)[:, None] * sigma
        return hidden.descriptors(x)

    def play(self, seed, repetition):
        """Snapshots that the test judged up to the first alarm or the end, and whether there was one.

        The test judges from 32 snapshots on, whether or not there is a model then.
        """
        monitor = Monitor({"min_snapshots": self.train, "false_alarm": self.rate})
        judged = 0
        for n, D in enumerate(self.snapshots(seed, repetition)):
            state = monitor.observe(10 * n, 0.1 * n, D).state
            judged += monitor.change.ready
            if state == 3:
                return judged, 1
        return judged, 0


def cases(rates, quick=False):
    """All cases."""
    out = []
    trains = (30, 300) if quick else (30, 100, 300, 1000)
    for rate in rates:
        for size in (12,) if quick else (5, 12, 30):
            for seen in ("descriptors", "directly"):
                out += [Case("rest", size, seen, train, rate) for train in trains]
        for train in (100,) if quick else (30, 100, 300):
            usual = (12, "descriptors", train, rate)
            out += [Case("drift", *usual, linear=v) for v in (0.05, 0.2)]
            out += [Case("drift", *usual, quadratic=5e-4)]
            out += [Case("noise", *usual, doubling=t) for t in (300.0, 100.0)]
            out += [Case("tails", *usual)]
    return out
