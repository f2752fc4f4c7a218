"""What all families of descriptors share: words, blocks per species, threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from dbar import _kernels
from dbar.descriptors.frames import each_frame, threads_of
from dbar.descriptors.gradient import add_up, by_pairs
from dbar.descriptors.neighbours import Neighbourhoods, neighbourhoods, site_neighbourhoods
from dbar.descriptors.parameters import Parameters
from dbar.descriptors.species import checked_species, types_of
from dbar.descriptors.voigt import voigt_to_tensor
from dbar.descriptors.words import keywords, to_value, to_word

_CLASSES: dict[str, type[GlobalDescriptor]] = {}


def family_class(name: str) -> type[GlobalDescriptor]:
    """Return the class of a family of descriptors.

    Raises
    ------
    ValueError
        No such family; the message has those that there are.
    """
    if name not in _CLASSES:
        known = ", ".join(each for each in _kernels.family_names() if each in _CLASSES)
        raise ValueError(f"family: found {name!r}, expected one of: {known}")
    return _CLASSES[name]


class GlobalDescriptor(Parameters):
    """A sum over atoms; a family adds its name and its constructor.

    The constructor of a family sets the attributes of its keywords before it calls this one.
    """

    _family: str
    _keywords: tuple[str, ...] = ()

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "_family" in cls.__dict__:
            cls._keywords = tuple(keywords(cls._family))
            _CLASSES[cls._family] = cls

    def __init__(self, rcut, species, perspecies):
        self.rcut = rcut
        self.species = checked_species(species)
        self.perspecies = perspecies
        try:
            rcut = float(self.rcut)
        except (TypeError, ValueError):
            raise ValueError(f"Rcut: found {self.rcut!r}, expected a positive length") from None
        words = []
        for key in self._keywords:
            value = self._setting(key)
            if value is None:
                continue
            words.append(key)
            several = isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)
            words.extend(to_word(v) for v in value) if several else words.append(to_word(value))
        self._kernel = _kernels.Kernel(self._family, rcut, words, self.n_species)

    def _setting(self, key: str):
        """Return the value of a keyword as the kernels take it; None leaves it at its default."""
        return getattr(self, key)

    @property
    def n_species(self) -> int:
        """Number of species that the descriptor tells apart."""
        return 1 if self.species is None else len(self.species)

    @property
    def n_components(self) -> int:
        """Length K of the vector without the count of atoms in front."""
        return self._kernel.size * (self.n_species if self.perspecies else 1)

    @property
    def labels(self) -> list[str]:
        """Names of the K components."""
        names = self._names()
        if not self.perspecies:
            return names
        species = self.species or ["1"]
        return [f"{name} {s}" for s in species for name in names]

    def _names(self) -> list[str]:
        return list(self._kernel.labels)

    @property
    def cutoff(self) -> float:
        """Largest pair cutoff (the length unit of the positions)."""
        return self._kernel.cutoff()

    def splines(self) -> dict | None:
        """Return how well splines stand for the radial functions.

        Returns
        -------
        dict or None
            ``knots``; errors of values in the middle between knots, where they are largest:
            ``largest`` and ``mean`` over all functions and intervals (in the units of the
            functions, length^(-3/2) for a density), ``largest_relative`` and ``mean_relative`` to
            the largest value of each function. None for families that have no splines.
        """
        return self._kernel.splines()

    @classmethod
    def from_words(cls, rcut, words, **params):
        """Return the descriptor that a file describes by a text of values after each keyword.

        Raises
        ------
        ValueError
            A keyword that the family does not have, or a value that it refuses.
        """
        for key in words:
            if key not in cls._keywords:
                known = ", ".join(cls._keywords)
                raise ValueError(f"{cls._family}: found keyword {key!r}, expected one of: {known}")
        kinds = {key: about["kind"] for key, about in keywords(cls._family).items()}
        values = {key: to_value(text, kinds[key]) for key, text in words.items()}
        return cls(rcut, **values, **params)

    def settings(self) -> dict:
        """Return the canonical settings, ready for JSON.

        Returns
        -------
        dict
            ``family``, ``rcut``, every keyword of the family with its value in force,
            ``species`` and ``perspecies``.
        """
        out: dict = {}
        kinds = keywords(self._family)
        for key, text in self._kernel.settings():
            out[key] = to_value(text, kinds.get(key, {}).get("kind"))
        out["species"] = None if self.species is None else list(self.species)
        out["perspecies"] = self.perspecies
        return out

    def command_settings(self) -> dict:
        """Return the settings in the words of ``compute dbar``, as its files hold them.

        A dict of ``family``, ``rcut``, ``words`` (canonical words and their values as text),
        ``ntypes`` and ``perspecies``.
        """
        return {
            "family": self._family,
            "rcut": float(self.rcut),
            "words": dict(self._kernel.settings()),
            "ntypes": self.n_species,
            "perspecies": bool(self.perspecies),
        }

    def compute(self, atoms, virial: bool = False, progress: bool = False, n_threads=None):
        """Sum the descriptor over the atoms of a configuration, or of each of several.

        Parameters
        ----------
        atoms : ase.Atoms or iterable of ase.Atoms
            Configurations with any periodicity.
        virial : bool
            Also return the derivative with respect to strain.
        progress : bool
            Show a progress bar (several configurations only).
        n_threads : int, optional
            Threads to use; all cores by default. The result does not depend on it.

        Returns
        -------
        D : ndarray, shape (K + 1,) or (T, K + 1)
            Number of atoms, then the sums D_k = sum_i B_k(i).
        V : ndarray, shape (K + 1, 3, 3) or (T, K + 1, 3, 3), or None
            V_k,ab = sum_ij r_ij,a dB_k(i)/dr_ij,b = dD_k/d(strain_ab); the first entry is zero.

        Raises
        ------
        ValueError
            An atom of a species that was not declared, or a position that is not finite.
        """
        threads = threads_of(n_threads)
        if hasattr(atoms, "get_positions"):
            with ThreadPoolExecutor(threads) as pool:
                return self._one(atoms, virial, threads, pool.map if threads > 1 else map)
        frames = list(atoms)
        D = np.zeros((len(frames), self.n_components + 1))
        V = np.zeros((len(frames), self.n_components + 1, 3, 3)) if virial else None

        def work(t: int, threads: int, run: Callable) -> None:
            d, v = self._one(frames[t], virial, threads, run)
            D[t] = d
            if virial:
                V[t] = v

        each_frame(work, len(frames), threads, progress)
        return D, V

    def per_atom(self, atoms) -> np.ndarray:
        """Return the descriptor of each atom of one configuration.

        Parameters
        ----------
        atoms : ase.Atoms
            A configuration with any periodicity.

        Returns
        -------
        ndarray, shape (n, K)
            B_k(i); the sum over atoms is ``D[1:]`` of :meth:`compute`. With ``perspecies`` an
            atom's values stand in the block of its species and the other blocks are zero.
        """
        near = self._near(atoms, threads_of(None))
        size = self._kernel.size
        values = self._kernel.per_atom(near.type, near.first, near.r, near.rtype)
        out = np.zeros((len(near.order), self.n_components))
        if self.perspecies:
            columns = near.type[:, None] * size + np.arange(size)
            out[near.order[:, None], columns] = values
        else:
            out[near.order] = values
        return out

    def gradient(self, atoms, theta):
        """Differentiate E = sum_k theta_k D_k of one configuration.

        Parameters
        ----------
        atoms : ase.Atoms
            A configuration with any periodicity.
        theta : array_like, shape (K,)
            One coefficient for each component; that of the number of atoms has no effect.

        Returns
        -------
        energies : ndarray, shape (n,)
            sum_k theta_k B_k(i) of each atom.
        forces : ndarray, shape (n, 3)
            -dE/dx.
        strain : ndarray, shape (3, 3)
            dE/d strain, symmetrised, under x -> (1 + strain) x of positions and cell; minus the
            virial.

        Raises
        ------
        ValueError
            A theta of another length, a strange species, or a position that is not finite.
        """
        theta = np.asarray(theta, dtype=float)
        if theta.shape != (self.n_components,):
            raise ValueError(f"theta: found shape {theta.shape}, expected ({self.n_components},)")
        threads = threads_of(None)
        near = self._near(atoms, threads)
        with ThreadPoolExecutor(threads) as pool:
            run = pool.map if threads > 1 else map
            tasks = near.tasks(self.n_species if self.perspecies else 1)
            return add_up(self._kernel, near, tasks, theta.reshape(-1, self._kernel.size), run)

    def site_gradients(self, types, first, vectors, neighbour_types, theta):
        """Differentiate theta.B of sites that are given by their neighbours.

        Parameters
        ----------
        types : array_like of int, shape (n,)
            Species of the central atoms, from 0.
        first : array_like of int, shape (n + 1,)
            Where the neighbours of a site begin.
        vectors : array_like, shape (p, 3)
            From the central atom to each neighbour; those beyond the cutoff do not count.
        neighbour_types : array_like of int, shape (p,)
        theta : array_like, shape (K,)

        Returns
        -------
        energies : ndarray, shape (n,)
            sum_k theta_k B_k of each site.
        gradients : ndarray, shape (p, 3)
            Derivatives of a site's energy by its vectors.

        Raises
        ------
        ValueError
            A theta of another length.
        """
        theta = np.asarray(theta, dtype=float)
        if theta.shape != (self.n_components,):
            raise ValueError(f"theta: found shape {theta.shape}, expected ({self.n_components},)")
        blocks = self.n_species if self.perspecies else 1
        near, rows = site_neighbourhoods(types, first, vectors, neighbour_types, blocks > 1)
        coefficients = theta.reshape(-1, self._kernel.size)
        energies, sorted_ones = by_pairs(self._kernel, near, near.tasks(blocks), coefficients, map)
        gradients = np.empty_like(sorted_ones)
        gradients[rows] = sorted_ones
        return energies, gradients

    def _one(self, atoms, virial: bool, threads: int, run: Callable):
        near = self._near(atoms, threads)
        size = self._kernel.size
        D = np.zeros(self.n_components + 1)
        V = np.zeros((self.n_components + 1, 6)) if virial else None
        D[0] = len(near.order)

        def work(task):
            block, start, stop = task
            return block, *self._kernel.compute(*near.chunk(start, stop), virial)

        for block, d, v in run(work, near.tasks(self.n_species if self.perspecies else 1)):
            rows = slice(1 + block * size, 1 + (block + 1) * size)
            D[rows] += d
            if virial:
                V[rows] += v
        return D, voigt_to_tensor(V) if virial else None

    def _types(self, atoms) -> np.ndarray:
        return types_of(atoms, self.species)

    def _near(self, atoms, threads: int) -> Neighbourhoods:
        return neighbourhoods(atoms, self._types(atoms), self.cutoff, self.perspecies, threads)
