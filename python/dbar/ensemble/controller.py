"""Ask, run, learn, decide again.

Decisions are made after the same chunks whoever finishes first: results are taken in the order in
which chunks were issued, and a decision waits until at most ``window - batch`` of them are out. So
the sequence of decisions, and every number, is a function of settings and snapshots: an ensemble
that was killed and resumed ends as one that was not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait

import numpy as np
from threadpoolctl import ThreadpoolController

from dbar.ensemble.journal import Journal, Memory
from dbar.ensemble.learner import Learner
from dbar.ensemble.look import Look
from dbar.ensemble.plan import Plan
from dbar.ensemble.policies import Policy, View
from dbar.ensemble.prediction import Prospect, error_table, estimate, prospect
from dbar.ensemble.tries import Tries

__all__ = ["Controller", "Stopped"]


_POLL = 0.2  # seconds between two looks at whether to stop


class Stopped(Exception):
    """The ensemble was told to stop before its end; it can be resumed."""


class Controller:
    """Gives an ensemble's chunks to an executor, as a policy decides.

    Parameters
    ----------
    source
        The replicas: `dbar.ensemble.Replay`, `dbar.ensemble.LammpsReplicas`, or anything with their
        methods ``call``, ``finished``, ``read``, ``store``; ``chunk_errors``: what they raise.
    learner : dbar.ensemble.Learner
        Empty.
    policy : Policy
    executor : concurrent.futures.Executor
        Any one that runs ``source.call(replica, chunk)``.
    plan : Plan
    journal : Journal, optional
        With entries of an earlier controller it goes on from there.
    after : callable, optional
        Called with this controller after each decision.
    stopped : callable, optional
        Asked again and again; once it returns True, `run` ends with `Stopped`.

    Attributes
    ----------
    issued : int
        Chunks given out.
    failed : dict
        Replica -> reason.
    seconds : ndarray
        Core-seconds spent on each replica, of chunks that were finished.
    decisions : int
    prospect : Prospect
        Of every replica, with the model of the newest decision; computed when it is read.
    reason : str
        Why it has ended, "" before: "budget", "finished" or "policy".
    """

    def __init__(
        self, source, learner: Learner, policy: Policy, executor: Executor, plan: Plan,
        journal: Journal | None = None, after: Callable[[Controller], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.source, self.learner, self.policy = source, learner, policy
        self.executor, self.plan, self.journal = executor, plan, journal or Memory()
        self.after, self.stopped = after, stopped
        size = learner.replicas
        self.given = np.zeros(size, dtype=int)
        self.out: deque[tuple[int, int, Future | None]] = deque()
        self.flying = np.zeros(size, dtype=bool)
        self.failed: dict[int, str] = {}
        self.seconds, self.runs = np.zeros(size), np.zeros(size, dtype=int)
        self.issued = self.decisions = 0
        self.reason = ""
        self._prospect: Prospect | None = None
        self._tries = Tries(self.journal, plan.retries, max(3, size // 4))
        self._threads = ThreadpoolController()

    # ---- the loop -------------------------------------------------------------------------

    def run(self) -> Controller:
        """Go on to the end; returns this controller.

        Raises
        ------
        ValueError
            If the policy asks for a replica that is not free, or a chunk cannot be learnt from.
        Stopped
            When `stopped` says so. Chunks that are out go on.
        TooManyFailures
            If replica after replica fails.
        concurrent.futures.BrokenExecutor
            If the executor has lost its workers.
        """
        past = deque(e["issue"] for e in self.journal.entries if "issue" in e)
        with self._one_thread():
            self._loop(past)
        return self

    def _one_thread(self):  # small matrices: threads would only take cores from the simulations
        return self._threads.limit(limits=1)

    def _loop(self, past) -> None:
        while True:
            while len(self.out) > self.plan.window - self.plan.batch:
                self._absorb()
            self._check_stop()
            if replayed := bool(past):
                chosen = past.popleft()
                self.decisions += 1
            else:
                chosen = self._decide()
                self.journal.add(issue=chosen)
            for replica in chosen:
                self._issue(replica)
            if not past and self.after:
                self.after(self)
            if not chosen:
                if self.out:
                    self._absorb()
                elif not past and not (replayed and self._tries.revived):
                    break
        if not self.reason:
            self.reason = self._why()
        self._refit()
        if self.after:
            self.after(self)

    def _decide(self) -> list[int]:
        count = min(self.plan.batch, self.plan.budget - self.issued)
        chosen: list[int] = []
        if count > 0:
            chosen = [int(k) for k in self.policy.choose(self.view(), count)]
            self._check(chosen, count)
        self.decisions += 1
        return chosen

    def view(self) -> View:
        """What the policy sees now; fits the model.

        M, tau_pred, mean, std and errors are computed when they are read.
        """
        self._refit()
        return Look.at(self)

    def _refit(self) -> None:
        with self._one_thread():
            self.learner.refit()
        self._prospect = None

    @property
    def prospect(self) -> Prospect:
        """Forecast of every replica, see `dbar.ensemble.prediction.prospect`."""
        if self._prospect is None:
            with self._one_thread():
                self._prospect = prospect(self.learner)
        return self._prospect

    def error_table(self) -> np.ndarray:
        """Squared errors (G, G) of forecasts, see `View.errors`."""
        with self._one_thread():
            return error_table(self.learner)

    @property
    def free(self) -> np.ndarray:
        """Which replicas (R,) can be given a chunk."""
        free = (self.given < self.learner.chunks) & ~self.flying
        free[list(self.failed)] = False
        return free

    def _check(self, chosen, count):
        free = self.free
        bad = [k for k in chosen if not 0 <= k < len(free) or not free[k]]
        if bad or len(set(chosen)) < len(chosen) or len(chosen) > count:
            raise ValueError(
                f"the policy chose replicas {chosen}, expected at most {count} different ones that "
                "are free"
            )

    def cost(self) -> np.ndarray:
        """Cost (R,) of a chunk, see `View.cost`."""
        if self.plan.cost == "work" or not self.runs.any():
            return np.ones(len(self.runs))
        usual = self.seconds.sum() / self.runs.sum()
        mean = np.where(self.runs > 0, self.seconds / np.maximum(self.runs, 1), usual)
        return np.maximum(mean, 1e-9)

    def _why(self) -> str:
        if self.issued >= self.plan.budget:
            return "budget"
        return "policy" if self.free.any() else "finished"

    # ---- chunks ---------------------------------------------------------------------------

    def _issue(self, replica: int) -> None:
        chunk = int(self.given[replica])
        self.out.append((replica, chunk, self._start(replica, chunk)))
        self.given[replica] += 1
        self.flying[replica] = True
        self.issued += 1

    def _start(self, replica: int, chunk: int) -> Future | None:
        """Future of a chunk, None if it is complete or must not be tried (again)."""
        if self.source.finished(replica, chunk) or self._tries.no_more(replica, chunk):
            return None
        function, *arguments = self.source.call(replica, chunk)
        return self.executor.submit(function, *arguments)

    def _succeeded(self, replica: int, chunk: int, future: Future) -> bool:
        """Wait for a try of a chunk; the journal counts it if it failed."""
        while not future.done():
            self._check_stop()
            wait([future], timeout=_POLL)
        self._check_stop()  # what stopped this program may have stopped the chunk
        try:
            future.result()
        except Exception as error:
            self._tries.failed(
                replica, chunk, error, getattr(self.source, "chunk_errors", Exception)
            )
            return False
        return True

    def _check_stop(self) -> None:
        if self.stopped():
            raise Stopped("stopped before its end")

    def _absorb(self) -> None:
        """Wait for the chunk that was issued first and learn it."""
        replica, chunk, future = self.out[0]
        while future is not None and not self._succeeded(replica, chunk, future):
            future = self._start(replica, chunk)
            self.out[0] = replica, chunk, future
        self.out.popleft()
        self.flying[replica] = False
        if future is None and not self.source.finished(replica, chunk):
            self._give_up(replica, chunk, self._tries.no_more(replica, chunk))
        elif self._learn(replica, chunk):
            self._tries.went_on()
            self.seconds[replica] += self._spent(replica, chunk, future)
            self.runs[replica] += 1
        if replica in self.failed:
            self.given[replica] = self.learner.progress[replica]

    def _learn(self, replica, chunk):
        try:
            self.learner.add(replica, self.source.read(replica, chunk))
        except (RuntimeError, ValueError) as error:  # a store that cannot be used
            self._give_up(replica, chunk, str(error))
            return False
        return True

    def _give_up(self, replica: int, chunk: int, reason: str) -> None:
        self.failed[replica] = reason
        self._tries.give_up(replica, chunk, reason)

    def _spent(self, replica, chunk, future):
        known = getattr(self.source, "cost", None)
        if known is not None:
            return float(known(replica, chunk))
        return float(future.result()["cost"]) if future is not None else 0.0

    # ---- results --------------------------------------------------------------------------

    def estimate(self):
        """Mean, spread and error of the observables over the ensemble, see `estimate`."""
        with self._one_thread():
            return estimate(self.learner)

    def states(self) -> list[str]:
        """Per replica: failed, running, finished, waiting, or (at the end) forecast."""
        out = []
        for k in range(self.learner.replicas):
            if k in self.failed:
                out.append("failed")
            elif self.flying[k]:
                out.append("running")
            elif self.learner.progress[k] >= self.learner.chunks:
                out.append("finished")
            else:
                out.append("forecast" if self.reason else "waiting")
        return out
