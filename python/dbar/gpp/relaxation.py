"""Any configuration at a temperature: mean positions, variances and the cell at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.filters import FrechetCellFilter
from scipy.optimize import minimize

from dbar.gpp.average import Average
from dbar.gpp.calculator import PacketCalculator
from dbar.gpp.constants import BOLTZMANN, GIGAPASCAL
from dbar.gpp.errors import NotConverged
from dbar.gpp.potential import Potential

__all__ = ["Packets", "relax"]

CELLS = ("fixed", "isotropic", "free")


@dataclass(frozen=True)
class Packets:
    """Gaussian atoms at rest.

    Attributes
    ----------
    atoms : ase.Atoms
        Mean positions and cell, with the array ``variance``.
    variances : ndarray, shape (n,)
        Per Cartesian component (Å^2).
    temperatures : ndarray, shape (n,)
        In K; one for all unless the entropy was kept.
    potential_energy, energy, free_energy : float
        Averaged potential energy, with 3/2 kT an atom, and Helmholtz free energy (eV, of all
        atoms).
    entropies : ndarray, shape (n,)
        Of each atom (k_B).
    actions : ndarray, shape (n,)
        m kT s (u eV Å^2), what `isentropic` takes.
    error : float
        Standard error of the energies (eV); 0 where nothing is drawn.
    stress : ndarray, shape (6,), or None
        dF/d strain over the volume, in ASE's order xx yy zz yz xz xy, positive under tension
        (eV/Å^3); None without a volume.
    force : float
        Largest component that was left (eV/Å).
    evaluations : int
        Of the averaged energy.
    average : Average
        What averaged.
    """

    atoms: Atoms
    variances: np.ndarray
    temperatures: np.ndarray
    potential_energy: float
    energy: float
    free_energy: float
    entropies: np.ndarray
    actions: np.ndarray
    error: float
    stress: np.ndarray | None
    force: float
    evaluations: int
    average: Average

    @property
    def springs(self) -> np.ndarray:
        """Of an Einstein crystal with these variances (n,): kT / s, for ``fix ti/spring``.

        In eV/Å^2.
        """
        return BOLTZMANN * self.temperatures / self.variances


def relax(
    atoms: Atoms,
    potential: Potential,
    temperature: float | None = None,
    average: str | Average = "exact",
    *,
    positions: bool = True,
    cell: str = "fixed",
    pressure: float = 0.0,
    isentropic=None,
    force_tolerance: float = 1e-4,
    steps: int = 1000,
    progress=None,
    **options,
) -> Packets:
    """Relax mean positions and variances at a temperature.

    Parameters
    ----------
    atoms : ase.Atoms
        Is left as it is. Its constraints hold; its array ``variance``, if it has one, is where
        the search for the variances begins.
    potential : Potential
        Of :func:`load_potential`.
    temperature : float, optional
        In K; not with `isentropic`.
    average : str or Average
        ``exact``, ``q3``, ``q5``, ``mc``, ``gnn``, or an average that is made already.
    positions : bool
        Whether mean positions are relaxed, or only variances.
    cell : str
        ``fixed``, ``isotropic`` (its volume is relaxed) or ``free``.
    pressure : float
        On a cell that is not fixed (GPa).
    isentropic : ndarray, shape (n,), optional
        m kT s of each atom to keep (u eV Å^2); the temperatures are results.
    force_tolerance : float
        Largest component of a force at rest (eV/Å); of a cell in eV per atom and strain.
    steps : int
        Evaluations of forces at most.
    progress : callable, optional
        Called with the evaluations so far and the largest force component that is left.
    **options
        Of the average (`neighbours`, `samples`, `method`, `seed`, `smax`, `device`, `network`), and
        `tolerance` and `passes` of the variances.

    Returns
    -------
    Packets

    Raises
    ------
    UnstableCrystal
        If a variance grows without end.
    NotConverged
        If passes or steps are used up; its `atom` is the worst.
    ValueError
        Other words or values than expected.
    """
    _check(atoms, cell, pressure, positions)
    calculator = PacketCalculator(potential, temperature, average, isentropic=isentropic, **options)
    own = atoms.copy()
    own.calc = calculator
    counted = _Counted(own, cell, pressure, progress)
    if positions or cell != "fixed":
        counted.minimise(force_tolerance, steps, positions)
    own.get_potential_energy()
    return _packets(own, calculator, counted)


def _check(atoms, cell, pressure, positions) -> None:
    if len(atoms) == 0:
        raise ValueError("atoms: found none, expected one or more")
    if cell not in CELLS:
        raise ValueError(f"cell: found {cell!r}, expected one of {', '.join(CELLS)}")
    if cell != "fixed" and not np.all(atoms.get_pbc()):
        raise ValueError(
            f"cell: found {cell} with periodic directions {atoms.get_pbc().tolist()}, expected "
            "fixed, or atoms that are periodic along all three"
        )
    if cell != "fixed" and not positions:
        raise ValueError(f"cell: found {cell} with positions that are kept, expected fixed")
    if not np.isfinite(pressure) or (pressure and cell == "fixed"):
        raise ValueError(
            f"pressure: found {pressure!r} with the cell {cell}, expected a number of GPa, and 0 "
            "with a fixed cell"
        )


class _Counted:
    """The objective as scipy wants it; counts what it costs."""

    def __init__(self, atoms: Atoms, cell: str, pressure: float, progress) -> None:
        self.atoms, self.progress = atoms, progress
        self.evaluations = self.steps = 0
        self.target = atoms
        if cell != "fixed":
            self.target = FrechetCellFilter(
                atoms, hydrostatic_strain=cell == "isotropic",
                scalar_pressure=pressure * GIGAPASCAL,
            )  # fmt: skip
        self.force = 0.0

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.target.set_positions(x.reshape(-1, 3))
        energy = self.target.get_potential_energy()
        forces = self.target.get_forces()
        self.evaluations += self.atoms.calc.results["passes"]
        self.steps += 1
        self.force = float(np.max(np.abs(forces), initial=0.0))
        if self.progress is not None:
            self.progress(self.steps, self.force)
        return energy, -forces.ravel()

    def minimise(self, tolerance: float, steps: int, positions: bool) -> None:
        """Bring positions and cell to rest.

        Raises
        ------
        NotConverged
        """
        start = self.target.get_positions().ravel()
        found = minimize(
            self, start, jac=True, method="L-BFGS-B",
            options={"gtol": tolerance, "ftol": 0.0, "maxfun": steps, "maxiter": steps},
        )  # fmt: skip
        self(found.x)
        if self.force > tolerance:
            worst = int(np.argmax(np.max(np.abs(self.target.get_forces()), axis=1)))
            where = f"atom {worst}" if worst < len(self.atoms) else "the cell"
            raise NotConverged(
                f"steps: found a force of {self.force:.3g} eV/Å at {where} after {self.steps} of "
                f"{steps}, expected {tolerance:g} or less",
                worst,
            )


def _packets(atoms: Atoms, calculator: PacketCalculator, counted: _Counted) -> Packets:
    found = calculator.results
    result = atoms.copy()
    result.calc = None
    result.set_array("variance", found["variances"])
    return Packets(
        atoms=result,
        variances=found["variances"],
        temperatures=found["temperatures"],
        potential_energy=found["potential_energy"],
        energy=found["internal_energy"],
        free_energy=found["helmholtz"],
        entropies=found["entropies"],
        actions=found["actions"],
        error=found["error"],
        stress=found.get("stress"),
        force=counted.force or float(np.max(np.abs(atoms.get_forces()))),
        evaluations=counted.evaluations or found["passes"],
        average=calculator.average,
    )
