"""How much memory lagged moments take, and an error before it is asked for."""

from __future__ import annotations

__all__ = ["refuse_too_large"]

_MOST = 2**32  # bytes: a model is fitted from several times that


def refuse_too_large(size: int, order: int, n_bags: int, what: str = "") -> None:
    """Raise ValueError if the statistics of snapshots of `size` numbers would be too large.

    Parameters
    ----------
    size : int
        Length of a snapshot.
    order, n_bags : int
        As for `dbar.statistics.moments.LaggedMoments`.
    what : str
        Where the numbers come from, for the message.
    """
    needed = 8 * (n_bags + 1) * ((order + 1) * size) ** 2
    if needed > _MOST:
        raise ValueError(
            f"{size} numbers a snapshot{what}, order {order} and n_bags {n_bags}: their statistics "
            f"take {needed / 2**30:.3g} GiB, expected at most {_MOST / 2**30:g} GiB; use fewer "
            "descriptors, a lower order or fewer bags"
        )
