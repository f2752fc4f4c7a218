"""A study from beginning to end: databases, figures, page; what is there already is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from dbar.entropy.database import Database
from dbar.entropy.studies import figures
from dbar.entropy.studies.descriptors import IRON, LENNARD_JONES, samples, scattering
from dbar.entropy.studies.drawing import draw
from dbar.entropy.studies.page import page
from dbar.entropy.studies.plan import FIGURES, Plan
from dbar.files.atomic import replacing
from dbar.files.kinds import Kind

__all__ = ["run_study", "write_study"]

_OURS = ("study.", "lj38.", "iron.", "strains.", "Fe_smooth.", "figure")
Stage = Callable[[str], Callable[[int, int], None]]


def run_study(
    folder: str | os.PathLike[str],
    figures_wanted: Sequence[int] = FIGURES,
    *,
    plan: Plan,
    stage: Stage | None = None,
) -> dict:
    """Make databases in a folder, and from them the figures of the paper.

    Parameters
    ----------
    folder : path-like
        Made if it is not there. It gets ``lj38.h5``, ``iron.h5`` and ``strains.h5``, which are
        continued if they are there, ``figureN.png``, ``study.json`` and ``study.md``.
    figures_wanted : sequence of int
        Of 2 to 7.
    plan : Plan
        Sizes of the databases.
    stage : callable, optional
        ``stage(name)`` gives a callable of (done, total).

    Returns
    -------
    dict
        The numbers of each figure, by its number.

    Raises
    ------
    ValueError
        An unknown figure, a folder with other things in it, or databases that were made with other
        words.
    LammpsError, OSError
    """
    wrong = [n for n in figures_wanted if n not in FIGURES]
    if wrong or not figures_wanted:
        raise ValueError(f"figures: found {wrong or 'none'}, expected some of {FIGURES}")
    folder, stage = Path(folder), stage or (lambda name: lambda done, total: None)
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_others(folder)
    results = _held(folder / "study.json", plan)
    made: dict[str, Database] = {}
    for number in sorted(set(figures_wanted)):
        for name in _NEEDS[number]:
            if name not in made:
                made[name] = plan.database(name, folder, stage)
        found = _FOUND[number](made, plan, stage)
        draw(number, found, folder / f"figure{number}.png")
        results[str(number)] = found
        write_study(folder, results, plan)
    return results


def _refuse_others(folder: Path) -> None:
    """Pictures are replaced, so the folder must be that of a study."""
    names = sorted(path.name for path in folder.iterdir())
    others = [name for name in names if not name.startswith((".", *_OURS))]
    if others or (names and not any(name.startswith(_OURS[:-1]) for name in names)):
        raise ValueError(
            f"{folder}: found {(others or names)[0]}, expected an empty folder or that of a study"
        )


def _held(path: Path, plan: Plan) -> dict:
    """Figures that an earlier call with the same plan has made."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        same = content["plan"] == json.loads(json.dumps(plan.settings()))
        return content["figures"] if same else {}
    except (ValueError, KeyError, TypeError):
        return {}


def write_study(folder: Path, results: dict, plan: Plan) -> None:
    """Write the numbers of figures, and their page, into a folder."""
    content = {"schema": "dbar-entropy-study/1", "plan": plan.settings(), "figures": results}
    with replacing(folder / "study.json", Kind.ENTROPY_STUDY) as part:
        part.write_text(json.dumps(content) + "\n", encoding="utf-8")
    with replacing(folder / "study.md", Kind.ENTROPY_STUDY_PAGE) as part:
        part.write_text(page(results), encoding="utf-8")


def _clusters(database: Database) -> np.ndarray:
    return np.flatnonzero(database.parents < 0)


def _figure2(made, plan, stage) -> dict:
    database = made["iron"]
    which = _clusters(database)
    few = np.random.default_rng(plan.seed).permutation(which)[: plan.scattering]
    part = database.part(which)
    found = figures.descriptors(
        samples(IRON, part, "metal", stage), part.labels, part.vacancies, part.interstitials,
        plan.seed,
    )  # fmt: skip
    globally = scattering(database, few, stage).cross_validation(seed=plan.seed)
    found["scores"][f"scattering ({len(few)} of them)"] = figures.scores(globally)
    return found


def _figure3(made, plan, stage) -> dict:
    database = made["strains"]
    name = "AFS(3.5; 20, 10)"
    sample = samples({name: IRON[name]}, database, "metal", stage)[name]
    return figures.strains(sample, database.strains, database.labels, plan.seed)


def _figure4(made, plan, stage) -> dict:
    database = made["iron"].part(_clusters(made["iron"]))
    name = "AFS(3.5; 20, 10)"
    sample = samples({name: IRON[name]}, database, "metal", stage)[name]
    return figures.classes(sample, database.labels)


def _figure5(made, plan, stage) -> dict:
    return figures.defects(made["iron"], np.flatnonzero(made["iron"].parents >= 0))


def _figure6(made, plan, stage) -> dict:
    found = samples(IRON, made["iron"], "metal", stage)
    tick = stage("figure 6: divisions")
    return figures.random_set(found, made["iron"], plan.splits, plan.seed, tick)


def _figure7(made, plan, stage) -> dict:
    database = made["lj38"]
    found = samples(LENNARD_JONES, database, "lj", stage)
    tick = stage("figure 7: divisions")
    return figures.lennard_jones(found, database.energies, plan.splits, plan.seed, tick)


_NEEDS = {2: ["iron"], 3: ["strains"], 4: ["iron"], 5: ["iron"], 6: ["iron"], 7: ["lj38"]}
_FOUND = {
    2: _figure2, 3: _figure3, 4: _figure4, 5: _figure5, 6: _figure6, 7: _figure7,
}  # fmt: skip
