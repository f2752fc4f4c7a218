"""Harmonic vibrational entropies in a time that grows like the number of atoms.

Stochastic Lanczos quadrature: S. Ubaru, J. Chen, Y. Saad, SIAM J. Matrix Anal. Appl. 38, 1075
(2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from dbar.entropy.calculator import ReferenceCalculator, warn_of_roughness
from dbar.entropy.force_products import ForceProducts, force_products
from dbar.entropy.probes import check_integer, check_probes, random_signs
from dbar.entropy.quadrature import WINDOW, settle
from dbar.entropy.stochastic_result import StochasticReference, mean_and_error
from dbar.entropy.units import angstrom
from dbar.entropy.vibrations import Spectrum, Vibrations

__all__ = ["StochasticCalculator", "check_settling", "stochastic_entropy", "vibrations_of"]

_TOLERANCE = 1e-6  # k_B per mode


class StochasticCalculator(ReferenceCalculator):
    """Stochastic entropies of many configurations with one potential and one LAMMPS.

    Use it in a ``with`` block, which ends LAMMPS. The arguments are those of `stochastic_entropy`.

    Parameters
    ----------
    pair_style, pair_coeff, temperature
        See `reference`.
    probes, seed, tolerance, max_steps
        See `stochastic_entropy`.
    progress : callable, optional
        Called with the number of probes that are done and that of all.
    **options
        See `reference`.
    """

    def __init__(
        self,
        pair_style: str,
        pair_coeff: str | Sequence[str],
        temperature: float | None = None,
        *,
        probes: int = 32,
        seed: int = 0,
        tolerance: float = _TOLERANCE,
        max_steps: int = 400,
        progress: Callable[[int, int], None] | None = None,
        **options,
    ) -> None:
        self.probes, self.seed = check_probes(probes, seed)
        self.tolerance, self.max_steps = check_settling(tolerance, max_steps)
        self._progress = progress or (lambda done, total: None)
        super().__init__(pair_style, pair_coeff, temperature, **options)

    def __call__(self, atoms, name: str = "atoms") -> StochasticReference:
        """The entropy of a configuration; see `stochastic_entropy` for what it raises.

        Parameters
        ----------
        atoms : ase.Atoms
        name : str
            For errors and the result.
        """
        return super().__call__(atoms, name)

    def _ask(self, one, relax: bool) -> ForceProducts:
        return force_products(self._session, one, self.potential, relax=relax, **self._limits)

    def _result(self, found: ForceProducts) -> StochasticReference:
        one = found.configuration
        spectrum = Spectrum(found.constants, self.temperature, self.statistics)
        system = vibrations_of(found, spectrum)
        rows, steps = [], []
        for probe in range(self.probes):
            run = system.run(random_signs(len(one.types), self.seed, probe))
            tolerance = self.tolerance * system.n_modes
            rows.append(
                settle([run], lambda run=run: system.values(run), tolerance, self.max_steps,
                       f"{one.name}: probe {probe + 1}")
            )  # fmt: skip
            steps.append(run.steps)
            self._progress(probe + 1, self.probes)
        values = np.array(rows).T
        warn_of_roughness(one, found.rough, self.potential)
        return self._made(found, system, values, np.array(steps))

    def _made(self, found, system, values, steps) -> StochasticReference:
        one, free = found.configuration, (None, None)
        entropies, log_dets = values[0], -2.0 * values[0]
        if self.temperature is not None:
            entropies = values[1]
            thermal = found.constants.boltz * self.temperature
            free = mean_and_error(thermal * values[2])
        return StochasticReference(
            one.name, one.atoms, one.units, self.temperature, self.statistics, found.energy,
            found.force, system.zero.shape[1], *mean_and_error(entropies),
            *mean_and_error(log_dets), *free, self.probes, self.seed, steps, entropies, log_dets,
            self.tolerance, found.rough,
        )  # fmt: skip


def stochastic_entropy(
    atoms,
    pair_style: str,
    pair_coeff: str | Sequence[str],
    temperature: float | None = None,
    *,
    name: str = "atoms",
    **options,
) -> StochasticReference:
    """Harmonic vibrational entropy of a relaxed configuration of any size, with a standard error.

    The same entropy as that of `reference`, but no matrix is made: each of some random probes costs
    as many products of the second derivatives with a vector as its quadrature needs to settle, and
    each product two evaluations of the forces. Time and memory grow like the number of atoms, but
    for a slow growth of the number of products with the size. The standard error grows like
    the root of the number of atoms; for defects see `stochastic_formation_entropy`.

    Parameters
    ----------
    atoms : ase.Atoms
        A minimum of the energy; see `reference`.
    pair_style : str
    pair_coeff : str or sequence of str
        See `reference`.
    temperature : float, optional
        Temperature (K, in lj epsilon/k_B). Without it `entropy` is -log_det / 2.
    name : str
        Of the configuration, for errors.
    probes : int
        Number of random vectors, 2 at least. The standard error falls with its root. Default 32.
    seed : int
        Of the random numbers. Default 0.
    tolerance : float
        A probe is done when further Lanczos steps are not expected to change its value by more than
        this (k_B per mode). Default 1e-6.
    max_steps : int
        Largest number of Lanczos steps of a probe; one that has not settled then is an error.
        Default 400.
    **options
        units, species, statistics, relax, retry, force_tolerance, step (here the largest component
        of a displacement, default 2e-5 Å, in lj 2e-5 sigma), ranks, setup, commands, folder: see
        `reference`.

    Returns
    -------
    StochasticReference

    Raises
    ------
    ImaginaryMode
        The configuration is no minimum, and a probe has found a direction along which the energy
        falls. There is no certainty that one is found: a motion of few atoms has a small share
        of each probe.
    ValueError
        As `reference`, of another number of probes, seed or tolerance, or if a probe has not
        settled.
    LammpsError
        With the words of LAMMPS.

    Warns
    -----
    RoughPotentialWarning
        If a table in the potential is rounded so that its second derivatives are noise.
    """
    with StochasticCalculator(pair_style, pair_coeff, temperature, **options) as calculator:
        return calculator(atoms, name)


def check_settling(tolerance: object, max_steps: object) -> tuple[float, int]:
    """Tolerance and largest number of steps as numbers.

    Raises
    ------
    ValueError
        Unless the tolerance is above 0 and there are steps enough to see whether values settle.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, np.number)):
        raise ValueError(f"tolerance: found {tolerance!r}, expected a number above 0")
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"tolerance: found {tolerance!r}, expected a number above 0")
    return float(tolerance), check_integer("max_steps", max_steps, 3 * WINDOW)


def vibrations_of(found: ForceProducts, spectrum: Spectrum) -> Vibrations:
    """The modes of a configuration at rest in LAMMPS."""
    one = found.configuration
    # what is left of a force turns with the atoms, and its atoms are not quite where they should be
    bound = found.noise + 10.0 * found.force / angstrom(one.units)
    return Vibrations.of(one.name, one.atoms, one.masses, found, found.scale, bound, spectrum)
