"""Configurations drawn from Gaussian atoms: starting states for molecular dynamics, mean D."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from dbar.gpp.constants import BOLTZMANN
from dbar.gpp.correlations import Correlations
from dbar.gpp.relaxation import Packets

__all__ = ["draw", "mean_descriptor"]


def draw(packets: Packets | Correlations, count: int = 1, seed: int = 0) -> list[Atoms]:
    """Configurations with positions and velocities.

    Parameters
    ----------
    packets : Packets or Correlations
        Independent atoms, each with its variance; or all atoms together.
    count : int
    seed : int
        Where the random numbers begin.

    Returns
    -------
    list of ase.Atoms
        Velocities are Maxwell's at the temperature of each atom, less that of the whole.

    Raises
    ------
    ValueError
        A count below 1.
    """
    if count < 1:
        raise ValueError(f"count: found {count}, expected 1 or more")
    own = packets.packets if isinstance(packets, Correlations) else packets
    rng = np.random.default_rng([seed, 1])
    if isinstance(packets, Correlations):
        moved = packets.displacements(count, seed)
    else:
        z = np.random.default_rng(seed).standard_normal((count, len(own.atoms), 3))
        moved = z * np.sqrt(own.variances)[:, None]
    found = []
    for each in moved:
        atoms = own.atoms.copy()
        atoms.set_constraint()
        atoms.set_positions(atoms.get_positions() + each)
        masses = atoms.get_masses()[:, None]
        momenta = rng.standard_normal(each.shape) * np.sqrt(
            masses * BOLTZMANN * own.temperatures[:, None]
        )
        momenta -= masses / masses.sum() * momenta.sum(axis=0)
        atoms.set_momenta(momenta)  # in ASE's units, whose mass is u and energy eV
        found.append(atoms)
    return found


def mean_descriptor(atoms: list[Atoms], descriptor) -> tuple[np.ndarray, np.ndarray]:
    """Mean of D over configurations and its standard error.

    Parameters
    ----------
    atoms : list of ase.Atoms
        Of :func:`draw`, two or more.
    descriptor : dbar.descriptors.GlobalDescriptor
        Any family.

    Returns
    -------
    mean, error : ndarray, shape (K + 1,)
        The first component is the number of atoms.

    Raises
    ------
    ValueError
        Fewer than two configurations.
    """
    if len(atoms) < 2:
        raise ValueError(f"atoms: found {len(atoms)} configurations, expected two or more")
    D = np.asarray(descriptor.compute(atoms)[0])
    return D.mean(axis=0), D.std(axis=0, ddof=1) / np.sqrt(len(D))
