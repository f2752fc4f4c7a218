"""Normal modes of a matrix of force constants, without the motions that cost no energy."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from dbar.statistics.eigen import eigenpairs

__all__ = ["Modes", "count_zero_modes", "log_determinant", "normal_modes", "zero_modes"]

_SAME = 1e-6  # share of the largest singular value below which a motion is none


def zero_modes(
    positions: np.ndarray, masses: np.ndarray, cell: np.ndarray, pbc: np.ndarray
) -> np.ndarray:
    """Translations and rotations of the whole, orthonormal in mass-weighted coordinates.

    Three translations always. A cluster also has its rotations: three, two if all atoms lie on a
    line. What is periodic along one direction alone can be turned around that direction (unless
    all atoms lie on it), what is periodic along two or three cannot be turned. Which of these
    motions there are follows from the positions, never from eigenvalues.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
    masses : ndarray, shape (n,)
    cell : ndarray, shape (3, 3)
        Cell vectors as rows; read along periodic directions alone.
    pbc : ndarray of bool, shape (3,)

    Returns
    -------
    ndarray, shape (3n, n_zero)
    """
    n, root = len(positions), np.sqrt(masses)
    centred = positions - np.average(positions, axis=0, weights=masses)
    motions = [np.tile(axis, (n, 1)) for axis in np.eye(3)]
    if not np.any(pbc):
        axes = np.eye(3)
    elif np.sum(pbc) == 1:
        along = np.asarray(cell)[np.argmax(pbc)]
        axes = [along / np.linalg.norm(along)]
    else:
        axes = []
    # in units of the size of the whole, so that rotations weigh as much as translations
    size = np.sqrt(np.mean(np.sum(centred**2, axis=1))) or 1.0
    motions += [np.cross(axis, centred) / size for axis in axes]
    weighted = np.array([(motion * root[:, None]).ravel() for motion in motions]).T
    basis, singular, _ = linalg.svd(weighted / np.linalg.norm(root), full_matrices=False)
    return basis[:, singular > _SAME * singular[0]]


def count_zero_modes(spread: np.ndarray, cell: np.ndarray, pbc: np.ndarray) -> int:
    """How many `zero_modes` there are, without the positions of the atoms.

    Parameters
    ----------
    spread : ndarray, shape (3, 3)
        Sum of r r^T over the atoms, r from their centre; with two periodic directions or more it
        does not matter.
    cell : ndarray, shape (3, 3)
        Cell vectors as rows; read along a single periodic direction alone.
    pbc : ndarray of bool, shape (3,)
    """
    size = np.trace(spread)
    if np.sum(pbc) > 1 or not size > 0:
        return 3
    axes = np.eye(3)
    if np.any(pbc):
        along = np.asarray(cell)[np.argmax(pbc)]
        axes = along[None, :] / np.linalg.norm(along)
    # products of the motions axis x r, which lie across the translations
    products = axes @ (np.eye(3) - spread / size) @ axes.T
    return 3 + int(np.sum(linalg.eigvalsh(products) > _SAME**2))


class Modes:
    """Eigenvalues and eigenvectors of what is left when the zero modes are projected out.

    Attributes
    ----------
    values : ndarray, shape (m,)
        Eigenvalues, ascending; m is the number of coordinates less that of the zero modes.
    vectors : ndarray, shape (3n, m)
    """

    def __init__(self, values: np.ndarray, vectors: np.ndarray) -> None:
        self.values = values
        self.vectors = vectors

    @property
    def participation(self) -> np.ndarray:
        """Share of each atom in each mode (n, m): squares of the components of a vector, summed."""
        return np.sum(self.vectors.reshape(-1, 3, len(self.values)) ** 2, axis=1)


def normal_modes(matrix: np.ndarray, zero: np.ndarray) -> Modes:
    """Modes of a symmetric matrix in the complement of the zero modes.

    The matrix is written in a basis whose first vectors span the zero modes (Householder
    reflections), and only the rest of it is diagonalised: so the modes are counted, not chosen.

    Parameters
    ----------
    matrix : ndarray, shape (3n, 3n)
    zero : ndarray, shape (3n, n_zero)
        Orthonormal columns.
    """
    turn = _turning(zero)
    values, inside = eigenpairs(lambda: _without(matrix, zero, turn))
    padded = np.zeros((len(matrix), len(values)))
    padded[zero.shape[1] :] = inside
    return Modes(values, turn("L", "N", padded))


def log_determinant(matrix: np.ndarray, zero: np.ndarray) -> float:
    """Sum of the logarithms of the eigenvalues in the complement of the zero modes.

    Raises
    ------
    ValueError
        If one of them is not positive.
    """
    values = linalg.eigvalsh(_without(matrix, zero, _turning(zero)), overwrite_a=True)
    if len(values) and values[0] <= 0:
        raise ValueError(f"eigenvalues: found {values[0]:.6g}, expected positive ones")
    return float(np.sum(np.log(values)))


def _turning(zero):
    """What turns vectors into the basis whose first ones span the zero modes, and back."""
    (factor, tau), _ = linalg.qr(zero, mode="raw")
    query = linalg.get_lapack_funcs("ormqr", (factor,))

    def turn(side, how, other):
        work = int(query(side, how, factor, tau, other, -1)[1][0])
        return query(side, how, factor, tau, np.asfortranarray(other), work)[0]

    return turn


def _without(matrix, zero, turn):
    """The matrix in the complement."""
    there = turn("R", "N", turn("L", "T", matrix))
    k = zero.shape[1]
    rest = there[k:, k:]
    return 0.5 * (rest + rest.T)
