"""How often chunks have failed, counted in the journal: a resumed ensemble goes on counting."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor

from dbar.ensemble.journal import Journal

__all__ = ["TooManyFailures", "Tries"]


class TooManyFailures(RuntimeError):
    """Replica after replica fails: the reason lies elsewhere; the message has the last one."""


class Tries:
    """Failed tries of chunks, and the replicas that were given up.

    Parameters
    ----------
    journal : Journal
        Failures are added to it; those it holds count.
    retries : int
        Times a chunk that failed is tried again. With more than before a replica that was given up
        gets another chance.
    most : int
        Replicas that may be given up in a row, with no chunk of any other that goes well.

    Attributes
    ----------
    revived : set of int
        Replicas that were given up and are tried again.
    """

    def __init__(self, journal: Journal, retries: int, most: int) -> None:
        self.journal, self.retries, self.most = journal, int(retries), most
        self._reasons: dict[tuple[int, int], list[str]] = {}  # (replica, chunk) -> one per try
        self._given_up: dict[int, tuple[int, str]] = {}  # replica -> chunk, reason
        self._row: list[int] = []  # replicas given up since a chunk has gone well
        self._forgiven: set[int] = set()
        self.revived: set[int] = set()
        for entry in journal.entries:
            if "tried" in entry:
                key = entry["tried"], entry["chunk"]
                self._reasons.setdefault(key, []).append(entry["reason"])
            elif "failed" in entry:
                self._given_up[entry["failed"]] = entry.get("chunk", 0), entry["reason"]
            elif "forgiven" in entry:
                self._forgive(entry["forgiven"])
        for replica, (chunk, _) in list(self._given_up.items()):
            if 0 < len(self._reasons.get((replica, chunk), [])) <= self.retries:
                del self._given_up[replica]
                self.revived.add(replica)

    def _forgive(self, replicas):
        self._forgiven.update(replicas)
        self.revived.update(replicas)
        for replica in replicas:
            chunk, _ = self._given_up.pop(replica, (None, ""))
            self._reasons.pop((replica, chunk), None)

    def failed(self, replica: int, chunk: int, error: Exception, kinds=Exception) -> None:
        """Count one failure.

        Raises
        ------
        concurrent.futures.BrokenExecutor
            If the error is not of the kinds that a chunk raises: a worker's end says nothing about
            the replica.
        """
        if isinstance(error, BrokenExecutor) or not isinstance(error, kinds):
            text = f"the executor has lost its workers ({error}); the ensemble can be resumed"
            raise BrokenExecutor(text) from error
        reason = str(error) or type(error).__name__
        self._reasons.setdefault((replica, chunk), []).append(reason)
        self.journal.add(tried=replica, chunk=chunk, reason=reason)

    def went_on(self) -> None:
        """Some chunk has gone well."""
        self._row.clear()

    def give_up(self, replica: int, chunk: int, reason: str) -> None:
        """Remember that a replica is not tried from this chunk on.

        Raises
        ------
        TooManyFailures
            If it is one of too many in a row. Next time all of these count as never tried, but only
            once: who fails again is given up.
        """
        if replica in self._given_up:
            return
        self._given_up[replica] = chunk, reason
        self.journal.add(failed=replica, chunk=chunk, reason=reason)
        if replica not in self._forgiven:
            self._row.append(replica)
        if len(self._row) >= self.most:
            self.journal.add(forgiven=self._row)
            raise TooManyFailures(
                f"{len(self._row)} replicas have failed one after another, none has gone on; the "
                f"ensemble can be resumed when the reason is mended. Replica {replica}: {reason}"
            )

    def no_more(self, replica: int, chunk: int) -> str:
        """Why a chunk is not tried (again), "" if it may be."""
        last, reason = self._given_up.get(replica, (chunk + 1, ""))
        if chunk >= last:
            return reason
        reasons = self._reasons.get((replica, chunk), [])
        return reasons[-1] if len(reasons) > self.retries else ""
