"""Averages by their names."""

from __future__ import annotations

import importlib
import warnings

from dbar.gpp.average import Average
from dbar.gpp.errors import NotLearntWarning
from dbar.gpp.potential import Potential

__all__ = ["AVERAGES", "make_average", "module_of_extra", "warn_of_temperature"]

_EXTRA = {
    "torch": "PyTorch", "e3nn": "e3nn", "nequip": "nequip", "safetensors": "safetensors",
}  # fmt: skip
AVERAGES = ("exact", "q3", "q5", "mc", "gnn")


def make_average(average: str | Average, potential: Potential, **options) -> Average:
    """An average of a potential.

    Parameters
    ----------
    average : str or Average
        ``exact``, ``q3``, ``q5``, ``mc``, ``gnn``; an average is given back as it is.
    potential : Potential
    **options
        Arguments of the average; `network`, its file, for ``gnn``.

    Raises
    ------
    ValueError
        Another word, or an option that the average does not have.
    ModuleNotFoundError
        If PyTorch is not installed, and the average is not exact.
    """
    if not isinstance(average, str):
        if options:
            raise ValueError(f"{next(iter(options))}: expected none with an average that is made")
        return average
    if average not in AVERAGES:
        raise ValueError(f"average: found {average!r}, expected one of {', '.join(AVERAGES)}")
    kind = _kind(average, potential.form)
    if average == "gnn" and options.get("network") is None:
        raise ValueError("network: found none, expected the file of a network (dbar gpp train)")
    try:
        return kind(potential, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise ValueError(
            f"{str(error).split()[-1].strip(chr(39))}: expected no such option with {average}"
        ) from None


def _kind(average: str, form: str):
    if form == "linear" and average not in ("mc", "gnn"):
        raise ValueError(
            f"average: found {average!r} with a potential that is linear in a descriptor, "
            "expected mc or gnn"
        )
    if form == "linear" and average == "mc":
        from dbar.gpp.drawn import Drawn

        return Drawn
    if average == "exact":
        from dbar.gpp.exact import Exact

        return Exact
    if average == "gnn":
        return module_of_extra("dbar.gpp.network.average").Network
    sampled = module_of_extra("dbar.gpp.sampled", average)
    return {"q3": sampled.Q3, "q5": sampled.Q5, "mc": sampled.MonteCarlo}[average]


def module_of_extra(name: str, average: str = "gnn"):
    """A module that needs PyTorch or what stands on it.

    Raises
    ------
    ModuleNotFoundError
        Where they are not installed, with what to do.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise ModuleNotFoundError(
            f"average {average}: {_EXTRA[error.name]} is not installed, expected it; "
            "install it with: pip install 'dbar[gpp]'",
            name=error.name,
        ) from None


def warn_of_temperature(average: Average, temperature: float | None) -> None:
    """Warn where a network is asked for a temperature that it has not learnt."""
    known = getattr(average, "temperatures", None)
    if known is not None and temperature is not None and not known[0] <= temperature <= known[1]:
        warnings.warn(
            f"temperature: found {temperature:g} K, expected {known[0]:g} to {known[1]:g} K, which "
            "the network has learnt; outside of them nobody has looked at its errors",
            NotLearntWarning,
            stacklevel=3,
        )
