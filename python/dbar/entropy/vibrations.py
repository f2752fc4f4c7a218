"""Stochastic traces over the modes of a configuration whose matrix is never held.

The estimate of one probe z is z . (f(D) - f(s)) z + f(s) n, where n is the number of modes and s a
typical eigenvalue: its mean is the trace of f(D) whatever s is, but with s the units of f, and the
part of the noise that all eigenvalues share, drop out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dbar.entropy.errors import ImaginaryMode
from dbar.entropy.quadrature import Lanczos
from dbar.entropy.thermodynamics import mode_entropies, mode_free_energies
from dbar.entropy.units import Constants
from dbar.potential.modes import zero_modes

__all__ = ["Spectrum", "Vibrations"]


@dataclass(frozen=True)
class Spectrum:
    """What is summed over the modes: functions of an eigenvalue of M^-1/2 H M^-1/2.

    The rows are -ln(eigenvalue) / 2, and with a temperature the entropy (k_B) and the free energy
    over k_B T of a mode.

    Attributes
    ----------
    constants : Constants
    temperature : float or None
    statistics : str
    """

    constants: Constants
    temperature: float | None = None
    statistics: str = "classical"

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The functions (k,) + shape of positive eigenvalues (energy over length squared, mass)."""
        rows = [-0.5 * np.log(values)]
        if self.temperature is not None:
            thermal = self.constants.boltz * self.temperature
            x = self.constants.hbar * np.sqrt(values / self.constants.mvv2e) / thermal
            rows += [mode_entropies(x, self.statistics), mode_free_energies(x, self.statistics)]
        return np.array(rows)


@dataclass
class Vibrations:
    """Modes of a configuration by products alone, in mass-weighted coordinates.

    Attributes
    ----------
    name : str
        For errors.
    masses : ndarray, shape (n,)
    zero : ndarray, shape (3n, n_zero)
        Motions that cost no energy, orthonormal, mass-weighted.
    shift : float
        What turns the sum of -ln(eigenvalue) / 2 into that without masses.
    apply : callable
        M^-1/2 H M^-1/2 v of a vector v (3n,).
    typical : float
        A typical eigenvalue.
    bound : float
        Eigenvalues up to this may be zero.
    spectrum : Spectrum
    """

    name: str
    masses: np.ndarray
    zero: np.ndarray
    shift: float
    apply: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    typical: float
    bound: float
    spectrum: Spectrum

    @classmethod
    def of(cls, name: str, atoms, masses, product, scale: float, bound: float, spectrum: Spectrum):
        """Of atoms and a product of their force constants with displacements (n, 3).

        `scale` and `bound` are eigenvalues of the force constants, without masses.
        """
        root = np.sqrt(masses)[:, None]
        zero = zero_modes(atoms.positions, masses, np.asarray(atoms.cell), atoms.pbc)
        plain = zero_modes(atoms.positions, np.ones_like(masses), np.asarray(atoms.cell), atoms.pbc)
        if zero.shape[1] >= len(zero):
            raise ValueError(f"{name}: found no modes beside those of the whole, expected some")

        def apply(v: np.ndarray) -> np.ndarray:
            return (product(v.reshape(-1, 3) / root) / root).ravel()

        return cls(
            name, masses, zero, _shift(masses, plain), apply, scale / float(np.mean(masses)),
            bound / float(masses.min()), spectrum,
        )  # fmt: skip

    @property
    def n_modes(self) -> int:
        """Number of modes that are summed over."""
        return len(self.zero) - self.zero.shape[1]

    def run(self, probe: np.ndarray) -> Lanczos:
        """A Lanczos recurrence from random numbers (n, 3)."""
        return Lanczos(self.apply, probe.ravel(), self.zero)

    def values(self, run: Lanczos) -> np.ndarray:
        """Estimates (k,) of the traces of the functions of `spectrum`, the first without masses.

        Raises
        ------
        ImaginaryMode
            If the energy falls along a direction that the recurrence has met.
        ValueError
            If it is flat there.
        """
        nodes, weights = run.rule()
        self.refuse_no_minimum(nodes, run.lowest)
        typical = self.spectrum(np.array([self.typical]))
        found = (self.spectrum(nodes) - typical) @ weights + self.n_modes * typical[:, 0]
        found[0] += self.shift
        return found

    def refuse_no_minimum(self, values: np.ndarray, lowest: Callable[[], np.ndarray]) -> None:
        """Raise where the first of these eigenvalues, ascending, is not above `bound`.

        `lowest` makes the vector (3n,) of the first.
        """
        if values[0] > self.bound:
            return
        if values[0] >= -self.bound:
            raise ValueError(
                f"{self.name}: found a motion that costs no energy, beside those of the whole, "
                "expected none: parts of it move freely (as a molecule in a periodic box), or the "
                "differences of forces are too coarse"
            )
        motion = lowest().reshape(-1, 3) / np.sqrt(self.masses)[:, None]
        motion /= np.max(np.linalg.norm(motion, axis=1))
        hertz = np.sqrt(-values[0] / self.spectrum.constants.mvv2e) / (2 * np.pi)
        falling = int(np.sum(values < -self.bound))
        raise ImaginaryMode(self.name, float(hertz), falling, motion)


def _shift(masses: np.ndarray, plain: np.ndarray) -> float:
    """-1/2 of ln det' H - ln det' D, where det' leaves out the zero modes.

    det' H = det' D det M / det(Z^T M Z), with orthonormal zero modes Z of H: both sides are the
    derivative of det(H + e Z Z^T).
    """
    heavy = plain * np.repeat(masses, 3)[:, None]
    lost = np.linalg.slogdet(plain.T @ heavy)[1]
    return -0.5 * float(3.0 * np.sum(np.log(masses)) - lost)
