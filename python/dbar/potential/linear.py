"""Potentials that are linear in a descriptor, for ``pair_style dbar`` and for Python.

E = sum_i (c0_e + theta_e . B(i)) with the element e of atom i. The LAMMPS style and the methods
here run the same kernels.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dbar.descriptors.base import family_class
from dbar.descriptors.bispectrum import Bispectrum
from dbar.files.atomic import replacing
from dbar.files.json_file import load_schema
from dbar.files.kinds import Kind
from dbar.potential.calculator import LinearCalculator, stress_of
from dbar.potential.snap_files import read_snap
from dbar.store.units import unit_style

__all__ = ["LinearPotential"]

_SCHEMA = "dbar-potential/1"


class LinearPotential:
    """Energy that is a sum over atoms of linear functions of their descriptors.

    SNAP is such a potential: A. P. Thompson et al., J. Comput. Phys. 285, 316 (2015), equation 11.

    Parameters
    ----------
    coefficients : mapping or array_like
        For each element 1 + K numbers: the energy c0 of an atom whose descriptor vanishes, then
        theta; energy units. Either a mapping from elements, or an array of shape
        (elements, 1 + K), or (1 + K,) with one element.
    descriptor : dbar.descriptors.Bispectrum or Expansion
        The descriptor with K components per atom. Its species, if it has any, are the elements.
        The energy is that of the turned system only for a Bispectrum or an Expansion with lmax=0.
    elements : sequence of str, optional
        Chemical symbols; those of the descriptor's species by default.
    units : str
        LAMMPS unit style of energies and lengths.

    Attributes
    ----------
    coefficients : dict of str to ndarray, shape (1 + K,)
        Of each element.
    descriptor : dbar.descriptors.Bispectrum or Expansion
        With the elements as species and one block of components for each.
    elements : list of str
        Chemical symbols.
    units : str
        LAMMPS unit style.

    Raises
    ------
    ValueError
        Numbers that do not fit the descriptor or are not finite, or an unknown unit style.
    """

    def __init__(self, coefficients, descriptor, elements=None, units="metal"):
        unit_style(units)
        species = descriptor.species
        if elements is None and species is None:
            raise ValueError("elements: found none, expected a chemical symbol for each species")
        self.elements = [str(e) for e in (species if elements is None else elements)]
        if species is not None and list(species) != self.elements:
            raise ValueError(
                f"elements: found {self.elements}, expected those of the descriptor, "
                f"{list(species)}"
            )
        self.units = units
        parameters = {**descriptor.get_params(), "species": self.elements, "perspecies": True}
        self.descriptor = type(descriptor)(**parameters)
        self.coefficients = self._checked(coefficients)

    def _checked(self, coefficients) -> dict[str, np.ndarray]:
        count = 1 + self.descriptor.n_components // len(self.elements)
        if not isinstance(coefficients, Mapping):
            rows = np.atleast_2d(np.asarray(coefficients, dtype=float))
            if len(rows) != len(self.elements):
                raise ValueError(
                    f"coefficients: found {len(rows)} rows, expected {len(self.elements)}, "
                    "one for each element"
                )
            coefficients = dict(zip(self.elements, rows, strict=True))
        if set(coefficients) != set(self.elements):
            raise ValueError(
                f"coefficients: found elements {sorted(coefficients)}, "
                f"expected {sorted(self.elements)}"
            )
        out = {e: np.array(coefficients[e], dtype=float) for e in self.elements}
        for element, numbers in out.items():
            if numbers.shape != (count,):
                raise ValueError(
                    f"coefficients of {element}: found shape {numbers.shape}, expected ({count},), "
                    "a constant and one for each component"
                )
            if not np.isfinite(numbers).all():
                bad = int(np.flatnonzero(~np.isfinite(numbers))[0])
                raise ValueError(
                    f"coefficients of {element}: found {numbers[bad]} at {bad}, "
                    "expected finite numbers"
                )
        return out

    @classmethod
    def from_snap(cls, snapcoeff, snapparam, units=None):
        """Translate the files of LAMMPS's ``pair_style snap``.

        Parameters
        ----------
        snapcoeff, snapparam : path-like
            Both files, or names that LAMMPS would find: in the folders of ``LAMMPS_POTENTIALS``
            or among those that come with LAMMPS.
        units : str, optional
            LAMMPS unit style; by default what the coefficient file says, else ``metal``.

        Returns
        -------
        LinearPotential
            Of all elements of the file, in its order. Repulsion that a recommended
            ``hybrid/overlay`` adds is not part of it.

        Raises
        ------
        ValueError
            A file that cannot be understood, or a potential that is not linear in the bispectrum
            of one density (``quadraticflag``, ``chemflag``, ``bnormflag``, ``wselfallflag`` or
            ``switchinnerflag`` set).
        OSError
            A file that cannot be read.
        """
        files = read_snap(snapcoeff, snapparam)
        found = files.parameters
        descriptor = Bispectrum(
            found["rcutfac"],
            twojmax=found["twojmax"],
            rfac0=found["rfac0"],
            rmin0=found["rmin0"],
            switch=found["switchflag"] != 0,
            bzero=found["bzeroflag"] != 0,
            radius=files.radius,
            weight=files.weight,
            species=files.elements,
        )
        return cls(files.coefficients, descriptor, units=units or files.units or "metal")

    @classmethod
    def load(cls, path):
        """Read a model that :meth:`export` wrote.

        Raises
        ------
        ValueError
            A file that is not such a model; the message names the key.
        OSError
            A file that cannot be read.
        """
        name = Path(path).name
        root = load_schema(path, _SCHEMA)
        try:
            settings = root["descriptor"]
            family, units = settings["family"], root["lammps_units"]
            kind = family_class(family)
            species = [str(element) for element in root["elements"]]
            descriptor = kind.from_words(settings["rcut"], settings["words"], species=species)
            return cls(root["coefficients"], descriptor, units=units)
        except KeyError as error:
            raise ValueError(
                f"{name}: key {error.args[0]}: found nothing, expected a value"
            ) from None
        except (AttributeError, TypeError, OverflowError) as error:
            raise ValueError(f"{name}: found a value of another type: {error}") from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    def export(self, path, comment=None) -> None:
        """Write the model for ``pair_coeff * * FILE``; an existing file is replaced in one step.

        Parameters
        ----------
        path : path-like
            File to write.
        comment : str, optional
            Kept in the file for its readers.

        Raises
        ------
        OSError
            A file that cannot be written, or one that is no potential of dbar; the old one is
            untouched then.
        """
        words = dict(self.descriptor._kernel.settings())
        model = {
            "schema": _SCHEMA,
            "lammps_units": self.units,
            "descriptor": {
                "family": words.pop("family"),
                "rcut": float(words.pop("rcut")),
                "words": words,
            },
            "elements": self.elements,
            "coefficients": {e: self.coefficients[e].tolist() for e in self.elements},
        }
        if comment is not None:
            model["comment"] = str(comment)
        with replacing(path, Kind.POTENTIAL) as part:
            part.write_text(json.dumps(model, indent=1, allow_nan=False) + "\n", encoding="utf-8")

    def evaluate(self, atoms):
        """Energies, forces and strain derivative of one configuration.

        Parameters
        ----------
        atoms : ase.Atoms
            A configuration with any periodicity.

        Returns
        -------
        energies : ndarray, shape (n,)
            c0 + theta . B(i) of each atom; energy unit.
        forces : ndarray, shape (n, 3)
            -dE/dx; energy per length.
        strain : ndarray, shape (3, 3)
            dE/d strain, minus the virial; energy unit.

        Raises
        ------
        ValueError
            An element that the model does not have, or a position that is not finite.
        """
        rows = np.array([self.coefficients[e] for e in self.elements])
        energies, forces, strain = self.descriptor.gradient(atoms, rows[:, 1:].ravel())
        return energies + rows[self.descriptor._types(atoms), 0], forces, strain

    def sites(self, types, first, vectors, neighbour_types):
        """Energies of sites that are given by their neighbours, and derivatives.

        Parameters
        ----------
        types : array_like of int, shape (n,)
            Of the central atoms: places in `elements`.
        first, vectors, neighbour_types
            See ``site_gradients`` of a descriptor.

        Returns
        -------
        energies : ndarray, shape (n,)
            c0 + theta . B of each site; energy unit.
        gradients : ndarray, shape (p, 3)
            Derivatives of a site's energy by the vectors to its neighbours.
        """
        rows = np.array([self.coefficients[e] for e in self.elements])
        energies, gradients = self.descriptor.site_gradients(
            types, first, vectors, neighbour_types, rows[:, 1:].ravel()
        )
        return energies + rows[np.asarray(types), 0], gradients

    def energy(self, atoms) -> float:
        """Return the energy of one configuration (energy unit)."""
        D, _ = self.descriptor.compute(atoms)
        rows = np.array([self.coefficients[e] for e in self.elements])
        constants = rows[self.descriptor._types(atoms), 0].sum()
        return float(constants + D[1:] @ rows[:, 1:].ravel())

    def forces(self, atoms) -> np.ndarray:
        """Return the forces on the atoms, shape (n, 3) (energy per length)."""
        return self.evaluate(atoms)[1]

    def stress(self, atoms) -> np.ndarray:
        """Return (dE/d strain) / volume in ASE's order xx yy zz yz xz xy, shape (6,).

        Positive under tension, in energy per volume; the static part of LAMMPS's pressure tensor
        with the opposite sign.

        Raises
        ------
        ValueError
            A configuration without a volume.
        """
        return stress_of(self.evaluate(atoms)[2], atoms)

    def calculator(self):
        """Return an ASE calculator with energy, energies, forces and stress.

        Raises
        ------
        ValueError
            Units other than ``metal``: ASE works in eV and angstrom.
        """
        if self.units != "metal":
            raise ValueError(
                f"units: found {self.units!r}, expected 'metal' for ASE's eV and angstrom"
            )
        return LinearCalculator(self)

    def __repr__(self) -> str:
        return f"LinearPotential({', '.join(self.elements)}: {self.descriptor!r})"
