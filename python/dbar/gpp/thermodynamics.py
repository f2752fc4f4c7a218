"""Energies of Gaussian atoms: Saxena et al., the classical limit of independent oscillators."""

from __future__ import annotations

import numpy as np

from dbar.gpp.constants import BOLTZMANN, HBAR

__all__ = ["actions", "entropies", "free_energy", "internal_energy"]


def entropies(temperatures, variances, masses) -> np.ndarray:
    """Entropy of each atom (n,), in units of k_B: 3 + 3 ln(sqrt(m kT s) / hbar).

    Parameters
    ----------
    temperatures : float or ndarray, shape (n,)
        In K.
    variances : ndarray, shape (n,)
        Of the positions, per Cartesian component (Å^2).
    masses : ndarray, shape (n,)
        In u.
    """
    spread = np.sqrt(actions(temperatures, variances, masses))
    return 3.0 + 3.0 * np.log(spread / HBAR)


def actions(temperatures, variances, masses) -> np.ndarray:
    """M kT s of each atom (n,), in u eV Å^2: it stays what it is where the entropy does."""
    return masses * BOLTZMANN * temperatures * variances


def internal_energy(potential: float, temperatures, count: int) -> float:
    """Averaged potential energy and 3/2 kT of each atom (eV)."""
    return potential + 1.5 * BOLTZMANN * float(np.sum(np.broadcast_to(temperatures, (count,))))


def free_energy(potential: float, temperatures, variances, masses) -> float:
    """Helmholtz free energy (eV): <V> - 3/2 N kT - 3 kT sum ln(sqrt(m kT s) / hbar)."""
    heat = BOLTZMANN * np.sum(temperatures * entropies(temperatures, variances, masses))
    return internal_energy(potential, temperatures, len(variances)) - float(heat)
