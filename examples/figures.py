"""What the figures of the examples have in common: reading replicas, targets, style, saving."""

from __future__ import annotations

import zipfile
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from dbar.console import signals
from dbar.estimators import HeldOut
from dbar.files.atomic import replacing
from dbar.report.drawing import BLUE, INK, ORANGE, SOFT, STYLE
from dbar.targets import dislocations, match_snapshots, structure_counts, vacancies, volume
from dbar.trajectory import Trajectory, read

__all__ = [
    "BLUE", "INK", "ORANGE", "SOFT", "along", "kept", "load", "panels", "parity", "round_all",
    "save",
]  # fmt: skip

GPA = 1e-4  # per bar
LINES = {  # what the examples call them, and dbar.targets.dislocations
    "density": "total", "screw": "screw", "edge": "edge", "partial": "1/6<112>",
    "hirth": "1/3<100>", "junctions": "junctions",
}  # fmt: skip


def load(folders) -> list[Trajectory]:
    """The replicas, all with the same number of snapshots."""
    runs = [read(folder / "run.h5md") for folder in folders]
    lengths = {len(run) for run in runs}
    if len(lengths) != 1:
        raise ValueError(f"replicas of lengths {sorted(lengths)}, expected one")
    return runs


def kept(folders, runs, cutoff, periodic=None, lines=True, sites=None) -> list[dict]:
    """Targets of the kept positions of each replica, computed once and cached beside its run.

    ``row`` (rows of D), ``fcc, hcp, other`` (atoms, by common-neighbour analysis); with `lines` the
    dislocations: ``density`` and that of its parts ``screw, edge, partial`` (1/6<112>) and
    ``hirth`` (1/3<100>) (1/A^2), and ``junctions``; with `sites`, a function from the edges of the
    box to the sites of the perfect crystal, ``vacancies``.
    """
    wanted = ["row", "fcc", "hcp", "other", *(LINES if lines else ())]
    wanted += ["vacancies"] if sites is not None else []
    return [
        _kept(folder, run, wanted, cutoff, periodic, sites)
        for folder, run in zip(folders, runs, strict=True)
    ]


def _kept(folder, run, wanted, cutoff, periodic, sites):
    signals.check()  # each replica takes a while
    cache = Path(folder) / "targets.npz"
    found = _cached(cache)
    if set(wanted) <= set(found):
        return found
    counts = structure_counts(run.snapshots, cutoff=cutoff, periodic=periodic)
    found = {"row": match_snapshots(run)} | {k: counts[k] for k in ("fcc", "hcp", "other")}
    if "density" in wanted:
        dxa = dislocations(run.snapshots, periodic=periodic)
        found |= {name: dxa[word] for name, word in LINES.items()}
    if sites is not None:
        perfect = sites(run.snapshots.edges[0])
        found["vacancies"] = vacancies(run.snapshots, perfect, periodic)["vacancies"]
    with replacing(cache) as part, part.open("wb") as file:
        np.savez(file, **found)
    return found


def _cached(cache):
    if not cache.exists():
        return {}
    try:
        with np.load(cache) as found:
            return dict(found)
    except (OSError, ValueError, zipfile.BadZipFile):
        cache.unlink()
        return {}


def kept_rows(runs, found):
    """Rows of D of the kept positions of each replica."""
    return [run.D[f["row"]] for run, f in zip(runs, found, strict=True)]


def lengths(runs, found, name="density"):
    """Length (A) of the dislocations of one kind at the kept positions of each replica."""
    return [f[name] * volume(run)[f["row"]] for f, run in zip(found, runs, strict=True)]


def panels(rows, columns, width=10.0, height=3.0):
    """A figure in the style of dbar's reports and its axes (rows, columns)."""
    signals.check()
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height * rows), layout="constrained")
        return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure: Figure, out: Path, name: str) -> None:
    """NAME.png and NAME.svg in `out`, each complete or not there."""
    signals.check()
    with matplotlib.rc_context(STYLE):
        for kind in ("png", "svg"):
            with replacing(out / f"{name}.{kind}") as part:
                meta = {"Date": None} if kind == "svg" else None
                figure.savefig(part, format=kind, dpi=110, metadata=meta)


def parity(axes, held: HeldOut, name: str, unit: str, scale=1.0, column=None, color=BLUE) -> dict:
    """Prediction over truth of snapshots whose replica was left out; returns the numbers."""
    signals.check()
    pick = slice(None) if column is None else (slice(None), column)
    truth, mean = scale * held.truth[pick], scale * held.mean[pick]
    spread = np.ptp(truth) > 0  # else there is nothing to explain
    numbers = {
        "r2": (held.r2 if column is None else held.r2[column]) if spread else None,
        "rmse": scale * (held.rmse if column is None else held.rmse[column]),
    }
    if held.std is not None:
        inside = held.coverage(0.9)
        numbers["cover90"] = inside if column is None else inside[column]
    axes.plot(truth, mean, ".", ms=2.0, color=color, alpha=0.5, rasterized=True)
    low, high = min(truth.min(), mean.min()), max(truth.max(), mean.max())
    axes.plot([low, high], [low, high], color=SOFT, lw=0.8)
    text = f"R² {numbers['r2']:.4f}" if spread else "R² of nothing"
    text += f"\nRMSE {numbers['rmse']:.3g}"
    if "cover90" in numbers:
        text += f"\nin 90 %: {numbers['cover90']:.3f}"
    axes.text(0.04, 0.96, text, transform=axes.transAxes, va="top", fontsize=8)
    axes.set_xlabel(f"{name}, MD ({unit})" if unit else f"{name}, MD")
    axes.set_ylabel(f"predicted ({unit})" if unit else "predicted")
    return numbers


def along(axes, x, truth, mean, std=None, xlabel=None, ylabel=None) -> None:
    """MD (dots) and the prediction with its 90 % band along one replica."""
    axes.plot(x, truth, ".", ms=3.0, color=INK, label="MD")
    axes.plot(x, mean, color=BLUE, lw=1.2, label="predicted")
    if std is not None:
        half = 1.645 * std
        axes.fill_between(x, mean - half, mean + half, color=BLUE, alpha=0.2, lw=0, label="90 %")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)


def round_all(numbers, digits=4):
    """Numbers as plain Python floats of `digits` significant digits, for JSON."""
    if isinstance(numbers, dict):
        return {name: round_all(value, digits) for name, value in numbers.items()}
    if isinstance(numbers, (list, tuple, np.ndarray)):
        return [round_all(value, digits) for value in numbers]
    if isinstance(numbers, (bool, str, int, np.integer)) or numbers is None:
        return int(numbers) if isinstance(numbers, np.integer) else numbers
    return float(f"{float(numbers):.{digits}g}")
