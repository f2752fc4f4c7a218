"""A bias on the sums of a dynamic group acts on its members of the step, from step 0 on, on any ranks."""

import numpy as np
import pytest

from plumed_cases import EAM, SPRING, WARM, compute, cv, printed, write

SHOW = "thermo_style custom step pe c_d[1] c_d[2] f_b[1]\nthermo_modify norm no\nthermo 1\n"
PRINT = 'fix show all print 1 "ROW $(c_d[1]:%.17g) $(c_d[2]:%.17g) $(f_b[1]:%.17g) $(pe:%.17g)" title ""\n'
MOVING = "velocity all create 900 7\nfix nve all nve\n"
# atoms walk in and out of it at each step
SHELL = "region half block INF 4.05 INF INF INF INF units box\n"


def script(group, text=SPRING, every=1):
    bias = "fix b all dbar/plumed d spring.dat cv order.json\n"
    return EAM + WARM + SHELL + f"group part {group}\n" + compute("part") + bias + MOVING + PRINT


def rows(lammps, tmp_path, group, ranks=1, per_atom=False, run="run 30\n"):
    matrix = np.zeros(15)
    matrix[1] = 0.01
    write(tmp_path, cv("order", matrix, **({"per_atom": True} if per_atom else {})))
    (tmp_path / "spring.dat").write_text(SPRING)
    return printed(lammps(script(group) + SHOW + run, np=ranks), "ROW")


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("per_atom", [False, True])
def test_values_are_those_of_the_compute(lammps, tmp_path, ranks, per_atom):
    found = rows(lammps, tmp_path, "dynamic all region half", ranks, per_atom)
    members, first, value, _ = found.T
    assert len(found) == 31 and len(set(members)) > 3
    np.testing.assert_allclose(value, 0.01 * first / (members if per_atom else 1), rtol=1e-12)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("newton", ["on", "off"])
def test_forces_are_those_of_a_static_group(lammps, tmp_path, ranks, newton):
    """A dynamic group whose members stay the same: the same trajectory to rounding."""
    yes = "variable yes atom id<=60\n"
    write(tmp_path, cv("order", [[0.0, 0.01] + [0.0] * 13]))
    (tmp_path / "spring.dat").write_text(SPRING)
    start = f"newton {newton}\n" + yes
    still, moving = (
        printed(lammps(start + script(group) + SHOW + "run 20\n", np=ranks), "ROW")
        for group in ("id <= 60", "dynamic all var yes")
    )
    np.testing.assert_allclose(moving, still, rtol=1e-9)


def test_minimizer(lammps, tmp_path):
    yes = "variable yes atom id<=60\n"
    write(tmp_path, cv("order", [[0.0, 0.01] + [0.0] * 13]))
    (tmp_path / "spring.dat").write_text(SPRING)
    tail = (
        'fix_modify b energy yes\nminimize 0 1e-8 20 40\nprint "END $(pe:%.15g) $(f_b[1]:%.15g)"\n'
    )
    still, moving = (
        printed(lammps(yes + script(group).replace(PRINT, "") + SHOW + tail), "END")
        for group in ("id <= 60", "dynamic all var yes")
    )
    np.testing.assert_allclose(moving, still, rtol=1e-8)


def test_a_group_that_becomes_dynamic_too_late(lammps, tmp_path):
    """LAMMPS would choose its members after the bias has acted."""
    write(tmp_path, cv("order", [[0.0, 0.01] + [0.0] * 13]))
    (tmp_path / "spring.dat").write_text(SPRING)
    late = script("id <= 60").replace(MOVING, "group part dynamic all region half\n" + MOVING)
    done = lammps(late + SHOW + "run 5\n", np=2, ok=False)
    assert len(done.errors) == 1
    assert "group part of compute d has become dynamic after fix b" in done.errors[0]
