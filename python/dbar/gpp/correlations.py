"""What independent atoms leave out: that neighbours move together."""

from __future__ import annotations

import numpy as np

from dbar.gpp.constants import BOLTZMANN
from dbar.gpp.relaxation import Packets
from dbar.potential.modes import normal_modes, zero_modes

__all__ = ["Correlations", "hessian"]

_STEP = 1e-3  # Å


def hessian(packets: Packets, step: float = _STEP, progress=None) -> np.ndarray:
    """Second derivatives of the averaged energy by the mean positions, variances fixed.

    Central differences of forces, 6n evaluations.

    Parameters
    ----------
    packets : Packets
        Of :func:`dbar.gpp.relax`.
    step : float
        Displacement (Å).
    progress : callable, optional
        Called with the number of displaced coordinates and of all.

    Returns
    -------
    ndarray, shape (3n, 3n)
        In eV/Å^2.
    """
    atoms, n = packets.atoms.copy(), len(packets.atoms)
    rest = atoms.get_positions()
    matrix = np.empty((3 * n, 3 * n))
    for k in range(3 * n):
        forces = []
        for sign in (1.0, -1.0):
            moved = rest.copy()
            moved.flat[k] += sign * step
            atoms.set_positions(moved, apply_constraint=False)
            forces.append(packets.average.at(atoms).evaluate(packets.variances).forces)
        matrix[k] = (forces[1] - forces[0]).ravel() / (2.0 * step)
        if progress is not None:
            progress(k + 1, 3 * n)
    return 0.5 * (matrix + matrix.T)


class Correlations:
    """The Gaussian of all atoms together whose inverse covariance is K / kT.

    K are the second derivatives of the averaged energy at fixed variances. Motions of the whole,
    which cost no energy, are left out.

    Parameters
    ----------
    packets : Packets
        Of :func:`dbar.gpp.relax`, at one temperature and with forces at rest.
    step : float
        Displacement of the differences (Å).
    progress : callable, optional
        As of :func:`hessian`.

    Attributes
    ----------
    matrix : ndarray, shape (3n, 3n)
        K (eV/Å^2).
    n_zero : int
        Motions of the whole.
    free_energy : float
        Of the packets, corrected: F + 1/2 kT (ln det K - sum ln K_ii) (eV, of all atoms). The sum
        over the 3n coordinates is scaled to as many as the determinant has modes, so that the
        correction of an atom does not depend on the size of a cell through the motions left out.
    correction : float
        The difference (eV), never positive.
    variances : ndarray, shape (n,)
        Of the correlated positions, mean of the three components (Å^2).

    Raises
    ------
    ValueError
        If K has a negative eigenvalue, the packets are at several temperatures, or the atoms have
        constraints.
    """

    def __init__(self, packets: Packets, step: float = _STEP, progress=None) -> None:
        if packets.atoms.constraints:
            raise ValueError("atoms: found constraints, expected none for correlations")
        if np.ptp(packets.temperatures) > 1e-9 * np.max(packets.temperatures):
            raise ValueError(
                f"temperatures: found {np.min(packets.temperatures):g} to "
                f"{np.max(packets.temperatures):g} K, expected one for all atoms"
            )
        self.packets = packets
        self.kT = BOLTZMANN * float(packets.temperatures[0])
        self.matrix = hessian(packets, step, progress)
        atoms = packets.atoms
        zero = zero_modes(
            atoms.get_positions(), np.ones(len(atoms)), np.asarray(atoms.get_cell()),
            atoms.get_pbc(),
        )  # fmt: skip
        self.n_zero = zero.shape[1]
        modes = normal_modes(self.matrix, zero)
        if len(modes.values) == 0 or modes.values[0] <= 0:
            found = modes.values[0] if len(modes.values) else "none"
            raise ValueError(
                f"eigenvalues: found {found:.6g} eV/Å^2, expected positive ones: the packets are "
                "at no minimum"
            )
        self._values, self._vectors = modes.values, modes.vectors
        diagonal = np.log(np.diag(self.matrix)).sum() * len(modes.values) / len(self.matrix)
        self.correction = 0.5 * self.kT * (float(np.log(modes.values).sum()) - float(diagonal))
        self.free_energy = packets.free_energy + self.correction
        spread = self.kT * np.sum(modes.vectors**2 / modes.values, axis=1)
        self.variances = spread.reshape(-1, 3).mean(axis=1)

    def displacements(self, count: int, seed: int = 0) -> np.ndarray:
        """Draws of all displacements together (count, n, 3), covariance kT / K (Å)."""
        z = np.random.default_rng(seed).standard_normal((count, len(self._values)))
        moved = (z * np.sqrt(self.kT / self._values)) @ self._vectors.T
        return moved.reshape(count, -1, 3)
