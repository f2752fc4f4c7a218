"""The session that the running simulation talks to, with the real monitor and the real store."""

import shutil

import numpy as np
import pytest

from dbar.store import StoreError
from dbar.store.columns import LATER_FIELDS
from dbar.stream import Session
from dbar.trajectory import read
from streams import feed, settings, stream


def no_nan(answers):
    return [answer[:4] for answer in answers]


def test_learn_trust_alarm_and_what_the_file_says(tmp_path):
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    answers = feed(session, stream(220, jump=200))
    session.close()
    states = np.array([answer[0] for answer in answers])
    assert states[0] == 0 and 1 in states[50:200] and 3 in states[200:204]
    assert [answer[4] for answer in answers] == list(range(1, 221))
    for answer in answers:
        assert [type(part) for part in answer] == [
            int, float, float, float, int, int, int, int, float, int, bool,
        ]  # fmt: skip
    traj = read(path)
    for name in ("state", "M", "innovation", "tau_pred", "refits", *LATER_FIELDS):
        assert np.array_equal(traj.monitor[name], [getattr(a, name) for a in answers])
    assert np.all(traj.monitor["bound"][states > 0] > 0)


@pytest.mark.parametrize("drop", [0, 10])
def test_killed_and_continued_equals_never_stopped(tmp_path, drop):
    """The checkpoint, the replay after it and the keeper give back the very same numbers."""
    rows = stream(130, jump=100)
    options = {"snapshot": ["adaptive", 0.1]}
    whole = Session(settings(store=str(tmp_path / "whole.h5md"), **options))
    expected = feed(whole, rows)
    whole.close()

    first = Session(settings(store=str(tmp_path / "first.h5md"), **options))
    feed(first, rows[:77])
    path = tmp_path / "run.h5md"
    shutil.copyfile(tmp_path / "first.h5md", path)  # what kill -9 leaves
    first.close()
    at = 77 - drop
    restart = {"snapshots": at, "step": rows[at - 1][0] + 30}
    second = Session(settings(store=str(path), step=restart["step"], restart=restart, **options))
    lines = second.drain_messages()
    assert lines[-1] == f"{path}: continued after {at} snapshots" and not second.messages
    again = second.observe(*rows[at - 1])  # a run that starts on a snapshot's step
    assert again[:-1] == expected[at - 1][:-1] and again[-1] is False
    assert feed(second, rows[at:]) == expected[at:]
    second.close()

    one, other = read(tmp_path / "whole.h5md"), read(path)
    for name in ("D", "V", "step", "time"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for name in one.monitor:
        assert np.array_equal(one.monitor[name], other.monitor[name])
    assert np.array_equal(one.snapshots.position, other.snapshots.position)


def test_restart_that_disagrees_with_the_store_says_so(tmp_path):
    path, rows = tmp_path / "run.h5md", stream(10)
    session = Session(settings(store=str(path)))
    feed(session, rows)
    session.close()
    restart = {"snapshots": 12, "step": rows[-1][0]}
    again = Session(settings(store=str(path), step=rows[-1][0], restart=restart))
    text = f"{path}: holds 10 snapshots up to step 1000, the restart file knows of 12"
    assert text in again.drain_messages()
    again.close()
    bare = Session(settings(restart=restart))
    assert bare.drain_messages() == [
        "no store: the 12 snapshots before the restart are not known any more"
    ]


def test_messages_go_to_stderr_unless_quiet(tmp_path, capsys):
    restart = {"snapshots": 1, "step": 1}
    Session(settings(restart=restart, quiet=False))
    assert capsys.readouterr().err.startswith("dbar: fix watch: no store: the 1 snapshots")


def test_without_monitor_and_store():
    answer = Session(settings(monitor="none")).observe(*stream(1)[0])
    assert answer == (0, 0.0, 0.0, 0.0, 1, 0, 0, -1, 0.0, 0, False)


def test_arrays_are_checked_and_copied():
    session = Session(settings())
    step, time, D, V, thermo = stream(1)[0]
    bad = D.copy()
    bad[3] = np.nan
    cases = [
        ((step, time, D[:-1], V, thermo), r"D at step 100 has shape \(6,\), expected \(7,\)"),
        ((step, time, D, None, thermo), r"V at step 100 has shape None, expected \(7, 6\)"),
        ((step, time, D, V.T, thermo), r"V at step 100 has shape \(6, 7\), expected \(7, 6\)"),
        ((step, time, D, V, thermo[:2]), "2 thermo values at step 100, expected 4"),
        ((step, time, bad, V, thermo), "D at step 100 is not finite: component 3 is nan"),
    ]
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            session.observe(*arguments)
    for array in (D, V, thermo):
        array.flags.writeable = False
    session.observe(step, time, D, V, thermo)
    with pytest.raises(ValueError, match=r"thermo outputs \['pe', 'pe'\]: a name appears twice"):
        Session(settings(thermo=["pe", "pe"]))


def test_bad_monitor_file_names_the_word(tmp_path):
    toml = tmp_path / "monitor.toml"
    toml.write_text("n_bags = 'many'\n")
    with pytest.raises(ValueError, match="n_bags"):
        Session(settings(monitor=str(toml)))
    with pytest.raises(OSError, match=r"none\.toml"):
        Session(settings(monitor=str(tmp_path / "none.toml")))


def test_a_store_error_frees_the_file(tmp_path):
    path, rows = tmp_path / "run.h5md", stream(5)
    session = Session(settings(store=str(path)))
    feed(session, rows)
    session.close()
    with pytest.raises(StoreError, match="units metal, this run has real"):
        Session(settings(store=str(path), units="real"))
    Session(settings(store=str(path), step=rows[-1][0])).close()
