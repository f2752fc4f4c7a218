"""How far ahead a stream forecasts; apart from what forecasts, for who only reads a run."""

from __future__ import annotations

__all__ = ["AHEAD", "ahead_of", "steps_ahead"]

_MOST = 1000  # snapshots ahead
AHEAD = 10  # snapshots that are forecast ahead if the settings do not say


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
