"""Checks of what the plugin hands over."""

from __future__ import annotations

import numpy as np

__all__ = ["checked_arrays"]


def checked_arrays(
    settings: dict, step: int, D: np.ndarray, V: np.ndarray | None, thermo: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Own copies of a snapshot's arrays, of the announced shapes and finite.

    Parameters
    ----------
    settings : dict
        ``size`` (K+1), ``virial`` (bool) and ``thermo`` (names).
    step : int
        Timestep, for messages.
    D : (K+1,) array
    V : (K+1, 6) array or None
    thermo : (n,) array

    Raises
    ------
    ValueError
        If a shape differs or a component of D or V is not finite.
    """
    size, names = int(settings["size"]), list(settings.get("thermo") or [])
    D = np.array(D, dtype=float)
    if D.shape != (size,):
        raise ValueError(f"D at step {step} has shape {D.shape}, expected ({size},)")
    thermo = np.array(thermo, dtype=float).ravel()
    if len(thermo) != len(names):
        raise ValueError(f"{len(thermo)} thermo values at step {step}, expected {len(names)}")
    if settings.get("virial"):
        V = None if V is None else np.array(V, dtype=float)
        if V is None or V.shape != (size, 6):
            shape = None if V is None else V.shape
            raise ValueError(f"V at step {step} has shape {shape}, expected ({size}, 6)")
    else:
        V = None
    for name, array in (("D", D), ("V", V)):
        if array is not None and not np.isfinite(array).all():
            index = int(np.argwhere(~np.isfinite(array))[0][0])
            raise ValueError(
                f"{name} at step {step} is not finite: component {index} is {array[index]}"
            )
    return D, V, thermo
