"""A user's own callable: found, called with what it asks for, and held to its contract."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dbar.stream import Observer, ObserverError, Session
from harness import HELPERS
from patience import run
from streams import SIZE, feed, settings, stream


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """Write a module of a unique name into the current directory; returns its name."""

    def make(text):
        name = f"watch_{abs(hash(request.node.nodeid)) % 10**10}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return make


def test_callable_sees_what_it_asks_for_and_overrules(module):
    name = module(
        "seen = []\n"
        "def look(step, V, thermo, power=2):\n"
        "    seen.append((step, V, thermo))\n"
        "    return 3 if step == 200 else None\n"
    )
    session = Session(settings(python=f"{name}:look"))
    rows = stream(3)
    assert [answer[0] for answer in feed(session, rows)] == [0, 3, 0]
    seen = sys.modules[name].seen
    assert [step for step, _, _ in seen] == [100, 200, 300]
    V = seen[0][1]
    assert V.shape == (SIZE, 3, 3)
    assert np.array_equal(V[2], V[2].T) and V[2, 0, 2] == rows[0][3][2, 4]
    assert seen[0][2] == dict(zip(("temp", "pe", "pxx", "lx"), rows[0][4], strict=True))


def test_callable_with_keywords_gets_everything_but_comm(module):
    name = module("got = {}\ndef look(**kwargs):\n    got.update(kwargs)\n")
    session = Session(settings(python=f"{name}:look", monitor="none", virial=False))
    session.observe(100, 0.2, stream(1)[0][2], None, stream(1)[0][4])
    got = sys.modules[name].got
    assert sorted(got) == ["D", "V", "estimates", "step", "thermo", "time"]
    assert got["V"] is None and got["estimates"] == {}


@pytest.mark.parametrize(
    ("value", "shown"), [("float('nan')", "nan"), ("4", "4"), ("-1", "-1"), ("True", "True"),
                         ("2.0", "2.0"), ("'alarm'", "'alarm'")]
)  # fmt: skip
def test_callable_that_returns_no_state(module, value, shown):
    name = module(f"def look():\n    return {value}\n")
    session = Session(settings(python=f"{name}:look"))
    with pytest.raises(ObserverError) as caught:
        feed(session, stream(1))
    assert str(caught.value).startswith(f"python {name}:look: returned {shown}, expected None or")


def test_callable_that_raises_at_snapshot_three(module):
    name = module(
        "def look(step):\n    if step == 300:\n        raise ArithmeticError('no third')\n"
    )
    session = Session(settings(python=f"{name}:look"))
    with pytest.raises(ArithmeticError, match="no third"):
        feed(session, stream(3))


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        ("", "{}", "expected MODULE:CALLABLE"),
        ("", ":look", "expected MODULE:CALLABLE"),
        ("", "nosuchmodule:look", "no module 'nosuchmodule' in "),
        ("", "{}:look", "has no attribute 'look'"),
        ("look = 3", "{}:look", "look is int, expected a function"),
        ("class look: pass", "{}:look", "look is a class, expected a function"),
        ("import nosuchthing", "{}:look", "failed: No module named 'nosuchthing'"),
        ("1/0", "{}:look", "failed: ZeroDivisionError: division by zero"),
        ("def look(energy): pass", "{}:look", "parameter 'energy' is unknown; expected some of "),
    ],
)
def test_callables_that_do_not_load(module, text, word, message):
    word = word.format(module(text))
    with pytest.raises(ObserverError) as caught:
        Session(settings(python=word))
    assert str(caught.value).startswith(f"python {word}: ") and message in str(caught.value)


MPI_RUN = """
import sys
from mpi4py import MPI
from harness import HELPERS
from streams import settings, stream
from dbar.stream import Observer, Session

world = MPI.COMM_WORLD
options = settings(python="shared_eye:look", comm=world.handle)
eye = Session(options) if world.rank == 0 else Observer(options)
assert eye.wants_comm
for row in stream(3):
    answer = eye.observe(*row)
print(f"rank {world.rank} of {world.size}: state {answer[0]}", flush=True)
eye.close()
"""


def test_callable_on_all_ranks_with_the_communicator(tmp_path):
    (tmp_path / "shared_eye.py").write_text(
        "def look(comm, D):\n"
        "    total = comm.allreduce(comm.rank + 1)\n"
        "    assert D.shape == (7,)\n"
        "    return total if total <= 3 else None\n"
    )
    (tmp_path / "run.py").write_text(MPI_RUN)
    places = os.pathsep.join([str(HELPERS), str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run(
        [str(Path(sys.executable).parent / "mpirun"), "-np", "2", sys.executable, "run.py"],
        60,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):
        assert f"rank {rank} of 2: state 3" in done.stdout


def test_observer_without_comm_is_an_error_that_says_so(module):
    name = module("def look(comm):\n    pass\n")
    observer = Observer(settings(python=f"{name}:look"))
    assert observer.wants_comm
    with pytest.raises(ObserverError, match="asks for comm, but none was given"):
        observer.observe(*stream(1)[0])


def test_observer_of_a_run_with_chunks_leaves_them_to_rank_0(module):
    """The plugin calls all ranks alike."""
    name, chunk = module("def look(step):\n    return 2\n"), {"id": "cc", "count": 3}
    observer = Observer(settings(python=f"{name}:look", chunk=chunk))
    assert observer.observe(*stream(1)[0], np.zeros((3, 7 * SIZE))).state == 2
