"""How many signals a program loses: python signalled.py PROGRAM COUNT FOLDER SIGNAL ... -> JSON.

The real programs with their real loops run in this process, one after the other; what their loop
looks at is replaced by `Loop.look`, and LAMMPS by a program that sleeps. While the main thread is
busy with callbacks of weak references and `__del__` another thread sends a signal to the process. A
program that comes to look once more has lost it, and is ended. Knows nothing of how dbar listens, so
that it measures older versions as well.
"""

import contextlib
import importlib
import json
import os
import random
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from churn import churn
from dbar.cli import main
from harness import ROOT


class Over(BaseException):
    """Ends a program that has lost its signal."""


class Exited(BaseException):
    """In the place of os._exit."""


class Loop:
    """What a program looks at again and again.

    `signals` are sent at its first looks, one at each; after that it may look `more` times.
    """

    def __init__(self, signals, more=0):
        self.signals, self.more = list(signals), more

    def look(self, *_, **__):
        if self.signals:
            self._meet(self.signals.pop(0))
        elif self.more:
            self.more -= 1
        else:
            raise Over

    def _meet(self, number):
        sent = threading.Event()

        def send():
            os.kill(os.getpid(), number)
            sent.set()

        sender = threading.Timer(random.uniform(0.0, 0.005), send)
        sender.start()
        try:
            while not sent.is_set():
                churn(5)
            churn(5)
        finally:
            sender.join()


class Endless(Future):
    """A chunk that is never done; the controller asks for it again and again."""

    def __init__(self, look):
        super().__init__()
        self._look = look

    def done(self):
        self._look()
        return False


class Executor:
    """Gives out chunks that are never done; the first one is what is looked at."""

    def __init__(self, loop):
        self._look = loop.look

    def submit(self, function, *arguments):
        look, self._look = self._look, lambda: None
        return Endless(look)

    def shutdown(self, wait=True, cancel_futures=False):
        pass


def asleep(command, folder, output):
    """In the place of processes.start."""
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


# ---- programs: each returns what to call, having put `loop` where the program looks ----------


def example(loop, folder):
    sys.path[:0] = [str(ROOT / "examples")]
    ensemble = importlib.import_module("ensemble")
    ensemble.processes.start, ensemble._POLL, ensemble._snapshots = asleep, 0.0, loop.look
    one = ensemble.Example(ROOT / "examples/pt-anneal", "none", "in.pt-anneal", 4, 10, 4, 10)
    return lambda: ensemble.main(one, ["--folder", str(folder), "--jobs", "1"])


def demo(loop, folder):
    run = importlib.import_module("dbar.demo.run")

    def look(*_):
        loop.look()
        return run.Progress("prepare", 0, 1)

    run.processes.start, run._POLL, run._look = asleep, 0.0, look
    return lambda: main(["demo", "--out", str(folder)])


def watch(loop, folder, *more):
    watching = importlib.import_module("dbar.watch.watching")
    watching.Watching.poll = loop.look
    return lambda: main(["watch", str(folder / "none.h5md"), "--interval", "0.1", *more])


def serve(loop, folder):
    def select(*_):
        loop.look()
        return []

    socketserver._ServerSelector.select = select
    return lambda: main(["watch", str(folder / "none.h5md"), "--serve", "0"])


def ensemble(loop, folder):
    """The second signal, for the first has the program wait for its chunks."""
    from ensemble_runs import PAGE

    session = importlib.import_module("dbar.ensemble.session")
    session.make_executor = lambda settings, folder: Executor(loop)
    loop.signals.insert(0, signal.SIGTERM)
    loop.more = 1  # looks at its chunks, then at its signals
    (folder / "in.replica").write_text(PAGE["in.replica"])
    (folder / "ensemble.toml").write_text(PAGE["ensemble.toml"].replace("jobs = 2", "jobs = 1"))
    return lambda: main(["ensemble", "run", str(folder / "ensemble.toml")])


def fit(loop, folder):
    command = importlib.import_module("dbar.cli.fit")

    def work(args, stage):
        tick = stage("working")
        while True:
            loop.look()
            tick(1, 2)

    command.prepare = work
    return lambda: main(["fit", "run.h5md", "-o", str(folder / "model.h5")])


def outcome(call):
    try:
        return call()
    except Over:
        return "lost"
    except Exited as code:
        return code.args[0]


def leave(code):
    raise Exited(code)


if __name__ == "__main__":
    program, count, place, *words = sys.argv[1:]
    signals = [getattr(signal, word) for word in words]
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever whoever started this has ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    swallowed = []
    sys.unraisablehook = lambda error: swallowed.append(error.exc_type.__name__)
    os._exit = leave
    random.seed(13)
    codes = {}
    for k in range(int(count)):
        number, folder = signals[k % len(signals)], Path(place, str(k))
        folder.mkdir()
        call = globals()[program](Loop([number]), folder)
        with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            with contextlib.redirect_stderr(nothing):
                code = outcome(call)
        codes.setdefault(number.name, []).append(code)
        shutil.rmtree(folder)
    lost = sum(found.count("lost") for found in codes.values())
    print(json.dumps({"lost": lost, "swallowed": len(swallowed), "codes": codes}))
