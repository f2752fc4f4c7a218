"""What changed in a run, and the three answers, from columns whose story is known."""

import numpy as np
import pytest

from dbar.trajectory import find_changes, find_regimes, judge
from dbar.trajectory import movers as movers_room
from dbar.trajectory.movers import changed_most, movers
from told import NEW, told

LEARN = [0] * 24
# quiet, a change dated snapshot 60 and said at 62, learning anew, quiet, back to the first regime
STORY = LEARN + [1] * 38 + [3, 3] + LEARN + [1] * 30 + [3] + LEARN + [2] * 6
CHANGES = [(60, 62, 2), (116, 118, 1)]


def test_changes_and_regimes():
    run = told(STORY, CHANGES, jump=12.0)
    first, second = find_changes(run)
    assert (first.index, first.said, first.until, first.step) == (60, 62, 63, 50 * 61)
    assert (first.regime, second.regime) == (2, 1)
    top = first.movers[0]
    assert top.name == "pe" and top.moved > 8 and top.unit == "eV"
    assert top.after - top.expected == pytest.approx(12, abs=3)
    assert "its spread" in top.sentence() and "potential energy" in top.sentence()
    regimes = find_regimes(run, [first, second])
    assert [(r.number, r.first, r.last, r.back) for r in regimes] == [
        (1, 0, 59, False), (2, 60, 115, False), (1, 116, len(run) - 1, True),
    ]  # fmt: skip
    assert regimes[1].change is first and regimes[0].change is None
    assert [(r.learning, r.trusted, r.warning, r.alarm) for r in regimes] == [
        (24, 36, 0, 0), (24, 30, 0, 2), (24, 2, 6, 1),
    ]  # fmt: skip


def test_a_regime_that_is_recognised_has_its_old_number_from_its_change_on():
    """While it is learnt anew the monitor gives it a new number, 3."""
    run = told(STORY, CHANGES, jump=12.0)
    run.monitor["regime"][118:142] = 3
    regimes = find_regimes(run, find_changes(run))
    assert [(r.number, r.first, r.back) for r in regimes] == [
        (1, 0, False), (2, 60, False), (1, 116, True),
    ]  # fmt: skip
    assert regimes[2].change.index == 116


def test_files_of_older_monitors_have_alarms_without_regimes():
    run = told(LEARN + [1] * 20 + [3, 1, 1, 3] + [1] * 20 + [3] + [1] * 9, drop=NEW)
    found = find_changes(run)
    assert [(c.index, c.until, c.regime) for c in found] == [(44, 47, 0), (68, 68, 0)]
    assert find_regimes(run, found) == []


def test_a_shock_beside_a_change():
    """State 3 far from any confirmed change is an alarm of its own."""
    run = told(LEARN + [1] * 10 + [3] + [1] * 20 + [3] + LEARN, [(55, 55, 2)])
    assert [(c.index, c.regime) for c in find_changes(run)] == [(34, 0), (55, 2)]


def test_an_alarm_that_is_not_confirmed_is_no_regime():
    """The monitor dates every alarm; the number of the regime tells the confirmed ones."""
    run = told(LEARN + [1] * 10 + [3] + [1] * 20, [(34, 34, 1)])
    assert [(c.index, c.regime) for c in find_changes(run)] == [(34, 0)]


def test_drift_is_no_move():
    """An observable on a steep straight line goes on where it led to; one that stops does not."""
    run = told(LEARN + [1] * 40 + [3] + [2] * 30)
    t = np.arange(len(run))
    noise = np.random.default_rng(0).normal(size=len(run))
    run.observables = {"temp": 10.0 * t + noise, "vol": 10.0 * np.minimum(t, 64) + noise}
    (change,) = find_changes(run)
    moved = {m.name: abs(m.moved) for m in change.movers}
    assert moved["temp"] < 4 and moved["vol"] > 50
    assert changed_most(run, [change.movers]) == "vol"


def test_what_changed_most_without_a_change():
    run = told(LEARN + [2] * 60)
    run.observables["temp"] = 300 + 5.0 * np.arange(len(run)) + run.observables["temp"]
    assert changed_most(run, []) == "temp"
    run.observables = {"lx": np.full(len(run), 4.0)}
    assert changed_most(run, []) is None


def answers(run):
    return " ".join(answer for _, answer in judge(run).sentences)


@pytest.mark.parametrize(
    ("run", "trust", "words"),
    [
        (told(LEARN), False, "Not yet: the monitor is learning: 24 of about 33"),
        (told(LEARN + [1] * 9), True, "Yes: the run is where it was before (M 1.2)"),
        (told(LEARN + [1] * 9), True, "Until 6.3 ps: M is expected to stay below 2 for 3 ps more"),
        (told(LEARN + [1] * 5 + [2] * 4), False, "its M is 5, 2.2 times as far as usual"),
        (told(LEARN + [1] * 5 + [2] * 4), False, "last be trusted at step 1450 (2.9 ps), for 3 ps"),
        (told(LEARN + [2] * 9), False, "could not be trusted at any snapshot so far"),
        (told(LEARN + [1] * 9 + [3], [(31, 33, 2)]), False, "No: the run has just changed"),
        (told(LEARN + [1] * 9 + [3, 0, 0], [(31, 33, 2)]), False, "changed at step 1600 (3.2 ps)"),
        (told(LEARN + [1] * 100), True, "Nothing that the test could see. A run of this length"),
        (told(LEARN + [1] * 100), True, "has 0.01 false alarms to expect"),
    ],
)  # fmt: skip
def test_answers(run, trust, words):
    assert judge(run).trust is trust
    assert words in answers(run), answers(run)


def test_the_word_trusted_of_an_older_file_is_not_believed():
    """Its state 1 with tau_pred 0, or M above the limit, is answered by no."""
    run = told(LEARN + [1] * 9, drop=NEW)
    run.monitor["tau_pred"][:] = 0.0
    assert judge(run).trust is False and "leaves what is known at once" in answers(run)
    run.monitor["tau_pred"][:], run.monitor["M"][:] = 1.0, 3.0
    assert judge(run).trust is False and "outside what is known" in answers(run)


def test_expired_and_without_end():
    run = told(LEARN + [1] * 8 + [2], M=np.full(33, 1.5), tau_pred=np.full(33, 0.5))
    assert "has expired" in answers(run)
    run = told(LEARN + [1] * 9, tau_pred=np.full(33, np.inf))
    assert judge(run).until is None and "No end is in sight" in answers(run)


def test_nobody_watched():
    run = told([1] * 5)
    run.monitor = {}
    assert judge(run).trust is None and "no monitor watched" in answers(run)


def test_many_changes_do_not_read_whole_columns_each(monkeypatch):
    run, whole = told(LEARN + [1, 1, 1, 1, 1, 1, 3] * 60), []
    original = movers_room.shown

    def counted(traj, name, rows=slice(None)):
        out = original(traj, name, rows)
        whole.append(len(out[0]) == len(traj))
        return out

    monkeypatch.setattr(movers_room, "shown", counted)
    changes = find_changes(run)
    assert len(changes) == 60 and any(c.movers for c in changes)
    assert sum(whole) <= len(run.observables)
    monkeypatch.undo()
    for n in (1, 30, 59):  # the same as one at a time
        change, end = changes[n], changes[n + 1].index if n < 59 else len(run)
        assert change.movers == movers(run, changes[n - 1].until + 1, change.index, end)
