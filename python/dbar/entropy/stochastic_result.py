"""What stochastic estimates of entropies say, and how certain they are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["StochasticFormation", "StochasticReference", "mean_and_error"]


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean of independent values (p,), and its standard error."""
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


@dataclass(frozen=True)
class StochasticReference:
    """The harmonic entropy of a relaxed configuration, estimated with random probes.

    Attributes
    ----------
    name : str
    atoms : ase.Atoms
        Where the atoms are after relaxation, in the order in which they were given.
    units : str
        LAMMPS unit style.
    temperature : float or None
    statistics : str
    energy : float
        Potential energy (energy unit).
    force : float
        Largest component of a force that is left (force unit).
    n_zero : int
        Translations and rotations that were left out.
    entropy, std_error : float
        Vibrational entropy and its standard error (k_B). Without a temperature it is -log_det / 2.
    log_det, log_det_error : float
        As that of `dbar.entropy.Reference`, and its standard error.
    free_energy, free_energy_error : float or None
        Of the vibrations (energy unit); None without a temperature.
    probes, seed : int
    steps : ndarray of int, shape (probes,)
        Lanczos steps of each probe.
    values : ndarray, shape (probes,)
        `entropy` as each probe has it (k_B).
    log_dets : ndarray, shape (probes,)
        `log_det` as each probe has it.
    tolerance : float
        Largest change of a value that was expected from further steps (k_B per mode).
    rough : float
        About what another step of the differences changes (k_B per atom); see
        `dbar.entropy.RoughPotentialWarning`.
    """

    name: str
    atoms: object
    units: str
    temperature: float | None
    statistics: str
    energy: float
    force: float
    n_zero: int
    entropy: float
    std_error: float
    log_det: float
    log_det_error: float
    free_energy: float | None
    free_energy_error: float | None
    probes: int
    seed: int
    steps: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)
    log_dets: np.ndarray = field(repr=False)
    tolerance: float
    rough: float

    @property
    def n_modes(self) -> int:
        """Number of modes, 3n - n_zero."""
        return 3 * len(self.atoms) - self.n_zero


@dataclass(frozen=True)
class StochasticFormation:
    """A formation entropy, estimated with probes that defect and bulk share.

    Attributes
    ----------
    form : str
        "temperature" or "determinant", as of `dbar.entropy.formation_entropy`.
    entropy, std_error : float
        S_d - (N_d / N_b) S_b and its standard error (k_B).
    probes, seed : int
    values : ndarray, shape (probes,)
        `entropy` as each probe has it (k_B).
    steps : ndarray of int, shape (probes,)
        Lanczos steps of each probe.
    matched : int
        Atoms of the defect cell that are those of a site of the bulk.
    exact_bulk : bool
        Whether the entropy of the bulk is exact, by lattice waves.
    bulk_entropy : float
        S_b of the form (k_B): exact, or the mean over the probes.
    defect, bulk : ase.Atoms
        Where the atoms are after relaxation.
    rough : float
        Of the cell with defects; see `StochasticReference`.
    tolerance : float
        Largest change of a value that was expected from further steps (k_B).
    """

    form: str
    entropy: float
    std_error: float
    probes: int
    seed: int
    values: np.ndarray = field(repr=False)
    steps: np.ndarray = field(repr=False)
    matched: int
    exact_bulk: bool
    bulk_entropy: float
    defect: object = field(repr=False)
    bulk: object = field(repr=False)
    rough: float
    tolerance: float
