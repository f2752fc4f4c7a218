"""Runs of which the monitor has told a given story: columns made by hand."""

import numpy as np

from dbar.trajectory import Trajectory

EVERY, DTAU = 50, 0.1


def told(states, changes=(), seed=1, jump=0.0, drop=(), **columns):
    """A run with the given state of each snapshot.

    `changes` are (first snapshot, snapshot at which it was said, regime from then on). `jump` is
    what the energy moves by at each change, its noise being 1.
    """
    state = np.asarray(states, dtype=int)
    count = len(state)
    rng = np.random.default_rng(seed)
    step = EVERY * np.arange(1, count + 1)
    pe, change_step, regime = rng.normal(size=count), np.full(count, -1), np.ones(count, int)
    for index, said, number in changes:
        pe[index:] += jump
        change_step[said:], regime[said:] = step[index], number
    known = state > 0
    monitor = {
        "state": state,
        "M": np.where(known, np.where(state == 1, 1.2, 5.0), np.nan),
        "bound": np.where(known, 2.5, np.nan),
        "innovation": np.where(known, 1.0, np.nan),
        "tau_pred": np.where(known, np.where(state == 1, 3.0, 0.0), np.nan),
        "refits": np.cumsum(known),
        "consecutive": np.ones(count, int),
        "change_step": change_step,
        "evidence": np.where(state == 3, 2.0, 0.1),
        "regime": regime,
        **columns,
    }
    for name in drop:
        del monitor[name]
    D = np.column_stack([np.full(count, 500.0), rng.normal(size=(count, 4))])
    return Trajectory(
        D,
        time=DTAU * np.arange(1, count + 1),
        step=step,
        observables={"pe": pe, "temp": 300 + rng.normal(size=count)},
        monitor=monitor,
        parameters={"units": "metal", "nfreq": EVERY},
        monitor_config={"false_alarm": 1e-4, "m_limit": 2.0, "min_snapshots": 24},
    )


NEW = ("consecutive", "change_step", "evidence", "regime")
