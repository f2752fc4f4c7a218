"""A radial basis made for a set of configurations, and its file."""

from __future__ import annotations

import json
import os

import numpy as np

from dbar.basis.content import SCHEMA, checked
from dbar.basis.radial import radial_integrals
from dbar.basis.residual import residual_variances
from dbar.files.atomic import replacing
from dbar.files.json_file import load_schema
from dbar.files.kinds import Kind

__all__ = ["OptimalBasis"]


class OptimalBasis:
    r"""Few radial functions, contracted from many primitive ones.

    .. math:: \tilde I^{a}_{ql}(r) = \sum_n U^{al}_{qn} I_{nl}(r), \qquad
        \tilde c_{aqlm} = \sum_n U^{al}_{qn} c_{anlm}

    with the primitive functions :math:`I_{nl}` and coefficients of `dbar.descriptors.Expansion`
    and orthonormal U; with `mixed` the second sum is over the species a of the neighbours as well,
    so that each channel q sees all species (A. Goscinski et al., J. Chem. Phys. 155, 104106 (2021),
    section II). `dbar.basis.optimal_basis` makes one, :meth:`load` reads one.

    Parameters
    ----------
    content : dict
        What a file of schema ``dbar-basis/1`` holds, as :meth:`content` returns it.

    Attributes
    ----------
    rcut, sigma, width : float
        Of the primitive expansion (length unit of the positions).
    primitive : str
        ``"gto"`` or ``"dvr"``.
    nmax, lmax, qmax : int
        Number of primitive functions, largest angular momentum, number of contracted functions of
        each l: of each species of neighbours, with `mixed` of all together.
    species : tuple of str
        Chemical symbols; ``("1",)`` where all atoms are of one species.
    mixed : bool
        Whether a channel is a sum over the species of the neighbours.
    per_centre : bool
        Whether each species of central atoms has functions of its own, a block.
    matrices : ndarray, shape (blocks, A, lmax + 1, qmax, nmax)
        U; of a mixed basis the parts that belong to each species of neighbours.
    eigenvalues : ndarray, shape (blocks, A, lmax + 1, nmax) or (blocks, lmax + 1, A nmax)
        Variance of the coefficient of each function, of those left out as well; the latter shape
        with `mixed`. They fall, but where l = 0 is supervised.
    environments : tuple of int
        Central atoms of each block that it was fitted to.
    residual_variance : ndarray, shape (blocks,)
        What qmax functions leave out: 1 - kept/total over all environments, species, l and m. It
        compares contractions of one primitive; between primitives it means nothing.
    created_by : str
        Version of dbar that fitted it.

    Raises
    ------
    ValueError
        Values that no fit gives; the message has the key, what was found and what was expected.
    """

    def __init__(self, content: dict):
        found = checked(content)
        self.created_by = found["created_by"]
        self.rcut, self.sigma, self.width = (found[key] for key in ("rcut", "sigma", "width"))
        self.primitive, self.nmax = found["primitive"]["basis"], found["primitive"]["nmax"]
        self.lmax, self.qmax = found["lmax"], found["qmax"]
        self.species = tuple(found["species"])
        self.mixed, self.per_centre = found["mixed"], found["per_centre"]
        self.matrices, self.eigenvalues = found["matrices"], found["eigenvalues"]
        self.environments = tuple(found["environments"])
        self.residual_variance = found["residual_variance"]

    @property
    def n_channels(self) -> int:
        """Number of channels of a centre: A qmax, with `mixed` qmax."""
        return self.qmax if self.mixed else self.qmax * len(self.species)

    @property
    def blocks(self) -> list[str]:
        """Name of each block: a species of central atoms, or ``"all"``."""
        return list(self.species) if self.per_centre else ["all"]

    def residual_variances(self) -> np.ndarray:
        """Residual variance of the first q functions, q = 1, 2, ..., shape (blocks, all)."""
        return residual_variances(self.eigenvalues)

    def functions(self, l: int, r) -> np.ndarray:  # noqa: E741
        """The contracted radial integrals at given distances, without the cutoff function.

        Parameters
        ----------
        l : int
            Angular momentum, 0 to lmax.
        r : array_like, shape (R,)
            Distances from 0 to rcut.

        Returns
        -------
        ndarray, shape (blocks, A, qmax, R)
            What a neighbour of species a at r adds to channel q, over Y_lm.

        Raises
        ------
        ValueError
            An l or a distance out of range.
        """
        if not (isinstance(l, int | np.integer) and 0 <= l <= self.lmax):
            raise ValueError(f"l: found {l!r}, expected an integer from 0 to {self.lmax}")
        found = radial_integrals(self.primitive, self.nmax, int(l), self.rcut, self.sigma, r)
        return self.matrices[:, :, l] @ found

    def truncated(self, qmax: int) -> OptimalBasis:
        """The same basis with its first `qmax` functions alone.

        Raises
        ------
        ValueError
            More functions than there are, or none.
        """
        whole = isinstance(qmax, int | np.integer) and not isinstance(qmax, bool)
        if not (whole and 1 <= qmax <= self.qmax):
            raise ValueError(f"qmax: found {qmax!r}, expected an integer from 1 to {self.qmax}")
        content = self.content()
        content["qmax"] = int(qmax)
        content["matrices"] = self.matrices[:, :, :, :qmax].tolist()
        content["residual_variance"] = self.residual_variances()[:, qmax - 1].tolist()
        return OptimalBasis(content)

    def content(self) -> dict:
        """What the file holds: texts, numbers and lists, ready for JSON.

        Files of models, variables and runs that use the basis carry this, and not the name of its
        file.
        """
        return {
            "schema": SCHEMA,
            "created_by": self.created_by,
            "rcut": self.rcut,
            "sigma": self.sigma,
            "width": self.width,
            "primitive": {"basis": self.primitive, "nmax": self.nmax},
            "lmax": self.lmax,
            "qmax": self.qmax,
            "species": list(self.species),
            "mixed": self.mixed,
            "per_centre": self.per_centre,
            "matrices": self.matrices.tolist(),
            "eigenvalues": self.eigenvalues.tolist(),
            "environments": list(self.environments),
            "residual_variance": self.residual_variance.tolist(),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the JSON file, whole or not at all.

        Raises
        ------
        OSError
            A file that cannot be written, or one that is no radial basis of dbar; an old one is
            untouched then.
        """
        text = json.dumps(self.content(), allow_nan=False) + "\n"
        with replacing(path, Kind.BASIS) as part:
            part.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> OptimalBasis:
        """Read what :meth:`save` wrote; the same numbers to the last bit.

        Raises
        ------
        ValueError
            A file that is no radial basis, or is damaged; the message names the file, the key, what
            was found and what was expected.
        OSError
            A file that cannot be read.
        """
        content = load_schema(path, SCHEMA)
        try:
            return cls(content)
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from None

    def __repr__(self) -> str:
        blocks = f", blocks={self.blocks}" if self.per_centre else ""
        return (
            f"OptimalBasis({self.primitive}({self.nmax}) -> {self.n_channels} channels, "
            f"lmax={self.lmax}, species={list(self.species)}, mixed={self.mixed}{blocks})"
        )
