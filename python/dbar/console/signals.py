"""Signals that ask a program to end: noted when they come, acted on where the program can.

A handler that raises can be lost. Python runs handlers between any two instructions of the main
thread, also inside the callback of a weak reference or a ``__del__``; what is raised there is
printed ("Exception ignored in ...") and forgotten, and the program runs on. Python's own handler of
SIGINT, which raises KeyboardInterrupt, is of that kind. So every program of dbar works inside
`listening`, whose handler only notes the signal, and asks for it in its loop with `check`.

The first SIGINT, SIGTERM or SIGHUP asks for an end in good order. The second asks not to wait for
what is being ended (`dbar ensemble`). From then on the signals have their default action, so the
third ends the program on the spot, wherever it is. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator

__all__ = ["Interrupted", "check", "leave_to_parent", "listening", "noted", "wait"]

_ENDS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Interrupted(KeyboardInterrupt):
    """A signal was noted; raised by `check` alone, never by a handler.

    No `Exception`, so that what catches the errors of a piece of work does not catch this.

    Attributes
    ----------
    signal : signal.Signals
        The first one.
    code : int
        Exit code of a program that ends because of it, 128 + number.
    """

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"stopped by {number.name}")
        self.signal = number
        self.code = 128 + number


class _Listener:
    """What has been heard so far, and an end of a pipe that can be read once there is more."""

    def __init__(self) -> None:
        self.noted: list[signal.Signals] = []
        self._before: dict[signal.Signals, object] = {}
        self._ear, self._mouth = os.pipe()
        for end in (self._ear, self._mouth):
            os.set_blocking(end, False)
        # the pipe also wakes `wait` where the system gave the signal to another thread
        self._woken_before = signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        for number in _ENDS:
            # ignored by who started this program (nohup, a shell's background job): so it stays
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self._before[number] = signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.noted.append(signal.Signals(number))
        if len(self.noted) > 1:
            for mine in self._before:
                signal.signal(mine, signal.SIG_DFL)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        poll = select.poll()  # knows no largest descriptor, as select does
        poll.register(self._ear, select.POLLIN)
        while not self.noted and (left := end - time.monotonic()) > 0:
            if poll.poll(1000.0 * left):
                with contextlib.suppress(BlockingIOError):
                    os.read(self._ear, 4096)  # of other signals too, which end no wait

    def close(self, ending: bool) -> None:
        for number, handler in () if ending else self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken_before)
        os.close(self._ear)
        os.close(self._mouth)


_listener: _Listener | None = None


@contextlib.contextmanager
def listening(to_the_end: bool = False) -> Iterator[None]:
    """Note SIGINT, SIGTERM and SIGHUP inside the block; afterwards all is as it was.

    With `to_the_end` the program ends with the block: once a signal was noted its handlers stay, so
    that a second one does not raise from Python's own handler while the program is on its way out.

    A signal that is ignored when the block begins stays ignored. Inside another such block, or in
    another thread than the main one, this does nothing: there are no handlers to set.
    """
    global _listener
    if _listener is not None or threading.current_thread() is not threading.main_thread():
        yield
        return
    _listener = _Listener()
    try:
        yield
    finally:
        listener, _listener = _listener, None
        listener.close(to_the_end and bool(listener.noted))


def noted() -> list[signal.Signals]:
    """The signals that came since `listening` began, none outside of it."""
    return list(_listener.noted) if _listener else []


def check() -> None:
    """Raise `Interrupted` if a signal has been noted; to be called again and again.

    Outside of `listening` nothing happens, so that functions which others may call can do so.
    """
    if _listener and _listener.noted:
        raise Interrupted(_listener.noted[0])


def wait(seconds: float) -> None:
    """Sleep, but not beyond the first signal that is noted, before or meanwhile.

    Nothing is raised: ask with `check`. Outside of `listening` this is ``time.sleep``.
    """
    if _listener and threading.current_thread() is threading.main_thread():
        _listener.wait(seconds)
    else:
        time.sleep(seconds)


def leave_to_parent(number: signal.Signals) -> None:
    """Do nothing about a signal that a terminal sends to all processes: the parent decides.

    Unlike an ignored one it has its usual effect in programs that this process starts.
    """
    signal.signal(number, _nothing)


def _nothing(number: int, frame: object) -> None:
    """Do nothing."""
