"""What a model of the entropy says of configurations, from their sums D and their contents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dbar.entropy.bulk_cells import BulkCells
from dbar.entropy.contents import Contents
from dbar.entropy.thermodynamics import check_temperature
from dbar.entropy.units import boltzmann

__all__ = ["Prediction"]


class Prediction:
    """Answers of a fitted `EntropyModel`, as `predict` and its neighbours give them.

    Parameters
    ----------
    model : EntropyModel
    contents : sequence of Contents
    D : ndarray, shape (n, K)
        Sums of the descriptor.
    places : sequence of (int, float)
        What ``model.base_.place`` says of each of the contents.
    """

    def __init__(self, model, contents: Sequence[Contents], D: np.ndarray, places: Sequence):
        self._weights, self._base = model.weights_, model.base_
        self._temperature, self._units = model.temperature_, model.lammps_units
        self._contents = contents
        self._which = np.array([p[0] for p in places], dtype=int)
        self._share = np.array([p[1] for p in places])
        self._x = D - self._share[:, None] * self._base.sums[self._which]

    def entropies(self, temperature=None) -> np.ndarray:
        """Total entropy of each, k_B."""
        mean = self._x @ self._weights.coefficients
        mean = mean + self._share * self._base.entropies[self._which]
        return mean + self._warmer(self._modes, temperature)

    def formations(self, temperature=None) -> np.ndarray:
        """S_d - (N_d/N_b) S_b of each, k_B."""
        modes = self._formation_modes
        return self._x @ self._weights.coefficients + self._warmer(modes, temperature)

    def std(self) -> np.ndarray:
        """Standard deviation of a reference around either, k_B."""
        noise = 1.0 + self._base.uncertainty[self._which]
        return np.sqrt(self._weights.variance(self._x) + noise * self._weights.noise**2)

    def grade(self) -> np.ndarray:
        """How far each lies outside of the training set."""
        return self._weights.grade(self._x)

    def free_energies(self, temperature=None) -> np.ndarray:
        """F of the vibrations of each: the classical U - TS, with k_B T of energy in each mode."""
        return self.thermal(temperature) * (self._modes - self.entropies(temperature))

    def formation_free_energies(self, temperature=None) -> np.ndarray:
        """F_d - (N_d/n) F_n of each, F_n that of the crystal on the n sites of its cell."""
        found = self._formation_modes - self.formations(temperature)
        return self.thermal(temperature) * found

    def thermal(self, temperature=None) -> float:
        """k_B T at a temperature, or at that of the model (energy unit).

        Raises
        ------
        ValueError
            Of a model without a temperature, or a temperature that is not above 0.
        """
        if self._temperature is None:
            raise ValueError(
                "temperature: found none in this model, expected it to be fitted with one, as a "
                "free energy needs"
            )
        value = self._temperature if temperature is None else check_temperature(temperature)
        return boltzmann(self._units) * value

    @property
    def _modes(self) -> np.ndarray:
        return np.array([one.n_modes for one in self._contents], dtype=float)

    @property
    def _formation_modes(self) -> np.ndarray:
        """Modes of N_d atoms less N_d/n of the crystal's on the n sites of their cell (n,).

        3 (N_d - n)/n. Of a bulk cell of another size there are other numbers of modes; as x and the
        entropy, what is compared with is as much crystal as the cell has.
        """
        if not isinstance(self._base, BulkCells):
            raise ValueError("bulk: found none in this model, expected it to be fitted with bulk")
        pairs = zip(self._which, self._contents, strict=True)
        sites = np.array([self._base.sites(k, one) for k, one in pairs], dtype=float)
        atoms = np.array([len(one) for one in self._contents], dtype=float)
        return 3.0 * (atoms - sites) / sites

    def _warmer(self, modes, temperature):
        """What the entropy of so many modes has more than at the temperature of the model."""
        if temperature is None:
            return 0.0
        value = check_temperature(temperature)
        if self._temperature is None:
            raise ValueError(
                f"temperature: found {temperature}, expected none: the model was fitted without"
            )
        return modes * np.log(value / self._temperature)
