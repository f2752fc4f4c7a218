"""Monitors led through a run: the one that is installed, by its public names only."""

import numpy as np

from dbar.online import Monitor

ALARM = 3


def states(run, settings=None):
    """State of `Monitor` at each snapshot, int array (T,)."""
    monitor = Monitor(settings)
    rows = zip(run.step, run.time, run.D, strict=True)
    return np.array([monitor.observe(int(s), float(t), D).state for s, t, D in rows])


def alarms(run, settings=None):
    """Where `Monitor` says that the run has changed, boolean array (T,)."""
    return states(run, settings) == ALARM
