"""Waits that a busy machine does not fail.

A test waits for a sign of progress: a file, a line, the end of a process. The limit beside it only ends what
hangs, and counts seconds of an idle machine: while this process gets a third of a core, one second of the limit
lasts three. ``DBAR_PATIENCE`` is a factor on all limits, for programs that are slow in themselves (sanitizers).
"""

import contextlib
import os
import signal
import subprocess
import time

PATIENCE = float(os.environ.get("DBAR_PATIENCE", "1"))

_SPIN = 0.03  # s of CPU time: longer than a time slice, so that others get theirs
_AGAIN = 1.0  # s after which the speed is measured again
_measured = [float("-inf"), 1.0]


def slowness():
    """How much longer than its CPU time a busy loop takes now, at least 1."""
    began = time.monotonic()
    if began - _measured[0] > _AGAIN:
        end = time.thread_time() + _SPIN
        while time.thread_time() < end:
            pass
        now = time.monotonic()
        _measured[:] = now, max(1.0, (now - began) / _SPIN)
    return _measured[1]


class Limit:
    """So many seconds of an idle machine."""

    def __init__(self, seconds):
        self.seconds = seconds
        self._left, self._last = seconds * PATIENCE, time.monotonic()

    def reached(self):
        """Whether they have passed; to be asked again and again."""
        slow, now = slowness(), time.monotonic()
        self._left -= (now - self._last) / slow
        self._last = now
        return self._left <= 0


def wait_for(condition, what="what the test waits for", seconds=60, process=None, pause=0.02):
    """Wait until `condition` returns something true, and return it.

    With `process` its end is the end of the wait: nothing more will come.
    """
    limit = Limit(seconds)
    while not (found := condition()):
        if process is not None and process.poll() is not None and not (found := condition()):
            raise AssertionError(f"waited for {what}, but the process ended: {process.returncode}")
        assert found or not limit.reached(), f"waited for {what}, {seconds} s of an idle machine"
        time.sleep(pause)
    return found


def _kill(process):
    """Kill a process and, where it has a session of its own, what it has started."""
    with contextlib.suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


def end_of(process, seconds=120, also=""):
    """Wait for the end of a process; what it wrote to its pipes, (stdout, stderr).

    One that hangs is killed and fails the test; `also` may be a function that tells more then.
    """
    limit = Limit(seconds)
    while True:
        try:
            return process.communicate(timeout=0.5)
        except subprocess.TimeoutExpired:
            if not limit.reached():
                continue
        _kill(process)
        try:
            out = process.communicate(timeout=5)
        except subprocess.TimeoutExpired as late:  # somebody else still holds the pipes
            out = late.stdout, late.stderr
        texts = (x.decode(errors="replace") if isinstance(x, bytes) else x for x in out)
        told = "\n".join(x[-4000:] for x in (*texts, also() if also else "") if x)
        raise AssertionError(f"{process.args}: hangs, {seconds} s of an idle machine\n{told}")


def run(words, seconds=120, **options):
    """`subprocess.run` of a program that may take so many seconds of an idle machine."""
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    check = options.pop("check", False)
    process = subprocess.Popen(words, start_new_session=True, **options)
    try:
        out, err = end_of(process, seconds)
    finally:
        if process.poll() is None:
            _kill(process)
    done = subprocess.CompletedProcess(words, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done
