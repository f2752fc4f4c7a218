"""`fix dbar/ipi` whose LAMMPS begins with a box unlike i-PI's: a long-range solver has to be told, or to choose anew."""

import numpy as np
import pytest
from ase.build import bulk
from ase.io import write

from ipi_runs import NPT, NVE, ffsocket, properties, serve, socket_name, write_system
from plumed_cases import printed

KELVIN = 3.1668152e-06 / 8.617343e-5  # Hartree per eV in LAMMPS's digits
FORCE_FIELD = (
    "set type 1 charge 0.5\nset type 2 charge -0.5\npair_style lj/cut/coul/long 5.0\n"
    "pair_coeff * * 0.005 2.6\nkspace_style {solver} 1e-4\n"
)
HEAD = "units metal\natom_style charge\nread_data init.data\n" + FORCE_FIELD


def salt():
    atoms = bulk("NaCl", "rocksalt", a=5.7, cubic=True).repeat(2)
    atoms.rattle(0.1, seed=2)
    return atoms


def served(folder, solver, scale, words="", steps=2):
    """Potential at i-PI's first structure, when LAMMPS begins with a box `scale` times as large; what LAMMPS said."""
    write_system(folder, salt(), "charge")
    other = salt()
    other.set_cell(other.cell * scale, scale_atoms=True)
    write(folder / "init.data", other, format="lammps-data", atom_style="charge", masses=True)
    name = socket_name()
    head = HEAD.format(solver=solver)
    text = serve(
        folder, f"dbar/ipi d {name} 1 unix {words}", 2, head=head, forcefield=ffsocket(name),
        dynamics=NVE, steps=steps,
    )  # fmt: skip
    return properties(folder)[0][0], text


@pytest.mark.parametrize("solver", ["pppm", "ewald"])
def test_reset_chooses_for_the_box_of_i_pi(lammps, tmp_path, solver):
    """The energy is that of a LAMMPS that began with this box."""
    write_system(tmp_path, salt(), "charge")
    done = lammps(HEAD.format(solver=solver) + "run 0\nprint 'E $(pe:%.17g)'\n", np=2)
    expected = printed(done, "E")[-1, 0] * KELVIN
    found, text = served(tmp_path, solver, 1.3, "reset")
    assert found == pytest.approx(expected, rel=1e-7)  # digits of i-PI's Bohr
    assert "WARNING: Fix dbar/ipi" not in text
    found, text = served(tmp_path, solver, 1.3)
    assert abs(found - expected) > 1e-5  # Hartree
    warning = [line for line in text.splitlines() if "WARNING: Fix dbar/ipi" in line]
    assert len(warning) == 1 and "keyword reset" in warning[0] and "cell" in warning[0]


def test_no_warning_where_boxes_are_alike(tmp_path):
    _, text = served(tmp_path, "pppm", 1.0)
    assert "WARNING: Fix dbar/ipi" not in text


def test_reset_in_a_box_that_breathes(tmp_path):
    """Chosen anew at each structure; the lists of a run after it are those of before."""
    write_system(tmp_path, salt(), "charge")
    name = socket_name()
    text = serve(
        tmp_path, f"dbar/ipi d {name} 1 unix reset", 1, head=HEAD.format(solver="pppm"),
        forcefield=ffsocket(name), dynamics=NPT.replace("flexible", "isotropic"), steps=10,
        after="unfix i\nfix n all nve\nrun 2\n",
    )  # fmt: skip
    assert text.count("PPPM initialization") == 1 + 11 + 1
    assert text.count("Neighbor list info") == 1  # the second run has those of the first
    potential, *_ = properties(tmp_path)
    assert len(potential) == 11 and np.isfinite(potential).all()
