"""How much of a spherical shell around a point lies in the box, where the box has an outside."""

from __future__ import annotations

import numpy as np

__all__ = ["shell_volumes"]

_RADII, _COSINES, _ANGLES = 3, 24, 32  # points of the integrals; of the angle to begin with
_MOST_ANGLES, _CLOSE = 4096, 2e-4


def shell_volumes(edges, cell, periodic) -> np.ndarray:
    """Volumes of shells around a point of the box inside the box, averaged over the points.

    Parameters
    ----------
    edges : ndarray, shape (n + 1,)
        Radii.
    cell : ndarray, shape (3, 3)
        Vectors as rows.
    periodic : 3 bool
        The box goes on for ever in these directions: without others the shells are whole.

    Returns
    -------
    ndarray, shape (n,)
        To one in a thousand or better; where nearly nothing is inside, of that of a whole shell.

    Raises
    ------
    ValueError
        The box is so thin that this cannot be reached.
    """
    edges = np.asarray(edges, dtype=float)
    if all(periodic):
        return 4.0 / 3.0 * np.pi * np.diff(edges**3)
    x, w = np.polynomial.legendre.leggauss(_RADII)
    half = 0.5 * np.diff(edges)[:, None]
    r = edges[:-1, None] + half * (x + 1.0)
    weight = 4.0 * np.pi * half * w * r**2
    axes, whole = _axes(cell, periodic), weight.sum(axis=1)
    angles, before = _ANGLES, None
    while angles <= _MOST_ANGLES:
        inside = np.array([_share_inside(one, axes, angles) for one in r.ravel()])
        found = np.sum(weight * inside.reshape(r.shape), axis=1)
        if before is not None and np.all(np.abs(found - before) <= _CLOSE * (found + 0.01 * whole)):
            return found
        angles, before = 2 * angles, found
    raise ValueError(
        f"cell: found {np.asarray(cell).tolist()}, too thin for distances up to {edges[-1]:g}"
    )


def _axes(cell, periodic):
    """Reciprocal vectors of the open directions, the thinnest first, along the third axis."""
    back = np.linalg.inv(cell).T[~np.asarray(periodic, dtype=bool)]
    back = back[np.argsort(-np.linalg.norm(back, axis=1))]
    # rotated: the rows of Q.T span the vectors in their order
    turn = np.linalg.qr(np.column_stack([back[0], np.eye(3)]))[0]
    return np.roll(back @ turn, -1, axis=1)


def _share_inside(r, axes, angles):
    """Probability that a displacement of length r from a random point ends inside.

    Of two points a displacement u (in cell vectors) apart both can lie inside with probability
    1 - |u| along each open direction. The cosine to the thinnest direction ends where no place is
    left, so that no kink is inside its range.
    """
    x, w = np.polynomial.legendre.leggauss(_COSINES)
    last = min(1.0, 1.0 / (r * np.linalg.norm(axes[0])))
    c = 0.5 * last * (x + 1.0)
    s, angle = np.sqrt(1.0 - c**2), 2.0 * np.pi * (np.arange(angles) + 0.5) / angles
    share = 1.0 - c[:, None] * r * np.linalg.norm(axes[0])
    for a in axes[1:]:
        across = s[:, None] * (a[0] * np.cos(angle) + a[1] * np.sin(angle))
        share = share * np.maximum(1.0 - r * np.abs(across + c[:, None] * a[2]), 0.0)
    return 0.5 * last * w @ share.mean(axis=1)
