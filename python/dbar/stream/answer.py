"""What a session answers to a snapshot, and the row of the store that it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from dbar.online.decision import Decision

__all__ = ["Answer", "row_of"]


class Answer(NamedTuple):
    """The numbers that LAMMPS shows, and whether it is to send positions.

    Attributes
    ----------
    state : int
        0 learning, 1 trusted, 2 warning, 3 alarm; what the user's callable says goes before what
        the monitor says.
    M, innovation, tau_pred : float
        As in `dbar.online.Decision`, like all that follows but `consecutive`.
    snapshots, refits : int
        Snapshots of the stream and fits of the model so far.
    consecutive : int
        Snapshots in a row in this state, this one included; 0 without monitor and callable.
    change_step : int
        Timestep of the last change, -1 while there was none.
    evidence : float
        Evidence of a change, 1 is the level of the alarm.
    regime : int
        Number of the regime, 0 without a monitor.
    keep : int
        For which snapshots `Session.keep_positions` should follow: the sum of
        `dbar.store.keeper.THIS` and `dbar.store.keeper.PREVIOUS`, or 0.
    estimates : tuple of float
        Estimate, standard deviation, forecast and half-width of its band of each observable of
        keyword *observe*, NaN for what is not known.
    """

    state: int
    M: float
    innovation: float
    tau_pred: float
    snapshots: int
    refits: int
    consecutive: int
    change_step: int
    evidence: float
    regime: int
    keep: int
    estimates: tuple[float, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, float], snapshots: int) -> Answer:
        """The answer of a row of the store, which asks for no positions."""
        evidence = float(row["evidence"])
        return cls(
            state=int(row["state"]),
            M=float(row["M"]),
            innovation=float(row["innovation"]),
            tau_pred=float(row["tau_pred"]),
            snapshots=snapshots,
            refits=int(row["refits"]),
            consecutive=int(row["consecutive"]),
            change_step=int(row["change_step"]),
            evidence=0.0 if math.isnan(evidence) else evidence,  # rows of before know none
            regime=int(row["regime"]),
            keep=0,
        )


def row_of(said: Decision) -> dict[str, float]:
    """What the monitor said, by the names of `dbar.store.columns.MONITOR_FIELDS`."""
    return {
        "state": int(said.state),
        "M": float(said.mahalanobis),
        "bound": float(said.bound),
        "innovation": float(said.innovation),
        "tau_pred": float(said.tau_pred),
        "refits": int(said.refits),
        "consecutive": int(said.consecutive),
        "change_step": int(said.change_step),
        "evidence": float(said.evidence),
        "regime": int(said.regime),
    }
