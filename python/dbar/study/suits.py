"""Whether a model of `dbar fit` may judge a run: what does not fit is refused, and named."""

from __future__ import annotations

import math

from dbar.online.frozen import Autoregression, FrozenModel
from dbar.online.start import Start
from dbar.store.rows import differing_parameters
from dbar.store.units import unit_style
from dbar.study.about import ModelFileError, needs
from dbar.study.model import EnsembleModel

__all__ = ["refuse_run", "start_of"]

_SIZES = 1.25  # fluctuations per atom go with the size of the system


def refuse_run(path: str, model: EnsembleModel, about: dict, settings: dict, judge: bool) -> None:
    """Raise unless the run is one that the model can speak about.

    Parameters
    ----------
    path : str
        For messages.
    model, about
        From `dbar.study.model_file.load`.
    settings : dict
        Of a `dbar.stream.Session`.
    judge : bool
        Whether it is to judge the run, and not only to estimate observables.

    Raises
    ------
    ModelFileError
        Naming what differs, and both values.
    """

    def differs(what, has, run):
        raise ModelFileError(f"model {path}: was made with {what} {has}, this run has {run}")

    needs(path, about, ("descriptor", "components", "units", "dtau", "atoms"))
    if None in about.get("sampling", {"": None}).values():
        raise ModelFileError(
            f"model {path}: does not say how its snapshots were averaged; expected a model made "
            "by this version of `dbar fit`, of files of fix dbar/stream"
        )
    descriptors = [
        {"schema": 1, "descriptor": {k: v for k, v in found.items() if k != "virial"}}
        for found in (about["descriptor"], settings["descriptor"])
    ]
    different = differing_parameters(*descriptors, ())
    if different:
        differs(*different)
    if about["components"] != settings["size"]:
        differs("components of D", about["components"], settings["size"])
    if about["units"] != settings["units"]:
        differs("units", about["units"], settings["units"])
    if about["sampling"]["nrepeat"] != settings["nrepeat"]:
        differs("samples in an average", about["sampling"]["nrepeat"], settings["nrepeat"])
    unit = unit_style(settings["units"])["time"]
    for what, has, run in _times(about, settings):
        if not math.isclose(has, run, rel_tol=1e-6):
            differs(what, f"{has:g} {unit}".rstrip(), f"{run:g} {unit}".rstrip())
    masses, own = about.get("masses"), settings.get("masses")
    if masses and own and not _close(masses, own):
        differs("species of masses", _words(masses), _words(own))
    if not judge:
        return
    if model.moments_ is None:
        raise ModelFileError(
            f"model {path}: holds no statistics of its runs, as D has {about['components']} "
            "components; it can be used with monitor none alone"
        )
    low, high = about["atoms"]
    atoms = settings.get("natoms") or low
    if not low / _SIZES <= atoms <= high * _SIZES:
        raise ModelFileError(
            f"model {path}: was made with {low:g} to {high:g} atoms, this run has {atoms:g}: M of "
            "another size means something else, expected at most a quarter more or less (with "
            "monitor none the model estimates observables of any size)"
        )


def _times(about, settings):
    sampling, dt = about["sampling"], settings["dt"]
    yield "a snapshot every", about["dtau"], settings["nfreq"] * dt
    if settings["nrepeat"] > 1:
        yield "samples every", sampling["nevery"] * sampling["dt"], settings["nevery"] * dt


def _close(a, b):
    same = len(a) == len(b)
    return same and all(math.isclose(x, y, rel_tol=1e-3) for x, y in zip(a, b, strict=True))


def _words(masses):
    return "[" + " ".join(f"{mass:g}" for mass in masses) + "]"


def start_of(model: EnsembleModel, dimension: int, learn: bool) -> Start:
    """What a monitor begins with.

    Parameters
    ----------
    model : EnsembleModel
        With its statistics.
    dimension : int
        Largest latent dimension, if it goes on learning.
    learn : bool
        False: the distance M is that of the model, which is calibrated on left-out runs, and stays.
        True: that of all snapshots together, as if the monitor had seen the runs itself.
    """
    moments = model.moments_
    if learn:
        return Start(FrozenModel.fit(moments, dimension), moments, model.dtau, model.rest_)
    factor = model.measure_.factor_
    forecast = Autoregression.of(model.var_, model.trust_drift.sigma_m2_).moved(factor)
    space = model.space_.shift, model.space_.basis @ factor
    return Start(FrozenModel.in_space(moments, *space, forecast), None, model.dtau, model.rest_)
