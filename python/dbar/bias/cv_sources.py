"""Matrix, offset and form of a collective variable, from what was learnt of D̄.

Every function returns a dict of the arguments of `dbar.bias.CollectiveVariable`
that it decides. x stands for D̄ (the count in front), or for D̄ over the count.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import numpy as np

__all__ = ["component_map", "estimator_map", "mahalanobis_map", "selection_map"]


def estimator_map(model, size, output=0, per_atom=None):
    """Prediction of a fitted `LinearEstimator`: s = theta . x + a.

    Parameters
    ----------
    model : LinearEstimator
        Its whitening is linear and is folded into theta and a.
    size : int
        K + 1 of the descriptor.
    output : int
        Which of several outputs.
    per_atom : bool, optional
        For ``target="extensive"``: predict the observable per atom. For ``target="plain"``: the
        features were D̄ over the number of atoms.

    Raises
    ------
    ValueError
        If the features are not those of the descriptor, or the output does not exist.
    """
    theta = np.atleast_2d(model.coef_)
    if not 0 <= output < len(theta):
        raise ValueError(f"output: found {output}, expected 0 to {len(theta) - 1}")
    theta, a = theta[output], float(np.atleast_1d(model.intercept_)[output])
    if model.target == "extensive":
        # A = theta . D + a N, and A/N = theta . D/N + a: the first entry of x is N, or 1
        return _linear(np.concatenate([[a], theta]), 0.0, bool(per_atom), size)
    if model.target == "per-atom":
        if per_atom is False:
            raise ValueError("per_atom: found False, but the estimator predicts from D̄ per atom")
        return _linear(np.concatenate([[0.0], theta]), a, True, size)
    return _linear(_padded(theta[None], size)[0], a, bool(per_atom), size)


def _linear(row, offset, per_atom, size):
    if len(row) != size:
        raise ValueError(
            f"the estimator has {len(row) - 1} coefficients, the descriptor {size - 1} components"
        )
    return {"matrix": row[None], "offset": [offset], "form": "linear", "per_atom": per_atom}


def mahalanobis_map(model, size, per_atom=False):
    """Mahalanobis distance M itself, a quadratic form.

    Parameters
    ----------
    model : Mahalanobis
        Fitted to D̄ with or without the count in front.
    size : int
        K + 1 of the descriptor.
    per_atom : bool
        It was fitted to D̄ over the number of atoms.
    """
    rows = model.factor_.T / np.sqrt(model.factor_.shape[1])
    offset = -rows @ model.mean_
    return {
        "matrix": _padded(rows, size), "offset": offset, "form": "quadratic", "per_atom": per_atom
    }  # fmt: skip


def component_map(model, index, size, per_atom=False, form="linear"):
    """Coordinates of a latent space.

    Parameters
    ----------
    model : dbar.statistics.latent.Latent or dbar.study.Components
    index : int or sequence of int
        One coordinate, or several of which `form` is "norm" or "quadratic".
    size : int
        K + 1 of the descriptor.
    per_atom : bool
        It was fitted to D̄ over the number of atoms.
    form : {"linear", "norm", "quadratic"}
    """
    if hasattr(model, "basis"):
        shift, basis = model.shift, model.basis
    else:
        shift, basis = model.mean, np.asarray(model.scale)[:, None] * model.axes
    index = np.atleast_1d(index)
    if index.min() < 0 or index.max() >= basis.shape[1]:
        raise ValueError(f"index: found {index.tolist()}, expected 0 to {basis.shape[1] - 1}")
    rows = basis[:, index].T
    return {
        "matrix": _padded(rows, size), "offset": -rows @ shift, "form": form, "per_atom": per_atom
    }  # fmt: skip


def selection_map(labels, patterns, form="norm"):
    """Components chosen by their labels: one row of the matrix for each.

    Parameters
    ----------
    labels : sequence of str, length K
        Labels of the components, as `labels` of a descriptor.
    patterns : str or sequence of str
        Shell patterns; each must match something.
    form : {"linear", "norm", "quadratic"}
        "linear" adds the components up.
    """
    labels = list(labels)
    chosen: dict[int, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        hits = [k for k, label in enumerate(labels) if fnmatchcase(label, pattern)]
        if not hits:
            raise ValueError(
                f"select: no label matches {pattern!r}; labels are {', '.join(labels[:6])}, ..."
            )
        chosen.update(dict.fromkeys(hits))
    matrix = np.zeros((len(chosen), len(labels) + 1))
    matrix[np.arange(len(chosen)), np.fromiter(chosen, int) + 1] = 1.0
    if form == "linear":
        matrix = matrix.sum(axis=0, keepdims=True)
    return {"matrix": matrix, "offset": np.zeros(len(matrix)), "form": form}


def _padded(rows, size):
    """Rows for x with the count in front; features without it get weight zero there."""
    if rows.shape[1] == size:
        return rows
    if rows.shape[1] == size - 1:
        return np.hstack([np.zeros((len(rows), 1)), rows])
    raise ValueError(
        f"the model was fitted to {rows.shape[1]} features, expected {size - 1} components of the "
        "descriptor, or one more with the count of atoms in front"
    )
