"""What goes wrong with a crystal at temperature, beyond wrong words."""

from __future__ import annotations

__all__ = ["NotConverged", "NotLearntWarning", "UnstableCrystal", "check_temperature"]


class UnstableCrystal(ValueError):
    """A variance grows without end: nothing holds the atom at this temperature and these places."""


class NotConverged(ValueError):
    """Passes or steps were used up before the variances or the positions were at rest.

    Attributes
    ----------
    atom : int
        Index of the atom that is worst.
    """

    def __init__(self, text: str, atom: int) -> None:
        super().__init__(text)
        self.atom = atom


class NotLearntWarning(UserWarning):
    """A network is asked for what it has not learnt."""


def check_temperature(temperature) -> float:
    """The temperature as a number.

    Raises
    ------
    ValueError
        If it is not finite or not above 0.
    """
    try:
        value = float(temperature)
    except (TypeError, ValueError):
        value = float("nan")
    if not 0.0 < value < float("inf"):
        raise ValueError(f"temperature: found {temperature!r}, expected a number of kelvin above 0")
    return value
