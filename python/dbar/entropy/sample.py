"""Configurations with their descriptors and entropies, for fits to parts of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np

from dbar.entropy.bulk_cells import BulkCells
from dbar.entropy.compositions import Compositions
from dbar.entropy.contents import Contents
from dbar.entropy.held_out import HeldOut
from dbar.entropy.prediction import Prediction
from dbar.entropy.thermodynamics import check_temperature
from dbar.entropy.weights import fit_weights

__all__ = ["Sample", "places_of"]

_FOLDS = 10
_MANY = 64  # configurations whose descriptors are computed between two ticks


class Sample:
    """Configurations, their sums D and their entropies; D is computed once for many fits.

    Parameters
    ----------
    model : EntropyModel
        Says what D is; it need not be fitted and is not changed.
    atoms : list of ase.Atoms
    entropies : array_like, shape (n,)
    bulk : (ase.Atoms, float) or list of them, optional
    temperature : float, optional
        All as in `EntropyModel.fit`.
    descriptor : object, optional
        Another than that of the model, with ``compute(list of atoms)`` that returns the number of
        atoms and K extensive numbers of each first, as `dbar.descriptors.Scattering`. There are
        scores then, but no model.
    tick : callable, optional
        Called with (done, total) configurations.

    Attributes
    ----------
    D : ndarray, shape (n, K)
        Sums of the descriptor.
    reference : ndarray, shape (n,)
        What is learnt, k_B: entropies of formation if there is a bulk, else entropies.
    temperature : float or None

    Raises
    ------
    ValueError
        As `EntropyModel.fit`.
    """

    def __init__(
        self, model, atoms, entropies, bulk=None, temperature=None, descriptor=None,
        tick: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        frames = [atoms] if hasattr(atoms, "get_positions") else list(atoms)
        self.entropies = _checked(entropies, len(frames))
        self.temperature = None if temperature is None else check_temperature(temperature)
        self._model = copy(model)
        self._other = descriptor is not None
        descriptor = descriptor or model.descriptor
        self.D = _sums(descriptor, frames, tick)
        self.contents = [Contents.of(one) for one in frames]
        self._bulk = None if bulk is None else BulkCells.of(bulk, descriptor)
        self.reference = self.entropies
        if self._bulk is not None:
            self._places = places_of(self._bulk, self.contents)
            self._x, self.reference = self._bulk.rows(self._places, self.D, self.entropies)

    def __len__(self) -> int:
        return len(self.contents)

    def fit(self, which: Sequence[int] | None = None):
        """A model that has learnt from some of the configurations (default: all).

        Returns
        -------
        EntropyModel

        Raises
        ------
        ValueError
            As `EntropyModel.fit`, or with another descriptor than the model's.
        """
        if self._other:
            raise ValueError("descriptor: found another than that of the model, expected its own")
        return self._learnt(np.arange(len(self)) if which is None else which)

    def _learnt(self, which):
        which = np.asarray(which, dtype=int)
        base, D, values = self._bulk, self.D[which], self.entropies[which]
        if base is not None:
            rows = self._x[which], self.reference[which]
        else:
            contents = [self.contents[k] for k in which]
            base = Compositions.of(contents, D, values)
            rows = base.rows(places_of(base, contents), D, values)
        model = copy(self._model)
        model.weights_ = fit_weights(*rows, np.abs(np.vstack([D, base.sums])).max(axis=0))
        model.base_, model.temperature_ = base, self.temperature
        return model

    def held_out(self, train: Sequence[int], test: Sequence[int]) -> HeldOut:
        """Learn from the configurations `train` and predict `test`.

        Raises
        ------
        ValueError
            If one is in both, or what `fit` raises.
        """
        test = np.asarray(test, dtype=int)
        if len(both := np.intersect1d(train, test)):
            raise ValueError(
                f"test: found configuration {both[0]}, which is in train, expected others"
            )
        model, contents = self._learnt(train), [self.contents[k] for k in test]
        if self._bulk is None:
            places = places_of(model.base_, contents)
        else:
            places = [self._places[k] for k in test]
        said = Prediction(model, contents, self.D[test], places)
        mean = said.entropies() if self._bulk is None else said.formations()
        return HeldOut(test, self.reference[test], mean, said.std(), said.grade())

    def cross_validation(
        self, folds: int = _FOLDS, seed: int = 0, groups: Sequence | None = None,
        tick: Callable[[int, int], None] | None = None,
    ) -> HeldOut:  # fmt: skip
        """Each configuration predicted by a fit to those of the other folds.

        Parameters
        ----------
        folds : int
            Parts of about the same size; as many as configurations (or groups) if there are fewer.
        seed : int
            Of the division.
        groups : sequence, optional
            A label of each configuration; those of one label stay together, as relatives should.
        tick : callable, optional
            Called with (done, total) folds.

        Raises
        ------
        ValueError
            Fewer than two folds, or what `fit` raises.
        """
        if folds != int(folds) or folds < 2:
            raise ValueError(f"folds: found {folds!r}, expected an integer from 2 on")
        labels = (
            np.arange(len(self)) if groups is None else np.unique(groups, return_inverse=True)[1]
        )
        order = np.random.default_rng(seed).permutation(labels.max() + 1)
        parts = np.array_split(order, min(int(folds), len(order)))
        everyone = np.arange(len(self))
        found = []
        for part in parts:
            test = np.isin(labels, part)
            found.append(self.held_out(everyone[~test], everyone[test]))
            if tick is not None:
                tick(len(found), len(parts))
        return HeldOut.together(found)

    def differences(self, values: Sequence[float], of_bulk: Sequence[float]) -> np.ndarray:
        """Another extensive number of each less that of as many atoms of its bulk, as S_f is (n,).

        Parameters
        ----------
        values : sequence of float, shape (n,)
        of_bulk : sequence of float, shape (m,)
            That of each bulk cell.
        """
        which = [place[0] for place in self._places]
        share = np.array([place[1] for place in self._places])
        return np.asarray(values) - share * np.asarray(of_bulk)[which]

    def baseline(self, columns, folds: int = _FOLDS, seed: int = 0) -> float:
        """Root mean square error (k_B) of least squares on other numbers, by the same division.

        Parameters
        ----------
        columns : array_like, shape (n, c)
            Such as energies or counts of defects; with c = 0 it is the mean.
        """
        columns = np.asarray(columns, dtype=float).reshape(len(self), -1)
        design = np.column_stack([np.ones(len(self)), columns])
        order = np.random.default_rng(seed).permutation(len(self))
        errors = []
        for test in np.array_split(order, min(int(folds), len(order))):
            rest = np.setdiff1d(order, test)
            w = np.linalg.lstsq(design[rest], self.reference[rest], rcond=None)[0]
            errors.append(design[test] @ w - self.reference[test])
        return float(np.sqrt(np.mean(np.concatenate(errors) ** 2)))


def places_of(base, contents) -> list:
    """What each is compared with, and how often that is contained.

    Raises
    ------
    ValueError
        One that belongs nowhere; the message has its number.
    """
    places = []
    for k, one in enumerate(contents):
        try:
            places.append(base.place(one))
        except ValueError as error:
            raise ValueError(f"configuration {k}: {error}") from None
    return places


def _checked(entropies, n: int) -> np.ndarray:
    values = np.asarray(entropies, dtype=float)
    if values.shape != (n,):
        raise ValueError(
            f"entropies: found shape {values.shape}, expected ({n},), one for each configuration"
        )
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(
            f"entropies: found {values[bad]} of configuration {bad}, expected finite numbers"
        )
    if not n:
        raise ValueError("atoms: found no configuration, expected some to learn from")
    return values


def _sums(descriptor, frames, tick) -> np.ndarray:
    parts = []
    for start in range(0, len(frames), _MANY):
        parts.append(descriptor.compute(frames[start : start + _MANY])[0][:, 1:])
        if tick is not None:
            tick(min(start + _MANY, len(frames)), len(frames))
    return np.concatenate(parts)
