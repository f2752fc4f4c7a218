"""Entropy and free energy of harmonic modes, and how many modes there are at each frequency.

Classical and quantum oscillators: any textbook, for example D. A. McQuarrie, Statistical Mechanics
(1976), chapter 5. Local entropies: C. Lapointe et al., Phys. Rev. Materials 4, 063802 (2020).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erf

__all__ = [
    "STATISTICS",
    "check_statistics",
    "check_temperature",
    "density_of_states",
    "mode_entropies",
    "mode_free_energies",
]

STATISTICS = ("classical", "quantum")


def check_temperature(temperature: object) -> float:
    """The temperature as a number.

    Raises
    ------
    ValueError
        Unless it is finite and above zero.
    """
    try:
        value = float(temperature)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"temperature: found {temperature!r}, expected a number above 0")
    return value


def check_statistics(statistics: str) -> None:
    """Raise ValueError unless the word is one of `STATISTICS`."""
    if statistics not in STATISTICS:
        known = " or ".join(STATISTICS)
        raise ValueError(f"statistics: found {statistics!r}, expected {known}")


def mode_entropies(x: np.ndarray, statistics: str = "classical") -> np.ndarray:
    """Entropy of each mode.

    Parameters
    ----------
    x : ndarray
        hbar omega / k_B T of each mode, positive.
    statistics : str
        "classical": 1 - ln x. "quantum": x / (e^x - 1) - ln(1 - e^-x).

    Returns
    -------
    ndarray
        In k_B, of the shape of `x`.

    Raises
    ------
    ValueError
        Of another word.
    """
    check_statistics(statistics)
    if statistics == "classical":
        return 1.0 - np.log(x)
    # e^-x instead of e^x: what is frozen has entropy 0, not infinity over infinity
    return x * np.exp(-x) / -np.expm1(-x) - _log_filled(x)


def mode_free_energies(x: np.ndarray, statistics: str = "classical") -> np.ndarray:
    """Free energy of each mode over k_B T.

    Parameters
    ----------
    x : ndarray
        hbar omega / k_B T of each mode, positive.
    statistics : str
        "classical": ln x. "quantum": x / 2 + ln(1 - e^-x).

    Returns
    -------
    ndarray
        Of the shape of `x`.

    Raises
    ------
    ValueError
        Of another word.
    """
    check_statistics(statistics)
    if statistics == "classical":
        return np.log(x)
    return 0.5 * x + _log_filled(x)


def _log_filled(x: np.ndarray) -> np.ndarray:
    """ln(1 - e^-x) to all digits, where x is small and where e^-x is."""
    near = np.minimum(x, 1.0)
    return np.where(x < 0.7, np.log(-np.expm1(-near)), np.log1p(-np.exp(-x)))


def density_of_states(
    frequencies: np.ndarray, bins: int = 100, width: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Number of modes per interval of frequency; its integral is the number of modes.

    Parameters
    ----------
    frequencies : ndarray, shape (m,)
    bins : int
        Number of equal intervals from 0 to beyond the highest frequency.
    width : float
        Standard deviation of the Gaussian in place of each mode (unit of the frequencies); 0 for
        none. What a Gaussian has below 0 is counted in the first interval, what it has above the
        last one in that.

    Returns
    -------
    ndarray, shape (bins + 1,)
        Edges of the intervals.
    ndarray, shape (bins,)
        Modes per unit of frequency.

    Raises
    ------
    ValueError
        If there is no interval, or the width is negative.
    """
    if bins != int(bins) or bins < 1:
        raise ValueError(f"bins: found {bins!r}, expected an integer above 0")
    if not (math.isfinite(width) and width >= 0):
        raise ValueError(f"width: found {width!r}, expected a number from 0 on")
    highest = float(np.max(frequencies)) + 6.0 * width
    edges = np.linspace(0.0, highest * (1 + 1e-9), int(bins) + 1)  # the highest inside
    if width:
        below = 0.5 * (1.0 + erf((edges[1:-1, None] - frequencies) / (math.sqrt(2.0) * width)))
        counts = np.diff(np.concatenate([[0.0], below.sum(axis=1), [len(frequencies)]]))
    else:
        counts = np.histogram(frequencies, edges)[0]
    return edges, counts / np.diff(edges)
