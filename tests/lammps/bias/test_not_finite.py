"""A variable, a bias or a force that is no number ends the run with its name and step, before an atom moves by it."""

import numpy as np
import pytest

from plumed_cases import EAM, WARM, compute, cv, order_cv, table, write

ORDER = [0.0, *[1e-4] * 14]
READ = "s: EXTRACV NAME=order\n"
SHOW = "PRINT ARG=s FILE=COLVAR\n"


@pytest.fixture
def stops(lammps, tmp_path):
    """stops(variable, plumed.dat, words, script): two ranks end with one error that has these words."""

    def run(one, dat, words, script="", run="run 10\n"):
        (tmp_path / "plumed.dat").write_text(dat)
        fix = f"fix b all dbar/plumed d plumed.dat {write(tmp_path, one)}\n"
        warm = "velocity all create 300 4711\nthermo 1\nfix n all nve\n"
        done = lammps(EAM + WARM + warm + compute() + script + fix + run, np=2, ok=False)
        assert done.returncode and len(done.errors) == 1, done.output[-2000:]
        for word in ["Fix dbar/plumed: ", "finite", *words]:
            assert word in done.errors[0], done.errors
        assert "nan" not in done.output.split("Per MPI rank")[-1].split("ERROR")[0]

    return run


def test_a_variable(stops):
    """Its square is too large for a number."""
    one = cv("order", [0.0, *[1e200] * 14], form="quadratic")
    stops(one, READ + "r: RESTRAINT ARG=s AT=0 KAPPA=1\n", ["order.json", "step 0"])


@pytest.mark.parametrize("function", ["log(x-1000)", "1/(x-x)"])
def test_a_bias(stops, function):
    dat = READ + f"f: CUSTOM ARG=s FUNC={function} PERIODIC=NO\nb: BIASVALUE ARG=f\n"
    stops(cv("order", ORDER), dat, ["plumed.dat", "step 0"])


def test_a_bias_in_midst_of_a_run(stops):
    dat = "t: TIME\nf: CUSTOM ARG=s,t FUNC=x*sqrt(0.0045-y) PERIODIC=NO\nb: BIASVALUE ARG=f\n"
    stops(cv("order", ORDER), READ + dat, ["plumed.dat", "step 5"])


def test_a_force_of_plumed(stops):
    """A square root has a value at zero, but no derivative."""
    dat = READ + "f: CUSTOM ARG=s FUNC=sqrt(x*step(x-1e9)) PERIODIC=NO\nb: BIASVALUE ARG=f\n"
    stops(cv("order", ORDER), dat, ["plumed.dat", "order", "step 0"])


@pytest.mark.parametrize(("factor", "what"), [(1, "on atom "), (100, "order.json")])
def test_forces(stops, tmp_path, factor, what):
    """The bias is near its zero, and the force on the variable finite: too large on atoms, or on the sums."""
    one = order_cv(tmp_path)
    one["scale"] = factor * 1e157 * 108 / np.abs(one["matrix"]).max()
    dat = f"UNITS ENERGY=eV\n{READ}b: RESTRAINT ARG=s AT={one['scale']:.17g} SLOPE=1e150 KAPPA=0\n"
    stops(one, dat, [what, "step 0"])


def test_a_position(stops, tmp_path):
    """LAMMPS itself looks only when it looks for neighbours."""
    push = "variable big equal 1.7e308*(step>2)\ngroup one id 40\n"
    push += "fix push one addforce v_big 0 0\nfix more one addforce v_big 0 0\n"
    push += "neigh_modify delay 100 every 100 check no\n"
    dat = READ + "r: RESTRAINT ARG=s AT=0 KAPPA=1\n" + SHOW
    stops(cv("order", ORDER), dat, ["atom 40", "step 4"], push)
    assert len(table(tmp_path / "COLVAR")) <= 4
