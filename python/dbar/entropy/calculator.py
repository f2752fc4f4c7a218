"""Harmonic vibrational entropies by diagonalisation: the reference for every faster way.

C. Lapointe, T. D. Swinburne, L. Thiry, S. Mallat, L. Proville, C. S. Becquart, M.-C. Marinica,
Phys. Rev. Materials 4, 063802 (2020), section II.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import numpy as np

from dbar.entropy.configuration import prepare
from dbar.entropy.errors import ImaginaryMode, RoughPotentialWarning
from dbar.entropy.force_constants import ForceConstants, Potential, force_constants, relaxed
from dbar.entropy.lammps_session import LammpsSession
from dbar.entropy.result import Reference
from dbar.entropy.thermodynamics import check_statistics, check_temperature
from dbar.entropy.units import angstrom
from dbar.potential.modes import Modes, log_determinant, normal_modes, zero_modes

__all__ = ["ReferenceCalculator", "reference", "warn_of_roughness"]

_PUSH = 0.1  # Å, the farthest an atom is displaced along an imaginary mode
_ROUGH = 1e-4  # k_B per atom; a smooth table leaves 1e-6, one rounded at 1e-9 makes 1e-3


class ReferenceCalculator:
    """Vibrational entropies of many configurations with one potential and one LAMMPS.

    Use it in a ``with`` block, which ends LAMMPS. The arguments are those of `reference`.

    Parameters
    ----------
    pair_style, pair_coeff, temperature, units, species, statistics, relax, retry, force_tolerance,
    step, ranks, setup, commands, folder
        See `reference`.
    """

    def __init__(
        self,
        pair_style: str,
        pair_coeff: str | Sequence[str],
        temperature: float | None = None,
        *,
        units: str = "metal",
        species: Sequence[str] | None = None,
        statistics: str = "classical",
        relax: bool = False,
        retry: int = 0,
        force_tolerance: float | None = None,
        step: float | None = None,
        ranks: int = 1,
        setup: Sequence[str] = (),
        commands: Sequence[str] = (),
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        lines = (pair_coeff,) if isinstance(pair_coeff, str) else tuple(pair_coeff)
        self.potential = Potential(pair_style, lines, units, tuple(setup), tuple(commands))
        if isinstance(species, str):
            raise ValueError(f"species: found {species!r}, expected a list of chemical symbols")
        check_statistics(statistics)
        if retry != int(retry) or retry < 0:
            raise ValueError(f"retry: found {retry!r}, expected a number of tries from 0 on")
        self.temperature = None if temperature is None else check_temperature(temperature)
        self.species, self.statistics = species, statistics
        self.relax, self.retry = bool(relax), int(retry)
        self._limits = {"tolerance": force_tolerance, "step": step}
        self._session = LammpsSession(ranks, folder)

    def __enter__(self) -> ReferenceCalculator:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End LAMMPS; another call starts it again."""
        self._session.close()

    def __call__(self, atoms, name: str = "atoms") -> Reference:
        """The entropy of a configuration; see `reference` for what it raises.

        Parameters
        ----------
        atoms : ase.Atoms
        name : str
            For errors and the result.
        """
        one = prepare(atoms, self.potential.pair_coeff, self.potential.units, self.species, name)
        relax = self.relax
        for tries_left in range(self.retry, -1, -1):
            found = self._ask(one, relax)
            try:
                return self._result(found)
            except ImaginaryMode as error:
                if not tries_left:
                    raise
                push = _PUSH * angstrom(self.potential.units) * error.motion
                one, relax = found.configuration.displaced(push), True
        raise AssertionError("the last try returns or raises")

    def relaxed(self, atoms, name: str = "atoms"):
        """Minimise the energy and do no more, whatever `relax` says; a hundredth of the time.

        Returns
        -------
        ase.Atoms
            In the order in which they were given.
        float
            Potential energy (energy unit).

        Raises
        ------
        ValueError, LammpsError, OSError
            As `reference`; a saddle is not noticed.
        """
        one = prepare(atoms, self.potential.pair_coeff, self.potential.units, self.species, name)
        found, energy = relaxed(self._session, one, self.potential, self._limits["tolerance"])
        return found.atoms, energy

    def _ask(self, one, relax: bool) -> ForceConstants:
        return force_constants(self._session, one, self.potential, relax=relax, **self._limits)

    def _result(self, found: ForceConstants) -> Reference:
        one = found.configuration
        root = np.repeat(np.sqrt(one.masses), 3)
        where = (one.atoms.positions, np.asarray(one.atoms.cell), one.atoms.pbc)
        zero = zero_modes(where[0], one.masses, *where[1:])
        modes = normal_modes(found.matrix / root / root[:, None], zero)
        _refuse_no_minimum(found, modes)
        mass = float(one.masses[0]) if np.ptp(one.masses) <= 1e-9 * one.masses[0] else None
        if mass is not None:
            log_det = float(np.sum(np.log(mass * modes.values)))
        else:
            plain = zero_modes(where[0], np.ones(len(one.masses)), *where[1:])
            log_det = log_determinant(found.matrix, plain)
        rough = _roughness(found, modes)
        warn_of_roughness(one, rough, self.potential)
        return Reference(
            name=one.name, atoms=one.atoms, units=self.potential.units,
            temperature=self.temperature, statistics=self.statistics, energy=found.energy,
            force=found.force, n_zero=zero.shape[1], log_det=log_det,
            angular_frequencies=np.sqrt(modes.values / found.constants.mvv2e),
            participation=modes.participation, mass=mass, rough=rough,
            constants=found.constants,
        )  # fmt: skip


def reference(
    atoms,
    pair_style: str,
    pair_coeff: str | Sequence[str],
    temperature: float | None = None,
    *,
    name: str = "atoms",
    **options,
) -> Reference:
    """Harmonic vibrational entropy of a relaxed configuration with any potential of LAMMPS.

    The second derivatives of the energy come from LAMMPS (``dynamical_matrix``), by differences of
    forces. The motions of the whole are projected out: three translations, for a cluster (no
    periodic direction) its rotations as well. The rest is diagonalised, which costs the third
    power of the number of atoms in time and its square in memory (500 n^2 bytes).

    Parameters
    ----------
    atoms : ase.Atoms
        A minimum of the energy; lengths and masses in the units of `units`. Masses that were not
        set are those of the elements (1 in lj).
    pair_style : str
        What follows LAMMPS's command ``pair_style``.
    pair_coeff : str or sequence of str
        What follows each command ``pair_coeff``. If it ends with names of elements they are the
        types.
    temperature : float, optional
        Temperature (K, in lj epsilon/k_B). Without it `entropy` is -log_det / 2.
    name : str
        Of the configuration, for errors.
    units : str
        LAMMPS unit style. Default "metal".
    species : sequence of str, optional
        Chemical symbol of each type, where `pair_coeff` names none and there are several.
    statistics : str
        "classical" (default) or "quantum".
    relax : bool
        Minimise the energy first, in the given cell. Default False: refuse what is not relaxed.
    retry : int
        How many times to displace along an imaginary mode (0.1 Å) and relax again. Default 0.
    force_tolerance : float, optional
        Largest component of a force (force unit). Default 1e-6 eV/Å, in lj 1e-5.
    step : float, optional
        Displacement of the differences (length unit); twice of it is used as well, so that the
        error is of its fourth power. Default 1e-4 Å, in lj 1e-4 sigma.
    ranks : int
        MPI ranks of LAMMPS. Default 1.
    setup, commands : sequence of str
        Further lines for LAMMPS: before the box is made (``package omp 2``), and after
        ``pair_coeff`` (``kspace_style ...``, ``pair_modify ...``).
    folder : path-like, optional
        Place for matrices while they are needed, 144 n^2 bytes (default: temporary files).

    Returns
    -------
    Reference

    Raises
    ------
    ImaginaryMode
        The configuration is no minimum; names it and the frequency.
    ValueError
        Naming the configuration, the word, what was found and what was expected: a single atom,
        atoms of no type, IDs with gaps, masses that differ within a species, a temperature not
        above 0, forces above the tolerance, force constants that are all zero or do not agree
        with the forces.
    LammpsError
        With the words of LAMMPS.
    OSError
        If the disk is full.

    Warns
    -----
    RoughPotentialWarning
        If a table in the potential is rounded so that its second derivatives are noise.
    """
    with ReferenceCalculator(pair_style, pair_coeff, temperature, **options) as calculator:
        return calculator(atoms, name)


def _refuse_no_minimum(found: ForceConstants, modes: Modes) -> None:
    one, values = found.configuration, modes.values
    # what is left of a force turns with the atoms, and its atoms are not quite where they should be
    bound = found.noise + 10.0 * found.force / angstrom(one.units)
    bound += len(values) * np.finfo(float).eps * np.abs(found.matrix).max()
    bound /= one.masses.min()
    if not len(values):
        raise ValueError(f"{one.name}: found no modes beside those of the whole, expected some")
    falling = int(np.sum(values < -bound))
    root = np.sqrt(one.masses)[:, None]
    if falling:
        motion = modes.vectors[:, 0].reshape(-1, 3) / root
        motion /= np.max(np.linalg.norm(motion, axis=1))
        hertz = np.sqrt(-values[0] / found.constants.mvv2e) / (2 * np.pi)
        raise ImaginaryMode(one.name, float(hertz), falling, motion)
    flat = int(np.sum(values <= bound))
    if flat:
        raise ValueError(
            f"{one.name}: found {flat} more modes that cost no energy than the whole can have, "
            "expected none: parts of it move freely (as a molecule in a periodic box), or the "
            "differences of forces are too coarse"
        )


def _roughness(found: ForceConstants, modes: Modes) -> float:
    """Median over a few atoms of |tr_i(D^-1 dD)| / 2, dD being what a coarse step changes.

    A kink of a smooth potential (a knot of its form) is met by few atoms, the noise of a table by
    all of them: hence the median.
    """
    if not len(found.probe):
        return 0.0
    root = np.sqrt(found.configuration.masses)
    scaled = modes.vectors / np.sqrt(modes.values)
    shares = []
    for k, atom in enumerate(found.probe):
        inverse = scaled @ scaled[3 * atom : 3 * atom + 3].T
        change = found.coarse[3 * k : 3 * k + 3] / np.repeat(root, 3) / root[atom]
        shares.append(0.5 * abs(float(np.sum(inverse.T * change))))
    return float(np.median(shares))


def warn_of_roughness(one, rough: float, potential: Potential) -> None:
    """Warn if another step changes the entropy by more than a smooth potential's does."""
    if rough > _ROUGH:
        warnings.warn(
            f"{one.name}: second derivatives of the potential are rough: another step of the "
            f"differences changes the entropy by {rough:.2g} k_B per atom, expected at most "
            f"{_ROUGH:g} (pair_style {potential.pair_style}). Rounded tables do that, a smooth fit "
            "cures it (`dbar entropy smooth TABLE NEW`); so does a force that jumps at the cutoff",
            RoughPotentialWarning,
            stacklevel=4,
        )
