"""Pictures of a study's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["draw"]

_UNIT = "$k_B$"


def draw(number: int, found: dict, path: Path) -> None:
    """Draw a figure of a study into a file (PNG)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6) if number in (5, 6, 7) else (4.6, 3.8), layout="constrained")
    _DRAWN[number](figure, found)
    figure.savefig(path, dpi=150)


def _parity(ax, points: dict, title: str, **words) -> None:
    x, y = points["reference"], points["predicted"]
    low, high = min(*x, *y), max(*x, *y)
    ax.plot([low, high], [low, high], color="0.7", lw=1, zorder=0)
    drawn = ax.scatter(x, y, s=10, alpha=0.7, **words)
    ax.set(xlabel=f"entropy by diagonalisation ({_UNIT})", ylabel=f"entropy from D ({_UNIT})")
    ax.set_title(title, fontsize=10)
    return drawn


def _descriptors(figure, found) -> None:
    name = min(found["scores"], key=lambda n: found["scores"][n]["rmse"])
    title = f"{name}: {found['scores'][name]['rmse']:.2f} {_UNIT}"
    _parity(figure.subplots(), found["points"], title)


def _strains(figure, found) -> None:
    ax = figure.subplots()
    title = f"strains, one w: {found['scores']['all strains']['rmse']:.2f} {_UNIT}"
    drawn = _parity(ax, found["points"], title, c=found["points"]["strain"], cmap="viridis")
    figure.colorbar(drawn, ax=ax, label="strain (%)")


def _classes(figure, found) -> None:
    ax = figure.subplots()
    for k, (kind, row) in enumerate(found["classes"].items()):
        ax.hist(row["values"], bins=20, alpha=0.6, color=f"C{k}", label=kind)
    ax.set(xlabel=f"entropy of formation ({_UNIT})", ylabel="configurations")
    ax.legend(frameon=False)


def _defects(figure, found) -> None:
    left, right = figure.subplots(1, 2)
    for ax, kind in ((left, "vacancies"), (right, "interstitials")):
        values = np.asarray(found[kind])
        ax.hist(values, bins=np.arange(values.max() + 2) - 0.5, rwidth=0.85)
        ax.set(xlabel=f"{kind} of a random cell", ylabel="configurations")


def _random(figure, found) -> None:
    left, right = figure.subplots(1, 2)
    _curve(left, found["all"], f"all cells, {found['descriptor']}")
    one = found["clusters_to_random"]
    title = f"clusters teach, random cells ask: {one['rmse']:.2f} {_UNIT}"
    _parity(right, found["points"], title)


def _minima(figure, found) -> None:
    left, right = figure.subplots(1, 2)
    _curve(left, found["curve"], f"{found['configurations']} minima, {found['descriptor']}")
    _parity(right, found["points"], f"half: {found['scores']['half and half']['rmse']:.2f} {_UNIT}")


def _curve(ax, rows, title) -> None:
    x = [100 * row["test_share"] for row in rows]
    ax.errorbar(x, [r["rmse"] for r in rows], [r["rmse_std"] for r in rows], marker="o", capsize=3)
    ax.set(xlabel="share of the test set (%)", ylabel=f"RMSE ({_UNIT})", ylim=(0, None))
    ax.set_title(title, fontsize=10)


_DRAWN = {2: _descriptors, 3: _strains, 4: _classes, 5: _defects, 6: _random, 7: _minima}
