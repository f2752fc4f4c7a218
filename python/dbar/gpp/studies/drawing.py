"""Pictures of the figures of a study of phase packets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["draw"]

_MEV = 1000.0


def draw(number: int, found: dict, path: Path) -> None:
    """Draw a figure of a study into a file (PNG)."""
    from matplotlib.figure import Figure

    wide = number in (1, 3, 4, 5, 6)
    figure = Figure(figsize=(8.6, 3.8) if wide else (5.2, 3.8), layout="constrained")
    _DRAWN[number](figure, found)
    figure.savefig(path, dpi=150)


def _gaps(values) -> np.ndarray:
    return np.array([np.nan if one is None else one for one in values], dtype=float)


def _rotation(figure, found) -> None:
    temperatures = list(next(iter(found["averages"].values())))
    for ax, temperature in zip(figure.subplots(1, len(temperatures)), temperatures, strict=True):
        for name, rows in found["averages"].items():
            energies = np.array(rows[temperature]["energies"])
            ax.plot(found["angles"], _MEV * (energies - energies[0]), "o-", ms=3, label=name)
        ax.set(xlabel="angle about [001] (degrees)", title=f"{temperature} K")
        ax.set_xticks(range(0, 91, 30))
    figure.axes[0].set_ylabel("energy less that at 0 (meV/atom)")
    figure.axes[0].legend(frameon=False, fontsize=8)


def _compression(figure, found) -> None:
    ax = figure.subplots()
    exact = np.array(found["averages"]["exact"]["energies"])
    for name, rows in found["averages"].items():
        ax.plot(found["a"], _MEV * (np.array(rows["energies"]) - exact), label=name)
    for a in found["crossings"]:
        ax.axvline(a, color="0.7", lw=1, zorder=0)
    ax.set(xlabel="lattice constant (Å)", ylabel="energy less the exact one (meV/atom)")
    ax.legend(frameon=False)


def _heating(axes, found) -> None:
    for ax, key, label in (
        (axes[0], "a", "lattice constant (Å)"), (axes[1], "energy", "energy (eV/atom)"),
    ):  # fmt: skip
        for name, rows in found["averages"].items():
            ax.plot(found["temperatures"], _gaps(rows[key]), "o-", ms=3, label=name)
        runs = found.get("dynamics", {})
        if runs:
            means, errors = zip(*(one[key] for one in runs.values()), strict=True)
            ax.errorbar([float(T) for T in runs], means, errors, fmt="ks", ms=4, label="dynamics")
        ax.set(xlabel="temperature (K)", ylabel=label)
    axes[0].legend(frameon=False, fontsize=8)


def _aluminium(figure, found) -> None:
    axes = figure.subplots(1, 1 + len(found["landscape"]["averages"]))
    for name, rows in found["averages"].items():
        axes[0].plot(found["temperatures"], _gaps(rows["a"]), "o-", ms=3, label=name)
    axes[0].set(xlabel="temperature (K)", ylabel="lattice constant (Å)")
    axes[0].legend(frameon=False, fontsize=8)
    grid = found["landscape"]
    for ax, (name, rows) in zip(axes[1:], grid["averages"].items(), strict=True):
        values = np.array(rows["free_energy"])
        widths = np.array(grid["variances"])[: values.shape[1]]
        shown = np.clip(values - values.min(), 0, 0.2)
        drawn = ax.contourf(widths, grid["a"], shown, levels=20)
        for a, s, _ in rows["minima"]:
            ax.plot(s, a, "r+")
        ax.set(xlabel="variance (Å$^2$)", title=f"{name}, 500 K")
    axes[1].set_ylabel("lattice constant (Å)")
    figure.colorbar(drawn, ax=axes[-1], label="F above the lowest (eV/atom)")


def _copper(figure, found) -> None:
    _heating(figure.subplots(1, 2), found)


def _iron(figure, found) -> None:
    left, right = figure.subplots(1, 2)
    share, gaps = None, []
    for temperature, one in found["paths"].items():
        share, rows = one["share"], one["averages"]["exact"]
        there = np.array(rows["free_energy"][0])
        left.plot(share, _MEV * (there - there[0]), label=f"{temperature} K")
        gaps.append((float(temperature), _MEV * rows["difference"]))
    left.set(xlabel="share of the way from bcc to fcc", ylabel="F above bcc (meV/atom)")
    left.legend(frameon=False)
    right.plot(*zip(*gaps, strict=True), "o-")
    right.set(xlabel="temperature (K)", ylabel="F of fcc less that of bcc (meV/atom)")


def _boundary(figure, found) -> None:
    left, right = figure.subplots(1, 2)
    for name, rows in found["averages"].items():
        left.plot(found["temperatures"], rows["free_energy"], "o-", label=name)
        right.plot(found["temperatures"], rows["variance"], "o-", label=name)
    left.set(xlabel="temperature (K)", ylabel="boundary free energy (mJ/m$^2$)")
    right.set(xlabel="temperature (K)", ylabel="largest variance over that of the bulk")
    left.legend(frameon=False)


_DRAWN = {1: _rotation, 2: _compression, 3: _aluminium, 4: _copper, 5: _iron, 6: _boundary}
