"""What `dbar.gpp` relaxes is at rest in `pair_style dbar/gpp`, with the same free energy."""

import pytest
from ase.build import bulk

from dbar.gpp import load_potential, relax, relax_bulk, write_lammps
from harness import run_lammps
from packet_runs import THERMO, copper_file, show, shown


def test_a_vacancy(tmp_path):
    """LAMMPS's constants are older, by parts in a million of kT."""
    copper = load_potential("cu-efs")
    crystal = relax_bulk(copper, "fcc", 300)
    atoms = bulk("Cu", cubic=True, a=crystal.a) * (3, 3, 3)
    del atoms[0]
    found = relax(atoms, copper, 300, force_tolerance=1e-5)
    write_lammps(tmp_path / "warm.data", found.atoms, ["Cu"])
    copper_file(tmp_path)
    script = f"""units metal
read_data warm.data
pair_style dbar/gpp 300 efs
pair_coeff * * cu-efs.json Cu
compute gpp all pair dbar/gpp
{THERMO}run 0
{show("found", "pe", "fmax")}"""
    pe, force = shown(run_lammps(tmp_path, script).output, "found")[0]
    assert pe == pytest.approx(found.free_energy, abs=1e-6 * 107)
    assert force < 5e-5
