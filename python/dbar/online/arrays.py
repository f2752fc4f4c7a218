"""Checks of what the plugin hands over."""

from __future__ import annotations

import numpy as np

from dbar.statistics.size import wrong_size

__all__ = ["checked_arrays", "checked_chunks", "features"]


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


def checked_chunks(settings: dict, step: int, chunks: np.ndarray | None) -> np.ndarray | None:
    """Rows of chunks as they are, which have the announced shape and are finite.

    Parameters
    ----------
    settings : dict
        ``size`` (K+1), ``virial`` (bool) and ``chunk`` (``count``, or None).
    step : int
        Timestep, for messages.
    chunks : (n, K+1) or, with ``virial``, (n, 7 (K+1)) array, or None

    Raises
    ------
    ValueError
        If there are none where some were announced, or some where none were; if their shape
        differs, or a number is not finite.
    """
    chunk = settings.get("chunk")
    if not chunk:
        if chunks is not None:
            raise ValueError(f"chunks at step {step}: found {len(chunks)}, expected none")
        return None
    width = int(settings["size"]) * (7 if settings.get("virial") else 1)
    shape = None if chunks is None else np.shape(chunks)
    expected = (int(chunk["count"]), width)
    if shape != expected:
        raise ValueError(f"chunks at step {step} have shape {shape}, expected {expected}")
    if not np.isfinite(chunks).all():
        row, index = np.argwhere(~np.isfinite(chunks))[0]
        raise ValueError(
            f"chunk {row + 1} at step {step} is not finite: number {index + 1} is "
            f"{chunks[row, index]}"
        )
    return chunks


def features(
    step: int, D: np.ndarray, V: np.ndarray | None, virial: bool, per_atom: bool = False
) -> np.ndarray:
    """What a monitor learns of a snapshot: D without element 0, then V if it is wanted.

    Parameters
    ----------
    D : (K+1,) array
    V : (K+1, 6) array or None
    virial : bool
    per_atom : bool
        Over element 0 of D, the number of atoms.

    Returns
    -------
    (K,) or (7 K,) array

    Raises
    ------
    ValueError
        If a shape is wrong, a component is not finite, V is missing but wanted, or numbers are so
        large or small that their squares are not.
    """
    D = np.asarray(D, dtype=float)
    if D.ndim != 1 or len(D) < 2:
        raise ValueError(f"D has shape {D.shape} at step {step}, expected (K + 1,) with K >= 1")
    _check_finite("D", step, D)
    _check_size("D", step, D)
    if per_atom and not D[0] > 0.0:
        raise ValueError(f"D[0] is {D[0]:g} atoms at step {step}, expected 1 or more")
    size = D[0] if per_atom else 1.0
    if not virial:
        return D[1:] / size
    if V is None:
        raise ValueError(f"V is missing at step {step}, expected it with virial = true")
    V = np.asarray(V, dtype=float)
    if V.shape != (len(D), 6):
        raise ValueError(f"V has shape {V.shape} at step {step}, expected {(len(D), 6)}")
    _check_finite("V", step, V)
    _check_size("V", step, V)
    return np.concatenate([D[1:], V[1:].ravel()]) / size


def _check_finite(name: str, step: int, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        index = np.argwhere(~np.isfinite(values))[0]
        where = ", ".join(str(int(i)) for i in index)
        raise ValueError(
            f"{name}[{where}] is {values[tuple(index)]} at step {step}, expected a finite number"
        )


def _check_size(name: str, step: int, values: np.ndarray) -> None:
    """For what is learnt; element 0, the number of atoms, is not."""
    wrong = wrong_size(values[1:])
    if wrong is None:
        return
    place, words = wrong
    index = np.unravel_index(place, values[1:].shape)
    where = ", ".join(str(int(i) + (axis == 0)) for axis, i in enumerate(index))
    found = values[1:][index]
    if abs(found) < 1.0:
        raise ValueError(
            f"{name} at step {step} has no number above {abs(found):g} in size, {words}"
        )
    raise ValueError(f"{name}[{where}] is {found:g} at step {step}, {words}")
