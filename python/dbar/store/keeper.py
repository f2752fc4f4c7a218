"""Which snapshots keep their positions: a rule without randomness, rebuilt from what is stored."""

from __future__ import annotations

import math
from bisect import bisect_right, insort

__all__ = ["PREVIOUS", "THIS", "AdaptiveKeeper", "EveryKeeper", "make_keeper"]

THIS, PREVIOUS = 1, 2  # what an answer is made of: this snapshot, the one before it
_ALARM = 3


class EveryKeeper:
    """Keep every M-th snapshot: numbers M, 2M, ... counted from 1."""

    def __init__(self, every: int) -> None:
        self.every = every
        self._seen = 0

    def observe(self, M: float, state: int) -> int:
        """Count one snapshot; THIS if it is kept, else 0."""
        self._seen += 1
        return 0 if self._seen % self.every else THIS


class AdaptiveKeeper:
    """Keep those snapshots that M says are new, about a given share of all.

    Each snapshot earns ``fraction`` of a credit and a kept one costs a whole one, so the share
    holds however M drifts; at most ``burst`` credits are saved up, for when something happens. A
    snapshot is kept if there is a credit and M lies in the upper ``fraction`` of all M seen so
    far. The first snapshot of a warning or of an alarm is always kept. While M is not known yet
    (NaN, the monitor is learning) every snapshot with a credit is kept.

    A change, the first of some snapshots with state 3, is always kept with the snapshot before it
    and the one after it. They cost their credits too, which are then owed.

    Parameters
    ----------
    fraction : float
        Intended share of snapshots kept, 0 < fraction <= 1.
    """

    burst = 5.0

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self._credit = 1.0
        self._sorted: list[float] = []
        self._state = 0
        self._kept = True  # before the first snapshot there is none to keep
        self._changed = False

    def observe(self, M: float, state: int) -> int:
        """Take in one snapshot and say what is kept: the sum of THIS and PREVIOUS, or 0.

        Parameters
        ----------
        M : float
            Its novelty (M of the monitor), NaN when unknown.
        state : int
            State 0..3 at this snapshot.
        """
        rising = state >= 2 and state > self._state
        changed = state == _ALARM and self._state != _ALARM
        if math.isnan(M):
            new = True
        else:
            insort(self._sorted, M)
            above = len(self._sorted) - bisect_right(self._sorted, M)
            new = above < self.fraction * len(self._sorted)
        answer = 0
        if rising or self._changed or (new and self._credit > 1.0 - 1e-9):
            answer += THIS
        if changed and not self._kept:
            answer += PREVIOUS
        self._credit -= bool(answer & THIS) + bool(answer & PREVIOUS)
        self._credit = min(self.burst, self._credit + self.fraction)
        self._state, self._changed, self._kept = state, changed, bool(answer & THIS)
        return answer


def make_keeper(rule: tuple) -> EveryKeeper | AdaptiveKeeper | None:
    """Build the keeper of a ``snapshot`` setting.

    Parameters
    ----------
    rule : tuple
        ``("none", 0)``, ``("every", M)`` or ``("adaptive", FRACTION)``.

    Raises
    ------
    ValueError
        If the word is another one or the number does not fit it.
    """
    word, value = rule
    if word == "none":
        return None
    if word == "every":
        if not (float(value) == int(value) >= 1):
            raise ValueError(f"snapshot every {value}: expected an integer of at least 1")
        return EveryKeeper(int(value))
    if word == "adaptive":
        if not 0.0 < float(value) <= 1.0:
            raise ValueError(f"snapshot adaptive {value}: expected a fraction in (0, 1]")
        return AdaptiveKeeper(float(value))
    raise ValueError(f"snapshot {word!r}: expected none, every M or adaptive FRACTION")
