"""Keyword `late`: the same decisions, one snapshot later, and nobody waits for them."""

import re

import numpy as np
import pytest

from dbar.trajectory import read
from restarts import START

SOLID = START + "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2 virial yes\n"
PULLED = "run 700\nfix pull all deform 1 x erate 2.0\nrun 500\n"
STREAM = "fix w all dbar/stream 2 5 10 d store {0}.h5md snapshot {1} late {0} observe 1 pxx\n"
SHOWN = (
    "thermo_style custom step f_w f_w[2] f_w[5] f_w[9] f_w[12]\nthermo_modify norm no\nthermo 10\n"
)


def rows(done):
    """Thermo lines by step, the last line of a step counts."""
    lines = re.findall(r"^ *(\d+) +(.* .*)$", done.output, re.M)
    return {int(step): words.split() for step, words in lines if len(words.split()) == 5}


def same(a, b):
    for name in ("step", "D", "V"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert a.monitor.keys() == b.monitor.keys() and "state" in a.monitor
    for kind in ("monitor", "estimates"):
        for name, values in getattr(a, kind).items():
            np.testing.assert_array_equal(values, getattr(b, kind)[name], err_msg=name)
    for name in ("step", "position", "edges", "id", "species"):
        np.testing.assert_array_equal(
            getattr(a.snapshots, name), getattr(b.snapshots, name), err_msg=name
        )


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("keep", ["every 3", "adaptive 0.2"])
def test_the_store_is_the_same(lammps, tmp_path, keep, ranks):
    """Decisions and kept positions too, although the atoms have gone on when they are asked for."""
    shown = {}
    for late in ("no", "yes"):
        done = lammps(SOLID + STREAM.format(late, keep) + SHOWN + PULLED, np=ranks)
        shown[late] = rows(done)
    now, late = read(tmp_path / "no.h5md"), read(tmp_path / "yes.h5md")
    assert now.monitor["state"].max() == 3 and len(now.snapshots) > 10
    same(now, late)
    assert len(shown["no"]) == 121
    for step in range(20, 1200, 10):  # also at 700, where thermo is printed before the run ends
        assert shown["yes"][step] == shown["no"][step - 10 if step != 700 else 700], step
    assert shown["yes"][1200] == shown["no"][1190]


@pytest.mark.parametrize("ranks", [1, 2])
def test_known_when_a_run_or_a_restart_file_needs_it(lammps, tmp_path, ranks):
    """The end of a run waits, and so does write_restart; the run that follows goes on from there."""
    script = SOLID + STREAM.format("yes", "adaptive 0.2")
    done = lammps(
        script
        + "run 400\nprint 'END $(f_w[5]) $(f_w[2]:%.15g)'\nrestart 415 half.restart\nrun 30\n",
        np=ranks,
    )
    lammps(SOLID + STREAM.format("no", "adaptive 0.2") + "run 430\n", np=ranks)
    run = read(tmp_path / "no.h5md")
    count, M = re.search(r"^END (\S+) (\S+)", done.output, re.M).groups()
    assert int(count) == 40 and float(M) == pytest.approx(run.monitor["M"][39], rel=1e-14)
    again = "read_restart half.restart.415\n" + "".join(
        line + "\n" for line in SOLID.splitlines() if re.match("pair_|neigh|fix|compute", line)
    )
    done = lammps(again + STREAM.format("yes", "adaptive 0.2") + "run 15\n", np=ranks)
    again = read(tmp_path / "yes.h5md")  # its atoms are in another order
    np.testing.assert_array_equal(again.step, run.step)
    np.testing.assert_array_equal(again.monitor["refits"], run.monitor["refits"])
    np.testing.assert_array_equal(again.snapshots.step, run.snapshots.step)
    np.testing.assert_allclose(again.D, run.D, rtol=1e-10)
    np.testing.assert_allclose(again.monitor["M"], run.monitor["M"], rtol=1e-6)


def test_halt_comes_one_snapshot_later(lammps, tmp_path):
    (tmp_path / "state.py").write_text("def say(step):\n    return 3 if step >= 70 else 1\n")
    halt = "variable state equal f_w\nfix h all halt 10 v_state == 3 error continue\n"
    for late, expected in (("no", 70), ("yes", 80)):
        stream = f"fix w all dbar/stream 2 5 10 d python state:say late {late}\n"
        done = lammps(SOLID + stream + halt + "run 200\nprint 'END $(step) $(f_w[8])'\n", np=2)
        assert f"END {expected} {1 if late == 'no' else 2}" in done.output


def test_nobody_waits(lammps, tmp_path):
    """A function that is called at one snapshot, and comes back only when the run has gone on."""
    (tmp_path / "slow.py").write_text(
        "import os, time\n\n\ndef look(step):\n    end = time.monotonic() + 60\n"
        "    while step == 10 and not os.path.exists('at.15'):\n        time.sleep(0.01)\n"
        "        assert time.monotonic() < end, 'the run waits'\n"
    )
    stream = "fix w all dbar/stream 2 5 10 d monitor none python slow:look late yes\n"
    lammps(SOLID + stream + "dump at all atom 15 at.*\nrun 30\n", np=2)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize(("fails", "told"), [(20, 30), (30, 30)], ids=["within", "at the end"])
def test_an_exception_in_the_thread(lammps, tmp_path, fails, told, ranks):
    (tmp_path / "fail.py").write_text(
        f"def look(step):\n    if step == {fails}:\n        raise KeyError('missing')\n"
    )
    stream = "fix w all dbar/stream 2 5 10 d python fail:look late yes\n"
    show = "fix p all print 1 'AT $(step)' screen yes\n"
    done = lammps(SOLID + stream + show + "run 30\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert "KeyError: 'missing'" in done.errors[0]
    assert f"AT {told - 1}" in done.output


def refused(lammps, words, said):
    done = lammps(SOLID + f"fix w all dbar/stream 2 5 10 d {words}\nrun 10\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert said in done.errors[0]


def test_wrong_word(lammps):
    refused(lammps, "late maybe", "keyword late expects yes or no, found maybe")


@pytest.mark.mpi_of_lammps
def test_not_on_all_ranks(lammps, tmp_path):
    (tmp_path / "all.py").write_text("def look(step, comm):\n    return 0\n")
    said = "keyword late yes needs a function that does not ask for comm, found python all:look"
    refused(lammps, "late yes python all:look", said)


def test_another_error_while_python_is_at_work(lammps, tmp_path):
    """LAMMPS ends with the error that it has found, and the store can be read."""
    (tmp_path / "slow.py").write_text("import time\n\n\ndef look(step):\n    time.sleep(1.0)\n")
    stream = "fix w all dbar/stream 2 5 10 d store a.h5md python slow:look late yes\n"
    error = "variable now equal step\nfix h all halt 5 v_now > 22 error hard\n"
    done = lammps(SOLID + stream + error + "run 30\n", np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1 and "halt" in done.errors[0]
    assert len(read(tmp_path / "a.h5md")) in (1, 2)
