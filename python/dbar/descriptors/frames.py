"""One configuration or several, shared out among threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def threads_of(n_threads: int | None) -> int:
    """Return a number of threads of one or more: all cores that may be used, if none is given."""
    if n_threads is not None:
        return max(1, int(n_threads))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each_frame(
    work: Callable[[int, int, Callable], None], count: int, threads: int, progress: bool
) -> None:
    """Call ``work(frame, threads, map)`` for the frames 0 ... count - 1.

    Each frame has one thread, and all of them run at a time, unless that would leave some threads
    idle: then one frame follows the other on all threads. `map` is what the work of one frame may
    use to share out its parts.
    """
    with ThreadPoolExecutor(threads) as pool:
        few = count < threads
        run = map if few else pool.map
        inner = (threads, pool.map) if few else (1, map)
        tasks = run(lambda frame: work(frame, *inner), range(count))
        for _ in _track(tasks, count, progress):
            pass


def _track(work: Iterable, total: int, show: bool) -> Iterable:
    if not show:
        return work
    from rich.progress import track

    return track(work, total=total, description="descriptors")
