"""What a monitor's alarms are worth on a run whose events are known."""

from dataclasses import dataclass, field

import numpy as np

WARM = 30  # snapshots at the beginning in which nothing counts
AFTER = 30  # snapshots after an event in which an alarm counts neither way
APART = 5  # alarms at most so many snapshots apart are one burst


@dataclass
class Tally:
    """Events that were to be found, what was found, and false bursts among quiet snapshots."""

    events: int = 0
    delays: list = field(default_factory=list)
    bursts: int = 0
    quiet: int = 0

    @property
    def found(self):
        """Events with an alarm in their window."""
        return len(self.delays)

    @property
    def per_10k(self):
        """False bursts per 10^4 quiet snapshots."""
        return 1e4 * self.bursts / self.quiet if self.quiet else 0.0

    @property
    def median_delay(self):
        """Snapshots from the beginning of the window to the first alarm; NaN if nothing is found."""
        return float(np.median(self.delays)) if self.delays else float("nan")

    def __add__(self, other):
        return Tally(
            self.events + other.events, self.delays + other.delays,
            self.bursts + other.bursts, self.quiet + other.quiet,
        )  # fmt: skip


def between(length, windows, more=0):
    """Mask of the snapshots in the windows (first, last), each made `more` longer at its end."""
    n, inside = np.arange(length), np.zeros(length, bool)
    for first, last in windows:
        inside |= (n >= first) & (n <= last + more)
    return inside


def bursts(alarm):
    """First snapshots of the bursts of a boolean alarm."""
    at = np.flatnonzero(alarm)
    return at[np.diff(at, prepend=-APART - 1) > APART]


def judge(alarm, events, free):
    """Tally of one run.

    Parameters
    ----------
    alarm : ndarray of bool, shape (T,)
    events, free : array_like, shape (n, 2)
        First and last snapshot of each window. In an event window alarms are right; there, up to
        `AFTER` snapshots later, in free windows and in the first `WARM` snapshots none is false.
    """
    alarm = np.asarray(alarm, bool)
    quiet = ~between(len(alarm), events, AFTER) & ~between(len(alarm), free)
    quiet[:WARM] = False
    delays = []
    for first, last in np.asarray(events, int).reshape(-1, 2):
        hits = np.flatnonzero(alarm & between(len(alarm), [(first, last)]))
        if len(hits):
            delays.append(int(hits[0]) - max(int(first), 0))
    return Tally(len(events), delays, len(bursts(alarm & quiet)), int(quiet.sum()))


def interval(count, exposure, level=0.95):
    """Exact Poisson interval of the rate count / exposure."""
    from scipy.stats import chi2

    tail = (1.0 - level) / 2.0
    low = chi2.ppf(tail, 2 * count) / 2.0 if count else 0.0
    return low / exposure, chi2.ppf(1.0 - tail, 2 * count + 2) / 2.0 / exposure
