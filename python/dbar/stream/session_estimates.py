"""What a stream is to observe, made from the settings of the fix."""

from __future__ import annotations

from collections.abc import Callable

from dbar.stream.ahead import steps_ahead
from dbar.stream.estimates import Estimates, kinds_of
from dbar.stream.session_model import Given

__all__ = ["open_estimates"]


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
