"""Chunks that fail, executors that break and runs that are stopped: what is counted, and resumed."""

from concurrent.futures import BrokenExecutor

import numpy as np
import pytest

from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, Stopped, load_policy
from dbar.ensemble.journal import Journal
from ensemble_replays import controller, trajectories


class Flaky(Replay):
    """Counts the tries of each chunk; chunks of `failures` fail that many times."""

    def __init__(self, D, values, failures, stop_after=None):
        super().__init__(D, values, 10)
        self.failures, self.tries, self.stop_after = failures, {}, stop_after

    def task(self, replica, chunk):
        key = replica, chunk
        self.tries[key] = self.tries.get(key, 0) + 1
        if self.stop_after == (key, self.tries[key]):
            raise KeyboardInterrupt  # as Ctrl-C would do: nothing says that the chunk failed
        if self.tries[key] <= self.failures.get(key, 0):
            raise RuntimeError(f"try {self.tries[key]} failed")
        return super().task(replica, chunk)


def run_flaky(journal, failures, retries, stop_after=None):
    D, values = trajectories(replicas=3)
    source = Flaky(D, values, failures, stop_after)
    learner = Learner(3, 6, 10, ["a", "b"], dimension=3)
    control = Controller(
        source, learner, load_policy("uniform"), ReplayExecutor(), Plan(18, retries=retries),
        Journal(journal),
    )  # fmt: skip
    try:
        control.run()
    except KeyboardInterrupt:
        pass
    control.journal.close()
    return source.tries, control


@pytest.mark.parametrize("kept", range(12))
def test_tries_are_counted_over_resumes(tmp_path, kept):
    """Killed after any line of the journal: three tries of the chunk that fails, all in all."""
    failures = {(1, 1): 99}
    tries, whole = run_flaky(tmp_path / "whole", failures, 2)
    assert tries[1, 1] == 3 and whole.failed == {1: "try 3 failed"}
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    before = sum(b'"tried": 1' in line for line in lines[:kept])
    (tmp_path / "part").write_bytes(b"".join(lines[:kept]))
    tries, again = run_flaky(tmp_path / "part", failures, 2)
    assert tries.get((1, 1), 0) == 3 - before
    assert again.learner.progress.tolist() == whole.learner.progress.tolist() == [6, 1, 6]
    # the reason is that of the last try that was made; a replica once given up stays so
    assert set(again.failed) == {1}
    assert sum(b'"failed"' in line for line in (tmp_path / "part").read_bytes().splitlines()) == 1


def test_a_chunk_that_was_interrupted_has_not_failed(tmp_path):
    failures = {(1, 1): 2}
    tries, control = run_flaky(tmp_path / "journal", failures, 2, stop_after=((1, 1), 2))
    assert tries[1, 1] == 2 and not control.reason
    tries, control = run_flaky(tmp_path / "journal", {(1, 1): 1}, 2)
    assert tries[1, 1] == 2 and not control.failed
    assert (control.learner.progress == 6).all()


def test_an_executor_that_breaks_fails_no_replica(tmp_path):
    class Broken(ReplayExecutor):
        def submit(self, fn, /, *args, **kwargs):
            future = super().submit(fn, *args, **kwargs)
            if args[1] == 2:
                future.result = lambda timeout=None: (_ for _ in ()).throw(BrokenExecutor("gone"))
            return future

    D, values = trajectories()
    journal = Journal(tmp_path / "journal")
    with pytest.raises(
        BrokenExecutor, match=r"lost its workers \(gone\); the ensemble can be resumed"
    ):
        controller("uniform", D, values, 36, Broken(), journal=journal).run()
    journal.close()
    assert b'"tried"' not in (tmp_path / "journal").read_bytes()
    again = controller("uniform", D, values, 36, journal=Journal(tmp_path / "journal")).run()
    assert (again.learner.progress == 6).all() and not again.failed


def test_stopped_and_resumed(tmp_path):
    """`stopped` ends the run between decisions and while it waits; the journal goes on."""
    D, values = trajectories()
    whole = controller("variance", D, values, 20, journal=Journal(tmp_path / "whole")).run()
    again, part = None, tmp_path / "part"
    for count in (0, 1, 7, 30):
        asked = iter(range(count))
        again = controller("variance", D, values, 20, journal=Journal(part))
        again.stopped = lambda asked=asked: next(asked, None) is None
        with pytest.raises(Stopped):
            again.run()
        again.journal.close()
    again = controller("variance", D, values, 20, journal=Journal(part)).run()
    assert part.read_bytes() == (tmp_path / "whole").read_bytes()
    np.testing.assert_array_equal(again.learner.moments.comoment, whole.learner.moments.comoment)
