"""Chunks that fail, executors that break and runs that are stopped: what is counted, and resumed."""

from concurrent.futures import BrokenExecutor

import numpy as np
import pytest

from dbar.ensemble import Controller, Learner, Plan, Replay, ReplayExecutor, Stopped, load_policy
from dbar.ensemble.journal import Journal
from dbar.ensemble.tries import TooManyFailures
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
    finally:
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


def test_more_retries_are_another_chance(tmp_path):
    """A replica that was given up is tried again by a resume with more retries."""
    failures = {(1, 1): 3}
    tries, control = run_flaky(tmp_path / "journal", failures, 2)
    assert tries[1, 1] == 3 and set(control.failed) == {1}
    tries, control = run_flaky(tmp_path / "journal", failures, 2)
    assert (1, 1) not in tries and set(control.failed) == {1}
    tries, control = run_flaky(tmp_path / "journal", {}, 3)
    assert tries[1, 1] == 1 and not control.failed
    assert (control.learner.progress == 6).all()


def test_replica_after_replica_fails(tmp_path):
    """The reason lies elsewhere: it stops, and a resume counts none of them, but only once."""
    failures = {(r, 0): 99 for r in range(3)}
    with pytest.raises(TooManyFailures, match=r"3 replicas .* Replica 2: try 2 failed"):
        run_flaky(tmp_path / "journal", failures, 1)
    (tmp_path / "mended").write_bytes((tmp_path / "journal").read_bytes())
    tries, control = run_flaky(tmp_path / "mended", {}, 1)
    assert not control.failed and (control.learner.progress == 6).all()
    # not mended: this time they are given up, and one more resume tries none
    tries, control = run_flaky(tmp_path / "journal", failures, 1)
    assert set(control.failed) == {0, 1, 2} and tries == {(r, 0): 2 for r in range(3)}
    tries, control = run_flaky(tmp_path / "journal", failures, 1)
    assert set(control.failed) == {0, 1, 2} and not tries


def test_failures_among_chunks_that_go_well_stop_nothing(tmp_path):
    """Three of four replicas fail, at different times."""
    D, values = trajectories(replicas=4)
    source = Flaky(D, values, {(0, 0): 9, (1, 2): 9, (3, 4): 9})
    learner = Learner(4, 6, 10, ["a", "b"], dimension=3)
    control = Controller(
        source, learner, load_policy("uniform"), ReplayExecutor(), Plan(24, retries=0)
    ).run()
    assert set(control.failed) == {0, 1, 3} and control.learner.progress.tolist() == [0, 2, 6, 4]


def test_an_error_that_no_chunk_raises_is_the_executors(tmp_path):
    """executorlib, dask and others raise their own when a worker has gone."""
    D, values = trajectories(replicas=3)
    source = Flaky(D, values, {(1, 1): 99})
    source.chunk_errors = ValueError
    learner = Learner(3, 6, 10, ["a", "b"], dimension=3)
    journal = Journal(tmp_path / "journal")
    control = Controller(
        source, learner, load_policy("uniform"), ReplayExecutor(), Plan(18), journal
    )
    with pytest.raises(BrokenExecutor, match=r"lost its workers \(try 1 failed\)"):
        control.run()
    assert not any("tried" in entry for entry in Journal.read(tmp_path / "journal")[0])


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
