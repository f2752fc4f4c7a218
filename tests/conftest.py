"""Shared fixtures, and the tests left out of a bare clone."""

import functools
import os
import signal

import pytest

from harness import SHARED, run_lammps

# Every core has tests of its own. Threads of BLAS that wait for each other, and ranks of MPICH that ask again
# and again whether a message has come, would take it from the process that they wait for.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPIR_CVAR_CH4_PROGRESS_THROTTLE", "1")
os.environ.setdefault("MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT", "512")

LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config, items):
    """Leave out, visibly, what needs reference data that a bare clone does not have."""
    if SHARED.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("shared")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("shared")]
    config.stash[LEFT_OUT] = len(left_out)


def pytest_sessionfinish(session):
    """A worker of pytest-xdist leaves tests out; who started it tells how many."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """All workers leave out the same ones."""
    count = getattr(node, "workeroutput", {}).get("left out", 0)  # one that crashed says nothing
    node.config.stash[LEFT_OUT] = max(count, node.config.stash.get(LEFT_OUT, 0))


def pytest_terminal_summary(terminalreporter, config):
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} tests left out: they need the reference ensembles in ../shared/data"
        )


@pytest.fixture
def shared_data():
    """Folder of the reference ensembles; tests that use it carry the marker `shared`."""
    return SHARED


@pytest.fixture
def lammps(tmp_path):
    """lammps(script, np=2, ...) runs an input script in an empty folder, see harness.run_lammps."""
    return functools.partial(run_lammps, tmp_path)


def pytest_configure():
    """A shell that starts `make test` in the background has SIGINT ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
