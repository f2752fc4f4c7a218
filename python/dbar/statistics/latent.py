"""Latent space: whitened principal components of the descriptors, from their moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CONSTANT = 1e-12  # summation order alone varies a constant sum by less than this of it
_VANISHING = 1e-15  # rounding leaves less than this of the largest sum where one is zero


def varying(mean, cov):
    """Which descriptors vary by more than rounding alone can do to a constant sum, or to none."""
    std = np.sqrt(np.maximum(np.diag(cov), 0.0))
    largest = np.hypot(mean, std).max(initial=0.0)
    return std > np.maximum(_CONSTANT * np.abs(mean), _VANISHING * largest)


@dataclass(frozen=True)
class Latent:
    """Linear map D -> (D - shift) @ basis onto whitened principal components.

    Attributes
    ----------
    shift : ndarray, shape (K,)
        Training mean.
    basis : ndarray, shape (K, d)
        Columns scaled so that each latent coordinate has unit variance over the training data.
    variance : ndarray, shape (d,)
        Variances of the kept components in units of the descriptors' standard deviations.
    """

    shift: np.ndarray
    basis: np.ndarray
    variance: np.ndarray

    @property
    def dim(self):
        """Number d of latent coordinates."""
        return self.basis.shape[1]

    def __call__(self, D):
        """Latent coordinates (..., d) of descriptors (..., K)."""
        return (D - self.shift) @ self.basis

    @classmethod
    def fit(cls, count, mean, comoment, max_dim):
        """Principal components of the standardised descriptors.

        The sums D_k span several orders of magnitude and have no common unit that would make
        their raw variances comparable: each is divided by its standard deviation first. Constant
        descriptors (the number of atoms, a component that vanishes by symmetry) get weight zero.

        Parameters
        ----------
        count : float
            Snapshots.
        mean : ndarray, shape (K,)
        comoment : ndarray, shape (K, K)
            Centred sums of products.
        max_dim : int
            Largest dimension; fewer are kept where the numerical rank is lower.

        Raises
        ------
        ValueError
            If no descriptor varies, or one is so large that its square is not finite.
        """
        if not np.isfinite(comoment).all():
            raise ValueError("descriptors: their squares are not finite: choose other units")
        cov = comoment / max(count - 1.0, 1.0)
        std = np.sqrt(np.maximum(np.diag(cov), 0.0))
        live = varying(mean, cov)
        if not live.any():
            raise ValueError("no descriptor varies over the training snapshots")
        scale = np.where(live, 1.0 / np.where(live, std, 1.0), 0.0)
        w, v = np.linalg.eigh(cov * np.outer(scale, scale))
        w, v = w[::-1], v[:, ::-1]
        rank = int(np.sum(w > w[0] * 1e-11))
        dim = max(1, min(int(max_dim), rank))
        # eigenvectors have no sign of their own: fix it, so that equal data give equal latents
        sign = np.sign(v[np.argmax(np.abs(v[:, :dim]), axis=0), np.arange(dim)])
        basis = scale[:, None] * v[:, :dim] * (sign / np.sqrt(w[:dim]))
        return cls(np.array(mean, dtype=float), basis, w[:dim].copy())
