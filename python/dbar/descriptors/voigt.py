"""Symmetric tensors in LAMMPS's Voigt order xx yy zz xy xz yz."""

from __future__ import annotations

import numpy as np

__all__ = ["STRESS", "tensor_to_voigt", "voigt_to_tensor"]

STRESS = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")
"""LAMMPS names of the pressure tensor, in the order xx yy zz xy xz yz."""

_ROW = np.array([0, 1, 2, 0, 0, 1])
_COL = np.array([0, 1, 2, 1, 2, 2])


def voigt_to_tensor(v: np.ndarray) -> np.ndarray:
    """Turn (..., 6) in the order xx yy zz xy xz yz into symmetric (..., 3, 3)."""
    v = np.asarray(v)
    out = np.empty((*v.shape[:-1], 3, 3), dtype=v.dtype)
    out[..., _ROW, _COL] = v
    out[..., _COL, _ROW] = v
    return out


def tensor_to_voigt(v: np.ndarray) -> np.ndarray:
    """Turn symmetric (..., 3, 3) into (..., 6) in the order xx yy zz xy xz yz."""
    return np.asarray(v)[..., _ROW, _COL]
