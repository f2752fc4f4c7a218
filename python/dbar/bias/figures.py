"""Figures of free energies and phase equilibria, for matplotlib."""

from __future__ import annotations

import numpy as np

__all__ = ["plot_delta_mu", "plot_finite_size", "plot_free_energy"]


def _axes(ax):
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(5.0, 3.6), layout="constrained").subplots()


def _labelled(text, unit):
    return f"{text} ({unit})" if unit else text


def plot_free_energy(surface, ax=None, names=("s",), energy_unit="", level=0.95, top=None):
    """Draw F above its minimum, with its error band (1-D) or as filled contours (2-D).

    Parameters
    ----------
    surface : FreeEnergySurface
    ax : matplotlib Axes, optional
        By default those of a new figure, ``ax.figure``.
    names : sequence of str
        Labels of the variables, with their units.
    energy_unit : str
        Unit of F, for its label.
    level : float
        Probability of the band.
    top : float, optional
        Largest F shown.

    Returns
    -------
    matplotlib Axes
    """
    ax, zero = _axes(ax), surface.F.min()
    label = _labelled("free energy", energy_unit)
    if len(surface.axes) == 1:
        low, high = (end - zero for end in surface.estimate.interval(level))
        live = np.isfinite(surface.F)
        x = surface.axes[0][live]
        ax.fill_between(x, low[live], high[live], alpha=0.3, label=f"{100 * level:g} %")
        ax.plot(x, surface.F[live] - zero)
        ax.set(xlabel=names[0], ylabel=label)
        ax.set_ylim(top=top)
        ax.legend(frameon=False)
        return ax
    x, y = surface.axes
    shown = np.ma.masked_invalid(surface.F - zero)
    if top is not None:
        shown = np.ma.masked_greater(shown, top)
    filled = ax.contourf(x, y, shown.T, levels=20)
    ax.figure.colorbar(filled, ax=ax, label=label)
    ax.set(xlabel=names[0], ylabel=names[1])
    return ax


def plot_delta_mu(temperature, mu, error, transition=None, ax=None, unit="", label=None):
    """Draw delta mu against the temperature, and where its line crosses zero.

    Parameters
    ----------
    temperature, mu, error : array, shape (n,)
    transition : Transition, optional
    ax : matplotlib Axes, optional
    unit : str
        Energy unit of `mu`; " per formula unit" is added.
    label : str, optional
        For the legend.

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    points = ax.errorbar(temperature, mu, error, fmt="o", capsize=3, label=label)
    if transition is not None:
        colour = points.lines[0].get_color()
        ends = [*temperature, transition.temperature]
        x = np.linspace(min(ends), max(ends), 100)
        y, spread = transition.line(x)
        ax.plot(x, y, color=colour)
        ax.fill_between(x, y - spread, y + spread, alpha=0.2, color=colour)
        ax.axvline(transition.temperature, color=colour, linestyle=":")
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    ax.set(
        xlabel="temperature (K)",
        ylabel=_labelled(r"$\Delta\mu$ of the phases", f"{unit} per formula unit".strip()),
    )
    if label:
        ax.legend(frameon=False)
    return ax


def plot_finite_size(
    length, value, error, line=None, ax=None, quantity="transition temperature (K)", unit="angstrom"
):
    """Draw a quantity against 1 / L, with the line to infinite cells and its error band.

    Parameters
    ----------
    length, value, error : array, shape (n,)
    line : Line, optional
        From `finite_size`.
    ax : matplotlib Axes, optional
    quantity : str
        Label of the values, with their unit.
    unit : str
        Unit of `length`.

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    x = 1.0 / np.asarray(length, dtype=float)
    ax.errorbar(x, value, error, fmt="o", capsize=3)
    if line is not None:
        fine = np.linspace(0.0, 1.05 * x.max(), 100)
        y, spread = line(fine)
        ax.plot(fine, y)
        ax.fill_between(fine, y - spread, y + spread, alpha=0.2)
        limit, off = line(0.0)
        ax.errorbar([0.0], [limit], [off], fmt="s", capsize=3, clip_on=False)
    ax.set_xlim(left=0.0)
    ax.set(xlabel=f"1 / L (1/{unit})", ylabel=quantity)
    return ax
