"""What fix dbar/plumed says of itself in a restart file: read, read as it was before, or refused."""

import numpy as np
import pytest

from harness import run_lammps
from plumed_cases import EAM, SPRING, WARM, compute, order_cv, printed, write
from restarts import rewritten

AGAIN = "read_restart r\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n" + compute()
SHOW = 'print "END $(f_b[1]:%.17g) $(f_b:%.17g) $(f_b[2]:%.17g)"\n'


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with a restart file of a run with a bias, its words, and what the fix said last."""
    there = tmp_path_factory.mktemp("bias")
    (there / "plumed.dat").write_text(SPRING)
    words = write(there, order_cv(there))
    fix = f"fix b all dbar/plumed d plumed.dat {words}\n"
    done = run_lammps(there, EAM + WARM + compute() + fix + "run 0\nwrite_restart r\n" + SHOW)
    return there, fix, printed(done, "END")[0]


@pytest.fixture
def begin(lammps, tmp_path, written):
    """begin(change) begins again with the record changed."""
    there, fix, _ = written

    def run(change, **how):
        for file in there.iterdir():
            if file.is_file():
                (tmp_path / file.name).write_bytes(file.read_bytes())
        rewritten(tmp_path / "r", change, "dbar/plumed")
        return lammps(AGAIN + fix + SHOW, **how)

    return run


@pytest.mark.parametrize("before", ["", "first", "second"])
def test_the_last_answer_comes_out_of_it(begin, written, before):
    def change(record):
        assert list(record[:3]) == [-3, record.nbytes, 1] and len(record) == 8
        if before == "second":
            return [-2, record.nbytes - 8, *record[2:-1]]
        return record[2:-1] if before else record

    assert np.array_equal(printed(begin(change), "END")[0], written[2])
    assert written[2].all()


def test_that_of_other_variables_is_left_alone(begin):
    other = begin(lambda record: [-2, 72, 2, *record[3:-1], 1, 2])
    assert not printed(other, "END")[0].any()


BAD = {
    "newer layout": lambda record: [-4, *record[1:]],
    "no layout": lambda record: [np.nan, *record[1:]],
    "another length": lambda record: [-3, 48, *record[2:]],
    "no length": lambda record: [-3, np.nan, *record[2:]],
    "variables that are not there": lambda record: [*record[:2], 3, *record[3:]],
    "half a variable": lambda record: [-3, 56, 0.5, *record[3:]],
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_one_that_is_not_known_is_refused(begin, change):
    done = begin(change, np=2, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert "Fix dbar/plumed: fix b in the restart file has " in done.errors[0]
