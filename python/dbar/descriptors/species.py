"""Species that a descriptor tells apart."""

from __future__ import annotations

import numpy as np


def checked_species(species) -> list[str] | None:
    """Return chemical symbols as a list of text; None, all atoms are alike, stays None.

    Raises
    ------
    ValueError
        One text, no symbol, or one that comes twice.
    """
    if isinstance(species, str):
        raise ValueError(f"species: found {species!r}, expected a list of chemical symbols")
    if species is None:
        return None
    symbols = [str(s) for s in species]
    if not symbols or len(set(symbols)) != len(symbols):
        raise ValueError(f"species: found {symbols}, expected different chemical symbols")
    return symbols


def types_of(atoms, species) -> np.ndarray:
    """Return the place of each atom's symbol in `species`, shape (n,); zeros if that is None.

    Raises
    ------
    ValueError
        An atom of another species.
    """
    if species is None:
        return np.zeros(len(atoms), dtype=np.intc)
    symbols = np.asarray(atoms.get_chemical_symbols())
    types = np.full(len(atoms), -1, dtype=np.intc)
    for index, symbol in enumerate(species):
        types[symbols == symbol] = index
    if (types < 0).any():
        stranger = str(symbols[types < 0][0])
        raise ValueError(
            f"atoms: found species {stranger!r}, expected one of: {', '.join(species)}"
        )
    return types
