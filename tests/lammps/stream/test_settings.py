"""Settings that a script changes between two runs: one error at the run that begins with others, and nothing lost."""

import pytest

from blocks import ARGON
from dbar.trajectory import read

SYSTEM = ARGON + (
    "velocity all create 30 7\nfix n all nve\ngroup some id 1:50\n"
    "compute d some dbar bso4 6.0 twojmax 2\n"
)
STREAM = "fix w all dbar/stream 5 4 20 d store run.h5md monitor none\n"
AGAIN = "run 40\n"
CHANGES = {
    "mass": ("mass 1 30\n", "masses are [30] at step 40, expected [39.95", AGAIN),
    "members": (
        "group some clear\ngroup some id 2:51\n",
        "group some of compute d has 50 atoms",
        AGAIN,
    ),
    "fewer": (
        "group some clear\ngroup some id 2:9\n",
        "has 8 atoms at step 40, expected the 50",
        AGAIN,
    ),
    "dynamic": (
        "group some dynamic all every 10\n",
        "group some of compute d is dynamic at step 40, expected static",
        AGAIN,
    ),
    "timestep": ("timestep 0.002\n", "timestep is 0.002 at step 40, expected 0.004", AGAIN),
}
CHANGES |= {
    f"{name}, pre no": (change, said.replace("step 40", "step 45"), "run 40 pre no\n")
    for name, (change, said, _) in CHANGES.items()
    if name != "dynamic"  # LAMMPS makes its fix when a run is set up
}
AFRESH = "uncompute d\ncompute d some dbar bso4 {} twojmax 2\n"
CHANGES |= {
    "another compute, pre no": (AFRESH.format("5.0"), "compute d", "run 40 pre no\n"),
    "the same compute, pre no": (
        AFRESH.format("6.0"),
        "no run has set up compute d since it was defined: use run pre yes",
        "run 40 pre no\n",
    ),
    "no compute, pre no": ("uncompute d\n", "compute d does not exist", "run 40 pre no\n"),
    "after no steps, pre no": (
        "run 0\ntimestep 0.002\n",
        "timestep is 0.002 at step 45",
        "run 40 pre no\n",
    ),
    "in pieces": ("", "timestep is 0.002 at step 60", 'run 40 every 20 "timestep 0.002"\n'),
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_others_are_an_error_at_the_run_that_begins_with_them(lammps, tmp_path, change, ranks):
    words, said, again = CHANGES[change]
    done = lammps(SYSTEM + STREAM + "run 40\n" + words + again, np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert "Fix dbar/stream: " in done.errors[0] and said in done.errors[0]
    expected = [20, 40, 60] if change == "in pieces" else [20, 40]
    assert list(read(tmp_path / "run.h5md").step) == expected


def test_what_is_changed_back_goes_on(lammps, tmp_path):
    """And atoms that come or go between runs belong to a group, or not, as within one."""
    back = (
        "mass 1 30\nmass 1 39.95\ngroup some clear\ngroup some id 1:50\n"
        "run 0\ngroup gone id 3\ndelete_atoms group gone compress no\n"
    )
    lammps(SYSTEM + STREAM + "run 40\n" + back + "run 40\nrun 20 pre no\n", np=2)
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == [20, 40, 60, 80, 100] and list(run.D[:, 0]) == [50, 50, 49, 49, 49]


def test_a_dynamic_group_may_change(lammps, tmp_path):
    system = SYSTEM.replace("id 1:50", "dynamic all var warm every 5").replace(
        "group some", 'variable warm atom "vx > 0"\ngroup some'
    )
    lammps(system + STREAM + "run 40\nrun 40\n", np=2)
    assert len(read(tmp_path / "run.h5md")) == 4


GONE = {
    "variable": ("variable a delete\n", "variable v_a of keyword thermo does not exist"),
    "compute": ("uncompute thermo_pe\n", "pe of keyword thermo needs compute thermo_pe"),
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("again", ["run 40\n", "run 40 pre no\n"])
@pytest.mark.parametrize("what", GONE)
def test_what_is_stored_beside_and_is_gone(lammps, tmp_path, what, again, ranks):
    words, said = GONE[what]
    stream = (
        "thermo_style custom step\nvariable a equal lx\n" + STREAM.rstrip() + " thermo 2 v_a pe\n"
    )
    done = lammps(SYSTEM + stream + "run 40\n" + words + again, np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert said in done.errors[0]
    assert list(read(tmp_path / "run.h5md").step) == [20, 40]


def test_averages_alone_take_any(lammps):
    """Nothing looks at two snapshots."""
    alone = STREAM.replace("store run.h5md", "")
    lammps(
        SYSTEM + alone + "run 40\nmass 1 30\ngroup some clear\ngroup some id 2:9\nrun 40\n", np=2
    )
