"""Formation entropies of defects in large cells: noise of the defect alone.

Defect and bulk are looked at with the same random signs (common random numbers). Far from the
defect z . f(D_d) z and z . f(D_b) z then agree, and what is left of the noise in their difference
is that of the neighbourhood of the defect, however large the cell. The entropy of the perfect
crystal, of which 1 - N_d/N_b is needed beside the difference, is exact by lattice waves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dbar.entropy.bloch import Crystal
from dbar.entropy.calculator import warn_of_roughness
from dbar.entropy.configuration import prepare
from dbar.entropy.force_products import ForceProducts, force_products
from dbar.entropy.formation import check_form, check_kinds
from dbar.entropy.lammps_session import LammpsSession
from dbar.entropy.probes import random_signs
from dbar.entropy.quadrature import settle
from dbar.entropy.sites import matched_sites
from dbar.entropy.stochastic import StochasticCalculator, vibrations_of
from dbar.entropy.stochastic_result import StochasticFormation, mean_and_error
from dbar.entropy.units import angstrom
from dbar.entropy.vibrations import Spectrum, Vibrations

__all__ = ["stochastic_formation_entropy"]

_TOLERANCE = 0.01  # k_B
_SAME = 1e-5  # Å, of the sites of a crystal that was relaxed


def stochastic_formation_entropy(
    defect,
    bulk,
    pair_style: str,
    pair_coeff: str | Sequence[str],
    temperature: float | None = None,
    *,
    form: str = "temperature",
    tolerance: float = _TOLERANCE,
    progress: Callable[[int, int], None] | None = None,
    **options,
) -> StochasticFormation:
    """Entropy of a cell with defects less that of as many atoms of the perfect crystal.

    S_f = S_d - (N_d / N_b) S_b as of `formation_entropy`, by `stochastic_entropy` of both with the
    same random signs at the same sites. Its standard error depends on the defect, not on the size
    of the cell.

    Parameters
    ----------
    defect, bulk : ase.Atoms
        The cell with defects and the perfect crystal in the same cell (to 1e-6) and at the same
        place, of one species.
    pair_style : str
    pair_coeff : str or sequence of str
        See `reference`.
    temperature : float, optional
        Temperature (K, in lj epsilon/k_B); needed for the form "temperature".
    form : str
        "temperature" (default) or "determinant"; see `formation_entropy`.
    tolerance : float
        A probe is done when further Lanczos steps are not expected to change its difference of
        entropies by more than this (k_B). Default 0.01.
    progress : callable, optional
        Called with the number of probes that are done and that of all.
    **options
        probes, seed, max_steps: see `stochastic_entropy`. units, species, statistics, relax,
        force_tolerance, step, ranks, setup, commands, folder: see `reference`.

    Returns
    -------
    StochasticFormation

    Raises
    ------
    ImaginaryMode
        One of the two is no minimum, and a probe has found it.
    ValueError
        As `stochastic_entropy` and `formation_entropy`; also if bulk and defect are not in the same
        cell, or less than half of the atoms have a site of the bulk.
    LammpsError
        With the words of LAMMPS.

    Warns
    -----
    RoughPotentialWarning
        If a table in the potential is rounded so that its second derivatives are noise.
    """
    check_form(form, temperature)
    if "retry" in options:
        raise ValueError(f"retry: found {options['retry']!r}, expected none for two cells at once")
    check_kinds(defect, bulk)
    matched_sites(defect, bulk)  # before the first force
    options["tolerance"] = tolerance
    with _Formation(pair_style, pair_coeff, temperature, progress=progress, **options) as pair:
        return pair.formation(defect, bulk, form)


class _Formation(StochasticCalculator):
    """Two configurations at once, the second with a LAMMPS of its own where it needs one."""

    def __init__(self, *words, **options) -> None:
        super().__init__(*words, **options)
        self._other = LammpsSession(self._session.ranks, self._session.base)

    def close(self) -> None:
        super().close()
        self._other.close()

    def formation(self, defect, bulk, form: str) -> StochasticFormation:
        """The formation entropy in a form."""
        row = 1 if form == "temperature" else 0  # of a Spectrum
        crystal = self._found(self._other, bulk, "bulk")
        perfect, exact = self._perfect(crystal)
        holed = self._found(self._session, defect, "defect")
        system = vibrations_of(holed, self._spectrum(holed))
        _check_masses(system, perfect)
        perfect = replace(perfect, typical=system.typical)  # so that its part of the noise cancels
        here, there = holed.configuration.atoms, crystal.configuration.atoms
        atoms, sites = matched_sites(here, there)
        found, steps = [], []
        for probe in range(self.probes):
            common = random_signs(len(there), self.seed, probe)
            own = random_signs(len(here), self.seed, probe, stream=1)
            own[atoms] = common[sites]
            value, taken = self._probe((system, own), (perfect, common), row, probe)
            found.append(value)
            steps.append(taken)
            self._progress(probe + 1, self.probes)
        apart, of_bulk = np.array(found).T
        warn_of_roughness(holed.configuration, holed.rough, self.potential)
        whole = of_bulk if exact is None else np.full(self.probes, exact[row])
        values = apart + (1.0 - len(here) / len(there)) * whole
        return StochasticFormation(
            form, *mean_and_error(values), self.probes, self.seed, values, np.array(steps),
            len(atoms), exact is not None, float(np.mean(whole)), here, there, holed.rough,
            self.tolerance,
        )  # fmt: skip

    def _found(self, session: LammpsSession, atoms, name: str) -> ForceProducts:
        potential = self.potential
        one = prepare(atoms, potential.pair_coeff, potential.units, self.species, name)
        return force_products(session, one, potential, relax=self.relax, **self._limits)

    def _spectrum(self, found: ForceProducts) -> Spectrum:
        return Spectrum(found.constants, self.temperature, self.statistics)

    def _perfect(self, found: ForceProducts) -> tuple[Vibrations, np.ndarray | None]:
        """The bulk, and the exact traces of its spectrum where it is made of small unit cells."""
        system, one = vibrations_of(found, self._spectrum(found)), found.configuration
        crystal = Crystal.of(one.atoms, one.masses, _SAME * angstrom(one.units))
        if crystal is None:
            return system, None
        waves = crystal.dynamical_matrices(found, one.masses)
        self._other.close()  # no more forces of it
        values = crystal.eigenvalues(waves, one.masses)
        system.refuse_no_minimum(values, lambda: crystal.lowest(waves))
        exact = system.spectrum(values).sum(axis=1)
        exact[0] += system.shift
        return replace(system, apply=lambda v: crystal.apply(waves, v)), exact

    def _probe(self, defect, bulk, row: int, probe: int) -> tuple[tuple[float, float], int]:
        """The difference of one probe and the value of the bulk, and the number of steps."""
        (system, own), (perfect, common) = defect, bulk
        runs = system.run(own), perfect.run(common)

        def difference() -> np.ndarray:
            return (system.values(runs[0]) - perfect.values(runs[1]))[[row]]

        name = f"defect and bulk: probe {probe + 1}"
        apart = settle(runs, difference, self.tolerance, self.max_steps, name)
        return (float(apart[0]), float(perfect.values(runs[1])[row])), max(r.steps for r in runs)


def _check_masses(defect: Vibrations, bulk: Vibrations) -> None:
    mine, theirs = float(defect.masses[0]), float(bulk.masses[0])
    if abs(mine - theirs) > 1e-9 * mine:
        raise ValueError(
            f"masses: found {theirs:g} in the bulk, expected {mine:g} as in the defect"
        )
