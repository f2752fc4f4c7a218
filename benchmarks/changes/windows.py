"""When something happens in a run of a given kind, from what was set and from observables other than D.

Windows are pairs (first, last) of snapshots, counted from 0. In an event window an alarm is right, in a free window (the run has
just been told to do something else) it counts neither way.
"""

import numpy as np

FREE = {
    "cu-melt": (50, 65), "zr-cool": (50, 65), "c-al-warm": (60, 75), "c-fe-crush": (50, 65),
    "cu-void": (50, 65), "al-shear": (50, 65),
}  # fmt: skip


def first_above(signal, level):
    """Index of the first snapshot above `level`; None if there is none."""
    above = np.flatnonzero(signal > level)
    return int(above[0]) if len(above) else None


def steepest(signal, half=5):
    """Index i with the largest signal[i + half] - signal[i - half]."""
    return int(np.argmax(signal[2 * half :] - signal[: -2 * half])) + half


def setting_step(_):
    """Thermostat or barostat are set anew after snapshot 119; what they do can be seen from 120 on."""
    return (120, 140)


def slips(run):
    """From 4 snapshots before the steepest fall of the shear stress, 24 snapshots.

    A first rule, a tenth of the atoms not fcc, marked strained crystal a hundred snapshots before it slipped.
    """
    centre = steepest(run["pxy"], 2)
    return (centre - 4, centre + 19)


def turns_hcp(run):
    """From 8 snapshots before a tenth of the atoms is hcp, 24 snapshots."""
    first = first_above(run["v_frac"], 0.10)
    return None if first is None else (first - 8, first + 15)


def melts(run):
    """Around the steepest rise of the energy.

    The windows of the first three seeds were set by eye, around 175, 183 and 181. Four snapshots after the steepest rise over ten
    is 178, 181 and 182, as near as a rule without a free level comes.
    """
    centre = steepest(run["pe"]) + 4
    return (centre - 14, centre + 13)


def tears(run):
    """From 4 snapshots before the steepest rise of the pressure (the tension breaks down), 24 snapshots."""
    centre = steepest(run["press"], 2)
    return (centre - 4, centre + 19)


def touches(run):
    """From 2 snapshots before the ball feels more than 1 eV/A, 24 snapshots."""
    first = first_above(np.abs(run["v_force"]), 1.0)
    return None if first is None else (first - 2, first + 21)


EVENT = {
    "al-tstep": setting_step, "zr-cool": turns_hcp, "cu-melt": melts, "cu-void": tears, "al-touch": touches,
    "cu-press": setting_step, "al-shear": slips,
}  # fmt: skip


def windows(kind, run):
    """Event and free windows, int arrays (n, 2), of a run {name: array} of this kind."""
    event = EVENT[kind](run) if kind in EVENT else None
    if kind in EVENT and event is None:
        raise ValueError(f"{kind}: the event does not happen in this run")
    pairs = [event], [FREE.get(kind)]
    return tuple(np.array([p for p in part if p], int).reshape(-1, 2) for part in pairs)
