"""Which errors are refusals in words of our own: they need no traceback to be understood."""

from __future__ import annotations

import traceback

__all__ = ["is_refusal"]


def is_refusal(error: BaseException) -> bool:
    """Whether an error was raised by the package itself, to tell the user what does not fit.

    One that comes out of another library, or of a user's own code, is shown with its traceback.
    """
    if not isinstance(error, (ValueError, OSError, RuntimeError)):
        return False
    frames = traceback.walk_tb(error.__traceback__)
    return all(frame.f_globals.get("__name__", "").startswith("dbar.") for frame, _ in frames)
