"""What a stream is to observe, made from the settings of the fix."""

from __future__ import annotations

from collections.abc import Callable

from dbar.stream.estimates import Estimates, kinds_of
from dbar.stream.session_model import Given

__all__ = ["AHEAD", "ahead_of", "open_estimates", "steps_ahead"]

_MOST = 1000  # snapshots ahead
AHEAD = 10  # snapshots that are forecast ahead if the settings do not say


def open_estimates(
    settings: dict, given: Given | None, say: Callable[[str], None]
) -> Estimates | None:
    """The estimates that the settings ``observe``, ``ahead``, ``seldom`` ask for, None for none.

    Raises
    ------
    ValueError
        If an observable is not known, or the time ahead is no whole number of snapshots.
    """
    words = settings.get("observe") or []
    if not words:
        return None
    kinds = kinds_of(words)
    model = None if given is None else given.model
    for name, colon, kind in (word.partition(":") for word in words):
        if colon and model is not None and model.kinds.get(name, kind) != kind:
            raise ValueError(
                f"observe {name}:{kind}: the model has it {model.kinds[name]}, expected that or "
                f"{name} alone"
            )
    return Estimates(
        kinds,
        list(settings.get("thermo") or []),
        list((settings.get("seldom") or {}).get("names", [])),
        int(settings["size"]) - 1,
        bool(settings["virial"]),
        steps_ahead(settings),
        int(settings["nfreq"]),
        model,
        say,
    )


def steps_ahead(settings: dict) -> int:
    """Snapshots that lie in the time ``ahead``.

    Raises
    ------
    ValueError
        If it is no whole number of them.
    """
    ahead, between = settings.get("ahead"), settings["nfreq"] * settings["dt"]
    if ahead is None:
        return AHEAD
    count = round(ahead / between)
    if count < 1 or abs(ahead / between - count) > 1e-6 * count:
        below = max(int(ahead / between), 1)
        raise ValueError(
            f"ahead {ahead:g}: expected a multiple of {between:g}, the time from one snapshot to "
            f"the next, such as {below * between:g} or {(below + 1) * between:g}"
        )
    if count > _MOST:
        raise ValueError(f"ahead {ahead:g}: is {count:g} snapshots, expected at most {_MOST}")
    return count


def ahead_of(parameters: dict) -> tuple[int, float] | None:
    """How far ahead a stored run has forecast: timesteps, and time.

    Parameters
    ----------
    parameters : dict
        As in its file. None comes back if they do not say.
    """
    try:
        stride, dt = int(parameters["nfreq"]), float(parameters["dt"])
        words = {"ahead": (parameters.get("observe") or {}).get("ahead"), "nfreq": stride, "dt": dt}
        steps = steps_ahead(words) * stride
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        return None
    return steps, steps * dt
