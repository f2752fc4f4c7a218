"""A linear potential as a calculator of ASE."""

from __future__ import annotations

from ase.calculators.calculator import Calculator, all_changes

from .potential import _stress


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
            self.results["stress"] = _stress(strain, self.atoms)
