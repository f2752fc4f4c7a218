"""From runs to a model, chosen, fitted and checked: what ``dbar fit`` and the report share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from dbar.descriptors.voigt import STRESS
from dbar.estimators.readout import kind_of
from dbar.statistics.intensive import per_atom
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.store.units import unit_of
from dbar.study.adequacy import Adequacy, adequacy, cautions
from dbar.study.check import Checked, check
from dbar.study.choice import DIMENSIONS, ORDERS, Choice, choose, choose_again, fold_rows
from dbar.study.diagnostics import Spectrum, spectrum
from dbar.study.model import EnsembleModel
from dbar.study.replica_forecast import pooled_latent
from dbar.trajectory.runset import RunSet
from dbar.trust.brought import rest_of, whitened_errors

__all__ = ["Options", "Study", "score_rows", "study", "warnings"]

_MOST_NUMBERS = 2**25  # of the statistics kept in a model file: 256 MiB


@dataclass
class Options:
    """How to fit. `order` and `dimension` are chosen by held-out likelihood where None.

    `checks` tests memory and clouds of the model (`dbar.study.adequacy`), which simulates 60 and
    200 sets of the data.
    """

    order: int | None = None
    dimension: int | None = None
    bags: int = 20
    coverage: float = 0.25
    seed: int = 0
    prior: str | None = "persistence"
    checks: bool = True


@dataclass
class Study:
    """A model with what is known about it.

    `runs` the runs, `model` fitted to all of them, `choice` how order and dimension were chosen
    (None if both were given), `checked` its results on left-out runs, `spectrum` its eigenvalues,
    `adequacy` tests of its memory and of the clouds, None where they were not asked for.
    """

    runs: RunSet
    model: EnsembleModel
    choice: Choice | None
    checked: Checked
    spectrum: Spectrum
    adequacy: Adequacy | None = None


def study(
    runs: RunSet,
    observables: list[tuple[str, str | None]],
    options: Options,
    stage: Callable[[str], Callable[[int, int], None]],
) -> Study:
    """Choose, fit and check.

    Parameters
    ----------
    runs : RunSet
    observables : list of (name, kind)
        Kind "extensive", "per-atom" or None for the usual one of that name.
    options : Options
    stage : callable
        From the name of a stage to a callable of (done, total).

    Raises
    ------
    ValueError
        If there are too few snapshots, or fewer dimensions than are asked for.
    """
    kinds = {name: kind or kind_of(name) for name, kind in observables}
    D, values = runs.D, runs.values(list(kinds))
    choice, order, dimension, again = None, options.order, options.dimension, None
    if dimension is not None:
        most = pooled_latent([per_atom(part) for part in D], dimension).dim
        if most < dimension:
            raise ValueError(
                f"--dimension {dimension}: the descriptors of these runs vary in {most} directions "
                f"only, expected at most {most}"
            )
    if order is None or dimension is None:
        candidates = dict(
            orders=ORDERS if order is None else (order,),
            dimensions=DIMENSIONS if dimension is None else (dimension,),
            prior=options.prior,
        )
        tick = stage("choosing order and dimension")
        X = [per_atom(part) for part in D]
        choice = choose(fold_rows(X), **candidates, progress=tick)
        order, dimension = choice.order, choice.dimension
        again = partial(choose_again, **candidates)
    tick, virials = stage("fitting"), runs.virials
    model = EnsembleModel(
        kinds, order, dimension, options.bags, options.coverage, options.seed, options.prior,
        runs.dtau,
    ).fit(D, values, virials=virials)  # fmt: skip
    model.moments_ = pooled_moments(model, D)
    joint = np.concatenate([np.hstack([per_atom(d), y]) for d, y in zip(D, values, strict=True)])
    model.joint_mean_ = joint.mean(axis=0)
    joint = joint - model.joint_mean_
    model.joint_comoment_ = joint.T @ joint
    tick(1, 1)
    name = "checking on left-out runs" if len(runs) > 1 else "checking on the last third"
    checked = check(model, D, values, stage(name), again, virials)
    model.scale_ = checked.scale
    if kinds:
        model.widths_ = checked.widths
    if checked.whole and len(D) >= 3:
        pairs = zip(checked.models, checked.tested, strict=True)
        model.rest_ = rest_of([whitened_errors(m.var_, m.latent(X)) for m, X in pairs])
    tests = None
    if options.checks:
        latents = [model.latent(part) for part in D]
        tests = adequacy(model.var_, latents, stage("testing memory and clouds"))
    return Study(runs, model, choice, checked, spectrum(model.var_), tests)


def pooled_moments(model: EnsembleModel, D: list[np.ndarray]) -> LaggedMoments | None:
    """Statistics of descriptors per atom of all runs, None where they would be too many numbers."""
    size, settings = D[0].shape[1] - 1, (model.order, model.n_bags, model.coverage, model.seed)
    if (model.n_bags + 1) * ((model.order + 1) * size) ** 2 > _MOST_NUMBERS:
        return None
    out = LaggedMoments(size, *settings)
    for r, part in enumerate(D):
        out.add_batch(lagged(per_atom(part), model.order), np.arange(model.order, len(part)), r)
    return out


_BLIND_TO_SHEAR = (
    "Pressures are read from V, which sees shear, where the runs store it (virial yes in compute "
    "dbar) with vol and all six pressures (keyword thermo)"
)


def _needs_virial(model: EnsembleModel, names: list[str]) -> bool:
    return model.stress_ is None and any(name in STRESS for name in names)


def reference(study: Study) -> int:
    """Row of the horizons that tables show: the one closest to ten snapshots."""
    return int(np.argmin(np.abs(study.checked.horizons - 10)))


def score_rows(study: Study) -> list[dict]:
    """Scores of each observable on left-out runs, as a list of dicts."""
    checked, names = study.checked, study.model.names
    if not names:
        return []
    h = reference(study)
    r2, rmse, inside = checked.held.r2, checked.held.rmse, checked.held.coverage(0.9)
    ahead, still = checked.forecast_rmse()
    raw, scaled = checked.coverage(0.9, scaled=False), checked.coverage(0.9)
    alone, tensor, rows = checked.plain.r2, study.model.names_from_virial, []
    for q, name in enumerate(names):
        rows.append(
            {
                "observable": name,
                "unit": unit_of(name, study.runs.units),
                "kind": study.model.kinds[name],
                "read_from": "D and V" if name in tensor else "D",
                "r2": float(r2[q]),
                "r2_from_d": float(alone[q]),
                "rmse": float(rmse[q]),
                "inside_90": float(inside[q]),
                "forecast_rmse": float(ahead[h, q]),
                "unchanged_rmse": float(still[h, q]),
                "forecast_inside_90_gaussian": float(raw[h, q]),
                "forecast_inside_90": None if scaled is None else float(scaled[h, q]),
            }
        )
    return rows


def warnings(study: Study) -> list[str]:
    """What a reader has to know before trusting the numbers."""
    model, runs, found = study.model, study.runs, study.spectrum
    out = list(runs.notes)
    if len(runs) == 1:
        cut = (2 * len(runs.runs[0])) // 3
        out.append(
            "one run only: no run can be left out. Scores are those of its last third, "
            f"{len(runs.runs[0]) - cut} snapshots, predicted from the first two thirds; they say "
            "nothing about how runs differ. Give several runs for that"
        )
    elif len(runs) < 4:
        out.append(
            f"{len(runs)} runs: too few to see how much runs differ from each other. M of a new "
            "run will not be 1 on average; use 4 or more runs"
        )
    elif len({len(run) for run in runs.runs}) > 1:
        out.append("the runs differ in length: M does not know how much runs differ at equal times")
    if not study.checked.nested:
        out.append(
            "too few snapshots to choose order and dimension without the run that is left out: "
            "the scores are those of a model that was chosen on it"
        )
    if model.innovation_ is None:
        out.append("no second signal: it needs at least 3 runs of 14 snapshots")
    if not found.stable:
        out.append(
            f"the spectrum is unstable: {found.unstable} of {len(found.eigenvalues)} eigenvalues "
            f"at or above 1 (largest {found.radius:.4f}). The runs drift; long forecasts run away "
            "and there is no steady state"
        )
    elif found.unstable_bags > 0:
        out.append(f"{100 * found.unstable_bags:.0f} % of the bags have an unstable spectrum")
    if study.adequacy is not None:
        out += cautions(study.adequacy, runs.dtau, runs.time_unit)
    per_bag = model.coverage * model.var_.n_transitions_
    coefficients = model.order * model.space_.dim
    if per_bag < 3 * coefficients:
        out.append(
            f"a bag holds {per_bag:.0f} transitions for {coefficients} coefficients per "
            "coordinate: use more runs, a larger --coverage or a smaller --dimension"
        )
    rows = score_rows(study)
    blind = [row["observable"] for row in rows if row["r2"] < 0.5]
    if blind:
        out.append(
            f"the descriptors hardly see {', '.join(blind)} (R2 below 0.5): do not read those "
            "from this model" + (f". {_BLIND_TO_SHEAR}" if _needs_virial(model, blind) else "")
        )
    worse = [row["observable"] for row in rows if row["forecast_rmse"] > row["unchanged_rmse"]]
    worse = [name for name in worse if name not in blind]
    if worse:
        ahead = study.checked.horizons[reference(study)] * runs.dtau
        out.append(
            f"{ahead:g} {runs.time_unit} ahead the forecast of {', '.join(worse)} is no better "
            "than the present value"
        )
    return out
