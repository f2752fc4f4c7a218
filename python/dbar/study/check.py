"""How good an ensemble model is on runs that it has not seen: everything is refitted without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dbar.estimators.validation import HeldOut
from dbar.forecast.band_scale import BandScale
from dbar.statistics.companion import companion
from dbar.statistics.folds import splits
from dbar.statistics.intensive import per_atom
from dbar.statistics.ranks import width_of
from dbar.study.choice import Choice, fold_rows
from dbar.study.model import EnsembleModel

__all__ = ["Checked", "check"]

GRID = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50)
_ORIGINS = 40  # forecasts from each run, about


@dataclass
class Checked:
    """Results on left-out runs, one entry per run in the order of the files.

    Attributes
    ----------
    held : HeldOut
        Observables (n, q) of every left-out snapshot, computed and estimated.
    horizons : ndarray, shape (H,)
        Snapshots ahead.
    error, std, still : list of ndarray (origins, H, q)
        Forecast less observable, the forecast's own standard deviation, and the error of
        "stays as it is".
    M : list of ndarray (T,)
        Distance of left-out snapshots.
    models : list of EnsembleModel
        The one that had not seen the run.
    whole : bool
        Whether whole runs were left out (False: one run, its last third).
    nested : bool
        Whether the left-out runs took no part in the choice of order and dimension either.
    plain : HeldOut
        As `held`, with observables that V̄ tells estimated from D̄ alone.
    """

    held: HeldOut
    horizons: np.ndarray
    error: list
    std: list
    still: list
    M: list
    models: list
    whole: bool
    tested: list = field(default_factory=list)
    nested: bool = True
    plain: HeldOut | None = None

    @property
    def scale(self) -> BandScale:
        """Band widths from all left-out runs."""
        return BandScale.from_errors(self.horizons, self.ratios())

    @property
    def widths(self) -> np.ndarray:
        """Factors (2, q) on standard deviations, without and with V̄, at which 1.6449 hold 90 %."""
        out = []
        for found in (self.plain, self.held):
            off = np.abs(found.truth - found.mean)
            out.append(width_of(off / np.where(found.std > 0.0, found.std, np.inf)))
        return np.array(out)

    def ratios(self):
        """|error| / std of the forecasts of each left-out run, (origins, H, q)."""
        return [np.abs(e) / s for e, s in zip(self.error, self.std, strict=True)]

    def coverage(self, level: float, scaled: bool = True) -> np.ndarray | None:
        """Share (H, q) of forecasts of left-out runs inside the band.

        Scaled bands are judged with the scale that the *other* runs give; None with one run.
        """
        ratios = self.ratios()
        if scaled and len(ratios) < 2:
            return None
        inside = np.empty((len(ratios), *ratios[0].shape[1:]))
        for others, left in splits(ratios):
            scale = BandScale()
            if scaled:
                scale = BandScale.from_errors(self.horizons, [ratios[k] for k in others])
            factor = scale.factors(self.horizons, level, ratios[0].shape[2])
            for k in left:
                hit = np.where(np.isfinite(ratios[k]), ratios[k] <= factor, np.nan)
                inside[k] = np.nanmean(hit, axis=0)
        return np.mean(inside, axis=0)

    def forecast_rmse(self) -> tuple[np.ndarray, np.ndarray]:
        """Root mean square errors (H, q) of the forecast and of "stays as it is"."""
        out = []
        for parts in (self.error, self.still):
            with np.errstate(over="ignore"):
                out.append(np.sqrt(np.mean([np.nanmean(np.square(p), axis=0) for p in parts], 0)))
        return out[0], out[1]


def check(
    model: EnsembleModel,
    D: list,
    values: list,
    progress: Callable[[int, int], None] | None = None,
    choice: Callable[[list], Choice] | None = None,
    virials: list | None = None,
) -> Checked:
    """Refit `model`, with its settings, without each run and judge it on that run.

    Parameters
    ----------
    model : EnsembleModel
        Its settings are used; it need not be fitted.
    D, values : lists of ndarray (T, K+1) and (T, q)
    virials : list of (V, volume, pressures), optional
        As for `EnsembleModel.fit`.
    progress : callable, optional
        Called with (folds done, folds).
    choice : callable, optional
        From descriptors per atom of the training runs to order and dimension, where those of
        `model` were chosen: they are chosen anew in each fold. Where that takes more snapshots
        than there are, those of `model` are taken, and `Checked.nested` is False.

    Raises
    ------
    ValueError
        If what is left of the runs is too little to learn from.
    """
    pairs = list(zip(fold_rows(D), fold_rows(values), strict=True))
    tensors = _folds_of(virials, len(pairs))
    shortest = min(len(part) for (_, left), _ in pairs for part in left)
    horizons = np.array([h for h in GRID if h <= max(1, shortest // 2)])
    most = shortest - int(horizons[-1])
    if model.order > most:
        raise ValueError(
            f"order {model.order}: {shortest} snapshots are left out to check the model on, "
            f"expected an order of at most {most}"
        )
    results, nested = [], True
    for f, ((train, left), (known, truth)) in enumerate(pairs):
        taught, shown = tensors[f]
        order, dimension = model.order, model.dimension
        if choice is not None:
            try:
                found = choice([per_atom(X) for X in train])
                order, dimension = found.order, found.dimension
            except ValueError:  # too few snapshots for a choice within the fold
                nested = False
        part = EnsembleModel(
            model.kinds, order, dimension, model.n_bags, model.coverage, model.seed, model.prior,
            model.dtau,
        ).fit(train, known, trust=False, virials=taught)  # fmt: skip
        shown = shown or [()] * len(left)
        results += [
            _judge(part, X, y, horizons, *tensor)
            for X, y, tensor in zip(left, truth, shown, strict=True)
        ]
        if progress:
            progress(f + 1, len(pairs))
    if len(D) > 1:  # folds leave out runs f, f + folds, ...: back to the order of the files
        order = np.argsort(np.concatenate([b for _, b in splits(D)]))
        results = [results[k] for k in order]
    columns = list(zip(*results, strict=True))
    truth, mean, std, plain_mean, plain_std = (np.concatenate(columns[k]) for k in range(5))
    groups = np.repeat(np.arange(len(results)), [len(r[0]) for r in results])
    held = HeldOut(truth, mean, std, groups)
    plain = HeldOut(truth, plain_mean, plain_std, groups)
    rest = [list(column) for column in columns[5:]]
    tested = D if len(D) > 1 else [fold_rows(D)[0][1][0]]
    return Checked(
        held, horizons, *rest, whole=len(D) > 1, tested=tested, nested=nested, plain=plain
    )


def _folds_of(virials, count):
    """Training and left-out (V, volume, pressures) of each fold; None, None without."""
    if not virials:
        return [(None, None)] * count
    folds = [fold_rows(list(parts)) for parts in zip(*virials, strict=True)]
    return [
        tuple(list(zip(*parts, strict=True)) for parts in zip(*fold, strict=True))
        for fold in zip(*folds, strict=True)
    ]


def _judge(model, D, truth, horizons, V=None, volume=None, pressures=None):
    known, plain = (truth, truth), (truth, truth)
    if model.kinds:
        known, plain = model.estimate(D, V, volume), model.estimate(D)
    error, spread, still = _forecasts(model, D, truth, horizons)
    return truth, *known, *plain, error, spread, still, model.score(D), model


def _forecasts(model, D, truth, horizons):
    """Errors (origins, H, q) of forecasts from snapshots all along a run."""
    p, n, size = model.order, len(D), model.space_.dim
    Y = model.latent(D)
    origins = np.arange(p - 1, n - horizons[0], max(1, (n - p) // _ORIGINS))
    state = np.hstack([*(Y[origins - k] for k in range(p)), np.ones((len(origins), 1))])
    step = np.eye(p * size + 1)
    step[:-1, :-1], step[:size, -1] = companion(model.var_.coef_), model.var_.intercept_
    shape = (len(origins), len(horizons), truth.shape[1])
    error, spread, still = (np.full(shape, np.nan) for _ in range(3))
    wide = model.forecast_std(0.0, int(horizons[-1]), model.atoms_)
    for ahead in range(1, int(horizons[-1]) + 1):
        state = state @ step.T
        found = np.flatnonzero(horizons == ahead)
        there = origins + ahead < n
        if not len(found) or not there.any():
            continue
        h, rows = found[0], origins[there] + ahead
        error[there, h], spread[there, h] = model.read_out(
            state[there, :size], D[origins[there], 0]
        )
        grow = D[origins[there], :1] / model.atoms_
        kind = np.array([k == "extensive" for k in model.kinds.values()], dtype=bool)
        scale = np.where(kind, grow, 1.0)
        spread[there, h] = np.sqrt(spread[there, h] ** 2 + (wide[ahead - 1] * scale) ** 2)
        error[there, h] -= truth[rows]
        still[there, h] = truth[origins[there]] - truth[rows]
    return error, spread, still
