"""Other ways to tell that something happened: each takes a run and a setting and gives alarms per snapshot."""

import warnings
from functools import cache

import numpy as np

from changes.single_snapshot import alarms, probabilities

LEARNT = 24  # snapshots that scale a signal, as many as the monitor learns from before it judges
RISES = ("zr-cool",)  # kinds in which v_frac rises when it happens; in others it falls


def standardised(x):
    """Signal (T,) or signals (T, n) in units of their spread over the first snapshots."""
    spread = x[:LEARNT].std(axis=0)
    return (x - x[:LEARNT].mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)


def components(D, count):
    """Leading principal components (T, count) of the first snapshots' standardised descriptors."""
    z = standardised(D[:, 1:])
    _, _, axes = np.linalg.svd(z[:LEARNT], full_matrices=False)
    return standardised(z @ axes[:count].T)


def signal(run, name):
    """(T, n) by name: pe, pc1, pc5."""
    if name == "pe":
        return standardised(run.signals["pe"])[:, None]
    return components(run.D, int(name[2:]))


@cache
def _probabilities(run):
    return probabilities(run.D, run.step)


def single_snapshots(run, rate):
    """The test of before."""
    return alarms(_probabilities(run), rate)


def off_line(run, length, k):
    """|pe - straight line through the last `length` snapshots| > k standard deviations from it."""
    pe, out = run.signals["pe"], np.zeros(len(run.D), bool)
    t = np.arange(length + 1.0)
    design = np.column_stack([np.ones(length), t[:-1]])
    ahead = np.array([1.0, t[-1]])
    solve = np.linalg.pinv(design)
    for n in range(length, len(pe)):
        past = pe[n - length : n]
        line = solve @ past
        sigma = np.sqrt(np.square(past - design @ line).sum() / (length - 2))
        out[n] = abs(pe[n] - ahead @ line) > k * sigma
    return out


def drift(run, make, name):
    """Detections of a detector of river on a signal."""
    detector, out = make(), np.zeros(len(run.D), bool)
    for n, value in enumerate(signal(run, name)[:, 0]):
        detector.update(float(value))
        out[n] = detector.drift_detected
    return out


def page_hinkley(run, name, **setting):
    """Page-Hinkley of river."""
    from river.drift import PageHinkley

    return drift(run, lambda: PageHinkley(**setting), name)


def adwin(run, name, **setting):
    """ADWIN of river."""
    from river.drift import ADWIN

    return drift(run, lambda: ADWIN(**setting), name)


def offline(run, search, name, **setting):
    """Change points of ruptures, which sees the whole run and is told how many changes there are."""
    import ruptures

    out, count = np.zeros(len(run.D), bool), len(run.events) + len(run.free)
    if count:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # says what a version changed
            search = getattr(ruptures, search)(**setting).fit(signal(run, name))
            found = search.predict(n_bkps=count)
        out[found[:-1]] = True
    return out


def structure(run, rise, fall):
    """Crossings of a level by the fraction of atoms in the structure that comes (rise) or goes (fall)."""
    part = run.signals["v_frac"]
    beyond = part > rise if run.kind in RISES else part < fall
    return beyond & ~np.r_[beyond[:1], beyond[:-1]]
