"""Perfect crystals with which configurations with defects are compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dbar.entropy.contents import Contents

__all__ = ["BulkCells"]

# sites of a cell: its volume over that per atom of the bulk. Three vectors that agree to 1e-6 each
# (as `formation_entropy` asks) leave 3e-6 of the number of sites; more than a tenth of a site would
# let volumes fit by chance
_SITE = 3e-6
_LARGEST = 0.1
_FILLED = 0.2  # share of sites that may be empty, or taken twice
_ON_SITE = 0.02  # of the distance of neighbours, about: what a lattice vector may be off


class BulkCells:
    """Perfect crystals: cells of one species, of several sizes and strains if need be.

    Attributes
    ----------
    atoms : list of ase.Atoms
    sums : ndarray, shape (m, K)
        D of each cell.
    entropies : ndarray, shape (m,)
        Of each cell, k_B.
    contents : list of Contents
    """

    def __init__(self, atoms: list, sums: np.ndarray, entropies: np.ndarray) -> None:
        self.atoms = atoms
        self.sums = sums
        self.entropies = entropies
        for k, cell in enumerate(atoms):
            _check_bulk(f"bulk {k + 1}", cell, entropies[k])
        self.contents = [Contents.of(cell) for cell in atoms]

    @classmethod
    def of(cls, bulk, descriptor) -> BulkCells:
        """Those that a user gives: one (atoms, entropy) or several.

        Raises
        ------
        ValueError
            What is no such thing, or no perfect crystal of one species.
        """
        pairs = [bulk] if isinstance(bulk, tuple) else bulk
        if not isinstance(pairs, Sequence) or not pairs:
            raise ValueError(f"bulk: found {pairs!r}, expected (atoms, entropy) or a list of them")
        for pair in pairs:
            if not (
                isinstance(pair, Sequence) and len(pair) == 2 and hasattr(pair[0], "get_positions")
            ):
                raise ValueError(f"bulk: found {pair!r}, expected (atoms, entropy)")
        atoms = [pair[0].copy() for pair in pairs]
        entropies = [_number(f"bulk {k + 1}", pair[1]) for k, pair in enumerate(pairs)]
        found = cls(atoms, np.zeros((len(atoms), 0)), np.array(entropies))
        found.sums = descriptor.compute(atoms)[0][:, 1:]
        return found

    def place(self, one: Contents) -> tuple[int, float]:
        """Number of the bulk cell to which a configuration belongs, and N_d / N_b.

        That is the one on whose volume per atom the cell has a whole number of sites, next to the
        number of its atoms, and whose lattice the vectors of the cell belong to; of several sizes
        of the same crystal the one nearest in size.

        Raises
        ------
        ValueError
            If there is none, or two that fit alike.
        """
        if not np.all(one.pbc):
            raise ValueError(
                f"pbc: found {list(map(bool, one.pbc))}, expected a cell that is periodic along "
                "all three directions, as the bulk"
            )
        species = set(one.formula)
        n, volume, fits, off_lattice = len(one), one.volume, [], False
        for k, bulk in enumerate(self.atoms):
            sites = self.sites(k, one)
            if sites is None:
                continue
            if not _on_lattice(bulk, one.cell):
                off_lattice = True
            elif species == set(self.contents[k].formula):
                fits.append((abs(n - sites), abs(len(bulk) - sites), k))
            else:
                raise ValueError(
                    f"species: found {' '.join(sorted(species))}, expected "
                    f"{bulk.get_chemical_symbols()[0]} as in the bulk"
                )
        fits.sort()
        if not fits:
            self._refuse(n, volume, off_lattice)
        if len(fits) > 1 and fits[0][:2] == fits[1][:2]:
            first, other = fits[0][2] + 1, fits[1][2] + 1
            raise ValueError(
                f"bulk: found two, {first} and {other}, that fit the volume {volume:.8g} of "
                f"{n} atoms alike, expected one"
            )
        best = fits[0][2]
        return best, n / len(self.atoms[best])

    @property
    def uncertainty(self) -> np.ndarray:
        """Variance of the entropy of each: it is taken as known (m,)."""
        return np.zeros(len(self.atoms))

    def rows(self, places, D, entropies) -> tuple[np.ndarray, np.ndarray]:
        """D_d - (N_d/N_b) D_b of each configuration, by its `place`, and S_f."""
        which, share = np.array([p[0] for p in places]), np.array([p[1] for p in places])
        return D - share[:, None] * self.sums[which], entropies - share * self.entropies[which]

    def sites(self, k: int, one: Contents) -> int | None:
        """Whole number of sites of bulk k in a cell that its atoms nearly fill, or None."""
        sites = one.volume / (self.atoms[k].cell.volume / len(self.atoms[k]))
        whole = max(1, round(sites))
        fits = abs(sites - whole) <= min(_SITE * whole, _LARGEST)
        return whole if fits and abs(len(one) - whole) <= _FILLED * whole else None

    def _refuse(self, n, volume, off_lattice):
        each = sorted({float(f"{b.cell.volume / len(b):.8g}") for b in self.atoms})
        known = ", ".join(f"{v:.8g}" for v in each[:8]) + (", ..." if len(each) > 8 else "")
        if off_lattice:
            raise ValueError(
                f"bulk: found a cell of the volume {volume:.8g} whose vectors are none of the "
                "bulk's lattice, expected a cell that the perfect crystal fills"
            )
        raise ValueError(
            f"volume: found {volume:.8g} for {n} atoms, expected about as many times that per "
            f"atom of a bulk: {known}"
        )


def _number(name: str, entropy) -> float:
    try:
        return float(entropy)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: found the entropy {entropy!r}, expected a number") from None


def _check_bulk(name: str, atoms, entropy: float) -> None:
    if len(atoms) == 0 or not np.all(atoms.pbc) or not atoms.cell.volume > 0:
        raise ValueError(
            f"{name}: found {len(atoms)} atoms, pbc {list(map(bool, atoms.pbc))} and the volume "
            f"{abs(atoms.cell.volume):g}, expected a periodic crystal"
        )
    species = sorted(set(atoms.get_chemical_symbols()))
    if len(species) > 1:
        raise ValueError(f"{name}: found species {' '.join(species)}, expected one")
    if not np.all(np.isfinite(atoms.positions)):
        raise ValueError(f"{name}: found positions that are no finite numbers, expected a crystal")
    if not np.isfinite(entropy):
        raise ValueError(f"{name}: found the entropy {entropy}, expected a finite number")


def _on_lattice(bulk, cell: np.ndarray) -> bool:
    """Whether moving the bulk by each vector of a cell leaves it the same crystal."""
    from scipy.spatial import cKDTree

    where = np.mod(np.mod(bulk.get_scaled_positions(wrap=False), 1.0), 1.0)
    tree = cKDTree(where, boxsize=1.0)
    limit = _ON_SITE * (bulk.cell.volume / len(bulk)) ** (1 / 3)
    for step in cell @ np.linalg.inv(bulk.cell.array):
        moved = np.mod(np.mod(where + step, 1.0), 1.0)
        _, nearest = tree.query(moved)
        off = moved - where[nearest]
        off -= np.round(off)
        if np.linalg.norm(off @ bulk.cell.array, axis=1).max() > limit:
            return False
    return True
