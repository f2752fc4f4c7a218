"""`dbar.watch.follow`: a store that another process is writing."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np

from dbar.files.filelock import is_locked
from dbar.online import Monitor
from dbar.stream import Session
from dbar.trajectory import read
from dbar.watch import Follower, Watching
from streams import settings, stream
from watched import Writer, ensemble


def test_life_of_a_run(tmp_path):
    """Waited for, running, killed, taken up again, ended; the rows are those of read at any time."""
    path = tmp_path / "run.h5md"
    follower = Follower(path)
    follower.poll()
    assert (follower.status, len(follower.run)) == ("waiting", 0)
    writer = Writer(path)
    assert follower.poll() and follower.status == "running"
    for count in (1, 3, 40):
        writer.write(count)
        assert follower.poll()
        whole = read(path)
        assert np.array_equal(follower.run.step, whole.step)
        assert np.array_equal(follower.run.observables["pxx"], whole.observables["pxx"])
        for name in whole.monitor:
            assert np.array_equal(follower.run.monitor[name], whole.monitor[name], equal_nan=True)
        assert not follower.poll() and follower.status == "running"
    writer.kill()
    assert follower.poll() and (follower.status, len(follower.run)) == ("killed", 44)
    # continued from step 2000 as after a LAMMPS restart: a new file in place of the old one
    again = Session(settings(store=str(path), step=2000, restart={"snapshots": 20, "step": 2000}))
    assert follower.poll() and (follower.status, len(follower.run)) == ("running", 20)
    again.observe(*stream(21)[-1])
    again.close()
    assert follower.poll() and (follower.status, len(follower.run)) == ("ended", 21)
    path.unlink()
    assert follower.poll() and follower.status == "waiting" and not len(follower.run)


def test_looking_does_not_stand_in_the_way_of_a_writer(tmp_path):
    """Whoever asks for the lock all the time never makes a writer give up."""
    path = tmp_path / "run.h5md"
    Session(settings(store=str(path))).close()
    code = "import sys; from pathlib import Path; from dbar.files.filelock import is_locked\n"
    code += "(Path(sys.argv[1] + '.lock')).touch(); print('go', flush=True)\n"
    code += "while True: is_locked(Path(sys.argv[1]))"
    words = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as asker:
        asker.stdout.readline()
        for n in range(12):
            Session(settings(store=str(path), step=100 * n, restart={"snapshots": 0})).close()
        asker.kill()
    session = Session(settings(store=str(path), restart={"snapshots": 0}))
    assert is_locked(path)
    session.close()


def characters_read():
    """Bytes this process has read from files so far."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


def test_following_reads_what_is_new(tmp_path, monkeypatch):
    """A look at a grown file reads a small part of it; at one that is at rest, nothing."""
    path = tmp_path / "run.h5md"
    size = 60
    session = Session(settings(store=str(path), size=size, monitor="none"))
    rng = np.random.default_rng(1)

    def observe(n):
        thermo = rng.normal(size=4)
        session.observe(100 * n, 0.2 * n, rng.normal(size=size), rng.normal(size=(size, 6)), thermo)

    for n in range(1, 1501):
        observe(n)
    follower = Follower(path)
    follower.poll()
    observe(1501)
    before = characters_read()
    follower.poll()
    assert len(follower.run) == 1501
    # the superblock, headers, and the newest chunks of a dozen columns of 1024 rows
    assert characters_read() - before < 0.05 * path.stat().st_size
    follower.poll()
    later = time.monotonic() + 60
    monkeypatch.setattr("dbar.watch.since.monotonic", lambda: later)
    follower.poll()
    before = characters_read()
    follower.poll()
    assert characters_read() - before < 1000  # the mark in the superblock, and this counter itself
    session.close()


def test_forecast_is_that_of_the_monitor_in_the_run(tmp_path):
    """Taken from a checkpoint or replayed, looked at once or often: the same numbers."""
    path = tmp_path / "run.h5md"
    rows = stream(130)
    session = Session(settings(store=str(path)))
    often = Follower(path, forecast=True)
    for row in rows:
        session.observe(*row)
        if row[0] % 1700 == 0:
            often.poll()
    often.poll()
    once = Follower(path, forecast=True)
    once.poll()
    session.close()

    own = Monitor(stride=100)  # the oracle: the whole stream through a monitor of our own
    for step, now, D, V, _ in rows:
        own.observe(step, now, D, V)
    tau = float(read(path).monitor["tau_pred"][-1])
    for outlook in (often.outlook, once.outlook):
        assert np.allclose(outlook.time[:3], rows[-1][1] + 0.2 * np.arange(1, 4))
        model, ahead = own.model, own.model.start(own.latent_state())
        for k in range(len(outlook.time)):
            ahead = model.advance(ahead)
            inflation = max(1.0, own.inflation_sum / own.inflation_weight)
            expected = model.forecast_m(ahead, inflation)[0] + model.sigma_m2 * (k + 1)
            assert np.isclose(outlook.bands["M"][0, k], expected, rtol=1e-9)
        for mean, low, high in outlook.bands.values():
            known = np.isfinite(low)
            assert np.array_equal(known, np.isfinite(high)) and np.isfinite(mean).all()
            assert np.all(low[known] <= mean[known]) and np.all(mean[known] <= high[known])
        assert len(outlook.time) == np.clip(int(tau / 0.2), 10, 100)


def test_bands_hold_what_comes(tmp_path):
    """90 % bands of an observable linear in D, over 60 forecasts ten snapshots ahead.

    Forecasts overlap little in what they predict (lag-one correlation 0.7): about 200 independent
    outcomes of 600, so that the share has a standard error of 2 %; three of them are allowed.
    """
    rows = stream(900, seed=5)
    weights = np.random.default_rng(6).normal(size=6)
    path = tmp_path / "run.h5md"
    session = Session(settings(store=str(path)))
    follower = Follower(path, forecast=True)
    values, hits = [], []
    for k, (step, now, D, V, thermo) in enumerate(rows):
        thermo[1] = weights @ D[1:]
        values.append(thermo[1])
        session.observe(step, now, D, V, thermo)
        if k >= 280 and (k - 280) % 10 == 0:
            follower.poll()
            hits.append((k, follower.outlook.bands["pe"][:, :10]))
    session.close()
    inside = [
        low <= values[k + 1 + j] <= high
        for k, bands in hits[:60]
        for j, (_, low, high) in enumerate(bands.T)
    ]
    assert abs(np.mean(inside) - 0.9) < 0.06


def test_a_writer_on_another_computer_is_not_called_killed(tmp_path):
    """Its lock looks free here where the file system keeps locks to the computer that holds them."""
    path = tmp_path / "run.h5md"
    writer = Writer(path)
    writer.write(3)
    writer.kill()
    follower = Follower(path)
    follower.poll()
    assert follower.status == "killed"
    lock = path.with_name("run.h5md.lock")
    lock.write_text("process 7 on elsewhere")
    assert follower.poll() and follower.status == "running"
    # and one look in the middle of its write does not make the file unreadable
    whole, count = path.read_bytes(), len(follower.run)
    path.write_bytes(whole[: len(whole) // 4])
    assert not follower.poll() and follower.status == "running" and len(follower.run) == count
    assert follower.poll() and follower.status == "unreadable"
    path.write_bytes(whole)
    assert follower.poll() and follower.status == "running" and len(follower.run) == count
    lock.unlink()
    assert follower.poll() and follower.status == "killed"


def test_silence_is_told_by_the_clock_of_this_computer(tmp_path, monkeypatch):
    """The stamp of the file is of a file server whose clock is an hour behind, or ahead."""
    for off in (-3600.0, 3600.0):
        path = tmp_path / f"{off:g}.h5md"
        session = Session(settings(store=str(path)))
        rows = stream(3)
        follower = Follower(path)
        follower.poll()
        for row in rows:
            session.observe(*row)
            stamp = time.time() + off + row[0]
            os.utime(path, (stamp, stamp))
            follower.poll()
            assert follower.age < 30.0
        began = time.monotonic()
        monkeypatch.setattr("dbar.watch.since.monotonic", lambda began=began: began + 40.0)
        assert 39.0 < follower.age < 41.0
        monkeypatch.undo()
        session.close()


def test_age_of_an_ensemble_by_the_clock_of_this_computer(tmp_path, ended):
    watching = Watching([ensemble(tmp_path / "e", ended, time=time.time() - 3600.0)])
    watching.poll()
    assert 3599 <= watching.frame()["ensembles"][0]["age"] < 3700  # nothing else is known yet
    ensemble(tmp_path / "e", ended, time=time.time() - 3590.0, policy="other")
    watching.poll()
    assert watching.frame()["ensembles"][0]["age"] < 30


def test_damaged_and_foreign_files_are_shown_as_unreadable(ended, tmp_path):
    text = tmp_path / "text.h5md"
    text.write_text("not a store")
    cut = tmp_path / "cut.h5md"
    cut.write_bytes(ended.read_bytes()[:5000])
    for path, words in ((text, "not an HDF5 file"), (cut, "truncated or corrupt")):
        follower = Follower(path, forecast=True)
        follower.poll()
        assert follower.status == "unreadable"
        assert str(path) in follower.message and words in follower.message
        assert not follower.poll()
    shutil.copyfile(ended, text)  # and mended
    follower = Follower(text)
    follower.poll()
    assert follower.status == "ended" and len(follower.run) == 150
