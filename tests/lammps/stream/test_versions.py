"""A plugin and a Python package that are not of the same version: an error that says so, on any number of ranks."""

import pytest

from restarts import MONITOR, START, STREAM

SHORTER = """
import dbar.stream

observe = dbar.stream.Session.observe
dbar.stream.Session.observe = lambda *arguments: tuple(observe(*arguments)[:7])

def say():
    pass
"""
WITHOUT = """
import dbar.stream

def without(self, name):
    if name == "reference":
        raise AttributeError(name)
    return object.__getattribute__(self, name)

dbar.stream.Session.__getattribute__ = without

def say():
    pass
"""


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("other", "what"),
    [
        (SHORTER, "an answer of 7 numbers, expected 12"),
        (WITHOUT, "Session has no reference"),
    ],
    ids=["answer", "session"],
)
def test_another_version_of_the_package(lammps, tmp_path, ranks, other, what):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    (tmp_path / "other.py").write_text(other)
    stream = STREAM.rstrip() + " python other:say\n"
    done = lammps(START + stream + "run 100\n", np=ranks, ok=False)
    assert len(done.errors) == 1, done.output
    assert f"plugin and Python package of dbar differ ({what}); reinstall dbar" in done.errors[0]
