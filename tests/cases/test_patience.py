"""The limits of the tests themselves: what hangs is ended, with all that it has started, and nothing else is."""

import subprocess
import sys
import time

import pytest

import patience
from ensemble_runs import processes


def test_a_program_that_hangs_is_ended_with_what_it_has_started(tmp_path):
    with pytest.raises(AssertionError, match=r"hangs, 0\.5 s of an idle machine\nbefore"):
        patience.run(
            ["sh", "-c", "echo before; sleep 3600; echo after"], 0.5, cwd=tmp_path,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    patience.wait_for(lambda: not processes(tmp_path, "sleep"), "the end of sleep")


def test_pipes_that_somebody_else_holds_are_not_waited_for(tmp_path):
    """What has left the session goes on; its pipe does not keep the test."""
    words = "import subprocess, time; subprocess.Popen(['sleep', '30'], start_new_session=True)\ntime.sleep(3600)"
    began = time.monotonic()
    with pytest.raises(AssertionError, match="hangs"):
        patience.run([sys.executable, "-c", words], 1, stdout=subprocess.PIPE, cwd=tmp_path)
    assert time.monotonic() - began < 25


def test_a_limit_lasts_longer_where_the_machine_is_slow(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patience, "PATIENCE", 1.0)
    monkeypatch.setattr(patience, "slowness", lambda: 4.0)
    limit = patience.Limit(10)
    now[0] += 39
    assert not limit.reached()
    now[0] += 2
    assert limit.reached()


def test_a_wait_ends_with_the_process_that_cannot_fulfil_it():
    process = subprocess.Popen(["true"])
    with pytest.raises(AssertionError, match="waited for a sign, but the process ended: 0"):
        patience.wait_for(lambda: False, "a sign", process=process)
