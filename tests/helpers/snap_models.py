"""SNAP potentials that come with LAMMPS, as `pair_style snap` and as models of `pair_style dbar`."""

from dataclasses import dataclass

import numpy as np

from blocks import read_dump, write_global
from dbar.potential import LinearPotential


@dataclass
class Case:
    """One potential: its files, elements, and a crystal of them."""

    files: str
    elements: str
    lattice: str
    zbl: str = ""  # atomic numbers per type, where the authors recommend a repulsion

    @property
    def snap(self):
        return f"{self.files}.snapcoeff {self.files}.snapparam {self.elements}"

    @property
    def dbar(self):
        return f"model.json {self.elements}"

    def export(self, folder):
        model = LinearPotential.from_snap(f"{self.files}.snapcoeff", f"{self.files}.snapparam")
        model.export(folder / "model.json")
        return model

    def box(self, seed=4711):
        """Commands that make a triclinic crystal with displaced atoms, on one rank: ids depend on ranks."""
        n = len(self.elements.split())
        text = (
            f"lattice {self.lattice}\nregion b prism 0 4 0 3 0 3 0.7 -0.4 0.9\ncreate_box {n} b\n"
        )
        text += f"create_atoms 1 box\ndisplace_atoms all random 0.2 0.2 0.2 {seed}\nmass * 100\n"
        return text + ("set group all type/fraction 2 0.4 8123\n" if n == 2 else "")

    def pair(self, style, overlay=False):
        """Pair style with its coefficients; with `overlay` as the authors of the potential mean it."""
        words = getattr(self, style)
        if not overlay:
            return f"pair_style {style}\npair_coeff * * {words}\n"
        zbl = "".join(
            f"pair_coeff {i + 1} {j + 1} zbl {a} {b}\n"
            for i, a in enumerate(self.zbl.split())
            for j, b in enumerate(self.zbl.split())
            if i <= j
        )
        head = f"pair_style hybrid/overlay zbl 4 4.8 {style}\n"
        return head + zbl + f"pair_coeff * * {style} {words}\n"


CASES = {
    "Ta": Case("Ta06A", "Ta", "bcc 3.3", "73"),
    "WBe": Case("WBe_Wood_PRB2019", "W Be", "bcc 3.2", "74 4"),
    "Mo": Case("Mo_Chen_PRM2017", "Mo", "bcc 3.15"),  # its file leaves bzeroflag to the default
}
START = "units metal\natom_modify map array\nboundary p p p\n"
ENERGIES = ["c_e", "pe", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz"]
ATOMS = "id fx fy fz c_ea c_sa[1] c_sa[2] c_sa[3] c_sa[4] c_sa[5] c_sa[6]"


def output(tag):
    """Everything that a pair style gives, with 17 digits."""
    text = "compute ea all pe/atom pair\ncompute sa all stress/atom NULL pair\n"
    text += "compute e all reduce sum c_ea\n"
    text += "".join(f"variable {w} equal {w}\n" for w in ENERGIES[1:])
    text += write_global("c_e " + " ".join(f"v_{w}" for w in ENERGIES[1:]), f"{tag}.txt").replace(
        "mode vector ", ""
    )
    text += "thermo_style custom step pe pxx pyy pzz pxy pxz pyz\n"
    text += f'dump d all custom 1 {tag}.dump {ATOMS}\ndump_modify d sort id format float "%.17g"\n'
    return text


def read_output(folder, tag):
    """Dict of what `output` wrote at the last step."""
    row = np.loadtxt(folder / f"{tag}.txt", ndmin=2)[-1, 1:]
    atoms = list(read_dump(folder / f"{tag}.dump").values())[-1][2]
    return {
        "sum of energies": row[:1],
        "energy": row[1:2],
        "pressure": row[2:],
        "forces": atoms[:, :3],
        "energies": atoms[:, 3],
        "stresses": atoms[:, 4:],
    }


def assert_equal(found, expected, rtol):
    """Each quantity relative to its own largest value."""
    for name, value in expected.items():
        worst = np.abs(found[name] - value).max() / np.abs(value).max()
        assert worst <= rtol, f"{name}: relative difference {worst:.2e}, allowed {rtol:.0e}"
