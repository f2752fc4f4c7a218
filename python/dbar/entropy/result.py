"""The vibrational entropy of one configuration, with all that follows from its modes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from dbar.entropy.thermodynamics import (
    check_statistics,
    check_temperature,
    density_of_states,
    mode_entropies,
    mode_free_energies,
)
from dbar.entropy.units import Constants

__all__ = ["Reference"]


@dataclass(frozen=True)
class Reference:
    """Harmonic modes of a relaxed configuration, and its entropy at a temperature.

    Attributes
    ----------
    name : str
    atoms : ase.Atoms
        Where the atoms are after relaxation, in the order in which they were given.
    units : str
        LAMMPS unit style; K, eV, Å, ps and u in metal.
    temperature : float or None
        Temperature unit of the style; None where none was given.
    statistics : str
        "classical" or "quantum".
    energy : float
        Potential energy (energy unit).
    force : float
        Largest component of a force that is left (force unit).
    n_zero : int
        Translations and rotations that were left out: 3 in a crystal, 6 of a cluster, 5 of one on
        a line.
    log_det : float
        Sum of ln of the other 3n - n_zero eigenvalues of the second derivatives of the energy,
        without masses (energy over length squared).
    angular_frequencies : ndarray, shape (3n - n_zero,)
        omega of each mode, ascending (radians per time unit), from M^-1/2 H M^-1/2 v = omega^2 v.
    participation : ndarray, shape (n, 3n - n_zero)
        Share of each atom in each mode; each column adds up to 1.
    mass : float or None
        Mass of every atom (mass unit), None where they differ.
    rough : float
        By how much another step of the differences changes what an atom adds to the entropy (k_B,
        median over a few atoms): the noise of tables; see `dbar.entropy.RoughPotentialWarning`.
    constants : Constants
    """

    name: str
    atoms: object
    units: str
    temperature: float | None
    statistics: str
    energy: float
    force: float
    n_zero: int
    log_det: float
    angular_frequencies: np.ndarray = field(repr=False)
    participation: np.ndarray = field(repr=False)
    mass: float | None
    rough: float
    constants: Constants = field(repr=False)

    def __post_init__(self) -> None:
        check_statistics(self.statistics)
        if self.temperature is not None:
            object.__setattr__(self, "temperature", check_temperature(self.temperature))

    def at(self, temperature: float, statistics: str | None = None) -> Reference:
        """The same at another temperature; nothing is computed anew.

        Parameters
        ----------
        temperature : float
            Above 0 (temperature unit).
        statistics : str, optional
            "classical" or "quantum"; as before if not given.

        Raises
        ------
        ValueError
            Of another value.
        """
        check_temperature(temperature)
        return dataclasses.replace(
            self, temperature=temperature, statistics=statistics or self.statistics
        )

    @property
    def n_modes(self) -> int:
        """Number of modes, 3n - n_zero."""
        return len(self.angular_frequencies)

    @property
    def frequencies(self) -> np.ndarray:
        """Frequency omega / 2 pi of each mode, ascending (per time unit; THz in metal)."""
        return self.angular_frequencies / (2.0 * np.pi)

    @property
    def entropy(self) -> float:
        """Vibrational entropy (k_B).

        With a temperature the sum over the modes of ln(k_B T / hbar omega) + 1 (classical), or of
        x / (e^x - 1) - ln(1 - e^-x), x = hbar omega / k_B T (quantum). Without one -log_det / 2:
        classically all else depends on the temperature, the masses and the number of modes alone,
        so only differences of such entropies mean something.
        """
        if self.temperature is None:
            return -0.5 * self.log_det
        return float(np.sum(self._modes()))

    @property
    def local_entropies(self) -> np.ndarray:
        """Share of each atom in `entropy` (n,) (k_B); their sum is the entropy.

        The entropy of each mode is shared out by the squares of its vector at the atom (Lapointe
        et al., Phys. Rev. Materials 4, 063802, 2020).

        Raises
        ------
        ValueError
            Without a temperature where masses differ: log_det knows of no masses, the modes do.
        """
        return self.participation @ self._modes()

    @property
    def free_energy(self) -> float:
        """Free energy of the vibrations (energy unit), without the potential energy.

        Sum over the modes of k_B T ln(hbar omega / k_B T) (classical) or of hbar omega / 2 +
        k_B T ln(1 - e^-x) (quantum).

        Raises
        ------
        ValueError
            Without a temperature.
        """
        x = self._x("free_energy")
        thermal = self.constants.boltz * self.temperature
        return float(thermal * np.sum(mode_free_energies(x, self.statistics)))

    def dos(self, bins: int = 100, width: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Density of states: modes per unit of frequency, with the number of modes as its integral.

        Parameters
        ----------
        bins : int
            Intervals from 0 to beyond the highest frequency.
        width : float
            Standard deviation of a Gaussian in place of each mode (unit of `frequencies`).

        Returns
        -------
        ndarray, shape (bins + 1,)
            Edges of the intervals, in the unit of `frequencies`.
        ndarray, shape (bins,)

        Raises
        ------
        ValueError
            Of other values.
        """
        return density_of_states(self.frequencies, bins, width)

    def _x(self, what: str) -> np.ndarray:
        if self.temperature is None:
            raise ValueError(f"temperature: found none, expected a number for {what}; see at()")
        thermal = self.constants.boltz * self.temperature
        return self.constants.hbar * self.angular_frequencies / thermal

    def _modes(self) -> np.ndarray:
        """Entropy of each mode."""
        if self.temperature is not None:
            return mode_entropies(self._x("entropy"), self.statistics)
        if self.mass is None:
            raise ValueError(
                "temperature: found none, expected a number for local_entropies of atoms with "
                "different masses"
            )
        return -0.5 * np.log(self.mass * self.constants.mvv2e * self.angular_frequencies**2)
