"""Scripts for `pair_style dbar/gpp`, and what they print."""

import re
import shutil

import numpy as np

from packet_oracles import COPPER

BAR = 1.6021765e6  # eV per cubic angstrom, as LAMMPS's units metal have it
BOLTZMANN = 8.617343e-5  # eV/K, as well
HBAR = 4.135667403e-3 / (2.0 * np.pi)  # eV ps
MVV2E = 1.0364269e-4  # eV of 1 g/mol (angstrom/ps)^2

HEAD = "units metal\natom_modify map array sort 0 0.0\nthermo_modify norm no\n"
PACKETS = "pair_style dbar/gpp {T} efs {words}\npair_coeff * * cu-efs.json Cu\ncompute gpp all pair dbar/gpp\n"
DUMP = (
    "write_dump all custom {}.dump id type x y z fx fy fz d_variance modify sort id format "
    'float "%.17g"\n'
)
SHAKE = "displace_atoms all random 0.1 0.08 0.12 4711 units box\n"
# what is asked of compute pair must be there when the run begins
THERMO = "thermo_style custom step pe ke press fmax c_gpp[*]\nthermo_modify norm no\n"


def fcc(a, cells, more=""):
    return (
        f"lattice fcc {a}\nregion b block 0 {cells} 0 {cells} 0 {cells}\ncreate_box 1 b\n"
        f"create_atoms 1 box\n{more}"
    )


def copper_file(folder):
    shutil.copy(COPPER, folder / "cu-efs.json")


def show(word, *names):
    """A line of numbers of thermo or computes."""
    return f"print '{word} {' '.join(f'$({name}:%.16g)' for name in names)}'\n"


def shown(output, word):
    """Those numbers, a row for each line."""
    rows = re.findall(rf"^{word} (.*)$", output, re.M)
    return np.array([[float(x) for x in row.split()] for row in rows])
