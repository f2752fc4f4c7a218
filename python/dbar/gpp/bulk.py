"""Crystals at a temperature and a pressure: lattice constant and variance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers, reference_states

from dbar.gpp.average import Average
from dbar.gpp.choice import make_average, warn_of_temperature
from dbar.gpp.constants import GIGAPASCAL
from dbar.gpp.errors import UnstableCrystal, check_temperature
from dbar.gpp.falling import falling_root
from dbar.gpp.potential import Potential
from dbar.gpp.thermodynamics import actions, entropies, free_energy, internal_energy
from dbar.gpp.variances import (
    Isentropic,
    Isothermal,
    Relaxed,
    first_variances,
    solve_variances,
)
from dbar.potential.eam_table import EamTable

__all__ = ["Bulk", "crystal_energy", "relax_bulk"]

# atoms in the cubic cell
LATTICES = {"sc": 1, "bcc": 2, "fcc": 4, "diamond": 8}
_REST = 1e-9  # Å^2, no temperature


@dataclass(frozen=True)
class Bulk:
    """A crystal at rest at a temperature.

    Attributes
    ----------
    lattice, element : str
    a : float
        Lattice constant of the cubic cell (Å).
    variance : float
        Of each atom and Cartesian component (Å^2).
    temperature : float
        In K.
    pressure : float
        In GPa.
    potential_energy : float
        Averaged (eV/atom).
    energy : float
        With the kinetic energy 3/2 kT (eV/atom).
    free_energy : float
        Helmholtz (eV/atom).
    entropy : float
        In k_B an atom.
    error : float
        Standard error of the energy (eV/atom); 0 where nothing is drawn.
    evaluations : int
        Of the averaged energy.
    """

    lattice: str
    element: str
    a: float
    variance: float
    temperature: float
    pressure: float
    potential_energy: float
    energy: float
    free_energy: float
    entropy: float
    error: float
    evaluations: int
    mass: float = field(repr=False)

    @property
    def action(self) -> float:
        """M kT s (u eV Å^2), which stays what it is where the entropy does."""
        return float(actions(self.temperature, self.variance, self.mass))

    @property
    def atoms(self) -> Atoms:
        """The cubic cell with the array ``variance``."""
        cell = bulk(self.element, self.lattice, a=self.a, cubic=self.lattice != "sc")
        cell.set_array("variance", np.full(len(cell), self.variance))
        return cell


def crystal_energy(average: Average, atoms: Atoms, variance: float) -> float:
    """Averaged energy of cells whose atoms all have one variance (eV/atom)."""
    return float(np.mean(average.at(atoms).evaluate(np.full(len(atoms), variance)).energies))


def relax_bulk(
    potential: Potential,
    lattice: str,
    temperature: float | None = None,
    average: str | Average = "exact",
    *,
    element: str | None = None,
    pressure: float = 0.0,
    a: float | None = None,
    isentropic: Bulk | None = None,
    tolerance: float = 1e-10,
    passes: int = 500,
    **options,
) -> Bulk:
    """Lattice constant and variance of a crystal at a temperature.

    The variance balances the slope of the averaged energy, d<V>/ds = 3 kT / (2 s), and the
    lattice constant the pressure, p = -dF/dV; both of P. Saxena et al., "GNN-assisted phase space
    integration with application to atomistics". With `isentropic` the entropy is kept instead of
    the temperature.

    Parameters
    ----------
    potential : Potential
        Of :func:`load_potential`.
    lattice : str
        ``fcc``, ``bcc``, ``diamond`` or ``sc``.
    temperature : float, optional
        In K; not with `isentropic`.
    average : str or Average
        ``exact``, ``q3``, ``q5``, ``mc``, ``gnn``, or an average that is made already.
    element : str, optional
        Where the potential has several.
    pressure : float
        In GPa.
    a : float, optional
        Lattice constant to keep (Å): only the variance is found, and `pressure` does not count.
    isentropic : Bulk, optional
        A crystal whose entropy is kept; the temperature is a result.
    tolerance : float
        Largest relative change of the variance in a pass that counts as rest.
    passes : int
        For the variance, at most.
    **options
        Of the average: `neighbours`, `samples`, `method`, `seed`, `smax`, `device`, `network`.

    Returns
    -------
    Bulk

    Raises
    ------
    UnstableCrystal
        If there is no such crystal at this temperature and pressure.
    NotConverged
        If the passes are used up.
    ValueError
        Other words or values than expected.
    """
    average = make_average(average, potential, **options)
    warn_of_temperature(average, temperature)
    search = _Search(
        average,
        lattice,
        _element(potential, element),
        _law(temperature, isentropic),
        tolerance,
        passes,
    )
    if a is not None:
        if not 0 < a < np.inf:
            raise ValueError(f"a: found {a!r}, expected a lattice constant above 0 Å")
        return search.result(float(a))
    if not np.isfinite(pressure):
        raise ValueError(f"pressure: found {pressure!r}, expected a finite number of GPa")
    wanted = pressure * GIGAPASCAL
    try:
        first = np.log(search.guess(potential))
        start = falling_root(lambda x: search.static_pressure(np.exp(x)) - wanted, first, 1e-4)
        near = max(1e-11, 0.1 * tolerance)
        log_a = falling_root(lambda x: search.pressure(np.exp(x)) - wanted, start, near)
    except UnstableCrystal as error:
        raise UnstableCrystal(
            f"{search.law}: found no stable {lattice} {search.element} at {pressure:g} GPa "
            f"({error})"
        ) from None
    return search.result(float(np.exp(log_a)))


class _Search:
    """Crystals of several lattice constants, each from the variance of the one before."""

    def __init__(self, average: Average, lattice: str, element: str, law, tolerance, passes):
        if lattice not in LATTICES:
            raise ValueError(f"lattice: found {lattice!r}, expected one of {', '.join(LATTICES)}")
        self.average, self.lattice, self.element = average, lattice, element
        self.tolerance, self.passes, self.evaluations = tolerance, passes, 0
        self.count = len(self._cell(1.0))
        self.mass = float(self._cell(1.0).get_masses()[0])
        if isinstance(law, Bulk):
            self.law = Isentropic(np.full(self.count, law.action), np.full(self.count, self.mass))
            self.variances = np.full(self.count, law.variance)
        else:
            self.law = Isothermal(law)
            self.variances = first_variances(self.count, law, average.smax)

    def _cell(self, a: float) -> Atoms:
        return bulk(self.element, self.lattice, a=a)

    def guess(self, potential: Potential) -> float:
        """A lattice constant with the volume per atom that the element has at rest (Å)."""
        a, lattice = 0.0, ""
        if isinstance(potential.content, EamTable):
            words = potential.content.headers[
                potential.content.elements.index(self.element)
            ].split()
            a, lattice = float(words[2]), words[3].lower()
        if not (a > 0 and lattice in LATTICES):
            known = reference_states[atomic_numbers[self.element]] or {}
            a, lattice = known.get("a", 0.0), known.get("symmetry", "")
        if not (a > 0 and lattice in LATTICES):
            return 0.9 * potential.cutoff
        return a * (LATTICES[self.lattice] / LATTICES[lattice]) ** (1 / 3)

    def static_pressure(self, a: float) -> float:
        """Without temperature (eV/Å^3)."""
        cell = self._cell(a)
        self.evaluations += 1
        return _pressure(self.average.at(cell).evaluate(np.full(self.count, _REST)), cell)

    def solve(self, a: float) -> Relaxed:
        """Variances at rest at this lattice constant."""
        found = solve_variances(
            self.average.at(self._cell(a)), self.law, self.variances, self.average.smax,
            self.tolerance, self.passes,
        )  # fmt: skip
        self.variances = found.variances
        self.evaluations += found.passes
        return found

    def pressure(self, a: float) -> float:
        """At rest (eV/Å^3)."""
        return _pressure(self.solve(a).averages, self._cell(a))

    def result(self, a: float) -> Bulk:
        """The crystal with this lattice constant."""
        found, n = self.solve(a), self.count
        s, V = found.variances, found.averages.energy
        temperatures = self.law.temperatures(s)
        masses = np.full(n, self.mass)
        return Bulk(
            lattice=self.lattice,
            element=self.element,
            a=a,
            variance=float(np.mean(s)),
            temperature=float(np.mean(temperatures)),
            pressure=float(_pressure(found.averages, self._cell(a)) / GIGAPASCAL),
            potential_energy=V / n,
            energy=internal_energy(V, temperatures, n) / n,
            free_energy=free_energy(V, temperatures, s, masses) / n,
            entropy=float(np.mean(entropies(temperatures, s, masses))),
            error=found.averages.error / n,
            evaluations=self.evaluations,
            mass=self.mass,
        )


def _pressure(averages, cell: Atoms) -> float:
    return -float(np.trace(averages.strain)) / (3.0 * cell.get_volume())


def _element(potential: Potential, element: str | None) -> str:
    if element is None and len(potential.elements) > 1:
        raise ValueError(
            f"element: found none, expected one of the potential: {', '.join(potential.elements)}"
        )
    element = element or potential.elements[0]
    if element not in potential.elements:
        raise ValueError(
            f"element: found {element}, expected one of the potential: "
            f"{', '.join(potential.elements)}"
        )
    return element


def _law(temperature, isentropic):
    if (temperature is None) == (isentropic is None):
        raise ValueError(
            f"temperature: found {temperature} and isentropic {isentropic}, expected one of them"
        )
    return check_temperature(temperature) if isentropic is None else isentropic
