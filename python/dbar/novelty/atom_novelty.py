"""Which atoms have surroundings that reference configurations do not have.

M(i) = (B(i) - mu)^T Sigma^-1 (B(i) - mu) / K over the per-atom descriptors B(i) of a species: the
distance of PRL 131, 236101, Eq. 4, with one atom in the place of the box. ``compute
dbar/atom/novelty`` gives the same numbers while LAMMPS runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import numpy as np

from dbar.descriptors.command import command_settings, expanded
from dbar.files.atomic import replacing
from dbar.files.json_file import load_schema
from dbar.files.kinds import Kind
from dbar.novelty.clusters import Region, find_regions
from dbar.novelty.reservoir import Reservoir
from dbar.store.units import unit_style
from dbar.trust.mahalanobis import oas

__all__ = ["AtomNovelty", "SpeciesModel", "regions"]

_SCHEMA = "dbar-novelty/1"
_FEWEST = 10  # atoms of a species
_ABOUT = {"count": (int, 1, 2**63), "shrinkage": (float, 0, 1), "limit": (float, 0, 1e300)}


@dataclass
class SpeciesModel:
    """What is known of the atoms of one species.

    Attributes
    ----------
    mean : ndarray, shape (K,)
        Of the descriptors.
    matrix : ndarray, shape (rows, K)
        M = mean over rows of (matrix @ (B - mean))**2.
    count : int
        Atoms learnt from, all frames together.
    shrinkage : float
        Of the correlation matrix towards the identity, by OAS.
    limit : float
        M that one in a thousand of the atoms learnt from exceeds; of more than 50,000 atoms a
        random sample says so.
    """

    mean: np.ndarray
    matrix: np.ndarray
    count: int
    shrinkage: float
    limit: float

    def score(self, B):
        """M of descriptors (..., K), shape (...)."""
        return np.square((np.asarray(B) - self.mean) @ self.matrix.T).mean(axis=-1)


class AtomNovelty:
    """Mahalanobis distance of single atoms from the atoms of reference configurations.

    Parameters
    ----------
    descriptor : dbar descriptor, Trajectory or dict
        What describes an atom: a descriptor, or the settings of a ``compute dbar`` (a trajectory
        has them). One mean and one covariance are kept for each species of it.
    species : sequence of str, optional
        Chemical symbol of each type, where the descriptor does not say.
    lammps_units : str
        LAMMPS unit style of the positions.

    Attributes
    ----------
    models_ : list of SpeciesModel or None
        For each species; None if there was no atom of it.
    descriptor : dbar descriptor
        With ``perspecies`` off.

    Raises
    ------
    ValueError
        Settings that the kernels refuse, several types without symbols, or an unknown unit style.

    Notes
    -----
    Descriptors are standardised and their correlation matrix is shrunk (OAS), then the distance is
    scaled so that the atoms learnt from have the mean M = 1. Components that do not vary are left
    out. Thermal motion must be in the references as it will be in what is scored: learn from
    averaged positions if averaged positions will be scored.
    """

    def __init__(self, descriptor, species=None, lammps_units="metal"):
        unit_style(lammps_units)
        self.lammps_units = lammps_units
        settings = {**command_settings(descriptor), "perspecies": False}
        self.species = species or getattr(descriptor, "species", None)
        self.settings = settings
        self.descriptor = expanded(settings, self.species)

    def fit(self, frames):
        """Learn from configurations.

        Parameters
        ----------
        frames : ase.Atoms or iterable of ase.Atoms
            Every atom of every one counts once. They are taken one after the other and not kept.

        Returns
        -------
        AtomNovelty
            Itself.

        Raises
        ------
        ValueError
            Fewer than ten atoms of a species, or descriptors without any variation (a perfect
            crystal at rest).
        """
        frames = [frames] if hasattr(frames, "get_positions") else frames
        sums = [_Sums(self.descriptor.n_components) for _ in range(self.descriptor.n_species)]
        for atoms in frames:
            B, types = self._described(atoms)
            for k, one in enumerate(sums):
                one.add(B[types == k])
        if not any(one.count for one in sums):
            raise ValueError("frames: found no atoms, expected configurations to learn from")
        self.models_ = [one.model(self._name(k)) for k, one in enumerate(sums)]
        return self

    def score(self, atoms) -> np.ndarray:
        """M of each atom of a configuration, shape (n,); 1 on average over the references.

        Raises
        ------
        ValueError
            An atom of a species that the references did not have.
        """
        return self._each(atoms, lambda model, B: model.score(B))

    def limits(self, atoms) -> np.ndarray:
        """M above which each atom counts as novel: its species' ``limit``, shape (n,)."""
        types = self.descriptor._types(atoms)
        return np.array([np.nan if m is None else m.limit for m in self.models_])[types]

    def export(self, path, comment=None) -> None:
        """Write the JSON file for ``compute dbar/atom/novelty``, whole or not at all.

        Raises
        ------
        OSError
            A file that cannot be written, or one that is no such model; an old one is untouched
            then.
        """
        content = {
            "schema": _SCHEMA,
            "lammps_units": self.lammps_units,
            "descriptor": self.settings,
            "species": self.species and list(self.species),
            "models": [model and _as_json(model) for model in self.models_],
        }
        if comment is not None:
            content["comment"] = str(comment)
        with replacing(path, Kind.NOVELTY) as part:
            part.write_text(json.dumps(content, allow_nan=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> AtomNovelty:
        """Read what :meth:`export` wrote.

        Raises
        ------
        ValueError
            A file that is not such a model; the message names the file and the key.
        OSError
            A file that cannot be read.
        """
        root = load_schema(path, _SCHEMA)
        try:
            out = cls(root["descriptor"], root.get("species"), root["lammps_units"])
            out.models_ = [_from_json(m, out.descriptor.n_components) for m in root["models"]]
        except KeyError as error:
            raise ValueError(f"{path}: key {error.args[0]}: found nothing") from None
        except (TypeError, AttributeError, ValueError, OverflowError) as error:
            raise ValueError(f"{path}: {error}") from None
        if len(out.models_) != out.descriptor.n_species:
            raise ValueError(
                f"{path}: models: found {len(out.models_)}, expected {out.descriptor.n_species}"
            )
        return out

    def _each(self, atoms, of):
        B, types = self._described(atoms)
        out = np.empty(len(B))
        for k in np.unique(types):
            if self.models_[k] is None:
                raise ValueError(f"atoms: found {self._name(k)}, of which the model knows nothing")
            out[types == k] = of(self.models_[k], B[types == k])
        return out

    def _described(self, atoms):
        return self.descriptor.per_atom(atoms), self.descriptor._types(atoms)

    def _name(self, k):
        return self.species[k] if self.species else f"species {k + 1}"


def regions(atoms, model: AtomNovelty, reach=None) -> list[Region]:
    """Where a configuration is novel: clusters of novel atoms, the most novel first.

    An atom is novel if its M exceeds ``model.limits(atoms)``. Where the whole box has moved (a
    crystal strained as no reference was) that limit moves with the median of M, so that what
    stands out is found. Novel atoms within `reach` of each other belong to one region.

    Parameters
    ----------
    atoms : ase.Atoms
    model : AtomNovelty
        Fitted.
    reach : float, optional
        Distance that links two novel atoms; by default the descriptor's largest cutoff.

    Returns
    -------
    list of Region
        By falling sum of M over the atoms of the region.
    """
    score = model.score(atoms)
    if not len(score):  # a kept frame may have no atoms
        return []
    limit = model.limits(atoms) * max(1.0, float(np.median(score)))
    return find_regions(atoms, score, limit, reach or model.descriptor.cutoff)


class _Sums:
    """Mean, covariance and a sample of the descriptors of one species, frame by frame."""

    def __init__(self, size):
        self.count, self.mean, self.square = 0, np.zeros(size), np.zeros((size, size))
        self.sample = Reservoir(size)

    def add(self, B):
        if not len(B):
            return
        mean = B.mean(axis=0)
        part, delta = B - mean, mean - self.mean
        total = self.count + len(B)
        self.square += part.T @ part + np.outer(delta, delta) * self.count * len(B) / total
        self.mean = self.mean + delta * len(B) / total
        self.count = total
        self.sample.add(B)

    def model(self, name):
        if not self.count:
            return None
        if self.count < _FEWEST:
            raise ValueError(f"frames: found {self.count} atoms of {name}, expected {_FEWEST}")
        cov = self.square / self.count
        spread = np.sqrt(np.diag(cov))
        varies = spread > 1e-9 * np.abs(self.mean).max()
        if not varies.any():
            raise ValueError(
                f"frames: the descriptors of all {self.count} atoms of {name} are the same; "
                "expected configurations with thermal motion"
            )
        scale = spread[varies]
        correlation, shrinkage = oas(
            cov[np.ix_(varies, varies)] / np.outer(scale, scale), self.count
        )
        w, v = np.linalg.eigh(correlation)
        matrix = np.zeros((len(scale), len(spread)))
        # the smallest directions would be rounding noise of the descriptors
        matrix[:, varies] = (v / np.sqrt(np.maximum(w, 1e-8 * w[-1]))).T / scale
        matrix /= np.sqrt(np.einsum("rj,jk,rk->", matrix, cov, matrix) / len(matrix))
        model = SpeciesModel(self.mean, matrix, self.count, shrinkage, np.nan)
        model.limit = float(np.quantile(model.score(self.sample.rows), 0.999))
        return model


def _as_json(model):
    about = {"count": model.count, "shrinkage": model.shrinkage, "limit": model.limit}
    return {"mean": model.mean.tolist(), "matrix": model.matrix.tolist(), **about}


def _from_json(found, size):
    if found is None:
        return None
    mean, matrix = np.array(found["mean"], float), np.array(found["matrix"], float)
    for key, array, ndim in (("mean", mean, 1), ("matrix", matrix, 2)):
        if array.ndim != ndim or array.shape[-1] != size or not np.isfinite(array).all():
            raise ValueError(f"{key}: found shape {array.shape}, expected {size} finite numbers")
    for key, (kind, low, high) in _ABOUT.items():
        value = found[key]
        if type(value) not in (int, kind) or not low <= value <= high:  # True is no number
            raise ValueError(f"{key}: found {value!r}, expected {kind.__name__}, {low} to {high:g}")
    return SpeciesModel(mean, matrix, *(kind(found[key]) for key, (kind, *_) in _ABOUT.items()))
