"""A linear potential as a calculator of ASE."""

from __future__ import annotations

import numpy as np
from ase.calculators.calculator import Calculator, all_changes


class LinearCalculator(Calculator):
    """Energy, energies, forces and, where there is a volume, stress in eV and angstrom."""

    implemented_properties = ("energy", "energies", "free_energy", "forces", "stress")

    def __init__(self, potential):
        super().__init__()
        self.potential = potential

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        """Evaluate everything at once; see :meth:`dbar.potential.LinearPotential.evaluate`."""
        super().calculate(atoms, properties, system_changes)
        energies, forces, strain = self.potential.evaluate(self.atoms)
        energy = float(energies.sum())
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "energies": energies,
            "forces": forces,
        }
        if self.atoms.cell.rank == 3:
            self.results["stress"] = stress_of(strain, self.atoms)


def stress_of(strain: np.ndarray, atoms) -> np.ndarray:
    """Return strain derivatives (3, 3) per volume, in ASE's order xx yy zz yz xz xy.

    Raises
    ------
    ValueError
        A configuration without a volume.
    """
    if atoms.cell.rank < 3:
        raise ValueError("atoms: found no volume, expected a cell with three vectors")
    return strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] / atoms.get_volume()
