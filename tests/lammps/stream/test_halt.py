"""The recipes of docs/howto/actions.md that end a run: at which snapshot they do."""

import re

import pytest

from harness import ROOT
from restarts import START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
STREAM = "fix watch all dbar/stream 2 5 10 d python state:say\n"
PAGE = (ROOT / "docs/howto/actions.md").read_text()


def recipe(variable):
    """The lines of the page from the variable on to its fix halt, for snapshots 10 steps apart."""
    found = re.search(rf"variable +{variable} equal .*\nfix +guard all halt 20 .*\n", PAGE)
    return found[0].replace("halt 20", "halt 10")


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
        ({5: 3, 6: 3, 8: 3, 9: 3, 10: 3, 11: 3}, (100, 3, 3)),
        ({5: 3, 6: 3, 7: 2, 8: 3} | dict.fromkeys(range(20, 80), 2), (690, 2, 50)),
        ({5: 3, 6: 3} | dict.fromkeys(range(20, 69), 2), (1000, 1, 32)),
    ],
    ids=["three alarms", "fifty warnings", "neither"],
)
def test_several_in_a_row(lammps, tmp_path, ranks, states, expected):
    assert stopped(lammps, tmp_path, states, "enough", ranks) == expected
