"""Runs to be scored, as arrays, and the kinds they belong to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from changes.judge import Tally, judge

SHARED = Path(__file__).resolve().parents[3] / "shared/changes/data"


@dataclass(frozen=True, eq=False)  # a run is itself: usable as a key
class Run:
    """One run: name (KIND.SEED), D (T, K + 1), step, time, windows, and the other signals."""

    name: str
    D: np.ndarray
    step: np.ndarray
    time: np.ndarray
    events: np.ndarray
    free: np.ndarray
    signals: dict

    @property
    def kind(self):
        """What is done in the run."""
        return self.name.split(".")[0]

    def judge(self, alarm):
        """Tally of a boolean alarm per snapshot."""
        return judge(alarm, self.events, self.free)


def load(folder, kinds=None):
    """Runs of a folder of .npz files, sorted by name; only of some kinds if they are given."""
    runs = []
    for path in sorted(Path(folder).glob("*.npz")):
        with np.load(path) as file:
            data = dict(file)
        windows = [data.pop(k).astype(int).reshape(-1, 2) for k in ("events", "free")]
        runs.append(
            Run(path.stem, data.pop("D"), data.pop("step"), data.pop("time"), *windows, data)
        )
    runs = [run for run in runs if kinds is None or run.kind in kinds]
    if not runs:
        raise SystemExit(f"{folder}: no runs (.npz){'' if kinds is None else ' of these kinds'}")
    return runs


def by_kind(runs, tallies):
    """{kind: Tally} of tallies of the runs, and under "all" their sum."""
    out = {}
    for run, tally in zip(runs, tallies, strict=True):
        out[run.kind] = out.get(run.kind, Tally()) + tally
    return out | {"all": sum(tallies, Tally())}
