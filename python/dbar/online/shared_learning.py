"""Replicas that learn one model: each publishes its statistics in a folder and adds the others'.

Files, because nothing then waits for a replica that is slow, has ended or has died. Each replica
writes ``replica-N.0.stat`` and ``replica-N.1.stat`` in turn: with two, a partner that is one
exchange behind still finds the statistics of the exchange it has come to. Statistics are added as
Chan, Golub & LeVeque (1983) do, so the sum equals the statistics of all snapshots to rounding.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from dbar.files.atomic import set_aside
from dbar.files.filelock import FileLock, Locked
from dbar.files.kinds import Kind, kind_of
from dbar.online.launch import Launch, clock
from dbar.online.replica_file import Note, OtherSchema, read_note, read_shared, write_statistics
from dbar.online.shared_settings import SHARED
from dbar.statistics.moments import LaggedMoments
from dbar.store.h5md import StoreError
from dbar.store.rows import differing_parameters

__all__ = ["SharedLearning"]

_FILE = re.compile(r"replica-(\d+)\.[01]\.stat")


class SharedLearning:
    """One replica's place in the folder of an ensemble.

    Parameters
    ----------
    folder : path-like
        Common to all replicas; made if it does not exist.
    settings : dict
        From `dbar.online.shared_settings.statistics_settings`.
    replica : int
        Number of this replica.
    first, replicas : int
        The replicas launched together: first ... first + replicas - 1.
    began : float
        When they were launched, seconds since 1970 by this computer's clock. What replicas of these
        numbers had published before is not used (`dbar.online.launch.Launch`), unless `continued`.
    continued : bool
        The run goes on with an earlier one: its partners' files are theirs, however old.
    wait : float
        Longest wait, in seconds, for partners of this launch that are behind.
    say : callable
        Receives lines for the user.

    Raises
    ------
    StoreError
        If the folder cannot be used, holds statistics made with other settings, or another
        process publishes under this number.

    Attributes
    ----------
    seen : dict of int
        Transitions of each replica in the newest sum.
    contributors : int
        Replicas to be expected in it: those launched, or those in the folder if they are more.
    companion : object or None
        Shares more: its ``share()`` gives arrays by name to publish, and its ``take(iterable)``
        gets those of the partners at each exchange, one after the other.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        settings: dict,
        replica: int = 0,
        first: int = 0,
        replicas: int = 1,
        began: float = 0.0,
        continued: bool = False,
        wait: float = 0.0,
        say: Callable[[str], None] = print,
    ) -> None:
        self.folder, self.settings = Path(folder), settings
        self.replica, self.first, self.replicas = int(replica), int(first), int(replicas)
        self.continued, self.wait, self._say = continued, wait, say
        self._launch = Launch(self.first, self.replicas, began)
        self.seen: dict[int, int] = {}
        self._silent: dict[int, tuple] = {}  # what was known of those that let a wait run out
        self._damaged: set[str] = set()
        self._slot = 0
        self._publishing = self._complete = False
        self.companion = None
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock: FileLock | None = FileLock(self.folder / f"replica-{self.replica}")
        except Locked as owner:
            raise StoreError(
                f"{self.folder}: replica {self.replica} is being published by {owner}; "
                "runs that share a folder need different replica numbers"
            ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreError(f"{self.folder}: cannot be written ({reason})") from None
        try:
            numbers = self._numbers()
            for path in (path for number in numbers for path in self._paths(number)):
                if note := self._read_note(path):
                    self._launch.found(path, note)
            self.contributors = max(self.replicas, len({*numbers, self.replica}))
            self._set_aside()
        except BaseException:
            self._lock.release()
            raise

    # ---- what is in the folder --------------------------------------------------------------

    def _paths(self, replica: int) -> list[Path]:
        return [self.folder / f"replica-{replica}.{slot}.stat" for slot in (0, 1)]

    def _numbers(self) -> list[int]:
        try:
            found = (_FILE.fullmatch(name) for name in os.listdir(self.folder))
        except OSError as error:
            raise StoreError(f"{self.folder}: cannot be read ({error.strerror})") from None
        return sorted({int(match[1]) for match in found if match})

    def _set_aside(self) -> None:
        """Keep what has the names that this replica will write and is not of this run."""
        for path in self._paths(self.replica):
            if path.exists():
                mine = kind_of(path) is Kind.REPLICA
                if not (mine and self.continued):
                    whose = "is of an earlier run" if mine else "is not this replica's"
                    self._say(f"{path}: {whose}; kept as {set_aside(path).name}")

    def _note(self, path: Path) -> Note | None:
        """Note of a file, None if it does not count: not there, damaged, of an earlier run."""
        note = self._read_note(path)
        if note is None or self.continued or self._launch.counts(path, note):
            return note
        return None

    def _read_note(self, path: Path) -> Note | None:
        """Note of a file, None if there is none or it is damaged.

        Raises
        ------
        StoreError
            If it was made with other settings or another schema.
        """
        try:
            note = read_note(path)
        except OtherSchema:
            raise
        except StoreError as error:
            self._ignore(path, error)
            return None
        if note is None:
            return None
        different = differing_parameters(note.settings, self.settings, SHARED)
        if different:
            name, stored, wanted = different
            raise StoreError(
                f"{path}: was made with {name} {stored}, this run has {wanted}; "
                "an ensemble needs the same settings everywhere: choose another folder"
            )
        return note

    def _ignore(self, path: Path, error: StoreError) -> None:
        if path.name not in self._damaged:
            self._damaged.add(path.name)
            self._say(f"{error}; not used")

    def _newest(self, replica: int, transitions: int | None = None) -> tuple[Note, Path] | None:
        """Newest file of a replica, or that with exactly so many transitions if there is one."""
        found = [(note, path) for path in self._paths(replica) if (note := self._note(path))]
        if not found:
            return None
        exact = [pair for pair in found if pair[0].transitions == transitions]
        return max(exact or found, key=lambda pair: pair[0].order)

    # ---- exchange ---------------------------------------------------------------------------

    def begin(
        self, own: LaggedMoments | None, regime: int = 1, progress: int | None = None
    ) -> None:
        """From here on publish; what this replica knows already (None: nothing) comes first."""
        self._publishing = True
        if own is None:
            return
        self._publish(own, regime, progress, False)
        # what it had published beyond the point where it was restarted will be made again
        self._paths(self.replica)[self._slot].unlink(missing_ok=True)

    def pool(
        self,
        own: LaggedMoments,
        regime: int = 1,
        progress: int | None = None,
        alike: Callable[[LaggedMoments], bool] | None = None,
    ) -> LaggedMoments:
        """Publish this replica's statistics; return the sum of those of all in the same regime.

        Parameters
        ----------
        own : LaggedMoments
            Of the present regime.
        regime : int
            Its number. Partners that are in another are left out until they are in this one.
        progress : int, optional
            Transitions learnt in all regimes; by default those in `own`.
        alike : callable, optional
            Whether a partner's statistics are of the same regime, beyond having its number.

        Raises
        ------
        StoreError
            If files cannot be written, or a partner has other settings.
        """
        transitions = int(own.count[0]) if progress is None else progress
        if self._publishing:
            self._publish(own, regime, progress, False)
            if self.wait:
                self._await(transitions)
        total = LaggedMoments(own.size, own.order, own.n_bags, own.coverage, own.seed)
        counts: dict[int, int] = {}

        def partners():
            """Add one replica after the other to the sum, give what else it shares, forget it."""
            # one order for all: equal parts give equal sums to the bit
            for replica in sorted({*self._numbers(), self.replica}):
                part, shared = own, None  # the one before is gone when the next is read
                if replica != self.replica:
                    part, shared = self._read(replica, transitions, regime)
                    if part is None or not (alike is None or alike(part)):
                        continue
                total.merge(part)
                counts[replica] = int(part.count[0])
                if shared is not None:
                    yield shared

        others = partners()
        if self.companion is not None:
            self.companion.take(others)
        for _ in others:  # what a companion has left, or all
            pass
        new, self.seen = not self.seen, counts
        launched = sum(self.first <= r < self.first + self.replicas for r in counts)
        whole = launched == self.replicas
        if new or (whole and not self._complete):
            rest = len(counts) - launched
            more = f" and {rest} other runs" if rest else ""
            self._say(
                f"{self.folder}: replica {self.replica} learns from {launched} of "
                f"{self.replicas} replicas{more}"
            )
        self._complete |= whole
        return total

    def _read(
        self, replica: int, transitions: int, regime: int
    ) -> tuple[LaggedMoments | None, dict]:
        found = self._newest(replica, transitions if self.wait else None)
        if found is None or found[0].regime != regime:
            return None, {}
        try:
            read = read_shared(found[1])
        except StoreError as error:
            self._ignore(found[1], error)
            return None, {}
        return read[1:] if read else (None, {})

    def _await(self, transitions: int) -> None:
        """Wait until partners of this launch are as far as this replica or have ended.

        One that lets the time run out is not waited for again until it is heard of: a replica that
        died costs one wait.
        """
        end = time.monotonic() + self.wait
        behind = set(range(self.first, self.first + self.replicas)) - {self.replica}
        while True:
            known = {replica: self._newest(replica, transitions) for replica in behind}
            orders = {r: self._progress(found) for r, found in known.items()}
            behind = {
                r
                for r, (count, ended) in orders.items()
                if count < transitions and not ended and self._silent.get(r) != orders[r]
            }
            if not behind:
                return
            if time.monotonic() >= end:
                self._silent |= {r: orders[r] for r in behind}
                return
            time.sleep(0.01)

    def _progress(self, found: tuple[Note, Path] | None) -> tuple[int, bool]:
        """How far a partner is in this launch; its end in an earlier one does not count."""
        if found is None or not self._launch.made(found[1], found[0]):
            return (-1, False)
        return found[0].order

    def _publish(self, own: LaggedMoments, regime: int, progress: int | None, ended: bool) -> None:
        transitions = int(own.count[0]) if progress is None else progress
        note = Note(
            self.replica, self.first, self.replicas, regime, transitions, ended, time.time(),
            self.settings, clock(),
        )  # fmt: skip
        more = None if self.companion is None else self.companion.share()
        write_statistics(self._paths(self.replica)[self._slot], note, own, more)
        self._slot = 1 - self._slot

    def close(
        self, own: LaggedMoments | None, regime: int = 1, progress: int | None = None
    ) -> None:
        """Publish the last statistics and leave; a second call does nothing."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            if self._publishing and own is not None:
                self._publish(own, regime, progress, True)
        finally:
            lock.release()
