"""The columns of a store that hold what was said about each snapshot."""

from __future__ import annotations

import numpy as np

__all__ = ["CHUNKS", "ESTIMATES", "LATER_FIELDS", "MONITOR_FIELDS", "QUANTITIES"]

# What is known of an observable that is estimated, in this order, and where it is stored.
QUANTITIES = ("estimate", "std", "forecast", "half_width")
ESTIMATES = "dbar/estimates"

# Where D and V of chunks of atoms are stored.
CHUNKS = "dbar/chunks"

# name -> dtype, fill value
MONITOR_FIELDS: dict[str, tuple[str, float]] = {
    "state": ("i1", 0),
    "M": ("f8", np.nan),
    "bound": ("f8", np.nan),
    "innovation": ("f8", np.nan),
    "tau_pred": ("f8", np.nan),
    "refits": ("i8", 0),
    "consecutive": ("i8", 0),
    "change_step": ("i8", -1),
    "evidence": ("f8", np.nan),
    "regime": ("i8", 0),
}

# Files of before lack them; in a file that is continued such rows have the fill value.
LATER_FIELDS = ("consecutive", "change_step", "evidence", "regime")
