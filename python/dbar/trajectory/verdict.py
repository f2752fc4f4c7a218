"""Three questions to a run, answered in words: is it to be trusted, until when, what changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.store.units import unit_style
from dbar.trajectory.changes import Change, expected_false_alarms, find_changes
from dbar.trajectory.movers import CLEAR, in_words
from dbar.trajectory.trajectory import Trajectory
from dbar.trust.change import GAP

__all__ = ["M_IN_WORDS", "Verdict", "judge", "snapshots_to_learn"]

M_IN_WORDS = "M is a squared distance: 2 is 1.4 times as far as usual"
_LISTED = 3  # changes named in a sentence


@dataclass
class Verdict:
    """What a run says of itself at its newest snapshot.

    Attributes
    ----------
    trust : bool or None
        Whether the forecast can be trusted; None without a monitor.
    answer, why : str
        "Yes", "No", "Not yet" or "Nobody asked", and the reason, a sentence.
    until : float or None
        Time until which, None if it cannot be trusted now.
    until_words : str
        The same as a sentence; else when it could be trusted last.
    changed : str
        What changed, a sentence.
    changes : list of Change
    expected_false : float or None
        False alarms to expect of a run of this length.
    """

    trust: bool | None
    answer: str
    why: str
    until: float | None
    until_words: str
    changed: str
    changes: list[Change]
    expected_false: float | None

    @property
    def sentences(self) -> list[tuple[str, str]]:
        """Questions and answers."""
        return [
            ("Can I trust the forecast?", f"{self.answer}: {self.why}"),
            ("Until when?", self.until_words),
            ("What changed?", self.changed),
        ]


def judge(traj: Trajectory, changes: list[Change] | None = None) -> Verdict:
    """Answer the three questions from what the monitor wrote.

    Parameters
    ----------
    traj : Trajectory
    changes : list of Change, optional
        As `dbar.trajectory.changes.find_changes` found them.
    """
    if "state" not in traj.monitor or not len(traj):
        why = "no monitor watched this run." if len(traj) else "there is no snapshot yet."
        return Verdict(None, "Unknown", why, None, "Unknown.", "Unknown.", [], None)
    if changes is None:
        changes = find_changes(traj)
    words = _Words(traj)
    trust, answer, why = _trust(traj, changes, words)
    until, until_words = _until(traj, trust, words)
    expected = expected_false_alarms(traj)
    return Verdict(
        trust,
        answer,
        why,
        until,
        until_words,
        _changed(changes, expected, words),
        changes,
        expected,
    )


class _Words:
    """Times and numbers of one run as text."""

    def __init__(self, traj: Trajectory) -> None:
        self.traj, self.unit = traj, unit_style(traj.units)["time"]
        self.limit = float(traj.monitor_config.get("m_limit", 2.0))

    def time(self, value: float) -> str:
        return f"{value:.4g} {self.unit}".rstrip()

    def moment(self, index: int) -> str:
        return f"step {self.traj.step[index]} ({self.time(self.traj.time[index])})"

    def number(self, name: str, index: int = -1) -> float:
        column = self.traj.monitor.get(name)
        return float("nan") if column is None else float(column[index])


def trusted(traj: Trajectory) -> np.ndarray:
    """Which snapshots are known and unchanged, (T,) bool, also in files of older monitors.

    These called a snapshot trusted whose M or tau_pred said otherwise.
    """
    state = np.asarray(traj.monitor["state"])
    good = state == 1
    limit = float(traj.monitor_config.get("m_limit", 2.0))
    if "M" in traj.monitor:
        good &= np.asarray(traj.monitor["M"]) <= limit
    if "tau_pred" in traj.monitor:
        good &= np.asarray(traj.monitor["tau_pred"]) > 0.0
    return good


def _trust(traj: Trajectory, changes: list[Change], words: _Words) -> tuple[bool, str, str]:
    state, m, tau = int(traj.monitor["state"][-1]), words.number("M"), words.number("tau_pred")
    if state == 0:
        if changes:
            when, seen = words.moment(changes[-1].index), len(traj) - changes[-1].index
            why = f"the run changed at {when}, and what it does now is learnt anew"
        else:
            why, seen = "the monitor is learning", len(traj)
        need = snapshots_to_learn(traj)
        of = f" of about {need}" if need else ""
        return False, "Not yet", f"{why}: {seen}{of} snapshots so far."
    if state == 3:
        return (
            False,
            "No",
            "the run has just changed, the forecast was made for what it did before.",
        )
    if m > words.limit:
        why = (
            f"the newest snapshot lies outside what is known: its M is {m:.3g}, "
            f"{np.sqrt(m):.2g} times as far as usual, and the limit is {words.limit:g}"
        )
        return False, "No", f"{why}. ({M_IN_WORDS}.){_went_on(changes, words)}"
    if tau <= 0.0:
        return False, "No", f"from here it leaves what is known at once.{_went_on(changes, words)}"
    if state == 2:
        why = "the forecast of the newest model has expired and waits for the next fit."
        return False, "No", f"{why}{_went_on(changes, words)}"
    return True, "Yes", f"the run is where it was before (M {m:.3g}) and goes on as it did."


def snapshots_to_learn(traj: Trajectory) -> int | None:
    """Snapshots of a regime that pass before anything is said of it; None if not known."""
    config = traj.monitor_config
    if "min_snapshots" not in config:
        return None
    return int(config["min_snapshots"]) + int(config.get("order", 1)) + GAP


def _went_on(changes: list[Change], words: _Words) -> str:
    since = f" since {words.moment(changes[-1].index)}" if changes else ""
    return f" It goes on as it did{since}: drift, not a change."


def _until(traj: Trajectory, trust: bool, words: _Words) -> tuple[float | None, str]:
    good = trusted(traj)
    judged = int(np.count_nonzero(np.asarray(traj.monitor["state"]) > 0))
    share = f"{good.sum()} of {judged} judged snapshots could be trusted"
    if trust:
        tau = words.number("tau_pred")
        if not np.isfinite(tau):
            return (
                None,
                f"No end is in sight: M is not expected to reach {words.limit:g}. ({share}.)",
            )
        until = float(traj.time[-1]) + tau
        return until, (
            f"Until {words.time(until)}: M is expected to stay below {words.limit:g} for "
            f"{words.time(tau)} more. ({share}.)"
        )
    rows = np.flatnonzero(good)
    if not len(rows):
        never = "It could not be trusted at any snapshot so far. A run that is heated, pulled or "
        never += "still settling seldom can: it is where it has not been before."
        return None, never if judged else "Unknown yet."
    k = int(rows[-1])
    tau = words.time(words.number("tau_pred", k))
    return None, f"Not now. It could last be trusted at {words.moment(k)}, for {tau}. ({share}.)"


def _changed(changes: list[Change], expected: float | None, words: _Words) -> str:
    false = ""
    if expected is not None:
        false = f" A run of this length that goes on as it did has {_few(expected)} to expect."
    if not changes:
        return f"Nothing that the test could see.{false}"
    named = [_about(change, words) for change in changes[:_LISTED]]
    more = len(changes) - len(named)
    count = "One alarm" if len(changes) == 1 else f"{len(changes)} alarms"
    text = f"{count}: {'; '.join(named)}" + (f"; and {more} more" if more else "")
    return f"{text}.{false}"


def _few(expected: float) -> str:
    return f"{expected:.2g} false {'alarm' if expected == 1 else 'alarms'}"


def _about(change: Change, words: _Words) -> str:
    text = f"at {words.moment(change.index)}"
    if change.said > change.index:
        text += f", noticed {change.said - change.index} snapshots later,"
    clear = [m for m in change.movers if abs(m.moved) >= CLEAR]
    if clear:
        name, spreads = in_words(clear[0].name), abs(clear[0].moved)
        text += f", when {name} moved by {spreads:.2g} times its spread"
    text = text.replace(",,", ",")
    return text + (f" (regime {change.regime} since)" if change.regime else "")
