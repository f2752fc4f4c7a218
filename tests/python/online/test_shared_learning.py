"""Shared learning without LAMMPS: sums, staleness, damage, refusal, waiting, rate of false alarms.

Oracle: statistics and models from plain numpy on all snapshots (tests/helpers/shared_runs.py).
"""

import contextlib
import json
import os
import threading
import time
import weakref

import numpy as np
import pytest

from dbar.online import ALARM, Monitor, MonitorConfig, merge, shared_learning
from dbar.online.replica_file import read_shared, read_statistics
from dbar.online.shared_learning import SharedLearning
from dbar.online.shared_settings import SHARED, statistics_settings
from dbar.statistics.moments import LaggedMoments
from dbar.store.h5md import StoreError
from dbar.stream import Session
from dbar.trust.change import GAP
from patience import slowness
from shared_runs import batch_model, batch_moments, same_model, stored_monitor, stored_runs
from streams import NFREQ, feed, settings, stream

CONFIG = "min_snapshots = 24\nn_bags = 10\nlatent_dim = 4\n"


@pytest.fixture
def toml(tmp_path):
    path = tmp_path / "monitor.toml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def elsewhere(monkeypatch):
    """elsewhere(seconds): inside, this process is another computer, whose clock is off."""

    @contextlib.contextmanager
    def inside(off):
        now = time.time
        with monkeypatch.context() as patch:
            module = "dbar.online.shared_learning"
            patch.setattr(f"{module}.time.time", lambda: now() + off)
            patch.setattr(f"{module}.clock", lambda: "elsewhere", raising=False)
            patch.setattr("dbar.online.launch.clock", lambda: "elsewhere", raising=False)
            yield

    return inside


def world(folder, number, toml, of=3, **changes):
    """Settings of world `number` of an ensemble."""
    options = {"monitor": toml, "ensemble": "yes", "replica": number, "replicas": of}
    options["began"] = time.time() - 5.0
    options["store"] = str(folder / f"run.{number}.h5md")
    return settings(**options | changes)


def streams(worlds=3, count=60):
    return [stream(count, seed=40 + k) for k in range(worlds)]


def interleaved(folder, toml, rows, **changes):
    """All worlds in turn, each snapshot of one after that of the other."""
    sessions = [Session(world(folder, k, toml, len(rows), **changes)) for k in range(len(rows))]
    for group in zip(*rows, strict=True):
        for session, row in zip(sessions, group, strict=True):
            session.observe(*row)
    return sessions


def test_models_equal_batch_fits(tmp_path, toml):
    sessions = interleaved(tmp_path, toml, streams())
    for session in sessions:
        session.close()
    paths = [tmp_path / f"run.{k}.h5md" for k in range(3)]
    runs = stored_runs(paths)
    X = np.concatenate([X for _, X in runs.values()])
    for path in paths:
        monitor = stored_monitor(path)
        assert set(monitor.pooled) == {0, 1, 2} and min(monitor.pooled.values()) > 45
        same_model(monitor.model, batch_model(runs, monitor.pooled, monitor.config), X)
    config = MonitorConfig.load(toml)
    seen = dict.fromkeys(runs, 59)
    moments, model = merge(paths)
    same_model(model, batch_model(runs, seen, config), X)
    expected = batch_moments(runs, seen, config)
    assert np.array_equal(moments.count, expected.count)
    np.testing.assert_allclose(moments.mean, expected.mean, rtol=1e-12)
    scale = np.abs(expected.comoment).max()
    assert np.abs(moments.comoment - expected.comoment).max() < 1e-12 * scale
    # what each left in the folder are its final statistics; the newest are still in question
    learnt = 59 - GAP
    for k in range(3):
        found = [read_statistics(tmp_path / f"watch.ensemble/replica-{k}.{s}.stat") for s in (0, 1)]
        note, last = max(found, key=lambda pair: pair[0].order)
        assert note.ended and note.transitions == learnt
        np.testing.assert_allclose(
            last.mean, batch_moments(runs, {k: learnt}, config).mean, rtol=1e-12
        )


def test_merge_refuses(tmp_path, toml):
    for session in interleaved(tmp_path, toml, streams(2, 30)):
        session.close()
    with pytest.raises(ValueError, match="no files"):
        merge([])
    one = tmp_path / "run.0.h5md"
    with pytest.raises(ValueError, match=r"run\.0\.h5md: has the replica number 0 of .*run\.0"):
        merge([one, one])
    moments, _ = merge([one, one], config=toml)  # numbered by position then
    assert moments.count[0] == 58
    other = Session(settings(store=str(tmp_path / "o.h5md"), monitor=toml, dt=0.001))
    feed(other, stream(30))
    other.close()
    with pytest.raises(ValueError, match=r"o\.h5md: was made with dt 0\.001, .* with 0\.002"):
        merge([one, tmp_path / "o.h5md"], config=toml)
    with pytest.raises(ValueError, match="29 transitions in 1 runs, at least 40"):
        merge([one], config={"min_snapshots": 40})


def test_other_settings_are_refused(tmp_path, toml):
    first = Session(world(tmp_path, 0, toml))
    feed(first, stream(40))
    for changes, words in (
        ({"descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "4"}}}, "descriptor setting twojmax 2"),
        ({"nfreq": 200}, "nfreq 100"),
        ({"monitor": "default"}, "n_bags 10"),
    ):  # fmt: skip
        with pytest.raises(StoreError, match=f"was made with {words}, this run has"):
            Session(world(tmp_path, 1, toml, **changes))
        # nothing of the refused run is left behind or held
        assert not list((tmp_path / "watch.ensemble").glob("replica-1*"))
        os.remove(tmp_path / "run.1.h5md")
    with pytest.raises(StoreError, match="replica 0 is being published by process"):
        Session(world(tmp_path, 0, toml, store=str(tmp_path / "b.h5md")))
    first.close()
    with pytest.raises(ValueError, match="ensemble yes needs a monitor"):
        Session(world(tmp_path, 1, "none"))
    with pytest.raises(StoreError, match="nowhere"):
        Session(world(tmp_path, 1, toml, ensemble=str(tmp_path / "nowhere/a.ensemble")))


def test_newer_schema_is_refused_and_damage_is_told(tmp_path, toml):
    for session in interleaved(tmp_path, toml, streams(2, 40)):
        session.close()
    folder = tmp_path / "watch.ensemble"
    newest = max(folder.glob("replica-1.*.stat"), key=lambda p: p.stat().st_mtime_ns)
    good = newest.read_bytes()
    line, rest = good.split(b"\n", 1)
    later = dict(replicas=3, began=0.0, store=str(tmp_path / "c.h5md"))
    head = json.loads(line)
    newest.write_bytes(json.dumps(head | {"schema": 4}).encode() + b"\n" + rest)
    with pytest.raises(StoreError, match=r"stat: schema 4 .* reads schema 3"):
        Session(world(tmp_path, 2, toml, **later))
    for other in folder.glob("replica-1.*.stat"):
        if other != newest:
            other.unlink()
    for damaged in (good[: len(good) // 2], b"\x00" * 100, b"[1]\n", b""):
        newest.write_bytes(damaged)
        session = Session(world(tmp_path, 2, toml, **later))
        feed(session, stream(40, seed=42))
        lines = [line for line in session.drain_messages() if "truncated or corrupt" in line]
        assert len(lines) == 1 and "not used" in lines[0]
        assert set(session._monitor.pooled) == {0, 2}
        session.close()
        for path in (tmp_path / "c.h5md", *folder.glob("replica-2.*")):
            os.remove(path)


def test_earlier_runs(tmp_path, toml):
    """The same numbers again: not learnt from. A restart: learnt from. Other numbers: learnt from."""
    for session in interleaved(tmp_path, toml, streams(2, 40)):
        session.close()
    again = Session(world(tmp_path, 0, toml, of=2, began=time.time()))
    assert any("is of an earlier run; kept as" in line for line in again.messages)
    feed(again, stream(60, seed=50))
    assert again._monitor.pooled.keys() == {0}
    again.close()
    restart = {"snapshots": 60, "step": 60 * NFREQ}
    on = Session(
        world(tmp_path, 0, toml, of=2, began=time.time(), step=60 * NFREQ, restart=restart)
    )
    feed(on, stream(80, seed=50)[60:])
    assert on._monitor.pooled[1] == 39 - GAP and on._monitor.pooled[0] > 59
    on.close()
    other = world(tmp_path, 0, toml, of=1, began=time.time(), store=str(tmp_path / "o.h5md"))
    (tmp_path / "monitor.toml").write_text(CONFIG + "replica = 2\n")
    new = Session(other)
    answers = feed(new, stream(40, seed=51))
    assert new._monitor.pooled == {0: 79 - GAP, 1: 39 - GAP, 2: 30}
    assert answers[8 + GAP][5] == 1  # 24 transitions / 3 contributors
    new.close()


@pytest.mark.parametrize("off", [-60.0, 60.0])
def test_a_partner_whose_clock_differs_counts(tmp_path, toml, elsewhere, off):
    """Its statistics are as good as those of a partner whose clock agrees."""
    rows = streams(2, 40)
    here, there = Session(world(tmp_path, 0, toml, 2)), Session(world(tmp_path, 1, toml, 2))
    for mine, theirs in zip(*rows, strict=True):
        here.observe(*mine)
        with elsewhere(off):
            there.observe(*theirs)
    with elsewhere(off):
        there.close()
    here.close()
    assert set(here._monitor.pooled) == {0, 1} and min(here._monitor.pooled.values()) > 20


@pytest.mark.parametrize("off", [-60.0, 60.0])
def test_an_earlier_launch_on_another_computer_does_not_count(tmp_path, toml, elsewhere, off):
    """Nor does its clock make it count; what it publishes from now on does."""
    with elsewhere(off):
        for session in interleaved(tmp_path, toml, streams(2, 40)):
            session.close()
    new = Session(world(tmp_path, 0, toml, 2, began=time.time(), store=str(tmp_path / "new.h5md")))
    rows = stream(60, seed=50)
    feed(new, rows[:40])
    assert new._monitor.pooled.keys() == {0}
    with elsewhere(off):
        other = Session(world(tmp_path, 1, toml, 2, store=str(tmp_path / "b.h5md")))
        feed(other, stream(40, seed=41))
    feed(new, rows[40:])
    assert new._monitor.pooled.keys() == {0, 1}
    other.close()
    new.close()


def test_a_partner_elsewhere_that_came_first_counts(tmp_path, toml, elsewhere):
    """It has published before this replica came, and is still at work."""
    with elsewhere(-60.0):
        there = Session(world(tmp_path, 1, toml, 2))
        feed(there, stream(40, seed=41))
    here = Session(world(tmp_path, 0, toml, 2))
    feed(here, stream(40, seed=40))
    assert here._monitor.pooled.keys() == {0, 1}
    there.close()
    here.close()


def test_every_earlier_run_is_kept(tmp_path):
    """Also what is no statistics at all, whether the run goes on with an earlier one or not."""
    folder, said = tmp_path / "shared", []
    made = dict.fromkeys(SHARED) | {
        "schema": 1,
        "descriptor": {"family": "bso4", "rcut": 4.7, "words": {}},
    }
    for count in (3, 4, 5):
        moments = LaggedMoments(3, n_bags=2)
        for step in range(count):
            moments.add(np.arange(6.0) + step, [step])
        shared = SharedLearning(folder, made, say=said.append)
        shared.begin(None)
        shared.pool(moments)
        shared.close(None)
    names = [f"replica-0.0.stat{end}" for end in ("", ".bck.0", ".bck.1")]
    assert [read_statistics(folder / name)[0].transitions for name in names] == [5, 3, 4]
    assert (
        f"{folder}/replica-0.0.stat: is of an earlier run; kept as replica-0.0.stat.bck.1" in said
    )
    (folder / "replica-0.1.stat").write_text("mine")
    SharedLearning(folder, made, continued=True, say=said.append).close(None)
    assert (folder / "replica-0.1.stat.bck.0").read_text() == "mine"
    assert said[-1].endswith(
        "replica-0.1.stat: is not this replica's; kept as replica-0.1.stat.bck.0"
    )
    assert read_statistics(folder / "replica-0.0.stat")[0].transitions == 5


def test_a_restart_withdraws_what_will_be_made_again(tmp_path, toml):
    rows = streams(2, 60)
    for session in interleaved(tmp_path, toml, rows):
        session.close()
    restart = {"snapshots": 30, "step": 30 * NFREQ}
    back = Session(world(tmp_path, 1, toml, of=2, step=30 * NFREQ, restart=restart))
    left = [read_statistics(p)[0].transitions for p in (tmp_path / "watch.ensemble").glob("replica-1.*.stat")]  # fmt: skip
    assert left == [29 - GAP]
    back.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [("replica", "3"), ("transitions", True), ("published", None), ("settings", []), ("ended", 0)],
)
def test_first_line_of_other_kinds_of_values(tmp_path, toml, name, value):
    for session in interleaved(tmp_path, toml, streams(2, 40)):
        session.close()
    path = next((tmp_path / "watch.ensemble").glob("*.stat"))
    line, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(line), name: value}).encode() + b"\n" + rest)
    with pytest.raises(StoreError, match=rf"{path.name}: truncated or corrupt \({name} is "):
        read_statistics(path)
    path.write_bytes(b"[" * 100000 + b"\n" + rest)
    with pytest.raises(StoreError, match="truncated or corrupt"):
        read_statistics(path)


class Partner(threading.Thread):
    """Another world, in a thread: takes its first snapshots at once, the others after a delay."""

    def __init__(self, config, rows, delay, stop):
        super().__init__()
        self.session, self.rows, self.delay, self.stop = Session(config), rows, delay, stop

    def run(self):
        feed(self.session, self.rows[: self.stop])
        time.sleep(self.delay)
        feed(self.session, self.rows[self.stop :])
        self.session.close()


def test_waiting_gives_the_same_model_whoever_is_faster(tmp_path, toml):
    """Each waits for the statistics of the same count, so a delay anywhere changes nothing."""
    (tmp_path / "monitor.toml").write_text(CONFIG + "ensemble_wait = 30\n")
    rows, results = streams(2, 46), []
    for turn, (delay, stop) in enumerate(((0.0, 10), (0.3, 20), (0.5, 33))):
        folder = tmp_path / str(turn)
        folder.mkdir()
        partner = Partner(world(folder, 1, toml, of=2), rows[1], delay, stop)
        session = Session(world(folder, 0, toml, of=2))
        partner.start()
        answers = feed(session, rows[0])
        partner.join()
        session.close()
        results.append((answers, session._monitor.pooled))
    assert results[0][1] == {0: 35, 1: 35}  # 12, 14, 16, 18, 20, 22, 25, 28, 31, 35
    assert results[1] == results[0] and results[2] == results[0]


def test_a_silent_partner_costs_one_wait(tmp_path, toml):
    ended, dead = (Session(world(tmp_path, k, toml)) for k in (1, 2))
    feed(ended, stream(20, seed=41))
    ended.close()
    feed(dead, stream(12 + GAP, seed=42))  # then nothing more comes of it
    (tmp_path / "monitor.toml").write_text(CONFIG + "ensemble_wait = 2\n")
    session = Session(world(tmp_path, 0, toml))
    begun = time.monotonic()
    feed(session, stream(60, seed=40))  # twelve refits after the last word of replica 2
    assert 2.0 < time.monotonic() - begun < 2.0 + 2.0 * slowness()
    assert session._monitor.pooled[1] == 19 - GAP and session._monitor.pooled[2] > 8
    session.close()
    dead.close()


class Companion:
    """Shares an array and counts those it is given."""

    def __init__(self):
        self.taken = []

    def share(self):
        return {"numbers": np.arange(3.0)}

    def take(self, others):
        self.taken = [float(more["numbers"].sum()) for more in others]


def published(folder, count, companion=None):
    """Statistics of so many replicas, published in a folder; settings that fit them."""
    shared, parts = statistics_settings({"schema": 1, "descriptor": {}}, MonitorConfig()), []
    for replica in range(count):
        rng = np.random.default_rng(replica)
        parts.append(LaggedMoments(3, 1, 4, 0.5, 0))
        parts[-1].add_batch(rng.normal(size=(20, 6)), np.arange(20), replica)
        one = SharedLearning(folder, shared, replica, 0, count, say=lambda line: None)
        one.companion = companion
        one.begin(parts[-1])
        one.close(parts[-1])
    return shared, parts


@pytest.mark.parametrize("companion", [None, Companion()], ids=["alone", "companion"])
def test_a_sum_holds_one_partner_at_a_time(tmp_path, monkeypatch, companion):
    shared, parts = published(tmp_path, 20, companion)
    alive, most = weakref.WeakSet(), []

    def read(path):
        found = read_shared(path)
        alive.add(found[1])
        most.append(len(alive))
        return found

    monkeypatch.setattr(shared_learning, "read_shared", read)
    me = SharedLearning(tmp_path, shared, 7, 0, 20, continued=True, say=lambda line: None)
    me.companion = companion
    total = me.pool(parts[7])
    assert len(most) == 19 and max(most) <= 2
    oracle = LaggedMoments(3, 1, 4, 0.5, 0)
    for part in parts:
        oracle.merge(part)
    for name in ("count", "mean", "comoment"):
        np.testing.assert_array_equal(getattr(total, name), getattr(oracle, name))
    assert me.seen == dict.fromkeys(range(20), 20)
    if companion:
        assert companion.taken == [3.0] * 19


def test_checkpoint_restores_what_the_model_saw(tmp_path, toml):
    sessions = interleaved(tmp_path, toml, streams(2, 50))
    for session in sessions:
        session.close()
    restart = {"snapshots": 50, "step": 50 * NFREQ}
    again = Session(world(tmp_path, 0, toml, of=2, step=50 * NFREQ, restart=restart))
    assert again._monitor.pooled == sessions[0]._monitor.pooled
    for name in ("basis", "matrix", "bag_map"):
        a, b = (getattr(s._monitor.model, name) for s in (again, sessions[0]))
        assert np.array_equal(a, b)
    again.close()


def process(rng, count, size=6):
    """Stationary vector autoregression, correlation 0.7; the mixing is the same in all replicas."""
    mix = np.random.default_rng(7).normal(size=(size, size))
    x, out = rng.normal(size=size) * 1.4, []
    for _ in range(count):
        x = 0.7 * x + rng.normal(size=size)
        out.append(np.concatenate([[1.0], mix @ x]))
    return out


def test_false_alarms_of_an_ensemble(tmp_path):
    """Replicas of one process, first model from few snapshots each: alarms at the stated rate.

    8 ensembles of 4 x 150 snapshots at 1 %: about 3,700 judgements. Alarms at most GAP snapshots
    apart are one; no more than stated (three times Poisson's width), no fewer than a twentieth.
    """
    alarms = judged = 0
    for k in range(8):
        rng, folder = np.random.default_rng(100 + k), tmp_path / str(k)
        folder.mkdir()
        monitors = []
        for r in range(4):
            config = MonitorConfig(false_alarm=0.01, replica=r, n_bags=8, coverage=0.5)
            monitors.append(Monitor(config, stride=1))
            common = {"schema": 1, "descriptor": {}, "units": "lj"} | {
                name: getattr(config, name) for name in ("order", "n_bags", "coverage", "seed", "virial")
            }  # fmt: skip
            common |= dict.fromkeys(("size", "dt", "nevery", "nrepeat", "nfreq"), 1)
            partners = SharedLearning(folder, common, r, 0, 4, say=lambda line: None)
            partners.begin(None)
            monitors[-1].partners = partners
        rows = [process(rng, 150) for _ in monitors]
        last = [-GAP - 1] * 4
        for step in range(150):
            for r, (monitor, row) in enumerate(zip(monitors, rows, strict=True)):
                state = monitor.observe(step, 1.0 * step, row[step]).state
                judged += 0 < state < ALARM
                if state == ALARM:
                    alarms += step - last[r] > GAP
                    last[r] = step
        for monitor in monitors:
            assert monitor.refits > 12
            monitor.partners.close(*monitor.share())
    assert judged > 3400
    expected = 0.01 * judged
    assert expected / 20 <= alarms <= expected + 3 * np.sqrt(expected), (alarms, judged)
