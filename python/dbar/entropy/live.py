"""What ``compute dbar/entropy`` asks, on rank 0: a model, and what it says while LAMMPS runs."""

from __future__ import annotations

import math

import numpy as np

from dbar.descriptors.command import command_settings, difference
from dbar.entropy.bulk_cells import BulkCells
from dbar.entropy.contents import Contents
from dbar.entropy.entropy_model import EntropyModel
from dbar.entropy.prediction import Prediction
from dbar.entropy.units import angstrom, electronvolt
from dbar.potential.modes import count_zero_modes

__all__ = ["AT_REST", "VALUES", "LiveEntropy"]

AT_REST = 1e-2  # eV/Å, in lj epsilon/sigma: largest component of a force
VALUES = 6  # of an answer


class LiveEntropy:
    """A model for the configurations of one run.

    Parameters
    ----------
    settings : dict
        ``file`` (of the model); ``descriptor`` (settings of the compute dbar); ``units`` (LAMMPS
        style); ``temperature`` (or None for that of the model); ``force`` (largest component that
        is at rest, None for 0.01 eV/Å, 0 to take any).

    Raises
    ------
    ValueError
        If the file is no model or is damaged, or units, descriptor, types or temperature do not
        fit; the message names the file, the key, what was found and what was expected.
    OSError
        If the file cannot be read.
    """

    def __init__(self, settings: dict) -> None:
        self._file = settings["file"]
        self._model = model = _load(self._file)
        units = settings["units"]
        if model.lammps_units != units:
            raise ValueError(
                f"{self._file}: lammps_units: found {model.lammps_units}, expected {units} as "
                "this run has"
            )
        other = difference(model.settings, command_settings(settings["descriptor"]))
        if other:
            mine, _, theirs = other.partition(" and ")
            raise ValueError(
                f"{self._file}: descriptor: found {mine}, expected {theirs} as the compute dbar has"
            )
        self._symbols = model.species or [self._only_symbol()]
        self._temperature = settings["temperature"]
        if self._temperature is not None and model.temperature_ is None:
            raise ValueError(
                f"{self._file}: temperature: found null, expected a number, as the keyword temp "
                "needs"
            )
        self._force = settings["force"]
        if self._force is None:
            self._force = AT_REST * electronvolt(units) / angstrom(units)

    def evaluate(self, D, counts, cell, pbc, spread, force, minimizing) -> tuple[float, ...]:
        """S and its standard deviation (k_B), grade, F, and the same of formation: S_f, F_f.

        Parameters
        ----------
        D : ndarray, shape (K + 1,)
            As compute dbar has it.
        counts : ndarray of int, shape (n_types,)
            Atoms of each type.
        cell : ndarray, shape (9,)
            Cell vectors as rows.
        pbc : ndarray of int, shape (3,)
        spread : ndarray, shape (9,)
            As in `count_zero_modes`.
        force : float
            Largest component.
        minimizing : bool
            Whether more is to come: what is not at rest then has no entropy yet, which is NaN.

        Returns
        -------
        tuple of float
            `VALUES` of them, NaN where the model cannot tell: F, F_f without a temperature, S_f,
            F_f without bulk cells.

        Raises
        ------
        ValueError
            A configuration that is not at rest or that the model does not know.
        """
        if 0 < self._force < force:
            if minimizing:
                return (math.nan,) * VALUES
            raise ValueError(
                f"force: found a component of {force:.6g}, expected at most {self._force:.6g}: an "
                "entropy is one of positions at rest (minimize before, or see the keyword force)"
            )
        if not np.isfinite(D).all():
            raise ValueError(f"descriptors: found {D[~np.isfinite(D)][0]}, expected finite numbers")
        one = self._contents(counts, np.reshape(cell, (3, 3)), np.asarray(pbc, dtype=bool), spread)
        said = Prediction(self._model, [one], np.array([D[1:]]), [self._model.base_.place(one)])
        at = self._temperature
        warm = self._model.temperature_ is not None
        crystal = isinstance(self._model.base_, BulkCells)
        return (
            float(said.entropies(at)[0]),
            float(said.std()[0]),
            float(said.grade()[0]),
            float(said.free_energies(at)[0]) if warm else math.nan,
            float(said.formations(at)[0]) if crystal else math.nan,
            float(said.formation_free_energies(at)[0]) if crystal and warm else math.nan,
        )

    def close(self) -> None:
        """Nothing is open."""

    def _contents(self, counts, cell, pbc, spread):
        pairs = sorted(zip(self._symbols, map(int, counts), strict=True))
        formula = {symbol: count for symbol, count in pairs if count}
        return Contents(formula, cell, pbc, count_zero_modes(np.reshape(spread, (3, 3)), cell, pbc))

    def _only_symbol(self) -> str:
        """That of the single type, in a model that names no species."""
        base = self._model.base_
        crystal = isinstance(base, BulkCells)
        formulas = [one.formula for one in base.contents] if crystal else base.formulas
        found = sorted({symbol for formula in formulas for symbol in formula})
        if len(found) > 1:
            raise ValueError(
                f"{self._file}: species: found null beside {' '.join(found)}, expected the symbol "
                "of each type of LAMMPS"
            )
        return found[0]


def _load(file) -> EntropyModel:
    try:
        return EntropyModel.load(file)
    except OSError as error:  # in words of our own, which need no traceback
        said = error.strerror or error
        raise OSError(f"{file}: cannot be read ({said}), expected a model") from None
