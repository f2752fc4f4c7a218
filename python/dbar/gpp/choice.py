"""Averages by their names."""

from __future__ import annotations

from dbar.gpp.average import Average
from dbar.gpp.potential import Potential

__all__ = ["AVERAGES", "make_average"]

AVERAGES = ("exact", "q3", "q5", "mc")


def make_average(average: str | Average, potential: Potential, **options) -> Average:
    """An average of a potential.

    Parameters
    ----------
    average : str or Average
        ``exact``, ``q3``, ``q5``, ``mc``; an average is given back as it is.
    potential : Potential
    **options
        Arguments of the average.

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
    kind = _kind(average)
    try:
        return kind(potential, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise ValueError(
            f"{str(error).split()[-1].strip(chr(39))}: expected no such option with {average}"
        ) from None


def _kind(average: str):
    if average == "exact":
        from dbar.gpp.exact import Exact

        return Exact
    try:
        from dbar.gpp import sampled
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ModuleNotFoundError(
            f"average {average}: PyTorch is not installed, expected it; "
            "install it with: pip install 'dbar[gpp]'",
            name="torch",
        ) from None
    return {"q3": sampled.Q3, "q5": sampled.Q5, "mc": sampled.MonteCarlo}[average]
