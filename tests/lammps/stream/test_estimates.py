"""Elements 12 and up of the fix's vector: four numbers for each name of keyword observe."""

import numpy as np
import pytest

from answering import answering
from restarts import AGAIN, START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
TWO = COMPUTE + "fix s all dbar/stream 2 5 10 d observe 2 a b\n"
ONE = TWO.replace("observe 2 a b", "observe 1 a")
NONE = TWO.replace("observe 2 a b", "")
DIFFER = "plugin and Python package of dbar differ ({}); reinstall dbar"


def show(last):
    return "print 'OUT " + " ".join(f"$(f_s[{k}]:%.17g)" for k in range(12, last + 1)) + "'\n"


def shown(done):
    lines = [line for line in done.output.splitlines() if line.startswith("OUT ")]
    return [np.array(line.split()[1:], float) for line in lines]


def at(step, count=8):
    return [step + k / 100 for k in range(count)]


@pytest.mark.parametrize("ranks", [1, 2])
def test_numbers_of_the_newest_snapshot(lammps, tmp_path, ranks):
    script = START + TWO + show(19) + "run 9\n" + show(19) + "run 16\n" + show(19)
    done = lammps(script, np=ranks, env=answering(tmp_path))
    before, early, late = shown(done)
    assert np.isnan(before).all() and np.isnan(early).all()
    assert list(late) == at(20)


def test_all_ranks_know_them(lammps, tmp_path):
    spread = "run 20\nvariable b equal f_s[13]\nvariable a atom v_b\n"
    spread += "compute lo all reduce min v_a\ncompute hi all reduce max v_a\n"
    spread += "thermo_style custom step c_lo c_hi\nthermo_modify format float %.17g\nrun 0\n"
    done = lammps(START + TWO + spread, np=2, env=answering(tmp_path))
    rows = [line.split() for line in done.output.splitlines() if line.split()[:1] == ["20"]]
    assert [float(word) for word in rows[-1][1:]] == [20.01, 20.01]


@pytest.mark.parametrize(("stream", "last"), [(TWO, 19), (ONE, 15), (NONE, 11)])
def test_length_of_the_vector(lammps, tmp_path, stream, last):
    env = answering(tmp_path)
    lammps(START + stream + f"print '$(f_s[{last}])'\n", env=env)
    done = lammps(START + stream + f"print '$(f_s[{last + 1}])'\n", ok=False, env=env)
    assert len(done.errors) == 1 and "accessed out-of-range" in done.errors[0]


def test_no_number_in_formulas_and_conditions(lammps, tmp_path):
    """A comparison with NaN is false in a formula; `fix halt` itself takes it for true."""
    env = answering(tmp_path, "(float('nan'),) * 4")
    script = START + ONE
    condition = "variable e equal f_s[12]\nvariable hot equal f_s[12]>0.5\n"
    show_both = "thermo_style custom step f_s[12] v_e v_hot\nthermo 10\n"
    halt = "fix h all halt 10 v_hot == 1 error hard\n"
    done = lammps(script + condition + show_both + halt + "run 10\n" + show(15), np=2, env=env)
    rows = [line.split() for line in done.output.splitlines() if "nan" in line]
    assert rows[:2] == [["0", "nan", "nan", "0"], ["10", "nan", "nan", "0"]]
    assert np.isnan(shown(done)[0]).all()
    halt = "fix h all halt 10 v_e > 0.5 error hard\n"
    done = lammps(script + condition + halt + "run 10\n", np=2, ok=False, env=env)
    assert len(done.errors) == 1 and "met on step 10 with value nan" in done.errors[0]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("estimates", "stream", "what"),
    [
        ("(0.0,) * 4", TWO, DIFFER.format("4 estimates, expected 8")),
        ("()", ONE, DIFFER.format("0 estimates, expected 4")),
        ("(1.0,)", NONE, DIFFER.format("1 estimates, expected 0")),
        ("5", NONE, "TypeError"),
        ("('a', 'b', 'c', 'd')", ONE, "Fix dbar/stream: Python: "),
    ],
)
def test_another_number_of_them_is_refused(lammps, tmp_path, ranks, estimates, stream, what):
    env = answering(tmp_path, estimates)
    done = lammps(START + stream + "run 20\n", np=ranks, ok=False, env=env)
    assert len(done.errors) == 1 and what in done.errors[0], done.output


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("after", ["as before", "fewer", "others", "none"])
def test_they_come_out_of_a_restart_file(lammps, tmp_path, ranks, after):
    """Of other names they are not known until the next snapshot."""
    env = answering(tmp_path)
    lammps(START + TWO + "run 237\nwrite_restart r.237\n", np=ranks, env=env)
    others = TWO.replace("observe 2 a b", "observe 2 b a")
    streams = {
        "as before": (TWO, 19),
        "fewer": (ONE, 15),
        "others": (others, 19),
        "none": (NONE, 11),
    }
    stream, last = streams[after]
    done = lammps(AGAIN + stream + show(last) + f"run 5\n{show(last)}", np=ranks, env=env)
    before, later = shown(done)
    assert len(before) == last - 11
    if after == "as before":
        assert list(before) == at(230)
    assert after == "as before" or np.isnan(before).all()
    assert list(later) == at(240, last - 11)


def test_names_that_a_restart_file_does_not_know(lammps, tmp_path):
    env = answering(tmp_path)
    lammps(START + NONE + "run 237\nwrite_restart r.237\n", env=env)
    assert np.isnan(shown(lammps(AGAIN + ONE + show(15), env=env))[0]).all()
