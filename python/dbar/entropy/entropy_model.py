"""The vibrational entropy of a configuration from its global descriptor."""

from __future__ import annotations

import os

import numpy as np

from dbar.descriptors.command import command_settings, difference, expanded
from dbar.entropy import model_file
from dbar.entropy.contents import Contents
from dbar.entropy.prediction import Prediction
from dbar.entropy.sample import Sample, places_of
from dbar.store.units import unit_style

__all__ = ["EntropyModel"]


class EntropyModel:
    """Entropies as linear functions of D, fitted to references; the cost grows like N.

    With a perfect crystal to compare with, S_d - (N_d/N_b) S_b = w . (D_d - (N_d/N_b) D_b) without
    an intercept and with one w for all sizes and strains (C. Lapointe et al., Phys. Rev. Materials
    4, 063802 (2020)); without, S = a + w . D with one a for each composition. w comes from a
    Bayesian ridge on components divided by their spread in the training set.

    Parameters
    ----------
    descriptor : dbar descriptor, Trajectory or dict
        What D is: a descriptor, or the settings of a ``compute dbar`` (a trajectory has them).
    species : sequence of str, optional
        Chemical symbol of each type, where the descriptor does not say.
    lammps_units : str
        LAMMPS unit style of the positions.

    Attributes
    ----------
    temperature_ : float or None
        T0 of the entropies learnt from, K; None if they have none (-log_det / 2).
    weights_ : dbar.entropy.weights.Weights
        w, its spread, and the directions of the training set.
    base_ : BulkCells or Compositions
        What configurations are compared with.
    settings : dict
        Of the descriptor, in the words of ``compute dbar``.

    Raises
    ------
    ValueError
        Settings that the kernels refuse, several types without symbols, or an unknown unit style.

    Examples
    --------
    >>> import numpy as np
    >>> from ase import Atoms
    >>> from dbar.descriptors import AFS
    >>> from dbar.entropy import EntropyModel
    >>> rng = np.random.default_rng(0)
    >>> frames = [Atoms("Ar4", rng.uniform(0, 4, (4, 3))) for _ in range(20)]
    >>> model = EntropyModel(AFS(5, nmax=2, lmax=2)).fit(frames, rng.normal(size=20))
    >>> mean, std = model.predict(frames[:3], return_std=True)
    >>> mean.shape, std.shape
    ((3,), (3,))
    """

    def __init__(self, descriptor, species=None, lammps_units="metal"):
        unit_style(lammps_units)
        self.lammps_units = lammps_units
        self.settings = command_settings(descriptor)
        found = species or getattr(descriptor, "species", None)
        self.species = None if found is None else [str(s) for s in found]
        self.descriptor = expanded(self.settings, self.species)

    def fit(self, atoms, entropies, bulk=None, temperature=None):
        """Learn from configurations at rest and their entropies.

        Parameters
        ----------
        atoms : list of ase.Atoms
            Relaxed; that they are is not checked.
        entropies : array_like, shape (n,)
            Total entropy of each, k_B: `Reference.entropy`, all classical and at the same
            temperature, or all -`Reference.log_det` / 2.
        bulk : (ase.Atoms, float) or list of them, optional
            Perfect crystal and its total entropy in the same form, for each volume per atom and,
            if wanted, for several sizes. It is taken as known exactly.
        temperature : float, optional
            T0 of the entropies, K. Without it there is no temperature to predict at another.

        Returns
        -------
        EntropyModel
            Itself.

        Raises
        ------
        ValueError
            Fewer than three configurations beyond one for each composition, other numbers of them
            than of entropies, entropies that are not finite or all the same, descriptors that do
            not vary, or a configuration that no bulk fits.
        """
        learnt = Sample(self, atoms, entropies, bulk, temperature).fit()
        self.weights_, self.base_ = learnt.weights_, learnt.base_
        self.temperature_ = learnt.temperature_
        return self

    def predict(self, atoms, return_std=False, temperature=None):
        """Total entropy of configurations.

        Parameters
        ----------
        atoms : list of ase.Atoms, or one
        return_std : bool
        temperature : float, optional
            K; that of the training set by default. S(T) = S(T0) + (3N - n_zero) ln(T/T0), which
            is classical.

        Returns
        -------
        mean : ndarray, shape (n,), or float
            k_B.
        std : ndarray, shape (n,), or float
            Only with ``return_std=True``: standard deviation of a reference around it, k_B.

        Raises
        ------
        ValueError
            A configuration that no bulk fits or of a composition that was not learnt, a species
            that the descriptor does not have, or a temperature for a model without.
        """
        return self._answer(atoms, return_std, lambda said: said.entropies(temperature))

    def formation(self, atoms, return_std=False, temperature=None):
        """S_d - (N_d/N_b) S_b of configurations, k_B, in the form of the entropies learnt from.

        As `predict`; it needs a model with bulk cells. At a `temperature` the modes of which one
        has more count: 3 (N_d - n)/n of them, for n sites in the cell.
        """
        return self._answer(atoms, return_std, lambda said: said.formations(temperature))

    def free_energy(self, atoms, return_std=False, temperature=None):
        """Free energy of the vibrations, without the potential energy: (3N - n_zero) k_B T - TS.

        Classical harmonic modes have the energy k_B T each. It estimates what
        `Reference.free_energy` is of the configuration. Parameters as in `predict`.

        Returns
        -------
        mean : ndarray, shape (n,), or float
            Energy unit of `lammps_units` (eV in metal).
        std : ndarray, shape (n,), or float
            Only with ``return_std=True``.

        Raises
        ------
        ValueError
            As `predict`, and of a model without a temperature.
        """
        return self._answer(
            atoms,
            return_std,
            lambda said: said.free_energies(temperature),
            lambda said: said.thermal(temperature) * said.std(),
        )

    def grade(self, atoms):
        """How far configurations lie outside of what was learnt.

        The squared Mahalanobis distance of what `predict` multiplies w with; 1 on average over the
        training set, 0 for the perfect crystal. It has no time order in it.

        Returns
        -------
        ndarray, shape (n,), or float

        Raises
        ------
        ValueError
            As `predict`.
        """
        return self._answer(atoms, False, Prediction.grade)

    def answers(self, atoms) -> Prediction:
        """All of these answers about configurations, with D computed once.

        Returns
        -------
        dbar.entropy.prediction.Prediction
            With the methods ``entropies``, ``formations`` and ``free_energies`` (of a temperature),
            ``std`` and ``grade``: each (n,).

        Raises
        ------
        ValueError
            As `predict`.
        """
        self._check_fitted()
        frames = _listed(atoms)
        contents = [Contents.of(each) for each in frames]
        places = places_of(self.base_, contents)
        return Prediction(self, contents, self._sums(frames), places)

    def export(self, path: str | os.PathLike[str], comment: str | None = None) -> None:
        """Write the model as JSON of schema ``dbar-entropy/1``, whole or not at all.

        Raises
        ------
        OSError
            A file that cannot be written, or one that is no such model; an old one is untouched
            then.
        """
        self._check_fitted()
        model_file.write(path, self, comment)

    save = export

    @classmethod
    def load(cls, path: str | os.PathLike[str], descriptor=None) -> EntropyModel:
        """Read what :meth:`export` wrote; it predicts the same to the last bit.

        Parameters
        ----------
        path : path-like
        descriptor : dbar descriptor, Trajectory or dict, optional
            What the model is wanted for: another descriptor is refused.

        Raises
        ------
        ValueError
            A file that is no such model, or is damaged; the message names the file, the key, what
            was found and what was expected. Another descriptor or species.
        OSError
            A file that cannot be read.
        """
        model = model_file.read(path, cls)
        if descriptor is not None:
            model._check_same(descriptor, path)
        return model

    def _check_same(self, descriptor, path):
        wanted = command_settings(descriptor)
        other = difference(self.settings, wanted)
        if other:
            mine, _, theirs = other.partition(" and ")
            raise ValueError(f"{path}: descriptor: found {mine}, expected {theirs}")
        species = getattr(descriptor, "species", None)
        if species is not None and list(species) != self.species:
            raise ValueError(f"{path}: species: found {self.species}, expected {list(species)}")

    def _check_fitted(self):
        if not hasattr(self, "weights_"):
            raise ValueError("model: found nothing learnt, expected fit(atoms, entropies) before")

    def _sums(self, frames):
        if not frames:
            return np.zeros((0, self.descriptor.n_components))
        return self.descriptor.compute(frames)[0][:, 1:]

    def _answer(self, atoms, return_std, mean, std=Prediction.std):
        said, one = self.answers(atoms), hasattr(atoms, "get_positions")
        found = [mean(said), std(said)] if return_std else [mean(said)]
        if one:
            found = [float(values[0]) for values in found]
        return tuple(found) if return_std else found[0]


def _listed(atoms) -> list:
    return [atoms] if hasattr(atoms, "get_positions") else list(atoms)
