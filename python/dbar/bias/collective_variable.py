"""Scalar functions of the global descriptor, with gradients and forces, for PLUMED to bias."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dbar.bias.cv_file import read_cv, write_cv
from dbar.bias.cv_sources import component_map, estimator_map, mahalanobis_map, selection_map
from dbar.descriptors.command import command_settings, difference, expanded, n_components
from dbar.store.units import unit_style

__all__ = ["CVForces", "CollectiveVariable"]

_FORMS = ("linear", "norm", "quadratic")


class CVForces(NamedTuple):
    """Value s, forces -ds/dx (n, 3) and ds/d strain (3, 3) of a collective variable."""

    value: float
    forces: np.ndarray
    strain: np.ndarray


@dataclass(frozen=True, eq=False)
class CollectiveVariable:
    r"""Collective variable s = f(D̄).

    With x = D̄ (its first element is the number of central atoms), or x = D̄ over that number, and
    u = `matrix` x + `offset`,

    .. math:: s = \mathrm{scale} \cdot q(u) + \mathrm{shift}, \qquad
        q = u_1,\ |u| \text{ or } u \cdot u,

    and with `tanh` = (c, w) instead tanh((s - c) / w). Eq. 4.26 of A. Goscinski's thesis is the
    form "norm" of components of the expansion coefficients.

    Parameters
    ----------
    name : str
        Letters, digits and underscores; PLUMED knows the variable by it.
    descriptor : dbar descriptor, Trajectory or dict
        What D̄ is; see `dbar.descriptors.command.command_settings`.
    matrix : array, shape (m, K+1)
    offset : array, shape (m,), optional
        Zeros by default.
    form : {"linear", "norm", "quadratic"}
        "linear" needs m = 1. The gradient of a norm is taken as 0 where the norm is 0.
    per_atom : bool
        x = D̄ over the number of central atoms.
    scale, shift : float
    tanh : (float, float), optional
        Centre and positive width.
    lammps_units : str, optional
        Unit style of the positions; by default that of the trajectory, else "metal".
    species : sequence of str, optional
        Chemical symbol of each LAMMPS type, for `evaluate` and `forces` of ``ase.Atoms``; by
        default those of the descriptor. Not kept in the file.
    comment : str

    Raises
    ------
    ValueError
        If the matrix has another length than the descriptor, or any value is out of range.
    """

    name: str
    descriptor: dict
    matrix: np.ndarray
    offset: np.ndarray | None = None
    form: str = "linear"
    per_atom: bool = False
    scale: float = 1.0
    shift: float = 0.0
    tanh: tuple[float, float] | None = None
    lammps_units: str | None = None
    species: tuple[str, ...] | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        source, put = self.descriptor, lambda key, value: object.__setattr__(self, key, value)
        put("descriptor", command_settings(source))
        put("species", self.species or getattr(source, "species", None))
        put("lammps_units", self.lammps_units or getattr(source, "units", None) or "metal")
        unit_style(self.lammps_units)
        if not (isinstance(self.name, str) and re.fullmatch(r"[A-Za-z0-9_]+", self.name)):
            raise ValueError(f"name: found {self.name!r}, expected letters, digits, underscores")
        matrix = _numbers("matrix", self.matrix, 2)
        size = n_components(self.descriptor) + 1
        if matrix.shape[1] != size or not len(matrix):
            raise ValueError(
                f"matrix: found shape {matrix.shape}, expected rows of {size} numbers for the "
                "descriptor's components and the count in front"
            )
        offset = np.zeros(len(matrix)) if self.offset is None else _numbers("offset", self.offset)
        if offset.shape != (len(matrix),):
            raise ValueError(f"offset: found shape {offset.shape}, expected ({len(matrix)},)")
        put("matrix", matrix)
        put("offset", offset)
        if self.form not in _FORMS:
            raise ValueError(f"form: found {self.form!r}, expected one of {', '.join(_FORMS)}")
        if self.form == "linear" and len(matrix) != 1:
            raise ValueError(f"matrix: found {len(matrix)} rows, the form 'linear' has one")
        if not isinstance(self.per_atom, bool):
            raise ValueError(f"per_atom: found {self.per_atom!r}, expected true or false")
        put("scale", float(_numbers("scale", self.scale, 0)))
        put("shift", float(_numbers("shift", self.shift, 0)))
        if self.tanh is not None:
            centre, width = (float(v) for v in _numbers("tanh", self.tanh))
            if not width > 0.0:
                raise ValueError(f"tanh: found width {width:g}, expected a positive number")
            put("tanh", (centre, width))

    @classmethod
    def from_estimator(cls, model, name, descriptor, output=0, per_atom=None, **settings):
        """Prediction of a fitted `LinearEstimator`, `dbar.bias.cv_sources.estimator_map`."""
        size = n_components(command_settings(descriptor)) + 1
        found = estimator_map(model, size, output, per_atom)
        return cls(name, descriptor, **found, **settings)

    @classmethod
    def from_mahalanobis(cls, model, name, descriptor, per_atom=False, **settings):
        """M of a fitted `Mahalanobis`, `dbar.bias.cv_sources.mahalanobis_map`."""
        size = n_components(command_settings(descriptor)) + 1
        return cls(name, descriptor, **mahalanobis_map(model, size, per_atom), **settings)

    @classmethod
    def from_component(
        cls, model, index, name, descriptor, per_atom=False, form="linear", **settings
    ):
        """Latent coordinates or principal components, `dbar.bias.cv_sources.component_map`."""
        size = n_components(command_settings(descriptor)) + 1
        found = component_map(model, index, size, per_atom, form)
        return cls(name, descriptor, **found, **settings)

    @classmethod
    def from_selection(cls, select, name, descriptor, form="norm", labels=None, **settings):
        """Components whose labels match shell patterns, `dbar.bias.cv_sources.selection_map`.

        `labels` are by default those of the descriptor, in which type t is called t where no
        chemical symbols are known.
        """
        labels = getattr(descriptor, "labels", None) if labels is None else labels
        if labels is None:
            spec = command_settings(descriptor)
            names = settings.get("species") or getattr(descriptor, "species", None)
            labels = expanded(spec, names or [str(t + 1) for t in range(spec["ntypes"])]).labels
        return cls(name, descriptor, **selection_map(labels, select, form), **settings)

    @classmethod
    def from_weights(cls, weights, name, descriptor, **settings):
        """Weighted sum of D̄; `weights` has K numbers, or K+1 with that of the count first."""
        weights = _numbers("weights", weights)
        if len(weights) == n_components(command_settings(descriptor)):
            weights = np.concatenate([[0.0], weights])
        return cls(name, descriptor, weights[None], **settings)

    @classmethod
    def load(cls, path, species=None):
        """Read a file that `export` wrote, or another that `fix dbar/plumed` takes.

        Raises
        ------
        ValueError
            If the file is not of the schema, or a value is out of range.
        """
        found = read_cv(path)
        tanh = found.pop("tanh")
        if tanh is not None:
            if not isinstance(tanh, dict) or set(tanh) != {"centre", "width"}:
                raise ValueError(f"{path}: tanh: found {tanh!r}, expected centre and width")
            tanh = (tanh["centre"], tanh["width"])
        try:
            return cls(**found, tanh=tanh, species=species)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def export(self, path) -> None:
        """Write the JSON file, whole or not at all."""
        tanh = self.tanh and {"centre": self.tanh[0], "width": self.tanh[1]}
        content = {
            "name": self.name,
            "lammps_units": self.lammps_units,
            "descriptor": self.descriptor,
            "per_atom": self.per_atom,
            "matrix": self.matrix.tolist(),
            "offset": self.offset.tolist(),
            "form": self.form,
            "scale": self.scale,
            "shift": self.shift,
            "tanh": tanh,
        }
        write_cv(path, {**content, **({"comment": self.comment} if self.comment else {})})

    def value(self, D) -> np.ndarray:
        """Value s (...) of descriptors D (..., K+1)."""
        u = self._mapped(self._checked(D))
        q = u[..., 0] if self.form == "linear" else np.einsum("...i,...i->...", u, u)
        s = self.scale * (np.sqrt(q) if self.form == "norm" else q) + self.shift
        return s if self.tanh is None else np.tanh((s - self.tanh[0]) / self.tanh[1])

    def gradient(self, D) -> np.ndarray:
        """Gradient ds/dD (..., K+1); the count in front is taken as a variable like the others."""
        D = self._checked(D)
        u = self._mapped(D)
        dq = np.ones_like(u) if self.form == "linear" else 2.0 * u
        if self.form == "norm":
            length = np.linalg.norm(u, axis=-1, keepdims=True)
            dq = np.where(length > 0.0, u / np.where(length > 0.0, length, 1.0), 0.0)
        factor = np.full(D.shape[:-1], self.scale)
        if self.tanh is not None:
            factor = factor * (1.0 - self.value(D) ** 2) / self.tanh[1]
        g = (factor[..., None] * dq) @ self.matrix
        if not self.per_atom:
            return g
        count = D[..., 0]
        g[..., 0] = -np.einsum("...k,...k->...", g[..., 1:], D[..., 1:]) / count
        return g / count[..., None]

    def evaluate(self, source, species=None):
        """Value of configurations or descriptors.

        Parameters
        ----------
        source : ase.Atoms, list of ase.Atoms, Trajectory or ndarray (..., K+1)
            All atoms of a configuration are central atoms.
        species : sequence of str, optional
            Chemical symbol of each LAMMPS type, where it is not known yet.

        Returns
        -------
        float or ndarray

        Raises
        ------
        ValueError
            If a trajectory holds another descriptor, or D has another length.
        """
        if hasattr(source, "parameters"):
            other = difference(self.descriptor, command_settings(source))
            if other:
                raise ValueError(f"{self.name}: variable and trajectory differ: {other}")
            source = source.D
        elif hasattr(source, "get_positions"):
            source, _ = self._expanded(species).compute(source)
        elif not isinstance(source, np.ndarray) and hasattr(source[0], "get_positions"):
            source, _ = self._expanded(species).compute(source)
        s = self.value(source)
        return float(s) if np.ndim(s) == 0 else s

    def forces(self, atoms, species=None) -> CVForces:
        """Value, -ds/dx and ds/d strain for one configuration, all of whose atoms are central.

        A bias energy B(s) gives forces dB/ds times these.
        """
        descriptor = self._expanded(species)
        D, _ = descriptor.compute(atoms)
        _, forces, strain = descriptor.gradient(atoms, self.gradient(D)[1:])
        return CVForces(float(self.value(D)), forces, strain)

    def _expanded(self, species):
        return expanded(self.descriptor, species or self.species)

    def _mapped(self, D):
        x = D / D[..., :1] if self.per_atom else D
        return x @ self.matrix.T + self.offset

    def _checked(self, D):
        D = np.asarray(D, dtype=float)
        size = self.matrix.shape[1]
        if D.ndim == 0 or D.shape[-1] != size:
            raise ValueError(f"D: found shape {D.shape}, expected {size} numbers a snapshot")
        if self.per_atom and not (D[..., 0] > 0.0).all():
            raise ValueError("D: found a count of central atoms that is not positive")
        return D


def _numbers(what, value, ndim=1):
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):  # the latter: an integer of 400 digits
        array = np.array(np.nan)
    if array.ndim != ndim or not np.isfinite(array).all():
        raise ValueError(f"{what}: found {value!r}, expected finite numbers with {ndim} axes")
    return array
