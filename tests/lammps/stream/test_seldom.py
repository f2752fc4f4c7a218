"""Keyword seldom: values at every M-th snapshot, those that LAMMPS prints at that step, and NaN in between."""

import numpy as np
import pytest

from dbar.trajectory import read
from restarts import AGAIN, START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
VALUES = (
    "compute m all msd\ncompute t all temp\ncompute e all pe\ncompute p all pressure NULL virial\n"
    "compute k all pe/atom\ncompute r all reduce max c_k\nvariable r equal 2*c_r+c_m[1]\n"
    "variable p equal c_thermo_press\n"
)
NAMES = ["c_m[4]", "c_t", "c_e", "c_p[5]", "v_r", "v_p"]
FIX = "fix s all dbar/stream 2 5 10 d store run.h5md monitor none thermo 2 pe pxx "
SELDOM = f"seldom 3 {len(NAMES)} {' '.join(NAMES)}\n"
# the same numbers by LAMMPS itself, at every step of a snapshot; other numbers of digits would not tell them apart
TABLE = f'fix o all ave/time 10 1 10 {" ".join(NAMES)} file out.txt format " %.17g"\n'


def table(path):
    """{step: values} of what `fix ave/time` wrote."""
    rows = [line.split() for line in path.read_text().splitlines() if not line.startswith("#")]
    return {int(row[0]): np.array(row[1:], float) for row in rows}


def columns(run, names=NAMES):
    return np.array([run.observables[name] for name in names]).T


def check(run, expected, every=3):
    for number, (step, found) in enumerate(zip(run.step, columns(run), strict=True)):
        if number % every:
            assert np.isnan(found).all(), step
        else:
            np.testing.assert_allclose(found, expected[int(step)], rtol=1e-12, err_msg=str(step))


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("order", ["before", "after"])
def test_values_are_those_of_lammps(lammps, tmp_path, ranks, order):
    """Whoever asks first at a step."""
    fixes = [TABLE, FIX + SELDOM]
    script = START + COMPUTE + VALUES + "".join(fixes if order == "before" else fixes[::-1])
    lammps(script + "thermo_style custom step c_t c_m[4] v_r pe\nthermo 10\nrun 100\n", np=ranks)
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == list(range(10, 101, 10))
    check(run, table(tmp_path / "out.txt"))
    found = columns(run)[::3]
    assert all(len(set(column)) == len(column) for column in found.T)  # none of an earlier step
    assert np.isfinite(run.observables["pe"]).all()


@pytest.mark.parametrize(
    "runs",
    [
        "run 0\nrun 30\nrun 0\nrun 45\nrun 0 pre no\nrun 25",
        "run 45\nrun 55 pre no",
        "run 100 every 15 'print go'",
        "run 20\nrun 80 upto\nrun 100 upto",
    ],
)
def test_numbers_go_on_from_run_to_run(lammps, tmp_path, runs):
    lammps(START + COMPUTE + VALUES + FIX + SELDOM + TABLE + runs + "\n", np=2)
    run = read(tmp_path / "run.h5md")
    assert len(run) >= 9
    check(run, table(tmp_path / "out.txt"))


def test_numbers_go_on_after_a_restart(lammps, tmp_path):
    """23 snapshots are stored: the next, number 23, is not one of them, number 24 is."""
    values = VALUES.replace("compute m all msd\n", "compute m all pressure NULL virial\n")
    words = COMPUTE + values + FIX + SELDOM + TABLE
    lammps(START + words + "run 237\nwrite_restart r.237\n", np=2)
    expected = table(tmp_path / "out.txt")
    lammps(AGAIN + words + "run 63\n", np=2)
    run = read(tmp_path / "run.h5md")
    assert list(run.step) == list(range(10, 301, 10))
    check(run, expected | table(tmp_path / "out.txt"))
    assert np.isfinite(run.observables["c_t"][24]) and np.isnan(run.observables["c_t"][23])


def test_each_value_is_computed_once_and_only_at_its_turn(lammps, tmp_path):
    """Random numbers tell how often they were drawn."""
    draw = "variable x equal random(0,1,4711)\n"
    atoms = "variable a atom random(0,1,12)\ncompute u all reduce sum v_a\nvariable u equal c_u\n"
    words = "seldom 4 3 v_x c_u v_u\nrun 120\n"
    lammps(START + COMPUTE + draw + atoms + FIX + words, np=2)
    run = read(tmp_path / "run.h5md")
    # a script's own draws; as many as there are turns
    done = lammps(START + draw + "print 'OUT $(v_x:%.17g) $(v_x:%.17g) $(v_x:%.17g)'\n")
    drawn = next(line for line in done.output.splitlines() if line.startswith("OUT "))
    drawn = [float(word) for word in drawn.split()[1:]]
    np.testing.assert_allclose(run.observables["v_x"][::4], drawn, rtol=1e-12)
    u = run.observables["c_u"][::4]
    assert len(set(u)) == 3 and list(u) == list(run.observables["v_u"][::4])


def test_nobody_else_asks_for_energy_and_pressure(lammps, tmp_path):
    """They are tallied on the steps of snapshots, atom by atom as well."""
    script = START + COMPUTE + VALUES + FIX + SELDOM
    lammps(script + TABLE + "run 100\n", np=2)
    expected = table(tmp_path / "out.txt")
    (tmp_path / "run.h5md").unlink()
    lammps(script + "run 45\nrun 55 pre no\n", np=2)
    check(read(tmp_path / "run.h5md"), expected)


def test_a_vector_that_is_shorter_than_its_element(lammps, tmp_path):
    """The number of chunks follows the box; what is not there has no value."""
    chunks = "compute c all chunk/atom bin/1d x lower 0.25 units reduced\n"
    chunks += "compute n all property/chunk c count\n"
    words = FIX + "seldom 2 3 c_n[1] c_n[4] c_n[5]\n"
    lammps(START + COMPUTE + chunks + words + "run 40\n", np=2)
    found = columns(read(tmp_path / "run.h5md"), ["c_n[1]", "c_n[4]", "c_n[5]"])
    assert (found[::2, :2] > 30).all() and np.isnan(found[::2, 2]).all()
    assert np.isnan(found[1::2]).all()


def test_alone_beside_the_snapshots(lammps, tmp_path):
    words = FIX.replace("thermo 2 pe pxx", "thermo none") + "seldom 2 1 c_thermo_temp\n"
    lammps(START + COMPUTE + words + "run 50\n", np=2)
    found = read(tmp_path / "run.h5md").observables
    assert list(found) == ["c_thermo_temp"]
    assert list(np.isfinite(found["c_thermo_temp"])) == [True, False, True, False, True]


def test_on_averaged_positions_of_the_snapshot(lammps, tmp_path):
    """A compute on the fix's own averages finds those of this snapshot."""
    average = "compute a all dbar bso4 4.7 twojmax 2 average s\n"
    lammps(START + COMPUTE + FIX + "seldom 2 1 c_a[3]\n" + average + "run 40\n", np=2)
    run = read(tmp_path / "run.h5md")
    found = run.observables["c_a[3]"]
    np.testing.assert_allclose(found[::2], run.D[::2, 2], rtol=1e-12)
    assert np.isnan(found[1::2]).all()


WRONG = {
    "c_x": "c_x of keyword seldom: compute x does not exist",
    "c_t[7]": "c_t[7] of keyword seldom: compute t has a global vector of length 6, expected at "
    "least 7",
    "c_m": "c_m of keyword seldom: compute m has no global scalar",
    "c_e[1]": "c_e[1] of keyword seldom: compute e has no global vector",
    "c_k": "c_k of keyword seldom: compute k has no global scalar",
    "v_x": "v_x of keyword seldom: variable x does not exist",
    "v_a": "v_a of keyword seldom: variable a is not equal-style",
}


def refused(done, text):
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert f"Fix dbar/stream: {text}" in done.errors[0]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", WRONG)
def test_what_is_missing_or_of_another_kind(lammps, ranks, name):
    script = START + COMPUTE + VALUES + "variable a atom x\n" + FIX + f"seldom 2 2 c_t {name}\n"
    refused(lammps(script + "run 10\n", np=ranks, ok=False), WRONG[name])


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(
    ("between", "text"),
    [
        ("uncompute t\nrun 20\n", "c_t of keyword seldom: compute t does not exist"),
        ("uncompute t\nrun 20 pre no\n", "c_t of keyword seldom: compute t does not exist"),
        ("variable y delete\nrun 20 pre no\n", "v_y of keyword seldom: variable y does not exist"),
        ("uncompute t\ncompute t all temp\nrun 20 pre no\n", "no run has set up compute t since"),
        ("uncompute t\ncompute t all msd\nrun 20\n", "compute t has no global scalar"),
    ],
)
def test_what_goes_away_between_runs(lammps, ranks, between, text):
    words = "compute t all temp\nvariable y equal step\n" + FIX + "seldom 2 2 c_t v_y\nrun 15\n"
    done = lammps(START + COMPUTE + words + between, np=ranks, ok=False)
    assert len(done.errors) == 1 and "Fix dbar/stream: " in done.errors[0], done.output
    assert text in done.errors[0]


def test_what_comes_back_before_the_next_run(lammps, tmp_path):
    words = "compute t all temp\n" + FIX + "seldom 2 1 c_t\nrun 15\n"
    lammps(START + COMPUTE + words + "uncompute t\ncompute t all pe\nrun 20\n", np=2)
    found = read(tmp_path / "run.h5md").observables
    assert found["c_t"][2] == pytest.approx(found["pe"][2], rel=1e-14)
