"""How an ensemble is run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Plan"]


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
        Times a chunk that failed is tried again before its replica is given up; a resumed
        ensemble goes on counting.
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
