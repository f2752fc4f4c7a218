"""Free energies of Gaussian atoms as an ASE calculator."""

from __future__ import annotations

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from dbar.descriptors.neighbours import completed_cell
from dbar.gpp.average import Average, checked_variances
from dbar.gpp.choice import make_average, warn_of_temperature
from dbar.gpp.errors import check_temperature
from dbar.gpp.potential import Potential
from dbar.gpp.thermodynamics import actions, entropies, free_energy, internal_energy
from dbar.gpp.variances import Isentropic, Isothermal, first_variances, solve_variances
from dbar.potential.calculator import stress_of

__all__ = ["PacketCalculator"]


class PacketCalculator(Calculator):
    """The free energy as a function of the mean positions; variances are relaxed at each call.

    ``energy`` is the Helmholtz free energy at the temperature, so that optimisers, bands of images
    and filters of ASE work on it. Its derivatives are those of the averaged potential energy at
    fixed variances, because the variances are at rest. With `isentropic` it is the internal energy
    instead, whose derivatives are the same.

    Parameters
    ----------
    potential : Potential
        Of :func:`dbar.gpp.load_potential`.
    temperature : float, optional
        In K; not with `isentropic`.
    average : str or Average
        ``exact``, ``q3``, ``q5``, ``mc``, ``gnn``, or an average that is made already.
    isentropic : ndarray, shape (n,), optional
        m kT s of each atom to keep (u eV Å^2), as ``results["actions"]`` has them.
    tolerance : float
        Largest relative change of a variance in a pass that counts as rest.
    passes : int
        At most.
    **options
        Of the average: `neighbours`, `samples`, `method`, `seed`, `smax`, `device`, `network`.

    Attributes
    ----------
    results : dict
        Those of ASE and ``variances`` (n,) in Å^2, ``temperatures`` (n,) in K, ``entropies`` (n,)
        in k_B, ``actions`` (n,) in u eV Å^2, ``potential_energy``, ``internal_energy`` and
        ``helmholtz`` in eV, ``error`` (its standard error) and ``passes``.

    Raises
    ------
    ValueError
        Other words or values than expected.
    """

    implemented_properties = ("energy", "free_energy", "forces", "stress")

    def __init__(
        self,
        potential: Potential,
        temperature: float | None = None,
        average: str | Average = "exact",
        *,
        isentropic=None,
        tolerance: float = 1e-8,
        passes: int = 500,
        **options,
    ) -> None:
        super().__init__()
        if (temperature is None) == (isentropic is None):
            given = "none" if isentropic is None else "isentropic as well"
            raise ValueError(f"temperature: found {given}, expected it or isentropic")
        self.temperature = None if temperature is None else check_temperature(temperature)
        self.isentropic = None if isentropic is None else np.array(isentropic, dtype=float)
        self.average = make_average(average, potential, **options)
        warn_of_temperature(self.average, self.temperature)
        self.tolerance = tolerance
        self.passes = passes
        self.variances: np.ndarray | None = None

    def start_from(self, variances) -> None:
        """Begin the next search with these variances (n,), in Å^2."""
        count = np.size(variances)
        self.variances = checked_variances(variances, count, self.average.smax)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        """Relax the variances and evaluate everything.

        Raises
        ------
        UnstableCrystal
            If a variance grows beyond the largest.
        NotConverged
            If the passes are used up.
        ValueError
            If a cell is too small, or an element is none of the potential's.
        """
        super().calculate(atoms, properties, system_changes)
        atoms, masses = self.atoms, self.atoms.get_masses()
        check_cell(atoms, self.average)
        law = self._law(masses)
        found = solve_variances(
            self.average.at(atoms), law, self._start(atoms, law, masses), self.average.smax,
            self.tolerance, self.passes,
        )  # fmt: skip
        self.variances = s = found.variances
        T, V = law.temperatures(s), found.averages.energy
        each = entropies(T, s, masses)
        inner, helmholtz = internal_energy(V, T, len(s)), free_energy(V, T, s, masses)
        objective = helmholtz if self.isentropic is None else inner
        self.results = {
            "energy": objective, "free_energy": objective, "forces": found.averages.forces,
            "variances": s, "temperatures": T, "entropies": each,
            "actions": actions(T, s, masses), "potential_energy": V,
            "internal_energy": inner, "helmholtz": helmholtz,
            "error": found.averages.error, "passes": found.passes,
        }  # fmt: skip
        if atoms.cell.rank == 3:
            self.results["stress"] = stress_of(found.averages.strain, atoms)

    def _law(self, masses):
        if self.isentropic is None:
            return Isothermal(self.temperature)
        return Isentropic(self.isentropic, masses)

    def _start(self, atoms, law, masses) -> np.ndarray:
        """Variances to begin with: of the search before, of the atoms, or a guess."""
        if self.variances is not None and len(self.variances) == len(atoms):
            return self.variances
        if atoms.has("variance"):
            return checked_variances(atoms.get_array("variance"), len(atoms), self.average.smax)
        if self.isentropic is None:
            return first_variances(len(atoms), self.temperature, self.average.smax)
        raise ValueError(
            "isentropic: found atoms without the array 'variance', expected variances to begin with"
        )


def check_cell(atoms, average) -> None:
    """Refuse cells in which an atom would see two images of another.

    Their packets would not be independent of each other.

    Raises
    ------
    ValueError
    """
    periodic_along = atoms.get_pbc()
    cell = completed_cell(atoms.get_cell(), periodic_along)
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    for name, height, periodic in zip("abc", heights, periodic_along, strict=True):
        if periodic and average.potential.cutoff > 0.5 * height:
            raise ValueError(
                f"cell: found {height:.4f} Å between the faces along {name}, expected twice the "
                f"cutoff of the potential or more, {2 * average.potential.cutoff:g} Å"
            )
