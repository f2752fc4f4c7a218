"""Several runs as one HTML page: a model of them, and what it can do on runs it has not seen."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup

from dbar.files.in_words import in_words
from dbar.report import ensemble_sections as about_model
from dbar.report import ensemble_sections_time as about_time
from dbar.report.ensemble_sections import NotPossible
from dbar.report.page import section, table, tiles, write_page
from dbar.study.study import Study, warnings
from dbar.version import __version__

__all__ = ["report_ensemble"]

_EARLY = 0.8  # share of the time of the earliest stress peak that counts as undisturbed


def report_ensemble(
    study: Study,
    out: str | os.PathLike[str],
    trust_until: float | None,
    with_yield: bool,
    stage: Callable[[str], Callable[[int, int], None]],
) -> dict[str, str]:
    """Write the report of an ensemble.

    Parameters
    ----------
    study : dbar.study.Study
        Of at least two runs.
    out : path-like
        HTML file to write.
    trust_until : float, optional
        End of the undisturbed part from which M and the second signal are learnt; by default four
        fifths of the time of the earliest stress peak, or everything if the stress has no peak.
    with_yield : bool
        Say why if yield cannot be classified (it is tried in any case).
    stage : callable
        From the name of a stage to a callable of (done, total).

    Returns
    -------
    dict
        Sections that could not be made of these data, and why.

    Raises
    ------
    ValueError
        If `trust_until` leaves too few snapshots.
    OSError
        If the page cannot be written.
    """
    peaks = [p for p in about_time.peaks_of(study) if p is not None]
    if trust_until is None and peaks:
        first = min(run.time[0] for run in study.runs.runs)
        trust_until = float(first + _EARLY * (min(peaks) - first))
    jobs = [
        ("What the runs did", lambda: about_model.observables(study)),
        ("How well descriptors know the observables", lambda: about_model.estimators(study)),
        ("Order, dimension and spectrum of the model", lambda: about_model.order(study)),
        ("Does it forget as fast as the system?", lambda: about_model.memory(study)),
        ("Forecasts of runs it has not seen", lambda: about_time.forecasts(study)),
        (
            "Is the present like the past?",
            lambda: about_time.signals(study, trust_until, stage("trust of left-out runs")),
        ),
        ("One cloud or several?", lambda: about_model.modes(study)),
        ("An ensemble a hundred times larger", lambda: about_time.resampled(study)),
        (
            "In how many directions do the runs move?",
            lambda: about_time.manifold(study, stage("intrinsic dimension")),
        ),
        ("Before or after yield?", lambda: about_time.yielding(study, with_yield)),
    ]
    parts, left_out = [_tiles(study), _cautions(study)], {}
    tick = stage("figures")
    for k, (title, make) in enumerate(jobs):
        try:
            parts.append(section(title, make()))
        except NotPossible as reason:
            if str(reason):  # yield that nobody asked about is not worth a word
                left_out[title] = str(reason)
                why = Markup('<p class="note">Not for these data: {}.</p>').format(reason)
                parts.append(section(title, why))
        tick(k + 1, len(jobs))
    parts.append(section("Files and settings", _settings(study)))
    names = study.runs.names
    write_page(out, f"{len(names)} runs ({_short(names)})", _lead(study), parts)
    return left_out


def _short(names: list[str]) -> str:
    first, last = Path(names[0]).name, Path(names[-1]).name
    return first if len(names) == 1 else f"{first} to {last}"


def _lead(study: Study) -> str:
    model, runs = study.model, study.runs
    return (
        f"A model of {len(runs)} runs of the same system was learnt from sums of atomic "
        f"descriptors ({runs.runs[0].D.shape[1] - 1} numbers per snapshot). Below: what it is, and "
        "how good it is on runs that it has not seen. Every score and every forecast is of a run "
        f"that was left out when the model was learnt (order {model.order}, {model.space_.dim} "
        "coordinates)."
    )


def _tiles(study: Study) -> Markup:
    runs = study.runs
    unit = f" {runs.time_unit}".rstrip()
    longest = max(float(run.time[-1] - run.time[0]) for run in runs.runs)
    pairs = [
        (f"{len(runs)}", "runs"),
        (f"{sum(map(len, runs.runs))}", "snapshots"),
        (f"{runs.dtau:g}{unit}", "between snapshots"),
        (f"{longest:.4g}{unit}", "longest run"),
        (f"{study.model.order} × {study.model.space_.dim}", "order × dimension"),
        ("stable" if study.spectrum.stable else "unstable", "spectrum"),
    ]
    return tiles(pairs)


def _cautions(study: Study) -> Markup:
    found = warnings(study)
    if not found:
        return Markup("")
    line = Markup('<p class="note">{}.</p>')
    items = (line.format(text[:1].upper() + text[1:]) for text in found)
    return section("Before you trust these numbers", Markup("").join(items))


def _settings(study: Study) -> Markup:
    runs, model = study.runs, study.model
    files = table(
        ["file", "snapshots", "from", "to", "atoms"],
        (
            (name, len(run), f"{run.time[0]:g}", f"{run.time[-1]:g}", f"{run.D[0, 0]:g}")
            for name, run in zip(runs.names, runs.runs, strict=True)
        ),
    )
    rows = [
        ("bags", f"{model.n_bags} of {100 * model.coverage:g} % of the transitions"),
        ("prior", model.prior or "none (least squares)"),
        ("seed", model.seed),
        ("units", runs.units),
        ("dbar", __version__),
    ]
    flat = dict(runs.descriptor)
    flat.update(flat.pop("words", {}))
    rows += [(f"descriptor: {k}", in_words(v)) for k, v in sorted(flat.items())]
    return files + table(["setting", "value"], rows)
