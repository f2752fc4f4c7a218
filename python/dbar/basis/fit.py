"""The fit of a radial basis, frame by frame."""

from __future__ import annotations

import numpy as np

from dbar.basis.content import SCHEMA
from dbar.basis.contraction import contraction
from dbar.basis.optimal import OptimalBasis
from dbar.basis.primitive import checked_primitive
from dbar.basis.properties import checked_target
from dbar.basis.residual import fewest, residual_variances
from dbar.basis.sums import Sums
from dbar.version import __version__

__all__ = ["BasisFit"]

_KINDS = {None: "none", "structure": "one of each structure", "atom": "one of each atom"}


class BasisFit:
    r"""What is learnt of coefficients c, frame by frame: their covariances, not centred.

    .. math:: C^{al}_{nn'} = \frac{1}{N} \sum_i \sum_m c_{anlm}(i) \, c_{an'lm}(i)

    over N environments (central atoms) i; with `mixed` over pairs of (a, n) (A. Goscinski et al.,
    J. Chem. Phys. 155, 104106 (2021), section II). The order of the frames and their division
    among several fits that are merged change nothing but the rounding.

    Parameters
    ----------
    primitive : dbar.descriptors.Expansion
        The expansion whose radial functions are contracted; all of its species as neighbours,
        `perspecies` off.
    mixed : bool
        Contract the pairs of species a and function n to channels that all species share, not the
        functions of each species on their own.
    per_centre : bool
        Functions of their own for the central atoms of each species.

    Attributes
    ----------
    frames : int
        Frames added.

    Raises
    ------
    ValueError
        A primitive that cannot be contracted.
    """

    def __init__(self, primitive, mixed=False, per_centre=False):
        self.primitive = checked_primitive(primitive)
        self.mixed, self.per_centre = bool(mixed), bool(per_centre)
        self.frames = 0
        blocks = primitive.n_species if per_centre else 1
        self._settings = primitive.settings()  # with the values of arguments that were left out
        self._nmax, self._lmax = self._settings["nmax"], self._settings["lmax"]
        self._sums = Sums(blocks, primitive.n_species, self._nmax, self._lmax, self.mixed)
        self._target = None  # a key of _KINDS

    @property
    def environments(self) -> np.ndarray:
        """Central atoms added: of each species with `per_centre`, else of all; shape (blocks,)."""
        return self._sums.environments.copy()

    @property
    def size(self) -> int:
        """How many functions are contracted: nmax, with `mixed` of all species together."""
        return self._sums.products.shape[-1]

    def add(self, atoms, target=None) -> None:
        """Learn from all atoms of a configuration; after an error nothing has changed.

        Parameters
        ----------
        atoms : ase.Atoms
        target : float or array_like, shape (n,), optional
            A property that the functions of l = 0 are to see: one number for the structure, as a
            mean over its atoms (the energy per atom), or one for each atom. For all frames of a
            fit or for none.

        Raises
        ------
        ValueError
            An atom of another species, a position or target that is not finite, or a target of
            another kind than those before.
        """
        if not hasattr(atoms, "get_positions"):
            raise ValueError(f"atoms: found {atoms!r}, expected an ase.Atoms")
        target = None if target is None else checked_target(target, len(atoms))
        kind = None if target is None else "atom" if np.ndim(target) else "structure"
        if self.frames:
            self._same_targets(kind)
        c = self.primitive.per_atom(atoms)
        block = self.primitive._types(atoms) if self.per_centre else np.zeros(len(c), dtype=int)
        self._sums.add(c, block, target)
        self.frames, self._target = self.frames + 1, kind

    def merge(self, other: BasisFit) -> BasisFit:
        """Add what another fit has learnt; returns the fit itself.

        Raises
        ------
        ValueError
            Another primitive, other options or another kind of target.
        """
        mine, theirs = self._about(), other._about()
        for key, value in mine.items():
            if theirs[key] != value:
                raise ValueError(f"{key}: found {theirs[key]}, expected {value} as in this fit")
        if self.frames and other.frames:
            self._same_targets(other._target)
        self._target = other._target if other.frames else self._target
        self.frames += other.frames
        self._sums.merge(other._sums)
        return self

    def check_size(self, qmax, residual_variance) -> None:
        """Raise ValueError unless one of them is given, and can be reached."""
        if (qmax is None) == (residual_variance is None):
            found = "neither" if qmax is None else "both"
            raise ValueError(f"qmax, residual_variance: found {found}, expected one of them")
        if qmax is None:
            _between("residual_variance", residual_variance, 0.0, 1.0)
            return
        whole = isinstance(qmax, int | np.integer) and not isinstance(qmax, bool)
        if not (whole and 1 <= qmax <= self.size):
            raise ValueError(
                f"qmax: found {qmax!r}, expected an integer from 1 to {self.size}, the number of "
                "functions that are contracted"
            )

    def basis(self, qmax=None, residual_variance=None, mixing=0.1) -> OptimalBasis:
        """The basis of what has been added so far.

        Parameters
        ----------
        qmax : int, optional
            Number of functions of each l: of each species of neighbours, with `mixed` of all
            together.
        residual_variance : float, optional
            Instead of `qmax`: the smallest number that leaves out at most this in each block.
        mixing : float
            With targets: weight of the coefficients' variance, from 0 (nearly the target alone) to
            1 (no target), in the covariance of which the functions of l = 0 are eigenvectors.

        Returns
        -------
        OptimalBasis

        Raises
        ------
        ValueError
            No environments of a species, species that are nobody's neighbours, coefficients that
            vanish in all environments, targets that are all the same, or a size out of range.
        """
        self.check_size(qmax, residual_variance)
        _between("mixing", mixing, 1e-6, 1.0)
        names = self.primitive.species or ["1"]
        centres = [f" of {name}" for name in names] if self.per_centre else [""]
        mixing = None if self._target is None else float(mixing)
        values, functions = contraction(self._sums, names, centres, mixing)
        if self.mixed:
            values = values[:, :, 0]
            functions = functions[:, :, 0].reshape(*values.shape, len(names), self._nmax)
            functions = functions.transpose(0, 3, 1, 2, 4)
        else:
            values, functions = values.swapaxes(1, 2), functions.swapaxes(1, 2)
        q = fewest(values, residual_variance) if qmax is None else int(qmax)
        return OptimalBasis(
            {
                "schema": SCHEMA,
                "created_by": f"dbar {__version__}",
                "rcut": float(self._settings["rcut"]),
                "sigma": float(self._settings["sigma"]),
                "width": float(self._settings["width"]),
                "primitive": {"basis": self.primitive.basis, "nmax": self._nmax},
                "lmax": self._lmax,
                "qmax": q,
                "species": list(names),
                "mixed": self.mixed,
                "per_centre": self.per_centre,
                "matrices": functions[:, :, :, :q].tolist(),
                "eigenvalues": values.tolist(),
                "environments": self.environments.tolist(),
                "residual_variance": residual_variances(values)[:, q - 1].tolist(),
            }
        )

    def _about(self) -> dict:
        options = {"mixed": self.mixed, "per_centre": self.per_centre}
        return {**self.primitive.settings(), **options}

    def _same_targets(self, kind) -> None:
        if kind != self._target:
            raise ValueError(
                f"targets: found {_KINDS[kind]}, expected {_KINDS[self._target]} as before"
            )


def _between(name: str, value, low: float, high: float) -> None:
    number = isinstance(value, float | int | np.number) and not isinstance(value, bool)
    if not (number and low <= value <= high):
        raise ValueError(f"{name}: found {value!r}, expected a number from {low:g} to {high:g}")
