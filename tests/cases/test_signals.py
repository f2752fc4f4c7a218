"""Signals to whole programs while LAMMPS runs: the exit code says which, and nothing is left at work."""

import contextlib
import json
import signal

import pytest

from ensemble_runs import PAGE, command, processes
from patience import end_of, wait_for
from watched import dbar

STUCK = PAGE["in.replica"].replace("run             ${steps}", "shell sleep 500")


def heard():
    """`nohup make test` ignores SIGHUP, and children inherit that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_demo(number, code, tmp_path):
    demo = dbar("demo", "--out", tmp_path / "demo", preexec_fn=heard)
    assert "step 0/" in demo.stdout.readline()  # looks at its LAMMPS
    wait_for(lambda: processes(tmp_path, "in.al-tension"))
    demo.send_signal(number)
    output, complaints = end_of(demo, 60)
    assert demo.returncode == code and complaints == ""
    assert f"stopped by {number.name}" in output and "can be read" not in output  # nothing is yet
    wait_for(lambda: not processes(tmp_path, ""))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_watch(number, code, tmp_path):
    """Ctrl-C, the usual way to end a view, is in tests/python/watch."""
    for more in ([], ["--serve", "0"]):
        watch = dbar("watch", tmp_path / "none.h5md", "--json", *more, preexec_fn=heard)
        assert json.loads(watch.stdout.readline())
        watch.send_signal(number)
        _, complaints = end_of(watch, 60)
        assert watch.returncode == code and "Traceback" not in complaints
        assert ("ended after" in complaints) == bool(more)


def test_ensemble_told_twice(tmp_path):
    """The second signal does not wait for the LAMMPS runs, which end all the same."""
    text = PAGE["ensemble.toml"].replace('"local"', '"processes"')
    (tmp_path / "ensemble.toml").write_text(text)
    (tmp_path / "in.replica").write_text(STUCK)
    run = command(tmp_path, "run")
    wait_for(lambda: processes(tmp_path / "ensemble/replicas", "-var"))
    run.send_signal(signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        run.send_signal(signal.SIGINT)
    output = end_of(run, 60)[0]
    # the system may hand them over in either order
    assert run.returncode in (143, 130) and "Traceback" not in output, output
    assert "go on with: dbar ensemble resume ensemble.toml" in output
    wait_for(lambda: not processes(tmp_path, ""))
