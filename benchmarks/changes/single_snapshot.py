"""The test that the monitor had before it gathered evidence: each snapshot judged by itself.

What `dbar.online.Monitor` of commit 1f0b25d does with its default settings, written anew and kept as it is, so that later monitors are
compared with the same thing. A snapshot raises the alarm when its one-step innovation, or M against its forecast since the last refit,
is less probable than its share of the stated rate. `tests/cases/test_change_bench.py` holds the probabilities of that monitor on one run.
"""

import numpy as np

from changes.single_snapshot_model import Model

FIRST, GROWN, M_SHARE = 24, 1.1, 0.1
MEMORY, CLIP, PRIOR = 50.0, 3.0, 10.0


def probabilities(D, steps):
    """Probabilities (T, 2) of a larger innovation and of a larger M; 1 while learning.

    They do not depend on the stated rate. The snapshots are taken to follow each other without gaps.
    """
    X, out = np.asarray(D)[:, 1:], np.ones((len(D), 2))
    model, fitted, total, weight = None, 0, PRIOR, PRIOR
    for n in range(len(X)):
        if model is not None:
            inflation = max(1.0, total / weight)
            y = model.latent(X[n])
            innovation = model.innovation(y, model.latent(X[n - 1]))
            ahead, elapsed = model.advance(ahead), elapsed + 1  # noqa: F821
            m = float(np.square(y).mean())
            out[n, 0] = model.innovation_p(innovation / inflation)
            out[n, 1] = model.m_p(m, ahead, inflation, model.growth * elapsed)
            keep = 1.0 - 1.0 / MEMORY
            total = keep * total + min(innovation, CLIP * inflation)
            weight = keep * weight + 1.0
        if n >= (FIRST if model is None else fitted * GROWN):
            model, fitted = Model(X[: n + 1], steps[: n + 1]), n
            ahead, elapsed = model.start(model.latent(X[n])), 0
    return out


def alarms(p, rate):
    """Where probabilities (T, 2) mean an alarm at a stated rate."""
    return (p[:, 0] < rate - M_SHARE * rate) | (p[:, 1] < M_SHARE * rate)
