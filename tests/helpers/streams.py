"""Synthetic streams for the tests of store, session and report: an autoregression that jumps."""

import shutil

import h5py
import numpy as np

from dbar.store.columns import LATER_FIELDS
from dbar.store.keeper import PREVIOUS, THIS
from dbar.store.rows import Header

SIZE = 7  # K+1
THERMO = ["temp", "pe", "pxx", "lx"]
NFREQ = 100
DT = 0.002


def settings(**changes):
    """Settings of a session as the plugin gives them."""
    return {
        "fix_id": "watch",
        "descriptor": {"family": "bso4", "rcut": 4.7, "words": {"twojmax": "2"}},
        "size": SIZE,
        "virial": True,
        "units": "metal",
        "dt": DT,
        "nevery": 5,
        "nrepeat": 5,
        "nfreq": NFREQ,
        "natoms": 4,
        "thermo": list(THERMO),
        "store": None,
        "snapshot": ["none", 0],
        "monitor": "default",
        "python": None,
        "step": 0,
        "restart": None,
        "lammps_version": "22 Jul 2025",
        "plugin_version": "0.1.0",
        "comm": None,
        "quiet": True,
        **changes,
    }


def stream(count, jump=None, seed=20):
    """step, time, D, V, thermo of `count` snapshots; D leaves its ellipsoid at snapshot `jump`."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(SIZE - 1, SIZE - 1))
    x = np.zeros(SIZE - 1)
    rows = []
    for n in range(count):
        x = 0.7 * x + rng.normal(size=SIZE - 1)
        shifted = x + (8.0 if jump is not None and n >= jump else 0.0)
        D = np.concatenate([[4.0], 50.0 + mix @ shifted])
        V = rng.normal(size=(SIZE, 6))
        V[0] = 0.0
        step = NFREQ * (n + 1)
        time = step * DT
        pull = min(n + 1, jump or count) / count
        thermo = np.array([300 + rng.normal(), -10.0, -4e4 * pull, 20 * (1 + 0.005 * time)])
        rows.append((step, time, D, V, thermo))
    return rows


def positions(row, atoms=4):
    """ids, types, x, box, periods of kept positions that belong to a snapshot: a function of its step."""
    step = row[0]
    ids = np.arange(atoms, 0, -1)
    x = step + np.outer(ids, [0.1, 0.2, 0.3])
    box = np.array([0.0, 1.0, 2.0, 10.0, 12.0, 14.0, 0.5, 0.25, 0.125])
    return ids, 1 + ids % 2, x, box, np.array([True, True, True])


def feed(session, rows):
    """Observe all rows, keep positions when asked; returns the answers."""
    answers, previous = [], None
    for row in rows:
        answer = session.observe(*row)
        if answer.keep & PREVIOUS and previous is not None:
            session.keep_positions(previous[0], previous[1], *positions(previous))
        if answer.keep & THIS:
            session.keep_positions(row[0], row[1], *positions(row))
        answers.append(answer)
        previous = row
    return answers


# what a monitor might have said
MONITOR = {
    "state": 1, "M": 1.5, "bound": 2.5, "innovation": 0.5, "tau_pred": 3.0, "refits": 2,
    "consecutive": 7, "change_step": 300, "evidence": 0.25, "regime": 2,
}  # fmt: skip
BOX = np.array([0.0, 0.0, 0.0, 9.0, 9.0, 9.0, 0.0, 0.0, 0.0])
PERIODIC = np.array([True, False, True])


def header(**changes):
    return Header.from_settings(settings(**changes), {"seed": 0})


def fill(store, rows, keep=0, checkpoint_every=0):
    for n, (step, now, D, V, thermo) in enumerate(rows, 1):
        store.append(step, now, D, V, thermo, MONITOR)
        if keep and n % keep == 0:
            store.keep(
                step, now, np.arange(1, 5), np.ones(4, int), np.full((4, 3), step), BOX, PERIODIC
            )
        if checkpoint_every and n % checkpoint_every == 0:
            store.write_checkpoint({"count": store.snapshots, "x": np.arange(n)})


def as_of_before(path, lacking=LATER_FIELDS):
    """Make of a closed file one that was written before the monitor had these columns."""
    with h5py.File(path, "r+") as file:
        for name in lacking:
            del file["observables/dbar"][name]


def kill_copy(store, target):
    """What a kill -9 at this moment would leave: the bytes on disk, marked as being written."""
    shutil.copyfile(store.path, target)
