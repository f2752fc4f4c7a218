"""Reconstruction errors and distortion between two sets of features of the same samples."""

from __future__ import annotations

import numpy as np

from dbar.measures.setting import Setting, checked_features, metrics

__all__ = ["gfrd", "gfre", "lfre"]


def gfre(
    X, Y, *, train=None, seed=0, scaler="total", alphas=None, regularization="cutoff",
    pointwise=False,
):  # fmt: skip
    r"""Global feature reconstruction error: what is in Y and cannot be had linearly from X.

    .. math:: \mathrm{GFRE}(X, Y) = \min_W \| Y - X W \| / \sqrt{n}

    of features that are standardised; W is found on the training samples, the norm is that of the
    other n (A. Goscinski et al., Mach. Learn.: Sci. Technol. 2, 025028 (2021)). By scikit-matter's
    ``global_reconstruction_error``.

    Parameters
    ----------
    X, Y : array_like, shape (n, p) and (n, q)
        Features of the same samples: X reconstructs Y.
    train : array_like of int, optional
        Samples that W is found on; the others tell the error. By default a random half.
    seed : int
        Of that half, and of the folds in which the regularisation is chosen.
    scaler : {"total", "columns", None}
        Both sets are centred on the training samples and divided by the root of their total
        variance, so that 0 is a perfect and 1 no reconstruction; or each column by its own standard
        deviation, so that columns that hardly vary count as much as others and nothing is the root
        of q; or they are taken as they are.
    alphas : array_like, optional
        Strengths of regularisation to choose from by cross-validation in two halves of the training
        samples, relative to the largest singular value of X and below 1; 20 from 1e-9 to 0.9 by
        default.
    regularization : {"cutoff", "tikhonov"}
        Singular values below the strength are left out, or the strength is added to their squares.
    pointwise : bool
        Return the error of each sample that is not in `train`, in rising order of their numbers.

    Returns
    -------
    float or ndarray, shape (n - len(train),)
        The root of the mean square of the errors of the samples, or these errors.

    Raises
    ------
    ValueError
        Features that are no numbers or do not vary, arrays that do not belong together, too few
        samples, or a choice that does not exist; the message names the argument.
    ImportError
        scikit-matter is missing; the message has the command that installs it.
    """
    X, Y = checked_features(X, Y)
    setting = Setting(X, Y, train, seed, scaler, alphas, regularization)
    name = "pointwise_global_reconstruction_error"
    return setting.result(getattr(metrics(), name)(X, Y, **setting.words()), pointwise)


def gfrd(
    X, Y, *, train=None, seed=0, scaler="total", alphas=None, regularization="cutoff",
    pointwise=False,
):  # fmt: skip
    r"""Global feature reconstruction distortion: how much X must be stretched to become Y.

    .. math:: \mathrm{GFRD}(X, Y) = \min_Q \| X W - X Q \| / \sqrt{n}, \qquad Q^T Q = 1

    with the W of `gfre`: the part of Y that X has, against X turned without stretching
    (A. Goscinski et al., Mach. Learn.: Sci. Technol. 2, 025028 (2021)). By
    scikit-matter's ``global_reconstruction_distortion``.

    Parameters, returns and errors are those of `gfre`.
    """
    X, Y = checked_features(X, Y)
    setting = Setting(X, Y, train, seed, scaler, alphas, regularization)
    name = "pointwise_global_reconstruction_distortion"
    return setting.result(getattr(metrics(), name)(X, Y, **setting.words()), pointwise)


def lfre(
    X, Y, neighbors, *, train=None, seed=0, scaler="total", alphas=None, regularization="cutoff",
    pointwise=False,
):  # fmt: skip
    r"""Local feature reconstruction error: what of Y cannot be had from X by a map that may bend.

    The reconstruction of `gfre`, but for each sample a W of its own, found on those training
    samples that are nearest to it in X and centred on their mean (A. Goscinski et al., Mach.
    Learn.: Sci. Technol. 2, 025028 (2021)). By scikit-matter's
    ``local_reconstruction_error``.

    Parameters
    ----------
    neighbors : int
        Number of nearest training samples, at least 4; more than X has dimensions, or the error is
        that of the few.

    Other parameters, returns and errors are those of `gfre`.
    """
    X, Y = checked_features(X, Y)
    setting = Setting(X, Y, train, seed, scaler, alphas, regularization)
    most = len(setting.train)
    whole = isinstance(neighbors, int | np.integer) and not isinstance(neighbors, bool)
    if not (whole and 4 <= neighbors <= most):
        raise ValueError(
            f"neighbors: found {neighbors!r}, expected an integer from 4 to the {most} samples of "
            "train"
        )
    name = "pointwise_local_reconstruction_error"
    found = getattr(metrics(), name)(X, Y, int(neighbors), **setting.words())
    return setting.result(found, pointwise)
