"""What goes wrong with a configuration or a potential, beyond wrong words."""

from __future__ import annotations

import numpy as np

__all__ = ["ImaginaryMode", "RoughPotentialWarning"]


class ImaginaryMode(ValueError):
    """A configuration is no minimum: the energy falls along a mode.

    Attributes
    ----------
    name : str
        Of the configuration.
    frequency : float
        Magnitude of the lowest imaginary frequency, omega / 2 pi (per time unit).
    motion : ndarray, shape (n, 3)
        Displacements along it, the largest of an atom 1.
    """

    def __init__(self, name: str, frequency: float, count: int, motion: np.ndarray) -> None:
        more = "" if count == 1 else f" (the lowest of {count})"
        super().__init__(
            f"{name}: found a mode with the imaginary frequency {frequency:.6g}i{more} per time "
            "unit, expected a minimum of the energy; retry displaces along the mode and relaxes "
            "again"
        )
        self.name = name
        self.frequency = frequency
        self.motion = motion


class RoughPotentialWarning(UserWarning):
    """Second derivatives of the potential are noise to an extent that shows in the entropy.

    Tables of potentials are rounded. A relative error of 1e-9 does not matter for energies and
    forces, but is divided by the square of the spacing for second derivatives.
    """
