"""What a trajectory says in a few numbers: when the alarm went up, when the stress peaked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import numpy as np

from dbar.store.units import pressure_in_gpa, unit_style
from dbar.trajectory.changes import bursts, expected_false_alarms
from dbar.trajectory.trajectory import Trajectory

__all__ = ["STATES", "Summary", "alarm_sentence", "smooth", "stress", "summarise"]

STATES = ("learning", "trusted", "warning", "alarm")
_NAMED = 3  # alarms that a sentence names
_FEW = 100  # snapshots that tell a straight line from others
_SMOOTH = 5  # snapshots averaged before a maximum is looked for


@dataclass
class Summary:
    """Numbers of one run; None where the file does not say.

    Attributes
    ----------
    snapshots, kept : int
        Snapshots, and how many of them kept their positions.
    time_first, time_last : float or None
        Time of the first and of the last snapshot.
    state : int or None
        State at the end, 0 learning to 3 alarm.
    state_counts : list of int
        Snapshots spent in each state.
    refits : int
        Models fitted.
    alarm_index, alarm_time, alarm_step, alarm_strain :
        First snapshot in state 3: its number, time, timestep and engineering strain.
    alarm_times, alarm_strains : list of float
        The same of every alarm; snapshots in state 3 within five of each other are one.
    expected_false_alarms : float or None
        Of a run of this length that goes on as it did, at the monitor's stated rate.
    peak_time, peak_strain, peak_stress :
        Where the stress, averaged over five snapshots, is largest; None if that is at the end.
    rising : bool
        The stress is largest at the end.
    stress_unit, time_unit : str
        Units of the above.
    """

    snapshots: int
    kept: int
    time_first: float | None = None
    time_last: float | None = None
    state: int | None = None
    state_counts: list[int] | None = None
    refits: int = 0
    alarm_index: int | None = None
    alarm_time: float | None = None
    alarm_step: int | None = None
    alarm_strain: float | None = None
    alarm_times: list[float] = field(default_factory=list)
    alarm_strains: list[float] = field(default_factory=list)
    expected_false_alarms: float | None = None
    peak_time: float | None = None
    peak_strain: float | None = None
    peak_stress: float | None = None
    rising: bool = False
    stress_unit: str = ""
    time_unit: str = ""

    def as_dict(self) -> dict:
        """The numbers as a JSON-able dict."""
        return asdict(self)


def smooth(x: np.ndarray, width: int = _SMOOTH) -> np.ndarray:
    """Running mean over ``width`` values, over fewer at the ends; shape (T,)."""
    if len(x) < width:
        return np.asarray(x, float)
    kernel = np.ones(width)
    return np.convolve(x, kernel, "same") / np.convolve(np.ones(len(x)), kernel, "same")


def strain_axis(traj: Trajectory) -> tuple[str, np.ndarray] | None:
    """Axis that is pulled at a constant rate and the engineering strain along it, or None.

    A box length counts as pulled when it changes by more than 0.5 % and is a straight line in
    time to 1e-6: that is what ``fix deform erate`` does and what no barostat does. The strain
    is that since the run began.
    """
    if len(traj) < 3 or not np.ptp(traj.time):
        return None
    since = traj.time - _began(traj)
    for axis in "xyz":
        length = traj.observables.get(f"l{axis}")
        if length is None or not np.all(np.isfinite(length)):
            continue
        if not _may_be_straight(since, length):
            continue
        slope, start = np.polyfit(since, length, 1)
        off = np.abs(length - start - slope * since).max()
        if start > 0 and off < 1e-6 * start and abs(np.ptp(length)) > 0.005 * start:
            return axis, (length - start) / start
    return None


def _began(traj: Trajectory) -> float:
    """Time at which the run began, before its first snapshot if it comes from a stream."""
    first = int(traj.step[0])
    start = traj.parameters.get("start")
    if not isinstance(start, int):  # a file of before: snapshots are at multiples of nfreq
        every = traj.parameters.get("nfreq")
        start = first - every if isinstance(every, int) else first
    steps = int(traj.step[1]) - first
    ahead = (first - start) / steps if steps > 0 and start < first else 0.0
    return float(traj.time[0] - ahead * (traj.time[1] - traj.time[0]))


def _may_be_straight(time: np.ndarray, length: np.ndarray) -> bool:
    """Whether a box length can be that straight line, asked of a few snapshots.

    Where all are within 1e-6 of a line so are these, and the line through them misses by no more
    than that times the root of their number.
    """
    if len(length) <= _FEW:
        return True
    rows = np.linspace(0, len(length) - 1, _FEW).astype(int)
    t, x = time[rows], length[rows]
    slope, start = np.polyfit(t, x, 1)
    off = np.abs(x - start - slope * t).max()
    return bool(off < 2e-6 * np.sqrt(_FEW) * max(abs(start), np.abs(x).max()))


def stress(traj: Trajectory, pulled: tuple | None = ...) -> tuple[str, np.ndarray, str] | None:
    """Stress along the pulled axis, else minus the pressure: (name, values, unit), or None.

    `pulled` is the answer of `strain_axis`, where it is known.
    """
    pulled = strain_axis(traj) if pulled is ... else pulled
    name = f"p{pulled[0]}{pulled[0]}" if pulled else "press"
    values = traj.observables.get(name)
    if values is None:
        return None
    size = pressure_in_gpa(traj.units)
    if not pulled:
        return ("pressure", values * (size or 1.0), "GPa" if size else "")
    return ("stress", -values * (size or 1.0), "GPa" if size else "")


def summarise(traj: Trajectory, pulled: tuple | None = ...) -> Summary:
    """Collect the numbers of a run.

    Parameters
    ----------
    traj : Trajectory
    pulled : tuple or None, optional
        The answer of `strain_axis`, where it is known.

    Returns
    -------
    Summary
    """
    out = Summary(len(traj), len(traj.snapshots) if traj.snapshots else 0)
    out.time_unit = unit_style(traj.units)["time"]
    if not len(traj):
        return out
    out.time_first, out.time_last = float(traj.time[0]), float(traj.time[-1])
    pulled = strain_axis(traj) if pulled is ... else pulled
    found = stress(traj, pulled)
    if found:
        out.stress_unit = found[2]
    state = traj.monitor.get("state")
    if state is not None:
        out.state = int(state[-1])
        out.state_counts = np.bincount(np.clip(state, 0, 3), minlength=4).tolist()
        if "refits" in traj.monitor:
            out.refits = int(traj.monitor["refits"][-1])
        alarms = np.flatnonzero(state == 3)
        if len(alarms):
            i = out.alarm_index = int(alarms[0])
            out.alarm_time, out.alarm_step = float(traj.time[i]), int(traj.step[i])
            out.alarm_strain = float(pulled[1][i]) if pulled else None
            first = [a for a, _ in bursts(alarms)]
            out.alarm_times = traj.time[first].tolist()
            out.alarm_strains = pulled[1][first].tolist() if pulled else []
        out.expected_false_alarms = expected_false_alarms(traj)
    if pulled and found:
        mean = smooth(found[1])
        i = int(np.argmax(mean))
        out.rising = i >= len(mean) - _SMOOTH
        if not out.rising:
            out.peak_time = float(traj.time[i])
            out.peak_strain, out.peak_stress = float(pulled[1][i]), float(mean[i])
    return out


def alarm_sentence(s: Summary) -> str:
    """One sentence: when the alarm went up, against when the stress peaked."""
    unit = f" {s.time_unit}" if s.time_unit else ""

    def place(time: float, strain: float | None) -> str:
        text = f"{time:.4g}{unit}"
        return text if strain is None else f"{text} ({100 * strain:.2f} % strain)"

    named = s.alarm_times[:_NAMED]
    if s.state is None:
        text = "No monitor watched this run"
    elif not named:
        learning = s.state_counts and s.state_counts[0] == s.snapshots
        text = "The monitor was learning to the end" if learning else "The alarm did not go up"
    else:
        strains = s.alarm_strains[:_NAMED] or [None] * len(named)
        places = [place(*pair) for pair in zip(named, strains, strict=True)]
        more = len(s.alarm_times) - len(named)
        if more:
            places.append(f"{more} more {'time' if more == 1 else 'times'}")
        listed = " and ".join(filter(None, [", ".join(places[:-1]), places[-1]]))
        text = f"The alarm went up at {listed}"
    if s.expected_false_alarms:
        text += f" (false alarms to expect in a run of this length: {s.expected_false_alarms:.2g})"
    if s.peak_time is None:
        return text + ("; the stress was still rising at the end." if s.rising else ".")
    text += f"; the stress peaked at {place(s.peak_time, s.peak_strain)}"
    text += f" with {s.peak_stress:.3g} {s.stress_unit}".rstrip()
    lags = [time - s.peak_time for time in named]
    words = [
        f"{abs(lag):.2g}{unit} {'after' if lag > 0 else 'before'} the peak"
        if lag
        else "at the peak"
        for lag in lags
    ]
    return text + (f": {', '.join(words)}." if words else ".")
