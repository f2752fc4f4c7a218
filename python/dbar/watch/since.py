"""How long ago something changed, by the clock of this machine alone once a change was seen."""

from __future__ import annotations

from time import monotonic, time

__all__ = ["Since"]


class Since:
    """Time since a content, known by a token that changes with it, was another.

    The stamp of a file or message may be of another computer's clock. It is believed at the first
    look only, when there is nothing else to go by.
    """

    def __init__(self) -> None:
        self._token: object = None
        self._changed = self._noticed = monotonic()

    def look(self, token: object, stamp: float) -> None:
        """Note what is there now; `stamp`, seconds since 1970, says when it was written."""
        if token != self._token:
            self._noticed = self._changed = monotonic()
            if self._token is None:
                self._changed -= max(0.0, time() - stamp)
            self._token = token

    def forget(self) -> None:
        """There is nothing any more."""
        self._token = None

    @property
    def age(self) -> float | None:
        """Seconds since the last change, None where there is nothing."""
        return None if self._token is None else monotonic() - self._changed

    @property
    def at_rest(self) -> float:
        """Seconds for which no other content was seen here."""
        return monotonic() - self._noticed
