"""Solid-harmonic scattering of first order: a global descriptor of the density of all atoms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from numbers import Integral, Real

import numpy as np

from dbar.descriptors.frames import each_frame, threads_of
from dbar.descriptors.neighbours import finite_positions
from dbar.descriptors.parameters import Parameters
from dbar.descriptors.species import checked_species, types_of
from dbar.descriptors.wavelets import Wavelets, spacing_limit

__all__ = ["Scattering"]

_HIGHEST_DEGREE = 16
_LARGEST_SCALE = 20.0


class Scattering(Parameters):
    r"""The density of all atoms at several scales: solid-harmonic wavelet scattering, first order.

    .. math::
        S_{jl} = \int \Big( \sum_{m=-l}^{l} |\rho * \psi_{jlm}|^2 \Big)^{1/2} d^3r, \qquad
        \psi_{jlm}(\mathbf r) = (2\pi)^{-3/2} s_j^{-3} \, e^{-u^2/2} \, u^l \, Y_{lm}, \qquad
        u = r / s_j, \; s_j = a \, 2^j,

    for a density :math:`\rho` of one normalised Gaussian of width sigma at each atom, with
    orthonormal harmonics :math:`Y_{lm}` and the length :math:`a` called ``unit`` (M. Eickenberg et
    al., J. Chem. Phys. 148, 241732 (2018), there with further orders and powers; C. Lapointe et
    al., Phys. Rev. Materials 4, 063802 (2020), from where the default scales and degrees are: 90
    components). It is a descriptor of the whole configuration, not a sum over atoms, and exists
    offline only.

    Parameters
    ----------
    scales : sequence of float
        The exponents j, any different numbers from 0 to 20.
    lmax : int
        Largest degree l, 0 to 16; degrees are 0 ... lmax.
    sigma : float
        Width of the Gaussian of an atom. Length unit of the positions.
    unit : float
        Size of the wavelets of scale j = 0: the length that 2^j counts in.
    spacing : float
        Distance of the points of the grid of a scale, in units of the width
        :math:`w_j = (\sigma^2 + s_j^2)^{1/2}` of what is on it; above 0 and up to the limit that
        lmax sets: 0.5 up to lmax 8, 0.436 at lmax 16. Where the points are changes the numbers by
        up to 3e-5 at the default, 2e-4 at the limit for lmax 9.
    species : sequence of str, optional
        Chemical symbols: each is a density of its own. If not given all atoms are of one species,
        whatever their symbols.
    max_points : int
        A grid of more points is refused. Each point needs 120 bytes of memory (spacing 0.3) to 160
        (0.43) with lmax 9, 230 with lmax 16; several threads work on several grids at a time.

    Raises
    ------
    ValueError
        A value out of range; the message names the word, what was found and what was expected.

    Notes
    -----
    S has no unit: only ratios of lengths enter. An atom by itself has
    :math:`S_{jl} = (s_j/w_j)^l ((2l+1)/4\pi)^{1/2} (2\pi)^{-3/2} 4\pi \,
    2^{(l+1)/2} \, \Gamma((l+3)/2)`; atoms far apart add theirs up, and a repeated crystal has as
    many times that of one cell. Degree 0 is the number of atoms over :math:`(4\pi)^{1/2}`.

    Neither paper gives sigma, ``unit`` and the grid. The defaults are for atoms some 2.5 Angstrom
    apart, as in metals; for others take a quarter of their distance for sigma and ``unit``.
    """

    def __init__(
        self,
        scales=(0.0, 0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0, 5.0),
        lmax=9,
        sigma=0.6,
        unit=0.6,
        spacing=0.3,
        species=None,
        max_points=2**25,
    ):
        self.scales = scales
        self.lmax = lmax
        self.sigma = sigma
        self.unit = unit
        self.spacing = spacing
        self.species = checked_species(species)
        self.max_points = max_points
        self._kernel = self._wavelets()

    def _wavelets(self) -> Wavelets:
        """Return the wavelets that the arguments stand for."""
        scales = _checked_scales(self.scales)
        lmax = _checked_integer("lmax", self.lmax, 0, _HIGHEST_DEGREE)
        limit = spacing_limit(lmax)
        return Wavelets(
            scales=scales,
            lmax=lmax,
            sigma=_checked_number("sigma", self.sigma, "a positive length"),
            unit=_checked_number("unit", self.unit, "a positive length"),
            spacing=_checked_number(
                "spacing",
                self.spacing,
                f"a number above 0 and up to {limit:.3f}, in units of the width, for lmax {lmax}",
                limit,
            ),
            max_points=_checked_integer("max_points", self.max_points, 1, 2**62),
        )

    @property
    def n_species(self) -> int:
        """Number of species that the descriptor tells apart."""
        return 1 if self.species is None else len(self.species)

    @property
    def n_components(self) -> int:
        """Length K of the vector without the count of atoms in front."""
        return self.n_species * len(self._kernel.scales) * (self._kernel.lmax + 1)

    @property
    def labels(self) -> list[str]:
        """Names of the K components: species, scale, degree; the degree changes fastest."""
        symbols = [""] if self.species is None else [f"{s}," for s in self.species]
        return [
            f"{s}j{j:.12g},l{l}"
            for s in symbols
            for j in self._kernel.scales
            for l in range(self._kernel.lmax + 1)  # noqa: E741
        ]

    def settings(self) -> dict:
        """Return all that the numbers depend on, ready for JSON.

        Returns
        -------
        dict
            ``family``, ``scales``, ``lmax``, ``sigma``, ``unit``, ``spacing``, ``species``.
        """
        kernel = self._kernel
        return {
            "family": "scattering",
            "scales": list(kernel.scales),
            "lmax": kernel.lmax,
            "sigma": kernel.sigma,
            "unit": kernel.unit,
            "spacing": kernel.spacing,
            "species": None if self.species is None else list(self.species),
        }

    def compute(self, atoms, virial: bool = False, progress: bool = False, n_threads=None):
        """Integrate the moduli of a configuration, or of each of several.

        Parameters
        ----------
        atoms : ase.Atoms or iterable of ase.Atoms
            Configurations with any periodicity.
        virial : bool
            Must be False; it is there because other descriptors have it.
        progress : bool
            Show a progress bar (several configurations only).
        n_threads : int, optional
            Threads to use; all cores by default. The result depends on it by rounding at most.

        Returns
        -------
        D : ndarray, shape (K + 1,) or (T, K + 1)
            Number of atoms, then S of each species, scale and degree. Without a unit.
        V : None
            For the same use as other descriptors.

        Raises
        ------
        ValueError
            With ``virial``; an atom of a species that was not declared, a position that is not
            finite, a periodic direction without a cell vector, or a grid of more than
            ``max_points`` points.
        """
        if virial:
            raise ValueError(
                f"virial: found {virial!r}, expected False: the integral of a modulus is no sum "
                "over the neighbours of each atom, so that there are no r_ij of which V is made"
            )
        threads = threads_of(n_threads)
        if hasattr(atoms, "get_positions"):
            with ThreadPoolExecutor(threads) as pool:
                return self._one(atoms, threads, pool.map if threads > 1 else map), None
        frames = list(atoms)
        D = np.zeros((len(frames), self.n_components + 1))

        def work(t: int, threads: int, run: Callable) -> None:
            D[t] = self._one(frames[t], threads, run)

        each_frame(work, len(frames), threads, progress)
        return D, None

    def _one(self, atoms, threads: int, run: Callable) -> np.ndarray:
        types = types_of(atoms, self.species)
        points = finite_positions(atoms)
        S = self._kernel.integrals(
            points, types, self.n_species, atoms.get_cell(), atoms.get_pbc(), threads, run
        )
        return np.concatenate([[len(points)], S.ravel()])


def _checked_scales(scales) -> tuple[float, ...]:
    expected = f"different numbers from 0 to {_LARGEST_SCALE:g}, at least one"
    several = isinstance(scales, Sequence | np.ndarray) and not isinstance(scales, str)
    values = list(scales) if several else []
    good = all(_is_number(j) and 0 <= j <= _LARGEST_SCALE for j in values)
    if not values or not good or len(set(values)) != len(values):
        raise ValueError(f"scales: found {scales!r}, expected {expected}")
    return tuple(float(j) for j in values)


def _checked_number(word: str, value, expected: str, most: float = np.inf) -> float:
    """Return a number above 0, finite, and up to `most`."""
    if not _is_number(value) or not 0 < value <= most or not np.isfinite(value):
        raise ValueError(f"{word}: found {value!r}, expected {expected}")
    return float(value)


def _checked_integer(word: str, value, least: int, most: int) -> int:
    if not _is_number(value) or not isinstance(value, Integral) or not least <= value <= most:
        raise ValueError(f"{word}: found {value!r}, expected an integer from {least} to {most}")
    return int(value)


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)
