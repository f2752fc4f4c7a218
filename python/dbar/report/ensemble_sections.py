"""Sections of the ensemble report about the model and what it estimates."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup, escape

from dbar.descriptors.voigt import STRESS
from dbar.report import ensemble_pictures as pictures
from dbar.report.page import table
from dbar.study.adequacy import cautions
from dbar.study.study import Study, reference, score_rows

__all__ = ["NotPossible", "estimators", "memory", "modes", "observables", "order"]


class NotPossible(Exception):
    """A section cannot be made of these data; the message is the sentence that says why."""


def need_observables(study: Study) -> None:
    """Raise `NotPossible` if there is nothing but descriptors."""
    if not study.model.names:
        raise NotPossible(
            "no observable is stored in all runs; name some in the keyword thermo of "
            "fix dbar/stream"
        )


def observables(study: Study) -> Markup:
    """Observables of all runs, and the estimate of one that was left out."""
    need_observables(study)
    name = study.runs.names[pictures.typical(study)]
    return Markup(
        "<p>What the runs stored, one grey line each. One run is blue; over it, in orange, what "
        "the sums of atomic descriptors (of pressures, their derivatives by strain, where stored) "
        "say about it: a straight-line formula learnt from the <em>other</em> runs, with its own "
        f"90 % band. Where orange covers blue, the descriptors know the observable. The run shown, "
        f"{escape(name)}, is the one with the middling error.</p>"
    ) + pictures.figure_observables(study)


def estimators(study: Study) -> Markup:
    """Scores of the estimators and of the forecasts."""
    need_observables(study)
    runs, h = study.runs, reference(study)
    ahead = f"{study.checked.horizons[h] * runs.dtau:g} {runs.time_unit}".strip()
    rows = []
    for row in score_rows(study):
        unit, inside = f" {row['unit']}", row["forecast_inside_90"]
        rows.append(
            (
                row["observable"],
                {"D": "D̄", "D and V": "D̄ and V̄"}[row["read_from"]],
                f"{row['r2']:.4f}",
                f"{row['r2_from_d']:.4f}",
                f"{row['rmse']:.3g}{unit}",
                f"{100 * row['inside_90']:.0f} %",
                f"{row['forecast_rmse']:.3g}{unit}",
                f"{row['unchanged_rmse']:.3g}{unit}",
                "-" if inside is None else f"{100 * inside:.0f} %",
            )
        )
    head = ["observable", "read from", "R²", "R² from D̄ alone", "error", "in 90 % band",
            f"error {ahead} ahead", "if unchanged", "in 90 % band ahead"]  # fmt: skip
    return (
        Markup(
            "<p>Every run was left out once and predicted by a model of the others. R² is 1 for a "
            "perfect estimate and 0 for one that knows the mean only; the error is the root mean "
            "square. D̄, the sums of descriptors, does not change when the sample is turned, so it "
            "cannot tell the sign of a shear stress; its derivatives by strain, V̄, can. "
            f"{_of_pressures(study)} An R² below 0.5 means, do not read this observable. "
            f"The last columns are about forecasts over {ahead}: their error, the error of “it "
            "stays as it is”, and how often the band held (it should be 90 %).</p>"
        )
        + table(head, rows)
        + pictures.figure_parity(study)
    )


def _of_pressures(study: Study) -> str:
    """What pressures were read from, and what else it takes."""
    named = study.model.names_from_virial
    if named:
        return f"Here V̄ is stored, and {', '.join(named)} were read from it."
    if any(name in STRESS for name in study.model.names):
        return (
            "Here pressures had to be read from D̄: that they are read from V̄ takes virial yes in "
            "compute dbar, and vol and all six pressures in the keyword thermo."
        )
    return ""


def order(study: Study) -> Markup:
    """Why this order and dimension, and the spectrum."""
    model, found, choice = study.model, study.spectrum, study.choice
    text = Markup(
        "<p>The model says: the next snapshot is a linear function of the last P snapshots, plus "
        "noise, in d coordinates that describe most of the motion. "
    )
    if choice is None:
        text += Markup(f"P = {model.order} and d = {model.space_.dim} were given.</p>")
    else:
        text += Markup(
            f"P = {choice.order} and d = {choice.dimension} were chosen: among all that were tried "
            "they give what happened in left-out runs the highest probability, or one within its "
            "error with fewer coefficients.</p>"
        ) + pictures.figure_order(study)
    text += Markup(
        "<p>Each eigenvalue of the model is a pattern of motion. Inside the circle it dies out, "
        "near the edge slowly; outside it grows, and long forecasts run away with it. "
    )
    if found.stable:
        text += Markup(f"Here all die out; the largest modulus is {found.radius:.4f}")
    else:
        text += Markup(
            f"Here {found.unstable} of {len(found.eigenvalues)} grow (largest modulus "
            f"{found.radius:.4f}): the runs drift, and there is no steady state to return to"
        )
    text += Markup(
        f". The right figure repeats this for the {len(found.bag_radius)} models fitted to random "
        f"parts of the data, of which {100 * found.unstable_bags:.0f} % grow: how sure one can "
        "be.</p>"
    )
    return text + pictures.figure_spectrum(study)


def _tested(study: Study, name: str):
    """A test of the model's adequacy; `NotPossible` where it was not made."""
    if study.adequacy is None:
        raise NotPossible("not tested (--no-checks)")
    found = getattr(study.adequacy, name)
    if found is None:
        raise NotPossible(study.adequacy.why[name])
    return found


def _what_follows(study: Study, word: str) -> Markup:
    """The caution that begins with or holds `word`, as a note."""
    runs = study.runs
    found = [text for text in cautions(study.adequacy, runs.dtau, runs.time_unit) if word in text]
    line = Markup("<p class='note'>{}.</p>")
    return Markup("").join(line.format(text[:1].upper() + text[1:]) for text in found)


def memory(study: Study) -> Markup:
    """Implied timescales: Chapman-Kolmogorov test."""
    found = _tested(study, "memory")
    text = Markup(
        "<p>How long does the system remember? Its slowest relaxation times were measured from "
        "the data at several lags (dots, with error bars from data sets that the model made), and "
        "predicted by the model (lines). If the dots lie on the lines, the model remembers as the "
        "system does (Chapman-Kolmogorov test). Times within the grey area are shorter than the "
        "lag and cannot be measured with it.</p>"
    )
    sure = np.isfinite(found.z) & np.isfinite(found.model_error) & np.isfinite(found.data_error)
    z = found.z[sure]
    if len(z):
        text += Markup(
            f"<p>Of {len(z)} comparisons with error bars {np.sum(np.abs(z) < 2)} agree within two "
            f"standard errors; that a right model is as far off anywhere has p = {found.p:.2g}.</p>"
        )
    else:
        text += Markup(
            "<p class='note'>Model or some of its bags have no steady state, and with that no "
            "relaxation times with error bars to compare.</p>"
        )
    if not np.isfinite(found.data).any():
        raise NotPossible("the data relax at no lag: they only drift")
    return text + _what_follows(study, "remember") + pictures.figure_timescales(study, found)


def modes(study: Study) -> Markup:
    """Unimodality of the latent histograms."""
    found = _tested(study, "clouds")
    text = Markup(
        "<p>The model is one cloud that moves. If the system had two states and jumped between "
        "them, one cloud would be wrong. These are the histograms of the leading coordinates; p "
        "is the probability that the cloud of the model looks at least as split somewhere "
        f"among the {len(found.p)} (dip test, corrected for their number). "
    )
    clear = bool(np.any(found.p_holm < 0.05))
    text += Markup("</p>" if clear else "None is suspiciously small.</p>")
    latents = [study.model.latent(D)[:, :4] for D in study.runs.D]
    return text + _what_follows(study, "dip test") + pictures.figure_unimodality(latents, found)
