"""The recipes of docs/howto/actions.md that end a run: at which snapshot they do."""

import re

import numpy as np
import pytest

from dbar.trajectory import read
from harness import ROOT, run_lammps
from restarts import AGAIN, START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
STREAM = "fix watch all dbar/stream 2 5 10 d python state:say\n"
PAGE = (ROOT / "docs/howto/actions.md").read_text()


def recipe(variable):
    """The lines of the page from the variable on to its fix halt, for snapshots 10 steps apart."""
    found = re.search(rf"variable +{variable} equal .*\nfix +guard all halt 20 .*\n", PAGE)
    return found[0].replace("halt 20", "halt 10").replace(">= 2000", ">= 1000")


def stopped(lammps, tmp_path, states, variable, np=2):
    (tmp_path / "state.py").write_text(
        f"STATES = {states}\n\ndef say(step):\n    return STATES.get(step // 10, 1)\n"
    )
    script = START + COMPUTE + STREAM + recipe(variable)
    script += "run 1000\nprint 'STOPPED $(step) $(f_watch) $(f_watch[8])'\n"
    done = lammps(script, np=np)
    return tuple(int(word) for word in done.output.split("STOPPED ")[-1].split()[:3])


@pytest.mark.parametrize("ranks", [1, 2])
def test_the_first_alarm(lammps, tmp_path, ranks):
    assert stopped(lammps, tmp_path, {5: 2, 7: 3, 8: 3}, "state", ranks) == (70, 3, 1)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({5: 2, 6: 2, 8: 3, 9: 3}, (80, 3, 1)),
        ({5: 2, 7: 2} | dict.fromkeys(range(20, 80), 2), (690, 2, 50)),
        ({5: 2, 6: 2} | dict.fromkeys(range(20, 69), 2), (1000, 1, 32)),
    ],
    ids=["an alarm", "fifty warnings", "neither"],
)
def test_an_alarm_or_many_warnings(lammps, tmp_path, ranks, states, expected):
    assert stopped(lammps, tmp_path, states, "enough", ranks) == expected


WATCHED = (
    AGAIN.replace("r.237", "{}")
    + COMPUTE
    + "fix watch all dbar/stream 2 5 10 d persist 3 store run.h5md\n"
)
PULLED = "run 1000\nfix pull all deform 1 x erate 0.5\n"


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory):
    """Restart file of the crystal at step 1000, where it has come to rest."""
    folder = tmp_path_factory.mktemp("rest")
    run_lammps(folder, START + "fix nve all nve\nrun 1000\nwrite_restart r.1000\n")
    return folder / "r.1000"


def pulled(lammps, at_rest, runs, ranks):
    """Step and numbers at the end of a run of a crystal that is pulled from step 2000 on, with the real monitor."""
    print_all = "print 'STOPPED $(step) $(f_watch) $(f_watch[8]) $(f_watch[9])'\n"
    done = lammps(WATCHED.format(at_rest) + PULLED + runs + print_all, np=ranks)
    return [int(word) for word in done.output.split("STOPPED ")[-1].split()[:4]]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("variable", ["state", "enough"])
def test_a_change_that_persists(lammps, tmp_path, at_rest, variable, ranks):
    """Three snapshots beyond the level end the run on the step of the third."""
    step, state, row, change = pulled(lammps, at_rest, recipe(variable) + "run 1000\n", ranks)
    assert (state, row) == (3, 1) and 2000 < change == step - 20 < 2200
    run = read(tmp_path / "run.h5md")
    under_load = run.monitor["state"][run.step > 2000]
    assert run.step[-1] == step and not np.any(under_load[:-1] == 3)
    assert np.all(run.monitor["evidence"][-3:] >= 1.0)


def test_long_after_a_change(lammps, tmp_path, at_rest):
    """The state has gone back to 0 by then; the step of the change has stayed."""
    step, _, _, change = pulled(
        lammps, at_rest, "run 100\nunfix pull\n" + recipe("after") + "run 4000\n", 2
    )
    assert 2000 < change == step - 1000
    states = read(tmp_path / "run.h5md").monitor["state"]
    first = np.flatnonzero(states == 3)[0]
    assert states[first + 1] == 0
