"""Is the model of a study adequate, and what follows for its forecasts, in words.

Chapman-Kolmogorov and dip test: PRL 131, 236101, supplement, Figs. 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dbar.forecast.var import VAR
from dbar.study.diagnostics import Unimodality, chapman_kolmogorov, unimodality
from dbar.study.implied_timescales import ChapmanKolmogorov

__all__ = ["N_NULL", "Adequacy", "adequacy", "as_facts", "cautions"]

LAGS = (1, 2, 3, 5, 10, 20, 40)
MODES, COORDINATES = 3, 4  # slowest modes, and leading coordinates, that are tested
N_NULL = (60, 200)  # data sets simulated for the memory and for the clouds
_LEVEL = 0.05  # a right model fails either test once in twenty times
_MATTERS = 0.1  # difference of correlations from which a forecast feels it
_LEAST = 20  # snapshots for a dip test


@dataclass
class Adequacy:
    """Tests of a model.

    `memory` and `clouds` are None where a test could not be made; `why` then says the reason, by
    the same name.
    """

    memory: ChapmanKolmogorov | None = None
    clouds: Unimodality | None = None
    why: dict[str, str] = field(default_factory=dict)


def adequacy(
    var: VAR, latents: list[np.ndarray], tick: Callable[[int, int], None] | None = None
) -> Adequacy:
    """Test whether a VAR remembers as its data do, and whether these are one cloud.

    Parameters
    ----------
    var : VAR
        Fitted to `latents`.
    latents : list of ndarray (T, d)
    tick : callable, optional
        Called with (tests done, tests).
    """
    out, tick = Adequacy(), tick or (lambda done, total: None)
    shortest = min(map(len, latents))
    lags = [lag for lag in LAGS if lag <= shortest // 4]
    if len(lags) < 2:
        out.why["memory"] = f"runs of {shortest} snapshots are too short to compare lags"
    else:
        try:
            out.memory = chapman_kolmogorov(var, latents, lags, MODES, N_NULL[0])
        except ValueError as error:
            out.why["memory"] = str(error)
    tick(1, 2)
    if sum(map(len, latents)) < _LEAST:
        out.why["clouds"] = f"fewer than {_LEAST} snapshots make no histogram"
    else:
        out.clouds = unimodality(latents, var, N_NULL[1], coordinates=COORDINATES)
    tick(2, 2)
    return out


def as_facts(found: Adequacy, dtau: float, unit: str) -> dict:
    """Both tests as numbers for a file, times in units of `dtau`, and their `cautions`."""
    memory, clouds = found.memory, found.clouds
    out: dict = {"memory": {"why": found.why.get("memory")}}
    if memory is not None:
        out["memory"] = {
            "p": memory.p,
            "simulated": N_NULL[0],
            "lags": np.array(memory.lags) * dtau,
            "model_times": memory.model.T * dtau,
            "data_times": memory.data.T * dtau,
            "data_times_error": memory.data_error.T * dtau,
            "model_correlation": memory.model_correlation.T,
            "data_correlation": memory.correlation.T,
            "z": memory.z.T,
        }
    out["clouds"] = {"why": found.why.get("clouds")}
    if clouds is not None:
        names = ("dip", "p", "p_holm")
        out["clouds"] = {name: getattr(clouds, name) for name in names}
        out["clouds"]["simulated"] = N_NULL[1]
    out["cautions"] = cautions(found, dtau, unit)
    return out


def cautions(found: Adequacy, dtau: float, unit: str) -> list[str]:
    """What failed, and what follows for forecasts."""
    out = []
    if found.memory is not None and found.memory.p < _LEVEL:
        out += _of_memory(found.memory, dtau, unit)
    split = _split(found.clouds)
    if split:
        named = ("coordinate " if len(split) == 1 else "coordinates ") + ", ".join(map(str, split))
        out.append(
            f"{named} of the runs {'looks' if len(split) == 1 else 'look'} like more than one "
            f"cloud (dip test, p = {found.clouds.p_holm.min():.2g}): several states, or a drift "
            "from one to the next. The model moves one cloud: its mean may lie between the states, "
            "where no run is, and it knows of no jumps. Fit the parts of the runs by themselves "
            "(--from, --until), or go by the errors on left-out runs"
        )
    return out


def _split(clouds: Unimodality | None) -> list[int]:
    """Coordinates, from 1, that do not look like one cloud."""
    return [] if clouds is None else [int(k) + 1 for k in np.flatnonzero(clouds.p_holm < _LEVEL)]


def _of_memory(found: ChapmanKolmogorov, dtau: float, unit: str) -> list[str]:
    """The largest difference of correlations that is more than noise, and its consequence."""
    sure = found.significant()
    lag, mode = np.unravel_index(np.argmax(np.abs(sure)), sure.shape)
    worst = sure[lag, mode]
    if np.abs(worst) < _MATTERS:
        return []
    first = int(np.argmax(sure[:, mode] * np.sign(worst) >= _MATTERS))
    begin, at = (f"{found.lags[k] * dtau:g} {unit}".rstrip() for k in (first, lag))
    what, follows = (
        ("longer", "go back to the mean too soon, and tau_pred takes the return for known")
        if worst > 0.0
        else ("less long", "hold on to the present for too long")
    )
    return [
        f"the data remember {what} than the model (p = {found.p:.2g} that a right model is as far "
        f"off): {at} apart the correlation along mode {mode + 1} is "
        f"{found.correlation[lag, mode]:.2f}, the model has "
        f"{found.model_correlation[lag, mode]:.2f}. Forecasts of {begin} and more {follows}: go by "
        "the errors on left-out runs, and try a larger --order"
    ]
