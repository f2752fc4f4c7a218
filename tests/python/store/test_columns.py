"""Files written before the monitor had all of its columns: read, reported, watched, continued."""

import shutil

import numpy as np
import pytest

from dbar.report import report
from dbar.store import Store, StoreError
from dbar.store.columns import LATER_FIELDS, MONITOR_FIELDS
from dbar.stream import Session
from dbar.trajectory import read, write
from dbar.watch.follow import Follower
from streams import MONITOR, as_of_before, feed, fill, header, settings, stream

UNKNOWN = {"consecutive": 0, "change_step": -1, "evidence": np.nan, "regime": 0}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run with all columns."""
    path = tmp_path_factory.mktemp("columns") / "whole.h5md"
    session = Session(settings(store=str(path), snapshot=["every", 10]))
    feed(session, stream(80, jump=60))
    session.close()
    return path


@pytest.fixture
def old(whole, tmp_path):
    """The same run in a file of before."""
    path = tmp_path / "old.h5md"
    shutil.copy(whole, path)
    as_of_before(path)
    return path


def test_the_later_columns_are_those_with_known_defaults():
    assert set(LATER_FIELDS) == set(UNKNOWN)
    for name, value in UNKNOWN.items():
        assert np.array_equal(MONITOR_FIELDS[name][1], value, equal_nan=True)


def test_a_file_of_before_is_read_and_written_as_it_is(whole, old, tmp_path):
    new, run = read(whole), read(old)
    assert set(new.monitor) == set(MONITOR_FIELDS)
    assert set(run.monitor) == set(MONITOR_FIELDS) - set(LATER_FIELDS)
    for name, column in run.monitor.items():
        assert np.array_equal(column, new.monitor[name], equal_nan=True)
    write(tmp_path / "copy.h5md", run)
    assert set(read(tmp_path / "copy.h5md").monitor) == set(run.monitor)


def test_a_file_of_before_has_its_report(whole, old, tmp_path):
    pages = [report(path, tmp_path / "page.html", name="run").read_text() for path in (whole, old)]
    assert pages[0].count("<section") == pages[1].count("<section") > 3


def test_a_file_of_before_is_watched_also_when_it_is_continued(old):
    follower = Follower(old)
    assert follower.poll() and follower.status == "ended"
    assert set(follower.run.monitor) == set(MONITOR_FIELDS) - set(LATER_FIELDS)
    session = Session(settings(store=str(old), step=8000))
    assert follower.poll() and follower.status == "running"
    feed(session, stream(90, jump=60)[80:])
    assert follower.poll() and len(follower.run) == 90
    assert set(follower.run.monitor) == set(MONITOR_FIELDS)
    session.close()


def test_rows_of_before_have_the_defaults_in_a_file_that_is_continued(tmp_path):
    path, rows = tmp_path / "run.h5md", stream(20)
    store = Store(path, header())
    fill(store, rows[:12], keep=4)
    store.close()
    as_of_before(path)
    store = Store(path, header(), step=rows[9][0], say=lambda line: None)
    fill(store, rows[10:])
    store.close()
    run = read(path)
    assert list(run.step) == [row[0] for row in rows] and list(run.snapshots.step) == [400, 800]
    for name, value in MONITOR.items():
        before = np.full(10, UNKNOWN.get(name, value))
        assert np.array_equal(run.monitor[name][:10], before, equal_nan=True)
        assert np.array_equal(run.monitor[name][10:], np.full(10, value))


def test_a_session_goes_on_with_a_file_of_before(whole, old):
    rows = stream(90, jump=60)
    session = Session(settings(store=str(old), step=rows[79][0]))
    again = session.observe(*rows[79])
    assert (again.consecutive, again.change_step, again.evidence, again.regime) == (0, -1, 0.0, 0)
    assert again.M == read(whole).monitor["M"][-1]
    answers = feed(session, rows[80:])
    session.close()
    run = read(old)
    for name in LATER_FIELDS:
        assert np.array_equal(run.monitor[name][80:], [getattr(a, name) for a in answers])


@pytest.mark.parametrize("name", ["bound", "refits"])
def test_a_file_that_lacks_another_column_is_damaged(old, name):
    as_of_before(old, [name])
    with pytest.raises(StoreError, match="truncated or corrupt"):
        Store(old, header(), step=8000, say=lambda line: None)
