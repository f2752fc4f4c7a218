"""Engineering strain: relative to the box at the start of the pull, wherever the clock stands."""

import re

import h5py
import numpy as np
import pytest

from dbar.report.figures import percent_axis
from dbar.stream import Session
from dbar.trajectory import Trajectory, read, summarise
from dbar.trajectory.summary import strain_axis
from streams import DT, NFREQ, feed, settings, stream

LATE = 10_000  # timestep at which a pull begins, 20 ps


def pull(time, rate=0.01, **changes):
    """A box that is 10 long at its first row."""
    length = 10.0 * (1.0 + rate * (time - time[0]))
    observables = {"lx": length, "ly": np.full(len(time), 9.0), "pxx": -np.sin(time - time[0])}
    return Trajectory(D=np.zeros((len(time), 2)), time=time, observables=observables, **changes)


def late(rows, shift=LATE):
    """The same rows, by a clock that was ahead when the pull began."""
    return [(step + shift, time + shift * DT, *rest) for step, time, *rest in rows]


@pytest.mark.parametrize("begin", [-5.0, 0.0, 20.0, 1e6])
def test_ten_per_cent_are_ten_per_cent(begin):
    axis, strain = strain_axis(pull(begin + np.linspace(0.0, 10.0, 41)))
    assert axis == "x"
    assert np.allclose(strain, np.linspace(0.0, 0.1, 41), rtol=0, atol=1e-8)


def test_of_a_stored_run_the_start_is_where_the_run_began(tmp_path):
    """The first snapshot comes some time after; a pull may begin between two multiples of nfreq."""
    for begin in (LATE, LATE + 60):
        path = str(tmp_path / f"{begin}.h5md")
        rows = late(stream(40))
        for row in rows:
            row[4][3] = 20 * (1 + 0.005 * (row[1] - begin * DT))
        session = Session(settings(store=path, step=begin))
        feed(session, rows)
        session.close()
        run = read(path)
        assert run.parameters["start"] == begin
        assert np.allclose(strain_axis(run)[1], 0.005 * (run.time - begin * DT), rtol=0, atol=1e-9)


def test_a_continued_store_keeps_its_start(tmp_path):
    path, rows = str(tmp_path / "a.h5md"), late(stream(40))
    for part, step in ((rows[:20], LATE), (rows[20:], rows[19][0])):
        session = Session(settings(store=path, step=step))
        feed(session, part)
        session.close()
    run = read(path)
    assert len(run) == 40 and run.parameters["start"] == LATE
    assert np.allclose(strain_axis(run)[1], 0.005 * (run.time - LATE * DT), rtol=0, atol=1e-9)


def test_files_that_do_not_say_where_they_began(tmp_path):
    path = str(tmp_path / "a.h5md")
    session = Session(settings(store=path, step=LATE))
    feed(session, late(stream(40)))
    session.close()
    with h5py.File(path, "r+") as file:
        text = file["parameters/dbar/descriptor"]
        text[()] = re.sub(rf'"start": {LATE}, ', "", text.asstr()[()])
    run = read(path)
    assert "start" not in run.parameters and run.step[0] == LATE + NFREQ
    assert np.allclose(strain_axis(run)[1], 0.005 * (run.time - LATE * DT), rtol=0, atol=1e-9)


def test_summary_and_figure_of_a_pull_that_begins_late():
    time = 20.0 + np.linspace(0.0, 10.0, 101)
    run = pull(time, parameters={"units": "metal"})
    run.observables["pxx"] = -1e4 * np.sin(0.25 * (time - 20.0))
    found = summarise(run)
    assert found.peak_strain == pytest.approx(0.01 * (found.peak_time - 20.0))
    assert found.peak_strain == pytest.approx(0.063, abs=2e-3)
    percent, back = percent_axis(time, strain_axis(run)[1])
    assert np.allclose(percent(time), np.linspace(0.0, 10.0, 101), rtol=0, atol=1e-6)
    assert np.allclose(back(percent(time)), time)
