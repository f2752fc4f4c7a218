"""The session that the running simulation talks to, with the real monitor and the real store."""

import json
import shutil

import h5py
import numpy as np
import pytest

from dbar.online import Monitor
from dbar.online.merging import merge
from dbar.report.forecast import hindsight
from dbar.store import StoreError
from dbar.store.columns import LATER_FIELDS
from dbar.stream import Session
from dbar.trajectory import read
from streams import SIZE, feed, positions, settings, stream


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
            int, float, float, float, int, int, int, int, float, int, int, tuple,
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
    assert again == expected[at - 1]._replace(keep=0)
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
    assert answer == (0, 0.0, 0.0, 0.0, 1, 0, 0, -1, 0.0, 0, 0, ())


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


def test_persist_and_reference_reach_the_monitor(tmp_path):
    toml = tmp_path / "monitor.toml"
    toml.write_text("min_snapshots = 12\nreference = 20\n")
    session = Session(settings(monitor=str(toml), persist=3))
    assert (session.reference, session._monitor.config.persist) == (20, 3)
    assert Session(settings()).reference == Session(settings(monitor="none")).reference == 0
    assert Session(settings(persist=None, reference=30)).reference == 30
    for name in ("persist", "reference"):
        with pytest.raises(ValueError, match=f"{name} 40 needs a monitor, but monitor is none"):
            Session(settings(monitor="none", **{name: 40}))
    with pytest.raises(ValueError, match="keyword reference 30 contradicts monitor setting"):
        Session(settings(monitor=str(toml), reference=30))


@pytest.mark.parametrize("monitor", ["default", "none"])
def test_consecutive_counts_the_states_of_the_users_callable(tmp_path, monkeypatch, monitor):
    """Also over a restart, and where it leaves the state to the monitor (learning: 0)."""
    (tmp_path / "choosy.py").write_text(
        "STATES = [1, 1, 3, 3, 3, None, None, 0, 2, 2, 2, 2]\n\n"
        "def look(step):\n    return STATES[step // 100 - 1]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    options = settings(store=str(tmp_path / "a.h5md"), python="choosy:look", monitor=monitor)
    rows = stream(12)
    session = Session(options)
    answers = feed(session, rows[:10])
    session.close()
    session = Session({**options, "step": 1000})
    answers += feed(session, rows[10:])
    session.close()
    assert [a.consecutive for a in answers] == [1, 2, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4]
    assert list(read(tmp_path / "a.h5md").monitor["consecutive"]) == [
        a.consecutive for a in answers
    ]


def test_the_snapshots_around_a_change_are_kept_in_order(tmp_path, monkeypatch):
    (tmp_path / "alarming.py").write_text(
        "def look(step):\n    return 3 if step in (1500, 1600, 1900) else 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "a.h5md"
    options = settings(store=str(path), python="alarming:look", snapshot=["adaptive", 0.01])
    rows = stream(25)
    session = Session(options)
    answers = feed(session, rows[:15])
    session.close()
    session = Session({**options, "step": 1500})  # stopped between the change and what follows
    answers += feed(session, rows[15:])
    with pytest.raises(StoreError, match="positions at step 2000 after step 2000; steps of one"):
        session.keep_positions(2000, 4.0, *positions(rows[19]))
    session.close()
    assert [a.keep for a in answers][13:20] == [0, 3, 1, 0, 0, 3, 1]
    kept = read(path).snapshots
    assert list(kept.step) == [100, 1400, 1500, 1600, 1800, 1900, 2000]
    for step, x in zip(kept.step, kept.position, strict=True):
        ids, _, expected, _, _ = positions(rows[step // 100 - 1])
        assert np.array_equal(x, expected[np.argsort(ids)])


def test_memory_of_another_version_is_learnt_anew(tmp_path, monkeypatch):
    """From the stored rows, so that it goes on as if never stopped; a line says so."""
    rows = stream(130, jump=100)
    whole = Session(settings())
    expected = feed(whole, rows)

    path = tmp_path / "run.h5md"
    get_state = Monitor.get_state
    earlier = {"ints": np.array([1, 77]), "floats": np.zeros(6)}
    monkeypatch.setattr(Monitor, "get_state", lambda self: earlier)
    first = Session(settings(store=str(path)))
    feed(first, rows[:77])
    first.close()
    monkeypatch.setattr(Monitor, "get_state", get_state)
    second = Session(settings(store=str(path), step=rows[76][0]))
    assert (
        f"{path}: the monitor's memory was written by another version; it learns from the stored "
        "snapshots"
    ) in second.drain_messages()
    assert feed(second, rows[77:]) == expected[77:]
    second.close()
    third = Session(settings(store=str(path), step=rows[-1][0]))
    assert third.drain_messages() == [f"{path}: continued after 130 snapshots"]
    third.close()


def test_settings_that_are_gone(tmp_path):
    """A store of before names them: it is continued and forecast; in a file of settings they are an error."""
    path, rows = tmp_path / "run.h5md", stream(80)
    session = Session(settings(store=str(path)))
    feed(session, rows)
    session.close()
    with h5py.File(path, "r+") as file:
        group = file["parameters/dbar/monitor"]
        config = json.loads(group["config"][()]) | {"m_share": 0.1}
        del group["config"]
        group["config"] = json.dumps(config, sort_keys=True)
    assert hindsight(read(path)).same
    assert merge([path])[0].count[0] == 79
    again = Session(settings(store=str(path), step=rows[-1][0]))
    text = f"{path}: the monitor's settings changed; it learns from the stored snapshots"
    assert text in again.drain_messages()
    again.close()
    toml = tmp_path / "monitor.toml"
    toml.write_text("m_share = 0.1\n")
    with pytest.raises(ValueError, match=r"unknown monitor setting 'm_share' in .*monitor\.toml"):
        Session(settings(monitor=str(toml)))


def test_a_reference_is_learnt_from_its_snapshots_alone():
    """At the smallest reference too the model has min_snapshots transitions; then it is frozen."""
    for reference in (25, 40):
        session = Session(settings(reference=reference))
        feed(session, stream(100))
        monitor = session._monitor
        assert monitor.fixed and monitor.model.count == reference - 1


@pytest.mark.parametrize("virial", [True, False])
def test_chunks_go_into_the_store(tmp_path, virial):
    path, chunk = tmp_path / "run.h5md", {"id": "cc", "style": "chunk/atom", "count": 3}
    session = Session(settings(store=str(path), chunk=chunk, virial=virial))
    given = np.arange(3.0 * SIZE * (7 if virial else 1)).reshape(3, -1)
    rows = stream(3)
    session.observe(*rows[0], given)
    for wrong, says in (
        (None, r"chunks at step 200 have shape None, expected \(3, "),
        (given[:2], "have shape"),
        (given[:, 1:], "have shape"),
        (np.where(given == 5.0, np.nan, given), "chunk 1 at step 200 is not finite: number 6 is"),
    ):
        with pytest.raises(ValueError, match=says):
            session.observe(*rows[1], wrong)
    session.observe(*rows[1], 2 * given)
    session.close()
    found = read(path).chunks
    np.testing.assert_array_equal(found.D, [given[:, :SIZE], 2 * given[:, :SIZE]])
    plain = Session(settings())
    with pytest.raises(ValueError, match="chunks at step 100: found 3, expected none"):
        plain.observe(*rows[0], given)
