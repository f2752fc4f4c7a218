"""Chemical potentials of phases: their difference, where it vanishes, its limit for large cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.bias.surface import free_energy_difference
from dbar.statistics.block_error import Estimate
from dbar.statistics.line_fit import Line, fit_line

__all__ = ["Transition", "delta_mu", "finite_size", "transition_temperature"]


def delta_mu(log_weights, p_a, p_b, kT, n_units) -> Estimate:
    r"""Difference of the chemical potentials of two phases per formula unit.

    .. math:: \Delta\mu = \mu_A - \mu_B = -\frac{k_B T}{N}
        \ln \frac{\sum_t w_t P_A(s_t)}{\sum_t w_t P_B(s_t)}

    (B. Cheng, G. A. Tribello and M. Ceriotti, Phys. Rev. B 92, 180102 (2015); section 4.4 of A.
    Goscinski's thesis). Negative: A is stable.

    Parameters
    ----------
    log_weights : array, shape (T,)
    p_a, p_b : array, shape (T,)
        Probabilities that a frame is in the phase, such as columns of `Basins.probabilities`.
    kT : float
    n_units : int
        Formula units in the cell.

    Returns
    -------
    Estimate
        In the unit of kT.
    """
    if n_units < 1:
        raise ValueError(f"n_units: found {n_units}, expected at least 1")
    return free_energy_difference(log_weights, p_a, p_b, kT).scaled(1.0 / n_units)


@dataclass(frozen=True)
class Transition:
    """Where a difference of chemical potentials vanishes.

    Attributes
    ----------
    temperature, error : float
        The error is of first order; see `interval` where it is not small.
    entropy : float
        -d(delta mu)/dT: S_A - S_B per formula unit.
    line : Line
        delta mu against temperature; its chi2 tells whether it is one.
    """

    temperature: float
    error: float
    entropy: float
    line: Line

    def interval(self, level=0.95):
        """Temperatures between which it vanishes with probability `level` (Fieller)."""
        return self.line.zero_interval(level)


def transition_temperature(temperature, mu, error) -> Transition:
    """Temperature at which delta mu vanishes, from runs at several temperatures.

    Parameters
    ----------
    temperature, mu, error : array, shape (n,)
        A line is fitted with weights 1 / error^2; take temperatures near the transition.

    Returns
    -------
    Transition

    Raises
    ------
    ValueError
        For fewer than two temperatures, errors that are not positive, or a slope of zero.
    """
    line = fit_line(temperature, mu, error)
    if line.slope == 0.0:
        raise ValueError("delta mu does not depend on the temperature")
    at, spread = line.zero()
    return Transition(at, spread, -line.slope, line)


def finite_size(length, value, error) -> Line:
    """Limit of an infinite cell: value against 1 / L.

    Parameters
    ----------
    length : array, shape (n,)
        Edges L of the cells, in any unit.
    value, error : array, shape (n,)
        Such as transition temperatures (Figs. 4.3 to 4.5 of A. Goscinski's thesis).

    Returns
    -------
    Line
        `intercept` is the limit; call it with 1 / L for the line and its error.
    """
    length = np.asarray(length, dtype=float)
    if not (length > 0.0).all():
        raise ValueError(f"length: found {length.tolist()}, expected positive numbers")
    return fit_line(1.0 / length, value, error)
