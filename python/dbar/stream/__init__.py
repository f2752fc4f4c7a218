"""The Python half of `fix dbar/stream`: what the plugin starts and feeds."""

from dbar.store.h5md import StoreError
from dbar.stream.observer import Observer, ObserverError
from dbar.stream.session import CHECKPOINT_EVERY, Session

__all__ = [
    "CHECKPOINT_EVERY",
    "Observer",
    "ObserverError",
    "Session",
    "StoreError",
]
