"""The head of a report: three answers, what changed and where, the regimes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from dbar.report.displaced import find_displaced
from dbar.report.page import answers, section, table
from dbar.report.where import Where
from dbar.store.units import unit_style
from dbar.trajectory.changes import Change, Regime, find_regimes
from dbar.trajectory.movers import CLEAR
from dbar.trajectory.trajectory import Trajectory
from dbar.trajectory.verdict import Verdict, snapshots_to_learn

__all__ = ["answers_html", "changes_html"]

_MOST = 12  # changes with a row of their own
_NAMED = 3  # observables named of each

_CHANGES_TEXT = Markup("""
<p>An observable is compared with where its course before the change, a straight line through
{window} snapshots, would have led; the unit is its spread about that line.</p>""")

_REGIMES_TEXT = Markup("""
<p>Three alarms among eight snapshots confirm a change. The monitor then learns anew, and is
"learning" again for {need} snapshots; what it learnt before is kept, and a regime that comes
back has its old number.</p>""")


def answers_html(verdict: Verdict, places: dict[int, Where], traj: Trajectory) -> Markup:
    """The three questions with their answers."""
    rows = []
    for question, answer in verdict.sentences:
        text: str | Markup = answer
        if question.startswith("Can I"):
            head, _, rest = answer.partition(":")
            kind = {True: "yes", False: "no", None: "unknown"}[verdict.trust]
            text = Markup('<b class="{}">{}</b>:{}').format(kind, head, rest)
        elif question.startswith("What changed"):
            question = "What changed, and where?"
            where = _where_words(verdict.changes, places, traj)
            text += f" {where}" if where else ""
        rows.append((question, text))
    return answers(rows)


def _where_words(changes: Sequence[Change], places: dict[int, Where], traj: Trajectory) -> str:
    unit = unit_style(traj.units)["length"]
    found = [(n, where) for n, where in places.items() if where.regions]
    if found:
        n, where = max(found, key=lambda pair: pair[1].regions[0].total)
        return f"Where, at step {changes[n].step}: {where.regions[0].sentence(unit)}."
    if changes and not places and traj.chunks is not None:
        return "Where: see the section on chunks."
    if changes and not places:
        return "Where is not known: no positions were kept on both sides of a change."
    return ""


def changes_html(traj: Trajectory, verdict: Verdict, places: dict[int, Where]) -> Markup:
    """Section with a row for each change, and the regimes."""
    changes, unit = verdict.changes, unit_style(traj.units)
    if not changes:
        return Markup("")
    length = unit["length"]
    head = ["from", "observables that moved most", "where, and which atoms"]
    rows = []
    for n, change in enumerate(changes[:_MOST]):
        kind = f"regime {change.regime} since" if change.regime else "alarm, no new regime"
        where = places.get(n)
        end = changes[n + 1].index if n + 1 < len(changes) else None
        moved = find_displaced(traj, change, end)
        place = [where.regions[0].sentence(length)] if where and where.regions else []
        place += [moved.sentence()] if moved else []
        late = change.said - change.index
        said = f", noticed {late} snapshots later" if late > 0 else ""
        rows.append(
            [
                f"{_moment(traj, change.index)}{said}: {kind}",
                _moved(change),
                "; ".join(place) or "-",
            ]
        )
    text = _CHANGES_TEXT.format(window="up to 20") + table(head, rows)
    if len(changes) > _MOST:
        text += Markup("<p>and {} more.</p>").format(len(changes) - _MOST)
    regimes = find_regimes(traj, changes)
    if len(regimes) > 1:
        need = snapshots_to_learn(traj)
        text += _REGIMES_TEXT.format(need=f"about {need}" if need else "some")
        text += _regimes(traj, regimes)
    return section("What changed?", text)


def _regimes(traj: Trajectory, regimes: Sequence[Regime]) -> Markup:
    head = ["regime", "from", "to", "learning, trusted, warning, alarm", "what distinguishes it"]
    rows = []
    for n, regime in enumerate(regimes[: 2 * _MOST]):
        name = f"{regime.number}, back again" if regime.back else str(regime.number)
        first = "as the run began" if n == 0 else _differs(traj, regimes[n - 1], regime)
        states = f"{regime.learning}, {regime.trusted}, {regime.warning}, {regime.alarm}"
        span = _moment(traj, regime.first), _moment(traj, regime.last)
        rows.append([name, *span, states, first])
    return table(head, rows)


def _differs(traj: Trajectory, old: Regime, new: Regime) -> str:
    """What the change that began a regime moved, else means that differ by more than the spread."""
    if new.change is not None and new.change.movers:
        return _moved(new.change)
    parts = []
    for name, column in traj.observables.items():
        a, b = column[old.first : old.last + 1], column[new.first : new.last + 1]
        spread = np.sqrt(0.5 * (np.var(a) + np.var(b)))
        if spread > 0 and abs(b.mean() - a.mean()) > spread:
            parts.append(
                (abs(b.mean() - a.mean()) / spread, f"{name} {a.mean():.4g} -> {b.mean():.4g}")
            )
    return "; ".join(text for _, text in sorted(parts, reverse=True)[:_NAMED]) or "no observable"


def _moved(change: Change) -> str:
    if not change.movers:
        return "not known: too few snapshots before it, or no observables"
    clear = [m for m in change.movers if abs(m.moved) >= CLEAR][:_NAMED]
    if not clear:
        top = change.movers[0]
        return f"no observable clearly; {top.sentence()}"
    return "; ".join(mover.sentence() for mover in clear)


def _moment(traj: Trajectory, index: int) -> str:
    time = f"{traj.time[index]:.4g} {unit_style(traj.units)['time']}".rstrip()
    return f"step {traj.step[index]} ({time})"
