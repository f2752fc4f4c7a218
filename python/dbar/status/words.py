"""What is said of an ensemble's status, in a terminal as on the page: plain, harmless text."""

from __future__ import annotations

import math
import time
from collections import Counter

from dbar.status.file import EnsembleStatus, Replica

__all__ = ["about_ensemble", "ago", "brief", "clean", "how_it_ended", "mean_and_std"]

_ENDS = {
    "budget": "the budget is spent",
    "finished": "all replicas are whole",
    "policy": "the policy needs no more",
    "stopped": "stopped before its end, `dbar ensemble resume` goes on",
}


def clean(text: str) -> str:
    """Text without what a terminal would obey: escapes, control characters, broken encodings."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def ago(seconds: float | None) -> str:
    """A time that has passed, in one unit; empty below a minute."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds is not None and seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return ""


def brief(reason: str) -> str:
    """The lines of a reason in one: the first, and the last two, which have LAMMPS' error."""
    first, *others = reason.split("\n")
    gap = " ... " if len(others) > 2 else "; "
    return first + gap + "; ".join(others[-2:]) if others else first


def how_it_ended(status: EnsembleStatus) -> str:
    """Why an ensemble has ended, in words; empty if it has not, or does not say."""
    if status.ended == "finished" and status.failed:
        return f"nothing is left to run, failed replicas: {len(status.failed)}"
    return _ENDS.get(status.ended or "", clean(status.ended or ""))


def mean_and_std(mean: float | None, std: float | None) -> str:
    """A value and its spread with the digits that the spread leaves it; "-" if unknown."""
    if mean is None:
        return "-"
    if std is None:
        return f"{mean:.6g}"
    places = 1 - math.floor(math.log10(std)) if std > 0 else 99
    if -5 <= places <= 6 and abs(mean) < 1e9:
        places = max(places, 0)
        return f"{mean:.{places}f} +- {std:.{places}f}"
    return f"{mean:.6g} +- {std:.2g}"


def about_ensemble(status: EnsembleStatus, name: str = "", message: str = "") -> dict:
    """Return an ensemble as `dbar.watch.Watching.frame` holds it."""
    age = None if status.written is None else round(max(0.0, time.time() - status.written))
    replicas = [_about_replica(r, status.ended) for r in status.replicas]
    return {
        "name": clean(name),
        "message": clean(message),
        "time": clean(status.time),
        "age": age,
        "policy": clean(status.policy),
        "used": status.used,
        "total": status.total,
        "ended": None if status.ended is None else clean(status.ended),
        "end": how_it_ended(status),
        "counts": dict(Counter(r["state"] for r in replicas)),
        "observables": {clean(k): clean(v) for k, v in status.observables.items()},
        "failed": {clean(k): _clean_lines(v) for k, v in status.failed.items()},
        "replicas": replicas,
    }


def _clean_lines(text: str) -> str:
    lines = (clean(line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _about_replica(replica: Replica, ended: str | None) -> dict:
    state = replica.state
    if state == "running" and ended == "stopped":  # as it was when the controller was killed
        state = "waiting"
    return {
        "id": clean(replica.id),
        "state": clean(state) or "unknown",
        "steps": replica.steps,
        "M": replica.M,
        "tau_pred": replica.tau_pred,
        "forecast": {
            clean(name): {"mean": mean, "std": std, "text": mean_and_std(mean, std)}
            for name, (mean, std) in replica.forecast.items()
        },
    }
