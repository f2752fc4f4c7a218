"""Stored trajectories in place of simulations: policies tried on many replicas in seconds."""

from __future__ import annotations

from concurrent.futures import Executor, Future

import numpy as np

from dbar.ensemble.learner import Chunk

__all__ = ["Replay", "ReplayExecutor"]


class Replay:
    """Replicas whose chunks are released from stored trajectories.

    Parameters
    ----------
    D : sequence of ndarray (T, K+1)
        Descriptors, component 0 the number of atoms.
    values : sequence of ndarray (T, q)
        Observables.
    snapshots : int
        Snapshots of a chunk; T must be a multiple.
    failing : set of int
        Replicas that raise an error when their second chunk is asked for.

    Raises
    ------
    ValueError
        If lengths differ or are no multiple of `snapshots`.
    """

    def __init__(self, D, values, snapshots, failing=()):
        self.D, self.values, self.snapshots = D, values, int(snapshots)
        self.failing = frozenset(failing)
        lengths = {len(part) for part in D} | {len(part) for part in values}
        if len(lengths) != 1 or min(lengths) % self.snapshots:
            raise ValueError(
                f"trajectories of {sorted(lengths)} snapshots, expected one length that is a "
                f"multiple of {self.snapshots}"
            )
        self.replicas, self.chunks = len(D), lengths.pop() // self.snapshots

    def finished(self, replica: int, chunk: int) -> bool:
        """Whether the chunk needs no run."""
        return False

    def task(self, replica: int, chunk: int) -> dict:
        """What the executor runs."""
        if chunk >= 1 and replica in self.failing:
            raise RuntimeError(f"replica {replica} cannot go on")
        return {"cost": 1.0}

    def call(self, replica: int, chunk: int) -> tuple:
        """Callable and arguments for ``executor.submit``."""
        return self.task, replica, chunk

    def read(self, replica: int, chunk: int) -> Chunk:
        """The snapshots of a finished chunk."""
        part = slice(chunk * self.snapshots, (chunk + 1) * self.snapshots)
        return Chunk(
            self.D[replica][part], self.values[replica][part], np.arange(part.start, part.stop)
        )

    def store(self, replica: int) -> str:
        """Name of the replica's file: there is none."""
        return ""


class ReplayExecutor(Executor):
    """Runs what is submitted at once, in the calling thread."""

    def submit(self, fn, /, *args, **kwargs):
        """Run and return a future that is done."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
