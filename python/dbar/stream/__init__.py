"""The Python half of `fix dbar/stream`: what the plugin starts and feeds."""

from dbar.stream.observer import ObserverError
from dbar.stream.session import Observer, Session

__all__ = [
    "Observer",
    "ObserverError",
    "Session",
]
