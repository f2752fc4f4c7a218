"""What does not grow with the system."""

from __future__ import annotations

import numpy as np

__all__ = ["per_atom"]


def per_atom(D: np.ndarray) -> np.ndarray:
    """Descriptors per atom (T, K) of D (T, K+1), whose component 0 is the number of atoms."""
    return D[:, 1:] / D[:, :1]
