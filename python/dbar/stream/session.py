"""What the running simulation talks to: one `Session` per ``fix dbar/stream``, on rank 0.

Per snapshot: the monitor observes, the user's callable may overrule its state, the store gets a
row, and the fix gets back the numbers that LAMMPS shows.
"""

from __future__ import annotations

import sys

import numpy as np

from dbar.online.arrays import checked_arrays
from dbar.online.decision import LEARNING, Decision
from dbar.online.monitor import Monitor
from dbar.online.shared_learning import SharedLearning
from dbar.store.columns import MONITOR_FIELDS
from dbar.store.keeper import make_keeper
from dbar.store.rows import Header
from dbar.store.writer import Store
from dbar.stream.answer import Answer, row_of
from dbar.stream.observer import UserCallable
from dbar.stream.session_monitor import open_monitor, open_partners

__all__ = ["CHECKPOINT_EVERY", "Session"]

CHECKPOINT_EVERY = 50  # snapshots between two checkpoints of the monitor


class Session:
    """One stream of snapshots: monitor, user's callable and store behind one call.

    Parameters
    ----------
    settings : dict
        ``fix_id``; ``descriptor`` (dict), ``size`` (K+1), ``virial`` (bool); ``units`` (LAMMPS
        style), ``dt``; ``nevery, nrepeat, nfreq``; ``natoms`` (whose positions may be kept, at the
        start); ``thermo`` (names); ``store`` (path or None); ``snapshot`` (("none", 0),
        ("every", M) or ("adaptive", FRACTION)); ``monitor`` (path of a TOML, "default" or "none");
        ``python`` ("MODULE:CALLABLE" or None); ``step`` (timestep at the start); ``restart`` (None
        or {"snapshots", "step"}); ``lammps_version, plugin_version``; ``comm`` (C handle as an
        integer, or None); optional ``boundary`` (three words such as "p"), ``quiet``; ``persist,
        reference`` (those of `dbar.online.MonitorConfig`, None for what its TOML says);
        ``ensemble, replica, replicas, began`` as in `dbar.stream.session_monitor.open_partners`.

    Raises
    ------
    ValueError, StoreError, ObserverError
        If a setting does not fit, the store cannot be used, or the callable cannot be loaded.

    Attributes
    ----------
    wants_comm : bool
        The callable has a parameter ``comm``: open an `Observer` on every other rank, and call
        all of them for each snapshot.
    snapshots : int
        Snapshots so far, those of a store that is continued included.
    reference : int
        Snapshots before the reference is frozen, 0 for never.
    messages : list of str
        Lines for the user, see `drain_messages`.
    """

    def __init__(self, settings: dict) -> None:
        self.settings = dict(settings)
        self.messages: list[str] = []
        self.snapshots = 0
        self._last: Answer | None = None
        self._last_step: int | None = None
        self._thermo = list(settings.get("thermo") or [])
        if len(set(self._thermo)) != len(self._thermo):
            raise ValueError(f"thermo outputs {self._thermo}: a name appears twice")
        self._keeper = make_keeper(tuple(settings.get("snapshot") or ("none", 0)))
        self._observer = UserCallable(settings) if settings.get("python") else None
        self.wants_comm = bool(self._observer and self._observer.wants_comm)
        self._monitor = open_monitor(settings)
        self.reference = 0 if self._monitor is None else self._monitor.config.reference
        if self._keeper is not None:
            word = settings["snapshot"][0]
            if not settings.get("store"):
                raise ValueError(f"snapshot {word} needs a store to keep positions in")
            if word == "adaptive" and self._monitor is None:
                raise ValueError("snapshot adaptive needs a monitor, but monitor is none")
        self._store: Store | None = None
        self._partners: SharedLearning | None = None
        if settings.get("store"):
            self._open_store(settings)
        elif settings.get("restart"):
            known = settings["restart"].get("snapshots", 0)
            self._say(f"no store: the {known} snapshots before the restart are not known any more")
        try:
            self._join(settings)
            self._catch_up(settings.get("restart"))
            if self._partners is not None:
                self._partners.begin(*self._monitor.share())
        except BaseException:
            self._leave()
            raise

    def drain_messages(self) -> list[str]:
        """Return the lines for the user that have come up, and forget them."""
        lines, self.messages = self.messages, []
        return lines

    def _say(self, line: str) -> None:
        self.messages.append(line)
        if not self.settings.get("quiet"):
            fix_id = self.settings.get("fix_id", "?")
            print(f"dbar: fix {fix_id}: {line}", file=sys.stderr, flush=True)

    def _open_store(self, settings: dict) -> None:
        config = {} if self._monitor is None else self._monitor.config.to_dict()
        header = Header.from_settings(settings, config)
        restart = settings.get("restart")
        step = int(settings.get("step") or 0)
        self._store = Store(settings["store"], header, step, restart is not None, self._say)

    def _join(self, settings: dict) -> None:
        """Take this run's place in its ensemble, if it has one."""
        stored = 0 if self._store is None else self._store.snapshots
        continued = bool(settings.get("restart")) or stored > 0
        self._partners = open_partners(settings, self._monitor, continued, self._say)
        if self._partners is not None:
            self._monitor.partners = self._partners

    def _leave(self) -> None:
        """Let go of store and ensemble, publishing what was learnt; a second call does nothing."""
        store, partners = self._store, self._partners
        self._store = self._partners = None
        try:
            if partners is not None:
                partners.close(*self._monitor.share())
        finally:
            if store is not None:
                store.close()

    def _catch_up(self, restart: dict | None) -> None:
        """Bring monitor and keeper to where the continued store ends."""
        store = self._store
        if store is None:
            return
        self.snapshots = store.snapshots
        if restart and restart.get("snapshots", store.snapshots) != store.snapshots:
            self._say(
                f"{store.path}: holds {store.snapshots} snapshots up to step "
                f"{restart.get('step')}, the restart file knows of {restart['snapshots']}"
            )
        if not store.snapshots:
            return
        if self._keeper is not None:
            for M, state in zip(store.rows("M"), store.rows("state"), strict=True):
                self._keeper.observe(_novelty(float(M)), int(state))
        if self._monitor is not None:
            found = store.checkpoint_read
            start = 0
            if found is not None and not Monitor.reads(found.arrays):
                self._say(
                    f"{store.path}: the monitor's memory was written by another version; it learns "
                    "from the stored snapshots"
                )
            elif found is not None:
                self._monitor = Monitor.from_state(self._monitor.config, found.arrays)
                self._monitor.partners = self._partners
                start = found.snapshots
            virial = store.header.virial
            D = store.rows("D", start)
            V = store.rows("V", start) if virial else [None] * len(D)
            rows = zip(store.rows("step", start), store.rows("time", start), D, V, strict=True)
            for step, time, d, v in rows:
                self._monitor.observe(int(step), float(time), d, v)
        row = {name: store.rows(name, store.snapshots - 1)[0] for name in MONITOR_FIELDS}
        self._last = Answer.of(row, store.snapshots)._replace(estimates=self._estimates())
        self._last_step = store.last_step

    def observe(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        thermo: np.ndarray,
    ) -> Answer:
        """Take in one snapshot.

        Parameters
        ----------
        step, time : int, float
            Timestep and time. The step of the newest snapshot again (a run that starts where the
            last one ended) returns the last answer and stores nothing.
        D : (K+1,) array
        V : (K+1, 6) array or None
            Voigt order xx yy zz xy xz yz.
        thermo : (n,) array
            In the order of ``settings["thermo"]``.

        Returns
        -------
        Answer

        Raises
        ------
        ValueError
            If an array has the wrong length or D is not finite.
        """
        step = int(step)
        if self._last is not None and step == self._last_step:
            return self._last
        D, V, thermo = checked_arrays(self.settings, step, D, V, thermo)
        said = Decision(LEARNING)
        if self._monitor is not None:
            said = self._monitor.observe(step, float(time), D, V)
        row = row_of(said)
        if self._observer is not None:
            own = self._observer.observe(step, time, D, V, thermo)
            row["state"] = row["state"] if own is None else own
            row["consecutive"] = self._in_a_row(row["state"])
        keep = 0
        if self._keeper is not None:
            keep = self._keeper.observe(_novelty(row["M"]), row["state"])
        if self._store is not None:
            self._store.append(step, float(time), D, V, thermo, row)
        self.snapshots += 1
        if self.snapshots % CHECKPOINT_EVERY == 0:
            self.checkpoint()
        self._last_step = step
        self._last = Answer.of(row, self.snapshots)._replace(estimates=self._estimates())
        return self._last._replace(keep=keep)

    def _estimates(self) -> tuple[float, ...]:
        return (np.nan,) * (4 * len(self.settings.get("observe") or ()))

    def _in_a_row(self, state: int) -> int:
        """Count the snapshots in a state that the user's callable may have chosen."""
        if self._last is None or self._last.state != state:
            return 1
        return self._last.consecutive + 1

    def keep_positions(
        self,
        step: int,
        time: float,
        ids: np.ndarray,
        types: np.ndarray,
        x: np.ndarray,
        box: np.ndarray,
    ) -> None:
        """Store the positions of a snapshot that `observe` asked for, the older one first.

        Parameters
        ----------
        ids, types : (n,) int arrays
        x : (n, 3) array
            Time-averaged positions, any order of atoms.
        box : (9,) array
            xlo ylo zlo xhi yhi zhi xy xz yz.
        """
        self._store.keep(int(step), float(time), np.array(ids), np.array(types), np.array(x), box)

    def checkpoint(self) -> None:
        """Write the monitor's state to the store, if there are both."""
        if self._store is not None and self._monitor is not None:
            self._store.write_checkpoint(self._monitor.get_state())

    def close(self) -> None:
        """Write a last checkpoint, leave store and ensemble; a second call does nothing."""
        try:
            if self.snapshots:
                self.checkpoint()
        finally:
            self._leave()


def _novelty(M: float) -> float:
    """M for the keeper: NaN while the monitor has none, which it shows as 0."""
    return M if M > 0.0 else np.nan
