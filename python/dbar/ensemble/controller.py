"""Ask, run, learn, decide again.

Decisions are made after the same chunks whoever finishes first: results are taken in the order in
which chunks were issued, and a decision waits until at most ``window - batch`` of them are out. So
the sequence of decisions, and every number, is a function of settings and snapshots: an ensemble
that was killed and resumed ends as one that was not.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from dbar.ensemble.journal import Journal, Memory
from dbar.ensemble.learner import Learner
from dbar.ensemble.policies import Policy, View
from dbar.ensemble.prediction import Prospect, error_table, estimate, prospect

__all__ = ["Controller", "Plan"]


@dataclass(frozen=True)
class Plan:
    """How an ensemble is run.

    Attributes
    ----------
    budget : int
        Chunks of all replicas together.
    batch : int
        Chunks chosen by one decision.
    window : int
        Chunks out at the same time, at most; at least `batch`.
    retries : int
        Times a chunk that failed is tried again before its replica is given up.
    cost : {"work", "measured"}
        What a chunk costs, for policies that divide by it: atoms, the same for all repetitions of
        the run, or mean core-seconds per chunk of the replica.
    seed : int
        Of the policies' random numbers.
    """

    budget: int
    batch: int = 1
    window: int = 1
    retries: int = 2
    cost: str = "work"
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= self.window:
            raise ValueError(
                f"batch is {self.batch} and window {self.window}, expected 1 <= batch <= window"
            )


class Controller:
    """Gives an ensemble's chunks to an executor, as a policy decides.

    Parameters
    ----------
    source
        The replicas: `dbar.ensemble.Replay`, `dbar.ensemble.LammpsReplicas`, or anything with their
        methods ``call``, ``finished``, ``read``, ``store``.
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

    Attributes
    ----------
    issued : int
        Chunks given out.
    failed : dict
        Replica -> reason.
    seconds : ndarray
        Core-seconds spent on each replica, of chunks that were finished.
    decisions, decision_time : int, float
        Decisions and their seconds (learning, fitting, choosing).
    prospect : Prospect or None
        As of the newest decision.
    reason : str
        Why it has ended, "" before: "budget", "finished" or "policy".
    """

    def __init__(
        self, source, learner: Learner, policy: Policy, executor: Executor, plan: Plan,
        journal: Journal | None = None, after: Callable[[Controller], None] | None = None,
    ) -> None:  # fmt: skip
        self.source, self.learner, self.policy = source, learner, policy
        self.executor, self.plan, self.journal = executor, plan, journal or Memory()
        self.after = after
        size = learner.replicas
        self.given = np.zeros(size, dtype=int)
        self.out: deque[tuple[int, int, Future | None]] = deque()
        self.flying = np.zeros(size, dtype=bool)
        self.failed: dict[int, str] = {}
        self.seconds, self.runs = np.zeros(size), np.zeros(size, dtype=int)
        self.issued = self.decisions = 0
        self.decision_time, self.reason = 0.0, ""
        self.prospect: Prospect | None = None

    # ---- the loop -------------------------------------------------------------------------

    def run(self) -> Controller:
        """Go on to the end; returns this controller.

        Raises
        ------
        ValueError
            If the policy asks for a replica that is not free, or a chunk cannot be learnt from.
        """
        past = deque(e["issue"] for e in self.journal.entries if "issue" in e)
        self._given_up = {e["failed"]: e["reason"] for e in self.journal.entries if "failed" in e}
        while True:
            while len(self.out) > self.plan.window - self.plan.batch:
                self._absorb()
            if past:
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
                if not self.out:
                    break
                self._absorb()
        if not self.reason:
            self.reason = self._why()
        self._look()
        if self.after:
            self.after(self)
        return self

    def _decide(self) -> list[int]:
        start = time.perf_counter()
        count = min(self.plan.batch, self.plan.budget - self.issued)
        chosen: list[int] = []
        if count > 0:
            chosen = [int(k) for k in self.policy.choose(self.view(), count)]
            self._check(chosen, count)
        self.decisions += 1
        self.decision_time += time.perf_counter() - start
        return chosen

    def view(self) -> View:
        """What the policy sees now; fits the model."""
        learner = self.learner
        self._look()
        look = self.prospect
        left = (learner.chunks - learner.progress) * learner.snapshots * learner.dtau
        with threadpool_limits(1):
            errors = error_table(learner)
        return View(
            learner.chunks, self.given.copy(), self.free, look.M, look.tau_pred, left, look.mean,
            look.std, self._cost(), errors, learner.grid,
            np.random.default_rng([self.plan.seed, self.decisions]),
        )  # fmt: skip

    def _look(self) -> None:
        # small matrices: threads would only take cores from the simulations
        with threadpool_limits(1):
            self.learner.refit()
            self.prospect = prospect(self.learner)

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

    def _cost(self):
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
        future = None
        if not self.source.finished(replica, chunk) and replica not in self._given_up:
            future = self._submit(replica, chunk)
        self.out.append((replica, chunk, future))
        self.given[replica] += 1
        self.flying[replica] = True
        self.issued += 1

    def _submit(self, replica, chunk):
        function, *arguments = self.source.call(replica, chunk)
        return self.executor.submit(function, *arguments)

    def _absorb(self) -> None:
        """Wait for the chunk that was issued first and learn it."""
        replica, chunk, future = self.out[0]
        error = None
        for attempt in range(self.plan.retries + 1):
            if future is None:
                break
            try:
                future.result()
                error = None
                break
            except Exception as problem:
                error = problem
                if attempt < self.plan.retries:
                    future = self._submit(replica, chunk)
        start = time.perf_counter()
        self.out.popleft()
        self.flying[replica] = False
        reason = self._given_up.get(replica)
        if reason is not None and not self.source.finished(replica, chunk):
            self.failed[replica] = reason
        elif error is not None:
            self._give_up(replica, error)
        elif self._learn(replica, chunk):
            self.seconds[replica] += self._spent(replica, chunk, future)
            self.runs[replica] += 1
        if replica in self.failed:
            self.given[replica] = self.learner.progress[replica]
        self.decision_time += time.perf_counter() - start

    def _learn(self, replica, chunk):
        try:
            self.learner.add(replica, self.source.read(replica, chunk))
        except (RuntimeError, ValueError) as error:  # a store that cannot be used
            self._give_up(replica, error)
            return False
        return True

    def _give_up(self, replica, error):
        text = str(error) or type(error).__name__
        if replica not in self._given_up:
            self.journal.add(failed=replica, reason=text)
        self.failed[replica] = text

    def _spent(self, replica, chunk, future):
        known = getattr(self.source, "cost", None)
        if known is not None:
            return float(known(replica, chunk))
        return float(future.result()["cost"]) if future is not None else 0.0

    # ---- results --------------------------------------------------------------------------

    def estimate(self):
        """Mean, spread and error of the observables over the ensemble, see `estimate`."""
        with threadpool_limits(1):
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
