"""Forecasts of observables by a copy of the monitor, each checked when its time has come."""

import numpy as np

from dbar.online import Monitor
from dbar.online.foresight import Foresight
from streams import stream

WEIGHTS = np.random.default_rng(6).normal(size=6)


def watch(rows, horizons=5, **values):
    """A copy that sees all rows; returns it and the forecasts of each moment."""
    foresight = Foresight(Monitor(stride=100), horizons)
    said = []
    for k, (step, time, D, V, _) in enumerate(rows):
        row = {name: column[k] for name, column in values.items()}
        said.append(foresight.observe(step, time, D, V, row)[1])
    return foresight, said


def test_bands_hold_what_comes():
    """An observable that is linear in D plus noise of its own, and one that D knows nothing of."""
    rows = stream(400, seed=5)
    rng = np.random.default_rng(2)
    linear = np.array([WEIGHTS @ row[2][1:] for row in rows]) + rng.normal(size=400)
    foreign = np.cumsum(rng.normal(size=400))
    foresight, said = watch(rows, linear=linear, foreign=foreign)
    for name in ("linear", "foreign"):
        share, count = foresight.bands[name].coverage()
        # five horizons of one course: about a third of the outcomes are independent
        assert count > 1700 and abs(share - 0.9) < 3 * 0.3 / np.sqrt(count / 3)
    assert said[10] == {}
    # what D tells of the observable is told: one step ahead better than the mean
    k = np.arange(100, 399)
    one = np.array([said[n]["linear"].mean[0] for n in k])
    assert np.std(one - linear[k + 1]) < 0.85 * np.std(linear[k + 1])


def test_the_copy_says_what_the_monitor_says():
    rows = stream(80, jump=60)
    own, copy = Monitor(stride=100), Foresight(Monitor(stride=100), 3)
    for step, time, D, V, _ in rows:
        said = copy.observe(step, time, D, V, {"x": 1.0})[0]
        expected = own.observe(step, time, D, V)
        assert (said.state, said.mahalanobis) == (expected.state, expected.mahalanobis)


def test_observables_that_cannot_be_forecast():
    """Constant, unknown for a while, never known: left out, without harm to the others."""
    rows = stream(90)
    half = np.where(np.arange(90) < 50, np.nan, np.arange(90.0))
    _, said = watch(rows, constant=np.ones(90), never=np.full(90, np.nan), half=half)
    assert set(said[-1]) <= {"half"} and "constant" not in said[40]
