"""A study of phase packets from beginning to end; figures that are there already are kept."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from dbar.files.atomic import replacing
from dbar.files.kinds import Kind
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.potential import load_potential
from dbar.gpp.studies.bain import bain
from dbar.gpp.studies.boundary import boundary
from dbar.gpp.studies.compression import compression
from dbar.gpp.studies.drawing import draw
from dbar.gpp.studies.dynamics import crystal_by_dynamics
from dbar.gpp.studies.heating import heating
from dbar.gpp.studies.kim import potential_of
from dbar.gpp.studies.landscape import landscape
from dbar.gpp.studies.page import page
from dbar.gpp.studies.plan import FIGURES, Plan
from dbar.gpp.studies.rotation import rotation
from dbar.gpp.studies.simulation import Simulation

__all__ = ["run_study", "write_study"]

_SCHEMA = "dbar-gpp-study/1"
_DYNAMICS = (300.0, 500.0, 800.0)
Stage = Callable[[str], Callable[[int, int], None]]


def run_study(
    folder: str | os.PathLike[str],
    figures: Sequence[int] = FIGURES,
    *,
    plan: Plan | None = None,
    stage: Stage | None = None,
) -> dict:
    """Make figures of Saxena et al. with own runs.

    Parameters
    ----------
    folder : path-like
        Made if it is not there. It gets ``figureN.png``, ``study.json`` and ``study.md``; figures
        that are in its study.json, made with the same plan, are not made again.
    figures : sequence of int
        Of 1 to 6.
    plan : Plan, optional
    stage : callable, optional
        ``stage(name)`` gives a callable of (done, total).

    Returns
    -------
    dict
        The numbers of each figure, by its number.

    Raises
    ------
    ValueError
        An unknown figure, or a folder with a study of another plan.
    UnstableCrystal, NotConverged, RuntimeError, OSError
    """
    wrong = [n for n in figures if n not in FIGURES]
    if wrong or not figures:
        raise ValueError(f"figures: found {wrong or 'none'}, expected some of {FIGURES}")
    folder, plan = Path(folder), plan or Plan()
    stage = stage or (lambda name: lambda done, total: None)
    folder.mkdir(parents=True, exist_ok=True)
    results = _held(folder / "study.json", plan)
    for number in sorted(set(figures)):
        if str(number) not in results:
            results[str(number)] = _MADE[number](plan, stage(f"figure {number}"))
            draw(number, results[str(number)], folder / f"figure{number}.png")
            write_study(folder, results, plan)
    return {str(number): results[str(number)] for number in sorted(set(figures))}


def _words(plan: Plan) -> dict:
    return {name: None if one is None else str(one) for name, one in asdict(plan).items()}


def _held(path: Path, plan: Plan) -> dict:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        schema, told, figures = content["schema"], content["plan"], content["figures"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: found no study ({error}), expected one or none") from None
    if schema != _SCHEMA or told != _words(plan):
        raise ValueError(f"{path}: found a study of {told}, expected one of {_words(plan)}")
    return figures


def write_study(folder: Path, results: dict, plan: Plan) -> None:
    """Write ``study.json`` and ``study.md`` with the figures so far."""
    content = {"schema": _SCHEMA, "plan": _words(plan), "figures": results}
    with replacing(folder / "study.json", Kind.PACKET_STUDY) as part:
        part.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")
    with replacing(folder / "study.md", Kind.PACKET_STUDY_PAGE) as part:
        part.write_text(page(results), encoding="utf-8")


def _rotation(plan: Plan, tick) -> dict:
    potential = load_potential(plan.copper)
    averages = plan.averages(potential, "exact", "q3 18", "q3 42", "q5 18", "gnn")
    return rotation(potential, "fcc", averages, tick=tick)


def _compression(plan: Plan, tick) -> dict:
    potential = load_potential(plan.copper)
    averages = plan.averages(potential, "exact", "q3", "q5", "gnn")
    return compression(potential, "fcc", averages, tick=tick)


def _aluminium(plan: Plan, tick) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        potential = potential_of(plan.aluminium, folder)
        averages = plan.averages(potential, "exact", "q3 54")
        return {
            "potential": potential.path.name,
            **heating(potential, "fcc", averages, tick=tick),
            "landscape": landscape(potential, "fcc", averages, 500.0),
        }


def _copper(plan: Plan, tick) -> dict:
    potential = load_potential(plan.copper)
    averages = plan.averages(potential, "exact", "q3 18", "q3 42", "q5 18", "gnn")
    found = heating(potential, "fcc", averages, tick=tick)
    if plan.picoseconds > 0:
        found["dynamics"] = {}
        for temperature in _DYNAMICS:
            start = relax_bulk(potential, "fcc", temperature)
            with Simulation(
                potential, "fcc", start.element, plan.cells, plan.seed + 1, plan.ranks
            ) as simulation:
                found["dynamics"][f"{temperature:g}"] = crystal_by_dynamics(
                    simulation, start.a, temperature, plan.picoseconds
                )
    return found


def _iron(plan: Plan, tick) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        potential = potential_of(plan.iron, folder)
        averages = plan.averages(potential, "exact")
        paths = {}
        for number, temperature in enumerate(_DYNAMICS):
            paths[f"{temperature:g}"] = bain(potential, averages, temperature)
            tick(number + 1, len(_DYNAMICS))
        return {"potential": potential.path.name, "paths": paths}


def _boundary(plan: Plan, tick) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        potential = potential_of(plan.aluminium, folder)
        averages = plan.averages(potential, "exact")
        return {
            "potential": potential.path.name, **boundary(potential, averages, tick=tick)
        }  # fmt: skip


_MADE = {1: _rotation, 2: _compression, 3: _aluminium, 4: _copper, 5: _iron, 6: _boundary}
