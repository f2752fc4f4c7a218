"""The bar of states and the marks of changes: as many pieces as there are pixels, and no alarm lost."""

import numpy as np
import pytest

from dbar.report.drawing import STATE_COLOURS, Drawing, _stretches
from dbar.trajectory import Change, Trajectory


def bar(state, time=None):
    time = np.arange(len(state)) if time is None else time
    return [part.tolist() for part in _stretches(np.array(state), np.asarray(time, float))]


def drawing(count, changes=()):
    state = np.arange(count) % 2 + 1
    traj = Trajectory(np.ones((count, 2)), monitor={"state": state})
    out = Drawing(traj)
    out.changes([Change(k, k, float(k), k, k) for k in changes])
    return out


def test_few_stretches_are_exact():
    assert bar([0, 0, 1, 1, 3]) == [[0.0, 2.0, 4.0], [2.0, 2.0, 1.0], [0, 1, 3]]
    # a single alarm is widened to a pixel
    starts, widths, state = bar([1] * 3000 + [3] + [1] * 2999)
    assert state == [1, 3, 1] and starts == [0.0, 3000.0, 3001.0]
    assert widths[1] == pytest.approx(5999 / 600)


def test_many_stretches_are_as_many_as_pixels_and_keep_the_highest_state():
    rng = np.random.default_rng(0)
    state = rng.integers(1, 3, 100_000)
    state[77_777] = 3
    starts, widths, found = bar(state)
    assert len(starts) <= 600 and 3 in found
    k = found.index(3)
    assert starts[k] <= 77_777 <= starts[k] + widths[k]
    np.testing.assert_allclose(np.diff(starts), np.array(widths)[:-1])
    # a pause of the run goes on with the state before it
    time = np.arange(2000.0) + np.where(np.arange(2000) > 999, 10_000.0, 0.0)
    starts, widths, found = bar([*[1, 2] * 500, *[1] * 1000], time)
    assert found[-2:] == [2, 1] and starts[-1] == pytest.approx(11_000, abs=20)


def test_a_figure_does_not_grow_with_changes():
    few, many = drawing(50), drawing(8000, range(0, 8000, 2))
    assert len(few.bar.patches) == 2 and len(many.bar.patches) == 1  # the higher of two states
    assert len(many.main.lines) <= 600
    text = many.svg("bar")
    assert len(text) < 400_000
    assert STATE_COLOURS[2] in text and STATE_COLOURS[1] in few.svg("bar")


def test_all_marks_of_few_changes_are_drawn():
    assert len(drawing(1000, (5, 100, 900)).main.lines) == 3
