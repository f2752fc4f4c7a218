"""fix dbar/plumed beside commands of LAMMPS that move atoms or boxes in other ways than NVE."""

import numpy as np
import pytest

from blocks import read_dump
from plumed_cases import EAM, SPRING, WARM, compute, cv, order_cv, printed, table, write


@pytest.fixture(scope="module")
def order(tmp_path_factory):
    return order_cv(tmp_path_factory.mktemp("D"))


def test_barostat_conserves_as_well_as_without(lammps, tmp_path, order):
    """A triclinic box of variable shape on 2 ranks; without the virial of the bias it would not."""
    (tmp_path / "plumed.dat").write_text(SPRING)
    fix = f"fix b all dbar/plumed d plumed.dat {write(tmp_path, order)}\n"
    start = EAM + "change_box all triclinic\nvelocity all create 900 4711\ntimestep 0.002\n"
    start += compute() + "fix npt all npt temp 450 450 0.2 tri 0 0 0.5\n"
    end = "thermo_style custom step econserve etotal press\nthermo_modify norm no\nthermo 5\n"
    end += 'fix p all print 5 "E $(econserve:%.15g) $(vol)"\nrun 200\n'
    cases = {"free": "", "biased": fix, "without": fix + "fix_modify b virial no\n"}
    spread = {}
    for name, bias in cases.items():
        done = lammps(start + bias + end, np=2 if name == "biased" else 1)
        energy, volume = printed(done, "E")[4:].T
        spread[name] = np.ptp(energy)
        assert np.ptp(volume) > 20.0
    assert spread["biased"] < 2.0 * spread["free"]
    assert spread["without"] > 20.0 * spread["free"]


def test_dynamical_matrix_has_the_bias_and_lays_no_hills(lammps, tmp_path, order):
    """A row of it equals the difference of forces of runs of no steps; PLUMED stays at its step."""
    hills = "m: METAD ARG=s PACE=1 SIGMA=0.05 HEIGHT=0.02 FILE=HILLS\nPRINT ARG=s FILE=COLVAR\n"
    (tmp_path / "plumed.dat").write_text(SPRING + hills)
    script = EAM + WARM + compute()
    script += f"fix b all dbar/plumed d plumed.dat {write(tmp_path, order)}\nfix n all nve\n"
    script += "thermo_style custom step\nrun 1\ngroup g id 1:2\ngroup one id 1\n"
    script += "dynamical_matrix g regular 1e-3 file D.txt\n"
    for move in (1e-3, -2e-3):
        script += f"displace_atoms one move {move} 0 0 units box\nrun 0 post no\n"
        script += "print 'F $(fx[1]:%.15g) $(fy[1]:%.15g) $(fz[1]:%.15g) $(fx[2]:%.15g)'\n"
    there, back = printed(lammps(script), "F")
    row = np.loadtxt(tmp_path / "D.txt").ravel()[:4]
    np.testing.assert_allclose(row, (back - there) / 2e-3 / 26.98, rtol=1e-3, atol=1e-6)
    assert len(table(tmp_path / "COLVAR")) == 2
    assert len(table(tmp_path / "HILLS")) == 1


def test_rerun_prints_what_the_run_printed(lammps, tmp_path, order):
    bias = SPRING + "PRINT ARG=s,r.bias FILE=COLVAR FMT=%.14g STRIDE=10\n"
    (tmp_path / "plumed.dat").write_text(bias)
    fix = compute() + f"fix b all dbar/plumed d plumed.dat {write(tmp_path, order)}\n"
    run = "velocity all create 600 4711\nfix n all nve\ntimestep 0.002\n"
    run += "dump d all custom 10 run.dump id type x y z\ndump_modify d format float %.17g\nrun 30\n"
    lammps(EAM + fix + run)
    ran = table(tmp_path / "COLVAR")
    (tmp_path / "COLVAR").unlink()
    lammps(EAM + fix + "timestep 0.002\nrerun run.dump dump x y z\n", np=2)
    assert len(ran) == 4 and np.ptp(ran[:, 2]) > 0.1
    np.testing.assert_allclose(table(tmp_path / "COLVAR"), ran, rtol=1e-9, atol=1e-12)


def test_monte_carlo_is_refused(lammps, tmp_path, order):
    """LAMMPS would accept the moves of such a fix by energies in which the bias stands still."""
    (tmp_path / "plumed.dat").write_text(SPRING)
    script = EAM + compute() + f"fix b all dbar/plumed d plumed.dat {write(tmp_path, order)}\n"
    script += "fix mc all gcmc 1 3 3 1 12345 600 -1.0 0.5 full_energy\nrun 1\n"
    done = lammps(script, np=2, ok=False)
    assert done.returncode and len(done.errors) == 1
    assert all(word in done.errors[0] for word in ("Fix dbar/plumed", "mc (gcmc)", "bias"))


@pytest.mark.parametrize("comm", ["brick", "tiled"])
def test_newton_off_with_a_rank_that_only_has_ghosts(lammps, tmp_path, comm):
    """A slab in the left half: the right rank sends home forces of more ghosts than it ever receives atoms."""
    matrix = np.random.default_rng(5).normal(size=15) * 1e-6
    (tmp_path / "plumed.dat").write_text(SPRING)
    head = "units metal\natom_modify map array\nboundary f p p\nnewton off\nprocessors * 1 1\n"
    slab = "lattice fcc 4.05\nregion b block 0 12 0 24 0 24\ncreate_box 1 b\n"
    slab += "region s block 2.9 5.9 INF INF INF INF\ncreate_atoms 1 region s\nmass 1 26.98\n"
    slab += (
        WARM + "write_data slab.data nocoeff\n"
    )  # displacements depend on the ranks that make them
    bias = "pair_style zero 5.0\npair_coeff * *\n" + compute()
    bias += f"fix b all dbar/plumed d plumed.dat {write(tmp_path, cv('order', matrix))}\nrun 0\n"
    bias += "write_dump all custom f.dump id fx fy fz modify format float %.17g\n"
    forces = []
    for ranks, start in ((1, slab), (2, f"comm_style {comm}\nread_data slab.data\n")):
        lammps(head + start + bias, np=ranks)
        forces.append(read_dump(tmp_path / "f.dump")[0][2])
    assert np.abs(forces[0]).max() > 1e-3
    np.testing.assert_allclose(forces[1], forces[0], rtol=0, atol=1e-11 * np.abs(forces[0]).max())


def test_run_pre_no_evaluates_for_output(lammps, tmp_path, order):
    """At steps that PLUMED does not need, also where LAMMPS leaves out the setup of the run."""
    (tmp_path / "plumed.dat").write_text(
        "s: EXTRACV NAME=order\nPRINT ARG=s FILE=COLVAR STRIDE=10\n"
    )
    script = EAM + compute() + f"fix b all dbar/plumed d plumed.dat {write(tmp_path, order)}\n"
    script += "velocity all create 600 4711\nfix n all nve\nthermo_style custom step\n"
    script += 'fix p all print 1 "S $(f_b[1]:%.17g)"\n'
    whole = printed(lammps(script + "run 12\n"), "S")
    parts = printed(lammps(script + "run 4\nrun 4 pre no\nrun 4 pre no\n"), "S")
    assert len(np.unique(whole)) == len(whole)
    np.testing.assert_allclose(np.unique(parts), np.unique(whole), rtol=1e-9)
