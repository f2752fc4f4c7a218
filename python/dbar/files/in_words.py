"""Settings as a reader writes them."""

from __future__ import annotations

__all__ = ["in_words"]

_MOST = 60


def in_words(value: object) -> str:
    """Lists with blanks, yes and no, few digits, and of a long word the beginning."""
    if value is None:
        return "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{k} {in_words(v)}" for k, v in value.items()) or "(none)"
    if isinstance(value, list):
        return " ".join(in_words(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) > _MOST and " " not in value:
        return value[:_MOST] + "..."  # what stands in a file goes on as one word
    try:  # the plugin writes 17 digits; a reader wants 4.7
        return f"{float(value):.10g}" if "." in str(value) else str(value)
    except (TypeError, ValueError):
        return str(value)
