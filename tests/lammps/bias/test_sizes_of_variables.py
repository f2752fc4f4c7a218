"""What fix dbar/plumed does with a variable does not depend on its size, nor on that of the bias."""

import pytest

from plumed_cases import EAM, WARM, compute, cv, printed, write

SHOW = 'print "END $(f_b[1]:%.17g) $(f_b[2]:%.17g)"\n'


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_atoms_that_were_moved_between_two_runs(lammps, tmp_path, size):
    """By so little that a variable of size 1e-8 changes by less than 1e-12, but by more than its rounding."""
    (tmp_path / "plumed.dat").write_text(
        f"s: EXTRACV NAME=order\nr: RESTRAINT ARG=s AT=0 KAPPA={1 / size**2:g}\n"
    )
    words = write(tmp_path, cv("order", [0.0, *[size * 1e-5] * 14]))
    fix = f"fix b all dbar/plumed d plumed.dat {words}\n"
    moved = "displace_atoms all random 1e-4 1e-4 1e-4 5\n"
    fresh = printed(lammps(EAM + WARM + moved + compute() + fix + "run 0\n" + SHOW), "END")[0]
    script = EAM + WARM + compute() + fix + "run 0\n" + SHOW + "run 0\n" + SHOW
    before, same, after = printed(lammps(script + moved + "run 0\n" + SHOW), "END")
    assert (before == same).all()
    assert 1e-8 < abs(after[0] / before[0] - 1) < 1e-4
    assert after == pytest.approx(fresh, rel=1e-12)


def test_a_large_bias(lammps, tmp_path):
    """The force is the derivative of the bias, however large the bias is in kJ/mol."""
    (tmp_path / "plumed.dat").write_text(
        "s: EXTRACV NAME=order\nf: CUSTOM ARG=s FUNC=1e12+3*x PERIODIC=NO\nb: BIASVALUE ARG=f\n"
    )
    fix = (
        f"fix b all dbar/plumed d plumed.dat {write(tmp_path, cv('order', [0.0, *[1e-5] * 14]))}\n"
    )
    done = lammps(EAM + WARM + compute() + fix + "run 0\n" + SHOW)
    assert printed(done, "END")[0][1] == pytest.approx(3.0 / 96.48530749925792, rel=1e-12)
