"""Everything a monitor knows as arrays, and back, bit for bit."""

from __future__ import annotations

import numpy as np

from dbar.online.frozen import FrozenModel
from dbar.online.regimes import Regimes
from dbar.online.start import Start
from dbar.statistics.chain import LagChain
from dbar.statistics.moments import LaggedMoments
from dbar.trust.brought import BroughtTest

__all__ = ["SCHEMA", "restore", "schema_of", "state_of"]

SCHEMA = 4


def schema_of(state):
    """Number of the layout of a state."""
    return int(state["ints"][0])


def state_of(monitor):
    """Arrays of a `dbar.online.Monitor`, copied."""
    ints = [
        SCHEMA, monitor.snapshots, monitor.refits, monitor.over, monitor.stride or 0, monitor.state,
        monitor.consecutive, monitor.change_step, monitor.loud, monitor.loud_since, monitor.alarmed,
        int(monitor.fixed), monitor.learnt,
    ]  # fmt: skip
    floats = [
        monitor.inflation_sum, monitor.inflation_weight, monitor.time, monitor.dtau,
        monitor.elapsed, monitor.fitted_count,
    ]  # fmt: skip
    state = {"ints": np.array(ints, dtype=np.int64), "floats": np.array(floats)}
    state["beyond"] = np.array(monitor.beyond, dtype=np.int64)
    state |= monitor.change.get_state() | monitor.regimes.get_state()
    if monitor.pending:
        steps = [(step, z is not None) for step, z in monitor.pending]
        state["pending_steps"] = np.array(steps, dtype=np.int64)
        known = [z for _, z in monitor.pending if z is not None]
        if known:
            state["pending"] = np.array(known)
    if monitor.chain is not None:
        state |= monitor.chain.get_state() | monitor.moments.get_state()
    if monitor.model is not None:
        state |= monitor.model.get_state()
    if monitor.ahead is not None:
        state |= {f"ahead_{k}": part.copy() for k, part in enumerate(monitor.ahead)}
    if monitor.start is not None:
        state |= monitor.start.get_state()
    if monitor.early is not None:
        none = np.zeros((0, 1))
        state["early_errors"] = (
            none if monitor.early.errors is None else monitor.early.errors.copy()
        )
    if monitor.pooled:
        state["pooled"] = np.array(sorted(monitor.pooled.items()), dtype=np.int64)
    return state


def restore(monitor, state):
    """Put a state into a new monitor.

    Raises
    ------
    ValueError
        If the state has another schema, or was gathered with other settings of the statistics.
    """
    ints = [int(v) for v in state["ints"]]
    if ints[0] != SCHEMA:
        raise ValueError(f"monitor state has schema {ints[0]}, expected {SCHEMA}")
    monitor.stride = ints[4] or None
    monitor.snapshots, monitor.refits, monitor.over = ints[1:4]
    monitor.state, monitor.consecutive, monitor.change_step = ints[5:8]
    monitor.loud, monitor.loud_since, monitor.alarmed = ints[8:11]
    monitor.fixed, monitor.learnt = bool(ints[11]), ints[12]
    (
        monitor.inflation_sum, monitor.inflation_weight, monitor.time, monitor.dtau,
        monitor.elapsed, monitor.fitted_count,
    ) = (float(v) for v in state["floats"])  # fmt: skip
    monitor.start = Start.from_state(state)
    monitor.beyond = [int(step) for step in state["beyond"]]
    monitor.change.set_state(state)
    monitor.regimes = Regimes.from_state(state)
    known = iter(np.array(state.get("pending", ()), float))
    for step, full in state.get("pending_steps", ()):
        monitor.pending.append((int(step), next(known).copy() if full else None))
    if "moments_ints" in state:
        monitor.moments = LaggedMoments.from_state(state)
        for name in ("order", "n_bags", "coverage", "seed"):
            saved, asked = getattr(monitor.moments, name), getattr(monitor.config, name)
            if saved != asked:
                raise ValueError(f"monitor state was made with {name} {saved}, not {asked}")
        monitor.chain = LagChain(monitor.moments.size, monitor.config.order)
        monitor.chain.set_state(state)
    if "model_basis" in state:
        monitor.model = FrozenModel.from_state(state)
        monitor.one_step_std = monitor.model.one_step_std(0.0)
    if "ahead_0" in state:
        monitor.ahead = tuple(np.array(state[f"ahead_{k}"], float, order="C") for k in range(3))
    if "early_errors" in state:
        monitor.early = BroughtTest(monitor.start.rest, monitor.config.false_alarm)
        errors = np.array(state["early_errors"], float)
        monitor.early.errors = errors if len(errors) else None
    monitor.pooled = {int(r): int(n) for r, n in state.get("pooled", ())}
