"""How often chunks have failed, counted in the journal: a resumed ensemble goes on counting."""

from __future__ import annotations

from dbar.ensemble.journal import Journal

__all__ = ["Tries"]


class Tries:
    """Failed tries of chunks, and the replicas that were given up.

    Parameters
    ----------
    journal : Journal
        Failures are added to it; those it holds count.
    retries : int
        Times a chunk that failed is tried again.
    """

    def __init__(self, journal: Journal, retries: int) -> None:
        self.journal, self.retries = journal, int(retries)
        self._reasons: dict[tuple[int, int], list[str]] = {}  # (replica, chunk) -> one per try
        self._given_up: dict[int, tuple[int, str]] = {}  # replica -> chunk, reason
        for entry in journal.entries:
            if "tried" in entry:
                key = entry["tried"], entry["chunk"]
                self._reasons.setdefault(key, []).append(entry["reason"])
            elif "failed" in entry:
                self._given_up[entry["failed"]] = entry.get("chunk", 0), entry["reason"]

    def failed(self, replica: int, chunk: int, error: Exception) -> None:
        """Count one failure."""
        reason = str(error) or type(error).__name__
        self._reasons.setdefault((replica, chunk), []).append(reason)
        self.journal.add(tried=replica, chunk=chunk, reason=reason)

    def give_up(self, replica: int, chunk: int, reason: str) -> None:
        """Remember that a replica is not tried from this chunk on."""
        if replica not in self._given_up:
            self._given_up[replica] = chunk, reason
            self.journal.add(failed=replica, chunk=chunk, reason=reason)

    def no_more(self, replica: int, chunk: int) -> str:
        """Why a chunk is not tried (again), "" if it may be."""
        last, reason = self._given_up.get(replica, (chunk + 1, ""))
        if chunk >= last:
            return reason
        reasons = self._reasons.get((replica, chunk), [])
        return reasons[-1] if len(reasons) > self.retries else ""
