"""Variances at rest: each atom's Gaussian is as wide as temperature and surroundings make it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar import _kernels
from dbar.gpp.average import Averages, Placed
from dbar.gpp.constants import BOLTZMANN
from dbar.gpp.errors import NotConverged, UnstableCrystal

__all__ = ["Isentropic", "Isothermal", "Relaxed", "first_variances", "solve_variances"]


class Isothermal:
    """All atoms at one temperature: d<V>/ds = 3 kT / (2 s).

    Parameters
    ----------
    temperature : float
        In K.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def next(self, variances: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Variances (n,) that would balance these slopes (eV/Å^2), within a factor of two."""
        return _kernels.next_variances(variances, slopes, BOLTZMANN * self.temperature)

    def temperatures(self, variances: np.ndarray) -> np.ndarray:
        """Of the atoms (n,)."""
        return np.full(len(variances), self.temperature)

    def __str__(self) -> str:
        return f"{self.temperature:g} K"


class Isentropic:
    """Each atom keeps its entropy: m kT s is fixed, and s^2 = 3 C / (2 m d<V>/ds).

    Parameters
    ----------
    actions : ndarray, shape (n,)
        C = m kT s of each atom (u eV Å^2).
    masses : ndarray, shape (n,)
        In u.
    """

    def __init__(self, actions: np.ndarray, masses: np.ndarray) -> None:
        self.actions = np.asarray(actions, dtype=float)
        self.masses = np.asarray(masses, dtype=float)
        bad = np.flatnonzero(~(np.isfinite(self.actions) & (self.actions > 0)))
        if self.actions.shape != self.masses.shape or len(bad):
            shown = self.actions[bad[0]] if len(bad) else f"shape {self.actions.shape}"
            raise ValueError(f"isentropic: found m kT s {shown}, expected one above 0 an atom")

    def next(self, variances: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """Variances (n,) that would balance these slopes (eV/Å^2), within a factor of two."""
        return _kernels.next_variances(
            variances, slopes, self.actions / self.masses, isentropic=True
        )

    def temperatures(self, variances: np.ndarray) -> np.ndarray:
        """Of the atoms (n,)."""
        return self.actions / (self.masses * BOLTZMANN * variances)

    def __str__(self) -> str:
        return "the entropy that is kept"


def first_variances(count: int, temperature: float, smax: float) -> np.ndarray:
    """Variances (n,) to begin with: those of a soft metal (Å^2)."""
    return np.full(count, min(1e-5 * temperature, 0.25 * smax))


@dataclass(frozen=True)
class Relaxed:
    """Variances at rest.

    Attributes
    ----------
    variances : ndarray, shape (n,)
        In Å^2.
    averages : Averages
        With these variances.
    passes : int
        Evaluations that it took.
    """

    variances: np.ndarray
    averages: Averages
    passes: int


def solve_variances(
    placed: Placed,
    law: Isothermal | Isentropic,
    start: np.ndarray,
    smax: float,
    tolerance: float = 1e-10,
    passes: int = 500,
) -> Relaxed:
    """Variances that balance the slopes of the averaged energy, by repeated substitution.

    Parameters
    ----------
    placed : Placed
        The average, with positions.
    law : Isothermal or Isentropic
    start : ndarray, shape (n,)
        Variances to begin with (Å^2).
    smax : float
        Largest variance (Å^2).
    tolerance : float
        Largest relative change in a pass that counts as rest.
    passes : int
        Evaluations at most.

    Raises
    ------
    UnstableCrystal
        If a variance outgrows `smax`.
    NotConverged
        If the passes are used up.
    """
    s, damping = np.array(start, dtype=float), _Damping(len(start))
    for done in range(1, passes + 1):
        found = placed.evaluate(s)
        if not np.isfinite(found.slopes).all():
            bad = int(np.flatnonzero(~np.isfinite(found.slopes))[0])
            raise UnstableCrystal(f"atom {bad}: found an energy that is no number at {law}")
        wanted = law.next(s, found.slopes)
        change = np.abs(wanted / s - 1.0)
        if np.max(change, initial=0.0) <= tolerance:
            return Relaxed(s, found, done)
        s = damping.step(s, wanted)
        if np.max(s) > smax:
            bad = int(np.argmax(s))
            raise UnstableCrystal(
                f"variance of atom {bad}: found it growing beyond smax, {smax:g} Å^2, at {law}, "
                "expected a temperature at which the crystal is stable"
            )
    bad = int(np.argmax(change))
    raise NotConverged(
        f"passes: found {passes} used up, and the variance of atom {bad} still changes by "
        f"{change[bad]:.3g} of itself, expected {tolerance:g} or less",
        bad,
    )


class _Damping:
    """Shorter steps, in ln s, of atoms whose variance swings about its place of rest.

    Where d<V>/ds grows faster than s, substitution goes too far each time; cubature of third order
    does that. Exact pairs of a crystal do not swing, and are not damped.
    """

    def __init__(self, count: int) -> None:
        self.share = np.ones(count)
        self.before = np.zeros(count)

    def step(self, s: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """The next variances (n,)."""
        way = np.log(wanted / s)
        swings = way * self.before < -0.25 * self.before**2
        self.share = np.where(swings, 0.5 * self.share, np.minimum(1.0, 1.1 * self.share))
        self.before = way
        return s * np.exp(self.share * way)
