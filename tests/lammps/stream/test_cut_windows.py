"""`compute dbar ... average` where a window is cut in midst of others: no number stands in for an average."""

import numpy as np
import pytest

from blocks import ARGON
from dbar.trajectory import read

SOLID = ARGON + (
    "displace_atoms all random 0.1 0.1 0.1 5\nfix move all nve\nvelocity all create 30 7\n"
    "compute d all dbar bso4 6.0 twojmax 2\n"
)
MEAN = (
    "compute mean all dbar bso4 6.0 twojmax 2 virial yes average watch\n"
    "compute c all chunk/atom bin/1d z lower 0.5 units reduced\n"
    "compute parts all dbar bso4 6.0 twojmax 2 chunk c average watch\n"
)
STREAM = MEAN + "fix watch all dbar/stream 5 4 20 d store run.h5md monitor none thermo none\n"
SAVE = (
    "variable V equal c_mean[3][1]\n"
    "fix save all ave/time 20 1 20 c_mean[2] v_V c_d[2] file out.txt format ' %.17g'\n"
    "fix parts all ave/time 20 1 20 c_parts[2] mode vector file parts.txt format ' %.17g'\n"
)
RELAX = "minimize 0 0 8 1000\n"


def saved(folder):
    """{step: (descriptor of the averages, its virial, descriptor of the positions of the step)}"""
    return {int(row[0]): tuple(row[1:]) for row in np.loadtxt(folder / "out.txt", ndmin=2)}


def warnings(done):
    return [
        x for x in done.output.splitlines() if "has no average at step" in x and "mean" not in x
    ]


def assert_nan_at(folder, cut):
    """Values are nan at these steps, at others those of the snapshots."""
    rows, run = saved(folder), read(folder / "run.h5md")
    D = dict(zip(run.step, run.D, strict=True))
    assert [step for step, row in rows.items() if np.isnan(row[:2]).all()] == cut
    assert D.keys() <= rows.keys() - set(cut)
    for step in D:
        assert rows[step][0] == pytest.approx(D[step][1], rel=1e-12)
    parts = (folder / "parts.txt").read_text()
    assert parts.count("nan") == 2 * len(cut)


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_minimization_between_two_runs(lammps, tmp_path, ranks):
    """The window of step 60 begins at 45, inside it; the run goes on."""
    done = lammps(SOLID + STREAM + SAVE + "run 40\n" + RELAX + "run 60\n", np=ranks)
    assert_nan_at(tmp_path, [60])
    (warning,) = {x for x in warnings(done) if "step 60" in x}
    assert (
        "lacks samples" in warning
        and "values are nan; the next average is that of step 80" in warning
    )


def test_another_boundary(lammps, tmp_path):
    other = "change_box all boundary p p s\n"
    lammps(SOLID + STREAM + SAVE + "run 30\n" + other + "run 50\n", np=2)
    assert_nan_at(tmp_path, [40])


def test_missing_frames(lammps, tmp_path):
    dump = "dump x all custom 5 x.dump id type x y z\ndump_modify x format float %.15g sort id\n"
    lammps(SOLID + dump + "run 120\n")
    text = (tmp_path / "x.dump").read_text()
    begin = text.index("ITEM: TIMESTEP\n55\n")
    (tmp_path / "x.dump").write_text(text[:begin] + text[text.index("ITEM: TIMESTEP\n60\n") :])
    again = SOLID.replace("fix move all nve\n", "") + STREAM
    show = "thermo_style custom step c_mean[2] c_d[2]\nthermo 20\nthermo_modify norm no format float %.17g\n"
    done = lammps(again + show + "rerun x.dump dump x y z\n", np=2)
    rows = [line.split() for line in done.output.splitlines() if len(line.split()) == 3]
    shown = {int(row[0]): float(row[1]) for row in rows if row[0].isdigit() and row[0] != "0"}
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == [20, 40, 80, 100, 120] and np.isnan(shown.pop(60))
    assert shown == pytest.approx(dict(zip(run.step, run.D[:, 1], strict=True)), rel=1e-12)


def test_asked_by_a_fix_in_a_rerun(lammps):
    """LAMMPS lets fix ave/time ask before any fix has had its turn."""
    lammps(SOLID + "dump x all custom 5 x.dump id type x y z\nrun 40\n")
    again = SOLID.replace("fix move all nve\n", "") + STREAM + SAVE
    done = lammps(again + "rerun x.dump dump x y z\n", np=2, ok=False)
    assert len(done.errors) == 1 and "in a rerun let thermo ask" in done.errors[0]
