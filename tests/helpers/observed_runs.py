"""Files of runs that estimate observables, made as `fix dbar/stream ... observe` makes them."""

import numpy as np

from dbar.stream import Session
from given_models import rows, watching


def observed_run(path, count, seed=5, every=1, jump=None, close=True, **changes):
    """Write a run of `count` snapshots; returns its session.

    `every` makes pressures that are computed at each so many snapshots only, `jump` lets D leave
    its ellipsoid at that snapshot.
    """
    if every > 1:
        changes["seldom"] = {"every": every, "names": ["press"]}
    session = Session(watching(store=str(path), **changes))
    for n, (step, time, D, V, (pe, press)) in enumerate(rows(seed, count)):
        if jump is not None and n >= jump:
            D = D + 400.0 * np.array([0, 1, -1, 1, 0, 0, 1, 0, 0])
        session.observe(step, time, D, V, (pe, np.nan if n % every else press))
    if close:
        session.close()
    return session


def never_computed(path, count, model):
    """Write a run whose pressure only the model knows."""
    settings = watching(store=str(path), model=model, observe=["press", "pe"])
    settings["thermo"] = ["pe"]
    session = Session(settings)
    for step, time, D, V, (pe, _) in rows(54, count):
        session.observe(step, time, D, V, (pe,))
    session.close()
