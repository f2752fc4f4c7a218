"""Has a run stopped doing what it did: a sequential test on windows of one-step innovations.

The newest `GAP` snapshots are in question; up to `MEMORY` snapshots before them are the yardstick.
From the yardstick alone come principal components, their autoregression with a linear drift and the
scale of its errors, which means and squares of the errors in question are compared with
(`dbar.trust.windows`), and the parabola from which their levels may not depart
(`dbar.trust.levels`). docs/theory/change.md derives the distributions.
"""

from __future__ import annotations

import numpy as np

from dbar.trust.levels import LEVELS, level_ratios
from dbar.trust.windows import MEANS, SIZES, window_ratios

__all__ = ["GAP", "ChangeTest"]

GAP = 8  # newest snapshots, which the yardstick does not know
MEMORY = 80  # snapshots of the yardstick at most
ORDER = 4  # lags
# p at the alarm, over false_alarm, of a window of errors and of one of levels; theory/change.md
LEVEL = np.repeat([0.1, 0.01], [len(MEANS) + len(SIZES), len(LEVELS)])
_JUDGED = 50  # judged snapshots whose ratios tell how much too small the yardstick is
_PRIOR = 60.0  # snapshots of ratio 1 assumed before any is judged
_CLIP = 1.5  # one ratio counts at most this times the present inflation
_TINY = 1e-300


class ChangeTest:
    """Sequential test of change on the snapshots of a run.

    Parameters
    ----------
    false_alarm : float
        One over the number of snapshots that an undisturbed run makes between false alarms.
    least : int
        Snapshots without which there is no yardstick.

    Attributes
    ----------
    rows : ndarray, shape (n, K)
        Snapshots in memory, oldest first.
    ready : bool
        Whether the newest snapshot was judged.
    """

    def __init__(self, false_alarm=1e-4, least=24):
        self.level = -np.log(LEVEL * false_alarm)
        self.least = int(least)
        self.rows = self.first = self.ratios = None
        self.inflation = 1.0  # of the newest judged snapshot, for `evidence_without`
        self.ready = False

    def begin(self, rows=None, first=None):
        """Forget everything but these snapshots (n, K); `first` (n,) marks those after a gap."""
        self.rows = rows if rows is None else np.array(rows, float, order="C")
        self.first = None if rows is None else np.array(first, bool)
        if rows is not None:
            self.first[0] = True
        self.ratios, self.ready = None, False

    def observe(self, x, linked=True):
        """Evidence that a snapshot x (K,) and those just before it differ from the yardstick.

        Parameters
        ----------
        x : ndarray, shape (K,)
        linked : bool
            Whether it follows the last one at the stride of the run. No innovation is formed
            across a gap.

        Returns
        -------
        float
            log p over log p at the level of the alarm: 1 or more is a change. 0 while there is no
            yardstick and just after a gap.
        """
        if self.rows is None:
            self.rows, self.first = x[None].copy(), np.ones(1, bool)
        else:
            keep = MEMORY + GAP + ORDER - 1
            self.rows = np.concatenate([self.rows[-keep:], x[None]])
            self.first = np.append(self.first[-keep:], not linked)
        found = self._ratios(self.rows)
        self.ready = found is not None
        return self._learn(found) if self.ready else 0.0

    def evidence_without(self, back):
        """Evidence of the newest snapshot if the one `back` before it lay between its neighbours.

        A single shock has none left; it is in the windows of the snapshots that follow, and in
        their lags.
        """
        k = len(self.rows) - 1 - back
        if back < 1 or k < 1 or not self.ready:
            return 0.0
        rows = self.rows.copy()
        rows[k] = 0.5 * (rows[k - 1] + rows[k + 1])
        found = self._ratios(rows)
        return 0.0 if found is None else self._evidence(found)

    def _ratios(self, rows):
        """Ratios of all windows, or None where the newest snapshot cannot be judged."""
        if len(rows) < self.least + GAP:
            return None
        errors = window_ratios(rows, self.first, GAP, ORDER)
        return None if errors is None else errors.joined(level_ratios(rows, self.first, GAP))

    def _evidence(self, found):
        p = np.maximum(found.probability(self.inflation), _TINY)
        return float(np.nanmax(-np.log(p) / self.level))

    def _learn(self, found):
        """Evidence, with ratios reduced by what judged ones were too large; these count later."""
        ratios = found.over_expected()
        if self.ratios is None:
            self.ratios = np.full((GAP + _JUDGED, len(ratios)), np.nan)
        judged = self.ratios[:_JUDGED]
        known = np.isfinite(judged)
        total = np.where(known, judged, 0.0).sum(axis=0)
        self.inflation = np.maximum((_PRIOR + total) / (_PRIOR + known.sum(axis=0)), 1.0)
        clipped = np.minimum(ratios, _CLIP * self.inflation)
        self.ratios = np.concatenate([self.ratios[1:], clipped[None]])
        return self._evidence(found)

    def get_state(self):
        """Arrays from which `set_state` restores the test bit for bit."""
        if self.rows is None:
            return {}
        state = {"change_rows": self.rows.copy(), "change_first": self.first.copy()}
        if self.ratios is not None:
            state["change_ratios"] = self.ratios.copy()
        return state

    def set_state(self, state):
        """Inverse of `get_state`."""
        self.begin()
        if "change_rows" in state:
            self.rows = np.array(state["change_rows"], float, order="C")
            self.first = np.array(state["change_first"], bool)
        if "change_ratios" in state:
            self.ratios = np.array(state["change_ratios"], float, order="C")
