"""What a network is before it has learnt anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

__all__ = ["NetworkSettings"]


@dataclass(frozen=True)
class NetworkSettings:
    """Architecture and units of a network of packets.

    Parameters
    ----------
    species : sequence of str
        Chemical symbols that it knows.
    cutoff : float
        Of its edges (Å), above that of the potential.
    features : int
        Scalars, and as many vectors, of each atom.
    layers : int
        Rounds of messages.
    bessels : int
        Radial functions.
    radial_width : int
        Hidden neurons between the radial functions and the weights of messages.
    neighbours : float
        Of an atom on average; sums over edges are divided by its root.
    variance_rms : float
        Root mean square of the variances of the data (Å^2), their unit inside.
    energy_mean, energy_std : float
        Of the site energies of the data (eV), their zero and unit inside.
    """

    species: tuple[str, ...]
    cutoff: float
    features: int = 16
    layers: int = 4
    bessels: int = 8
    radial_width: int = 32
    neighbours: float = 18.0
    variance_rms: float = 0.01
    energy_mean: float = 0.0
    energy_std: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.species, Sequence) or isinstance(self.species, str):
            raise ValueError(f"species: found {self.species!r}, expected a list of symbols")
        object.__setattr__(self, "species", tuple(self.species))
        for name in ("features", "layers", "bessels", "radial_width"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 4096:
                raise ValueError(f"{name}: found {value!r}, expected an integer from 1 to 4096")
        for name in ("cutoff", "neighbours", "variance_rms", "energy_std"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise ValueError(f"{name}: found {value!r}, expected a number above 0")

    def as_dict(self) -> dict:
        """For files."""
        return {**asdict(self), "species": list(self.species)}
