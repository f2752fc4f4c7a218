"""What the running simulation talks to: one `Session` per ``fix dbar/stream``, on rank 0.

Per snapshot: the monitor observes, the user's callable may overrule its state, the store gets a
row, and the fix gets back the numbers that LAMMPS shows.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from dbar.online.arrays import checked_arrays, checked_chunks
from dbar.online.decision import LEARNING, TRUSTED, WARNING, Decision
from dbar.online.monitor import Monitor
from dbar.online.shared_learning import SharedLearning
from dbar.store.columns import MONITOR_FIELDS, QUANTITIES
from dbar.store.keeper import make_keeper
from dbar.store.rows import Header
from dbar.store.writer import Store
from dbar.stream.answer import Answer, row_of
from dbar.stream.observer import UserCallable
from dbar.stream.session_monitor import open_monitor, open_partners

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbar.stream.estimates import Estimates
    from dbar.stream.session_model import Given

__all__ = ["CHECKPOINT_EVERY", "Session"]

CHECKPOINT_EVERY = 50  # snapshots between two checkpoints of the monitor


# Models and estimators bring scikit-learn, which takes as long to import as all else together:
# only where they are asked for.
def _open_model(settings: dict) -> Given | None:
    if not settings.get("model"):
        return None
    from dbar.stream.session_model import open_model

    return open_model(settings)


def _open_estimates(
    settings: dict, given: Given | None, say: Callable[[str], None]
) -> Estimates | None:
    if not settings.get("observe"):
        return None
    from dbar.stream.session_estimates import open_estimates

    return open_estimates(settings, given, say)


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
        ``ensemble, replica, replicas, began`` as in `dbar.stream.session_monitor.open_partners`;
        ``model`` (path of a model file), ``learn`` (bool), ``masses`` (of the atom types);
        ``observe`` (words NAME or NAME:KIND), ``ahead`` (time, or None); ``seldom`` (``every`` and
        ``names``, the last of ``thermo``, or None); ``chunk`` (``id, style, count`` and perhaps
        ``grid`` of a compute whose chunks are stored, or None).

    Raises
    ------
    ValueError, StoreError, ObserverError, ModelFileError
        If a setting does not fit, the store cannot be used, the callable cannot be loaded, or the
        model does not fit the run.

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
        self._given = _open_model(settings)
        self._monitor = open_monitor(settings, self._given)
        self._estimates = _open_estimates(settings, self._given, self._say)
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
        if self._given is not None:
            config["model"] = self._given.to_dict()
        header = Header.from_settings(settings, config)
        restart = settings.get("restart")
        step = int(settings.get("step") or 0)
        self._store = Store(settings["store"], header, step, restart is not None, self._say)

    def _join(self, settings: dict) -> None:
        """Take this run's place in its ensemble, if it has one."""
        stored = 0 if self._store is None else self._store.snapshots
        continued = bool(settings.get("restart")) or stored > 0
        digest = None if self._given is None else self._given.digest
        self._partners = open_partners(settings, self._monitor, continued, self._say, digest)
        if self._partners is not None:
            self._monitor.partners = self._partners
            self._partners.companion = self._estimates

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
        start = self._take_checkpoint()
        if self._monitor is not None or self._estimates is not None:
            self._replay(start)
        row = {name: store.rows(name, store.snapshots - 1)[0] for name in MONITOR_FIELDS}
        self._last = Answer.of(row, store.snapshots, store.estimates(store.snapshots - 1))
        self._last_step = store.last_step

    def _take_checkpoint(self) -> int:
        """Go on from the checkpoint of the store; the snapshots that it knows, 0 without one."""
        found = self._store.checkpoint_read
        if found is None:
            return 0
        monitor, estimates = self._monitor, self._estimates
        try:
            if monitor is not None:
                if not Monitor.reads(found.arrays):
                    raise KeyError("schema")
                monitor = Monitor.from_state(monitor.config, found.arrays)
            if estimates is not None:
                estimates.set_state(found.arrays)
        except KeyError:
            self._say(
                f"{self._store.path}: the monitor's memory was written by another version; it "
                "learns from the stored snapshots"
            )
            return 0
        self._monitor = monitor
        if self._partners is not None:
            monitor.partners = self._partners
        return found.snapshots

    def _replay(self, start: int) -> None:
        """Show monitor and estimates the snapshots of the store from `start` on."""
        store = self._store
        D, thermo = store.rows("D", start), store.thermo(start)
        V = store.rows("V", start) if store.header.virial else [None] * len(D)
        times = store.rows("step", start), store.rows("time", start)
        for step, time, d, v, values in zip(*times, D, V, thermo, strict=True):
            if self._monitor is not None:
                self._monitor.observe(int(step), float(time), d, v)
            if self._estimates is not None:
                self._estimates.observe(int(step), d, v, values, self._monitor)

    def observe(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        thermo: np.ndarray,
        chunks: np.ndarray | None = None,
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
        chunks : (n, K+1) or (n, 7 (K+1)) array, optional
            With ``settings["chunk"]``: D, and with ``virial`` V behind it, of each chunk. Not kept.

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
        chunks = checked_chunks(self.settings, step, chunks)
        said = Decision(LEARNING)
        if self._monitor is not None:
            said = self._monitor.observe(step, float(time), D, V)
        row = row_of(said)
        estimates = np.zeros((0, len(QUANTITIES)))
        if self._estimates is not None:
            estimates = self._estimates.observe(step, D, V, thermo, self._monitor)
        if self._beyond(said):
            row["state"] = WARNING
        if self._observer is not None:
            names = [] if self._estimates is None else self._estimates.names
            known = dict(zip(names, estimates, strict=True))
            own = self._observer.observe(step, time, D, V, thermo, known)
            row["state"] = row["state"] if own is None else own
        if self._observer is not None or self.settings.get("ahead") is not None:
            row["consecutive"] = self._in_a_row(row["state"])
        keep = 0
        if self._keeper is not None:
            keep = self._keeper.observe(_novelty(row["M"]), row["state"])
        if self._store is not None:
            self._store.append(step, float(time), D, V, thermo, row, estimates, chunks)
        self.snapshots += 1
        if self.snapshots % CHECKPOINT_EVERY == 0:
            self.checkpoint()
        self._last_step = step
        self._last = Answer.of(row, self.snapshots, estimates)
        return self._last._replace(keep=keep)

    def _beyond(self, said: Decision) -> bool:
        """Whether what is forecast as far as the settings ask for can no longer be trusted."""
        ahead = self.settings.get("ahead")
        return ahead is not None and said.state == TRUSTED and said.tau_pred < ahead

    def _in_a_row(self, state: int) -> int:
        """Count the snapshots in a state that need not be that of the monitor."""
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
        periodic: np.ndarray,
    ) -> None:
        """Store the positions of a snapshot that `observe` asked for, the older one first.

        Parameters
        ----------
        ids, types : (n,) int arrays
        x : (n, 3) array
            Time-averaged positions, any order of atoms.
        box : (9,) array
            xlo ylo zlo xhi yhi zhi xy xz yz.
        periodic : (3,) bool array
            Which cell vectors are periods: others may be at each snapshot.
        """
        atoms = np.array(ids), np.array(types), np.array(x)
        self._store.keep(int(step), float(time), *atoms, box, periodic)

    def checkpoint(self) -> None:
        """Write what monitor and estimates know to the store, if there is one."""
        known = [part for part in (self._monitor, self._estimates) if part is not None]
        if self._store is not None and known:
            arrays: dict[str, np.ndarray] = {}
            for part in known:
                arrays |= part.get_state()
            self._store.write_checkpoint(arrays)

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
