"""A vacancy in copper: free energy of formation by `minimize`, barrier by `neb`, both of the means alone."""

import numpy as np
import pytest

from packet_runs import HEAD, PACKETS, copper_file, fcc, shown

FORMATION = """
thermo_style custom step pe
thermo_modify norm no
run 0
variable whole equal $(pe:%.16g)
delete_atoms region one
minimize 0 1e-6 300 1000
print 'EF $(pe-255/256*v_whole:%.10g)'
"""

ENDS = """
thermo_style custom step pe
thermo_modify norm no
region other sphere 2.5 2.5 2 0.1
group hops region other
delete_atoms region one compress no
reset_atoms id sort yes
minimize 0 1e-6 300 1000
write_data begin.data
displace_atoms hops move -0.5 -0.5 0
minimize 0 1e-6 300 1000
write_dump all custom end.dump id x y z modify sort id format float %.15g
"""

BARRIER = """
units metal
atom_modify map array sort 0 0.0
fix dbar_gpp_variance all property/atom d_variance ghost yes
read_data begin.data fix dbar_gpp_variance NULL dbar_gpp_variance
pair_style dbar/gpp 800 efs
pair_coeff * * cu-efs.json Cu
fix n all neb 1.0
min_style fire
timestep 0.002
neb 0 0.02 200 200 10 final end.txt
"""

ONE = "region one sphere 2 2 2 0.1\n"


def test_formation(lammps, tmp_path):
    """1.244, 1.232 and 1.211 eV at 0, 300 and 800 K: 255 atoms in the cell of the whole crystal."""
    copper_file(tmp_path)
    text = ""
    for T, a in ((1e-4, 3.6100), (300, 3.63090), (800, 3.66836)):
        text += "clear\n" + HEAD + fcc(a, 4, ONE) + PACKETS.format(T=T, words="") + FORMATION
    energies = shown(lammps(text, np=2).output, "EF")[:, 0]
    np.testing.assert_allclose(energies, [1.244, 1.232, 1.211], rtol=0, atol=6e-4)


def test_barrier(lammps, tmp_path):
    """0.504 eV at 800 K by three replicas: the middle one climbs to the saddle, which lies there by symmetry."""
    copper_file(tmp_path)
    lammps(HEAD + fcc(3.66836, 4, ONE) + PACKETS.format(T=800, words="") + ENDS, np=2)
    lines = (tmp_path / "end.dump").read_text().splitlines()
    (tmp_path / "end.txt").write_text("\n".join([lines[3], *lines[9:]]) + "\n")
    lammps(BARRIER, np=3, args=("-partition", "3x1"))
    rows = [line.split() for line in (tmp_path / "log.lammps").read_text().splitlines()]
    last = [row for row in rows if row and row[0].isdigit()][-1]
    forward, backward = float(last[6]), float(last[7])  # EBF and EBR
    assert forward == pytest.approx(backward, abs=1e-5)
    assert forward == pytest.approx(0.504, abs=6e-4)
