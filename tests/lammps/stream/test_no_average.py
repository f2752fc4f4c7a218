"""`compute dbar ... average` where a window has no average: the real reason, and a way on."""

import numpy as np
import pytest

from blocks import ARGON
from dbar.trajectory import read

SOLID = ARGON + (
    "displace_atoms all random 0.1 0.1 0.1 5\nfix move all nve\n"
    "compute d all dbar bso4 6.0 twojmax 2\ncompute mean all dbar bso4 6.0 twojmax 2 average watch\n"
)
STREAM = "fix watch all dbar/stream 5 4 20 d store run.h5md monitor none thermo none\n"
SAVE = "fix save all ave/time 20 1 20 c_mean[2] c_d[2] file out.txt format ' %.17g'\n"
WARM = "velocity all create 30 7\n"
WARNS = "Compute dbar: fix watch has no average at step"


def saved(folder):
    """{step: (descriptor of the averages, of the positions of the step)}"""
    return {int(row[0]): tuple(row[1:]) for row in np.loadtxt(folder / "out.txt", ndmin=2)}


def assert_goes_on(folder, done, cut):
    """At `cut` the positions of the step serve, with a warning; then the averages do."""
    rows, run = saved(folder), read(folder / "run.h5md")
    assert done.output.count(WARNS) == 1
    reason = f"{WARNS} {cut}, as its window lacks samples (the run began inside it)"
    assert reason in done.output and f"the next average is that of step {cut + 20}" in done.output
    assert rows[cut][0] == pytest.approx(rows[cut][1], rel=1e-12)
    assert list(run.step) == [step for step in sorted(rows) if step > cut]
    for step, D in zip(run.step, run.D, strict=True):
        assert rows[step][0] == pytest.approx(D[1], rel=1e-12) != pytest.approx(rows[step][1])


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_run_after_a_minimization(lammps, tmp_path, ranks):
    relax = "minimize 0 0 8 1000\n"  # the window of step 20 begins at step 5
    done = lammps(SOLID + STREAM + relax + WARM + SAVE + "run 60\n", np=ranks)
    assert_goes_on(tmp_path, done, 20)


def test_a_fix_that_begins_inside_a_window(lammps, tmp_path):
    begin = SOLID.replace("average watch", "") + WARM + "run 10\nuncompute mean\n"
    mean = "compute mean all dbar bso4 6.0 twojmax 2 average watch\n"
    done = lammps(begin + mean + STREAM + SAVE + "run 60\n", np=2)
    assert_goes_on(tmp_path, done, 20)


@pytest.mark.parametrize("ranks", [1, 2])
def test_asked_for_in_a_minimization(lammps, ranks):
    """There are no averages in it; the positions of each step serve."""
    show = "thermo_style custom step c_mean[2] c_d[2]\nthermo 1\nthermo_modify norm no format float %.17g\n"
    done = lammps(
        SOLID + STREAM + show + "minimize 0 0 3 1000\n" + WARM + "thermo 20\nrun 60 upto\n",
        np=ranks,
    )
    rows = [line.split() for line in done.output.splitlines() if len(line.split()) == 3]
    rows = {int(row[0]): row[1:] for row in rows if row[0].isdigit()}
    for step in range(4):
        assert float(rows[step][0]) == pytest.approx(float(rows[step][1]), rel=1e-12)
    assert float(rows[60][0]) != pytest.approx(float(rows[60][1]), rel=1e-6)


@pytest.mark.parametrize("ranks", [1, 2])
def test_asked_for_before_the_fix_has_its_turn(lammps, ranks):
    """A fix that is defined before sees this step's average never: one error that says so."""
    done = lammps(SOLID + WARM + SAVE + STREAM + "run 60\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output[-2000:]
    assert (
        "fix watch makes its average of step 20 later in this step: define it before"
        in done.errors[0]
    )


def test_asked_for_at_the_last_step_of_a_run(lammps):
    """LAMMPS shows it whether it is a multiple or not."""
    show = "thermo_style custom step c_mean[2]\nthermo 20\n"
    done = lammps(SOLID + WARM + STREAM + show + "run 30\n", np=2, ok=False)
    assert (
        "multiples of 20, which the last step of a run has to be (run ... upto)" in done.errors[0]
    )


def test_asked_for_at_other_steps(lammps):
    save = SAVE.replace("20 1 20", "10 1 10")
    done = lammps(SOLID + WARM + STREAM + save + "run 60\n", np=2, ok=False)
    assert (
        "has no average at step 10; output only at steps that are multiples of 20" in done.errors[0]
    )
