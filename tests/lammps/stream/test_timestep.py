"""A stream has one timestep: another one is an error at the run, or the snapshot, that begins with it."""

import pytest

from dbar.trajectory import read
from restarts import MONITOR, START, STREAM

SAYS = "Fix dbar/stream: timestep is {} at step {}, expected {}, that with which the stream began"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "monitor.toml").write_text(MONITOR)
    return tmp_path


@pytest.mark.parametrize("ranks", [1, 2])
def test_another_timestep_ends_the_run_that_begins_with_it(lammps, folder, ranks):
    script = START + STREAM + "run 100\nvariable old equal dt\nvariable new equal 2*v_old\n"
    done = lammps(script + "timestep ${new}\nrun 100\n", np=ranks, ok=False)
    assert len(done.errors) == 1, done.output
    dt = read(folder / "run.h5md").parameters["dt"]
    assert SAYS.format(f"{2 * dt:g}", 100, f"{dt:g}") in done.errors[0]
    assert list(read(folder / "run.h5md").step) == list(range(10, 101, 10))  # nothing is lost


def test_one_that_is_changed_back_between_runs_goes_on(lammps, folder):
    change = "timestep $(2*dt)\ntimestep $(dt/2)\n"
    lammps(START + STREAM + f"run 100\n{change}run 50\n", np=2)
    assert len(read(folder / "run.h5md")) == 15


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_timestep_that_a_fix_changes_is_an_error_at_the_next_snapshot(lammps, folder, ranks):
    reset = "fix reset all dt/reset 25 0.00001 0.001 0.002\n"
    done = lammps(START + reset + STREAM + "run 100\n", np=ranks, ok=False)
    assert len(done.errors) == 1, done.output
    assert "Fix dbar/stream: timestep is " in done.errors[0] and " at step 30, " in done.errors[0]
    run = read(folder / "run.h5md")
    assert list(run.step) == [10, 20]


def test_averaged_positions_alone_take_any(lammps, folder):
    alone = STREAM.split("store")[0] + "monitor none\n"
    lammps(START + alone + "run 100\ntimestep $(2*dt)\nrun 100\n", np=2)
