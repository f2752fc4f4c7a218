"""Which runs are left out together, so that what is learnt without them can be judged on them."""

from __future__ import annotations

from collections.abc import Sized

__all__ = ["splits"]

_FOLDS = 16  # with one model for each run the cost would grow with the square of the runs


def splits(parts: Sized, most: int = _FOLDS) -> list[tuple[list[int], list[int]]]:
    """Folds (training runs, left-out runs): one run at a time, with more than `most` several.

    Run k is left out in fold k modulo the number of folds: runs made one after the other are alike.
    """
    count = min(len(parts), most)
    return [
        ([k for k in range(len(parts)) if k % count != f], list(range(f, len(parts), count)))
        for f in range(count)
    ]
