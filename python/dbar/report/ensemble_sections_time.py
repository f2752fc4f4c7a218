"""Sections of the ensemble report along time: forecasts, trust, resampling, dimension, yield."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup, escape

from dbar.forecast.band_scale import BandScale
from dbar.report import ensemble_pictures_time as pictures
from dbar.report.ensemble_pictures import shown, typical
from dbar.report.ensemble_sections import NotPossible, need_observables
from dbar.statistics.intensive import per_atom
from dbar.study.model import second_signal
from dbar.study.replica_forecast import EnsembleMahalanobis
from dbar.study.study import Study
from dbar.trajectory.summary import summarise
from dbar.trust.mahalanobis import Mahalanobis

__all__ = ["forecasts", "manifold", "peaks_of", "resampled", "signals", "yielding"]


def peaks_of(study: Study) -> list:
    """Time of the stress peak of each run, None where there is none."""
    return [summarise(run).peak_time for run in study.runs.runs]


def forecasts(study: Study) -> Markup:
    """Forecast of a left-out run, coverage, and growth of M."""
    runs, checked = study.runs, study.checked
    run = typical(study)
    model = checked.models[run]
    if checked.whole:
        ratios = checked.ratios()
        others = [r for k, r in enumerate(ratios) if k != run]
        model.scale_ = BandScale.from_errors(checked.horizons, others)
    one = runs.runs[run]
    first = len(one) // 2 if checked.whole else len(one) - len(checked.tested[0]) + model.order
    steps = max(1, min(len(one) - first - 1, len(one) // 3))
    outlook = model.forecast(one.D[: first + 1], steps, 0.9, 0, epistemic=True)
    unit = f" {runs.time_unit}".rstrip()
    text = Markup(
        f"<p>A forecast of a run that the model has not seen, {escape(runs.names[run])}, from "
        f"{one.time[first]:.4g}{unit} on. The blue band allows for the noise of the motion, the "
        "orange one also for the model itself being uncertain, because it was learnt from few "
        "data. Nine tenths of what happens should lie in the band.</p>"
    )
    if study.model.names:
        picked = shown(study, 4)
        text += pictures.figure_forecast(study, run, first, outlook, picked)
        text += Markup(
            "<p>Did the bands keep their promise? Forecasts from all along every left-out run, "
            "against how far ahead they looked. Below the grey line the bands are too narrow. The "
            "scaled bands are as wide as the errors in other left-out runs ask for; "
            "<code>dbar forecast</code> gives those.</p>"
        )
        text += pictures.figure_coverage(study, shown(study, 20))
    trust = model.trust
    text += Markup(
        "<p>How far ahead can it be trusted? M is the distance from all that was learnt: 1 is "
        "ordinary, 2 is twice as far as usual. The bound M(t) is the distance that the forecast "
        "expects, plus what it cannot know. Where the bound reaches 2 the forecast has expired: "
        f"τ_pred = {outlook.tau_pred:.3g}{unit}. Per time simulated that is η = "
        f"{outlook.eta:.3g}. M₀ is how M would grow if nothing but the length of the simulation "
        "were known.</p>"
    )
    text += pictures.figure_growth(study, run, first, outlook, trust, model.score(one.D))
    if study.model.growth_ > 0 and outlook.tau_drift < outlook.tau_pred:
        text += Markup(
            "<p class='note'>Left-out runs drifted faster than the model foresaw; with that drift "
            f"the forecast can be trusted for {outlook.tau_drift:.3g}{unit} only.</p>"
        )
    return text


def signals(study: Study, until: float | None, progress) -> Markup:
    """M and the second signal of left-out runs, learnt up to a time."""
    runs = study.runs
    if len(runs) < 3:
        raise NotPossible(f"{len(runs)} runs; to leave one out and learn from the others takes 3")
    learnt = runs.between(None, until)
    X = [per_atom(D) for D in runs.D]
    early = [per_atom(D) for D in learnt.D]
    M, score, levels = [], [], []
    for r, whole in enumerate(X):
        others = early[:r] + early[r + 1 :]
        comparable = len(others) >= 4 and len({len(part) for part in others}) == 1
        maker = EnsembleMahalanobis if comparable else Mahalanobis
        M.append(maker(study.model.space_.dim).fit(others).score(whole))
        signal = second_signal(others)
        if signal is not None:
            score.append(signal.score(whole))
            levels.append(signal.level_)
        progress(r + 1, len(X))
    peaks = [p for p in peaks_of(study) if p is not None]
    unit = f" {runs.time_unit}".rstrip()
    text = Markup("<p>Each run judged by a model of the others")
    text += Markup(
        f", learnt from what happened until {until:.4g}{unit} only.</p>" if until is not None
        else ", learnt from their whole length.</p>"
    )  # fmt: skip
    text += Markup(
        "<p>M asks: <em>is the system where it has been before?</em> Load that goes on leaves the "
        "known region, sooner or later, and M rises with it.</p>"
    )
    text += pictures.figure_signals(study, M, 2.0, ("M", "not trusted"), until, peaks)
    if not score:
        return text + Markup("<p class='note'>The second signal needs longer runs.</p>")
    text += Markup(
        "<p>The second signal asks: <em>does it move in a new way?</em> It is the surprise of the "
        "last three steps, less the surprise that steady drift explains, over its expectation: 1 "
        "as long as the runs move as learnt, above the alarm level when something sudden "
        "happens. The level is set such that undisturbed runs pass it in about one snapshot of a "
        "thousand.</p>"
    )
    text += pictures.figure_signals(
        study, score, float(np.median(levels)), ("second signal", "alarm"), until, peaks
    )
    return text + _alarms(study, score, levels, unit)


def _alarms(study, score, levels, unit):
    first = []
    for one, row, level in zip(study.runs.runs, score, levels, strict=True):
        over = np.flatnonzero(np.nan_to_num(row, nan=0.0) > level)
        first.append(None if not len(over) else float(one.time[over[0]]))
    raised = [t for t in first if t is not None]
    if not raised:
        return Markup("<p>It raised the alarm in no run.</p>")
    text = Markup(
        f"<p>It raised the alarm in {len(raised)} of {len(first)} runs, first between "
        f"{min(raised):.4g} and {max(raised):.4g}{unit}"
    )
    pairs = zip(first, peaks_of(study), strict=True)
    off = [a - p for a, p in pairs if a is not None and p is not None]
    if off:
        text += Markup(
            f"; measured from the stress peak of the same run, {min(off):+.2g} to "
            f"{max(off):+.2g}{unit}, median {np.median(off):+.2g}{unit}"
        )
    return text + Markup(".</p>")


def resampled(study: Study) -> Markup:
    """An ensemble a hundred times larger than the simulated one."""
    from dbar.study.resampling import InitialConditions, resample

    need_observables(study)
    model, runs = study.model, study.runs
    if len(runs) < 2:
        raise NotPossible("one run has no distribution of starting points")
    start_times = [run.time[0] for run in runs.runs]
    if np.ptp(start_times) > 0.5 * runs.dtau:
        raise NotPossible("the runs start at different times")
    latents = [model.latent(D) for D in runs.D]
    shortest, width = min(map(len, latents)), model.order + 4
    if shortest < width + 2:
        raise NotPossible(f"runs of {shortest} snapshots are too short")
    start = InitialConditions((0, width), model.order).fit(latents)
    picked = shown(study, 4)
    atoms, count = model.atoms_, min(100 * len(runs), 1600)
    watch = {model.names[q]: _one_of(model, q) for q in picked}
    try:
        cloud = resample(
            model.var_, start, shortest - width, count, watch,
            lambda y: np.hstack([np.full((len(y), 1), atoms), atoms * y]), random_state=0,
        )  # fmt: skip
    except ValueError as error:
        raise NotPossible(str(error)) from None
    text = Markup(
        f"<p>With a model, new runs cost nothing: {count} of them, started like the first "
        f"snapshots of the {len(runs)} simulated ones (thin lines). Dark is frequent. This is how "
        "rare outcomes, and the spread between samples, can be read off without simulating them. "
        "The noise of the model is the same at all times, so where the real spread changes, as at "
        "yield, the cloud is too wide before and too narrow after.</p>"
    )
    times = runs.runs[0].time[width - 1 : shortest]
    return text + pictures.figure_resampled(study, cloud, times, picked)


def _one_of(model, q):
    def value(D, return_std=False):
        mean, std = model.readout_.predict(D)
        return (mean[:, q], std[:, q]) if return_std else mean[:, q]

    return value


def manifold(study: Study, progress) -> Markup:
    """PCA of the ensemble mean, intrinsic dimension in windows."""
    from dbar.study.manifold import danco, pca, two_nn
    from dbar.study.window_dimension import windows

    shortest = min(len(run) for run in study.runs.runs)
    parts = [per_atom(D)[:shortest] for D in study.runs.D]
    path = pca(parts, 2)
    width = max(shortest // 10, -(-100 // len(parts)))
    found, note, errors = {}, "", len(parts) >= 3
    if 2 * width > shortest:
        note = "the runs are too few and too short to measure a dimension in windows."
    else:
        ways = {
            "TwoNN": dict(method=two_nn, jackknife=errors),
            # fifty times as dear
            "DANCo": dict(method=danco, jackknife=False, surrogates=2),
        }
        try:
            for k, (name, way) in enumerate(ways.items()):
                found[name] = windows(parts, width, metric="whitened", **way)
                progress(k + 1, 2)
        except (ImportError, ValueError) as error:
            note = f"{error}."
    text = Markup(
        "<p>Left, the path of the mean over all runs in the two directions in which it moves most, "
        "coloured by time: a line means one thing happens, a bend that something new begins. "
    )
    if found:
        bars = ", with errors from leaving out each run in turn for TwoNN" if errors else ""
        text += Markup(
            f"Right, in how many directions the runs spread at each time (windows of {width} "
            "snapshots, all runs together, every direction scaled alike), by two estimators"
            f"{bars}. Dashed, what independent points from one round cloud give that is as wide "
            "in every direction: where a curve falls together with its dashed one, the runs "
            "spread far along a few directions, and no more can be said. Its size depends on the "
            "number of snapshots; compare windows, not studies.</p>"
        )
    else:
        text += Markup(f"</p><p class='note'>No intrinsic dimension: {escape(note)}</p>")
    return text + pictures.figure_manifold(study, path, found)


def yielding(study: Study, asked: bool) -> Markup:
    """Before or after yield, by a classifier trained on a quarter of the runs."""
    from dbar.estimators.yield_classifier import YieldClassifier

    peaks = peaks_of(study)
    known = [k for k, p in enumerate(peaks) if p is not None]
    if len(known) < 4:
        why = "a box length pulled at a constant rate and a stress along it that peaks"
        raise NotPossible(f"{len(known)} runs show {why}; 4 are needed" if asked or known else "")
    every = max(1, len(known) // max(2, len(known) // 4))
    train = known[::every][: max(2, len(known) // 4)]
    rest = [k for k in known if k not in train]
    D, runs = study.runs.D, study.runs.runs
    labels = [runs[k].time >= peaks[k] for k in range(len(runs)) if k in train]
    groups = np.repeat(train, [len(runs[k]) for k in train])
    model = YieldClassifier().fit(
        np.concatenate([D[k] for k in train]), np.concatenate(labels), groups
    )
    probability = [model.predict_proba(D[k])[:, 1] for k in rest]
    hits = np.concatenate(
        [(p > 0.5) == (runs[k].time >= peaks[k]) for k, p in zip(rest, probability, strict=True)]
    )
    text = Markup(
        f"<p>Can the descriptors alone tell whether a sample has yielded? A classifier was trained "
        f"on {len(train)} runs, where “after yield” is after the stress peak, and asked about the "
        f"other {len(rest)}: it is right for {100 * hits.mean():.1f} % of their snapshots. It saw "
        "no stress.</p>"
    )
    return text + pictures.figure_yield(study, rest, probability, peaks)
