"""Force constants times a displacement, from forces of LAMMPS: what an iterative method needs.

H z is the difference of the forces at displacements h z and -h z over 2h; the error is of order
h^2. No matrix is ever held, so time and memory grow like the number of atoms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dbar.entropy.configuration import Configuration
from dbar.entropy.force_constants import Potential
from dbar.entropy.job import at_rest, scaled
from dbar.entropy.lammps_session import LammpsError, LammpsSession
from dbar.entropy.units import Constants, angstrom, constants

__all__ = ["STEP", "ForceProducts", "force_products"]

STEP = 2e-5  # Å (sigma in lj), the largest component of a displacement
_COARSE = 2e-3  # Å: many intervals of a table
_SUM_RULE = 1e-6  # of the largest force, for each root of the number of atoms
_SYMMETRY = 1e-3  # of the scalar product of independent vectors; a rounded table makes 3e-5
_TRIAL = 1e-5  # of the largest force: products with neighbours kept and found anew
_FLAT = 1e-8  # of a typical eigenvalue: what rounding may make of zero


@dataclass
class ForceProducts:
    """A configuration at rest in LAMMPS, and its force constants as an operator.

    It holds until LAMMPS is given another configuration.

    Attributes
    ----------
    configuration : Configuration
        Relaxed, if that was asked for.
    energy : float
        Potential energy (energy unit).
    force : float
        Largest component of a force (force unit).
    step : float
        Largest component of a displacement (length unit).
    scale : float
        Size of a typical eigenvalue: the length of H y over that of a random y.
    noise : float
        How far eigenvalues may be off.
    rough : float
        By how much a step that reaches over many intervals of a table changes y . H y, over twice
        that, for each atom: about what it does to the entropy (k_B).
    constants : Constants
    """

    configuration: Configuration
    energy: float
    force: float
    step: float
    constants: Constants
    session: LammpsSession
    scale: float = 0.0
    noise: float = 0.0
    rough: float = 0.0

    def __call__(self, z: np.ndarray, step: float | None = None, anew: bool = False) -> np.ndarray:
        """H z of a displacement z (n, 3), in the coordinates of the atoms.

        Parameters
        ----------
        z : ndarray, shape (n, 3)
        step : float, optional
            Largest component of the displacement, instead of `step`.
        anew : bool
            Let LAMMPS find all neighbours anew.
        """
        turn, name = self.configuration.turn, self.configuration.name
        placed = z @ turn.T
        largest = np.max(np.abs(placed))
        if largest == 0.0:
            return np.zeros_like(z)
        about = {"step": step or self.step, "anew": anew}
        try:
            reply = self.session.ask(about, {"along": placed / largest})
        except LammpsError as error:
            raise LammpsError(f"{name}: {error}") from None
        found = reply["product"] @ turn * largest
        if not np.all(np.isfinite(found)):
            raise ValueError(f"{name}: forces: found some that are not finite")
        return found


def force_products(
    session: LammpsSession,
    configuration: Configuration,
    potential: Potential,
    *,
    relax: bool,
    tolerance: float | None = None,
    step: float | None = None,
) -> ForceProducts:
    """Bring a configuration to LAMMPS and check its forces and products.

    Parameters
    ----------
    session : LammpsSession
    configuration : Configuration
    potential : Potential
    relax : bool
        Minimise the energy first, if forces are above the tolerance.
    tolerance : float, optional
        Largest component of a force (force unit); default 1e-6 eV/Å, in lj 1e-5.
    step : float, optional
        Largest component of a displacement (length unit); default 2e-5 Å, in lj 2e-5 sigma.

    Raises
    ------
    ValueError
        If the forces are too large, or if the products are those of no potential: naming the
        configuration, what was found and what was expected.
    LammpsError
        With the words of LAMMPS.
    """
    units = potential.units
    # random signs displace all atoms at once: the step of single atoms would cost 3e-7 k_B a mode
    step = STEP * angstrom(units) if step is None else step
    tolerance, step = scaled(units, tolerance, step)
    here, reply = at_rest(session, configuration, potential, relax, tolerance)
    force = float(np.max(np.abs(reply["forces"])))
    found = ForceProducts(
        here, float(reply["energy"]), force, step, constants(units, reply), session
    )
    _check(found, potential)
    return found


def _check(products: ForceProducts, potential: Potential) -> None:
    """Refuse what no potential has, by products with two random vectors; note scale and noise."""
    one, style = products.configuration, potential.pair_style
    n = len(one.types)
    y, z = np.random.default_rng(1).normal(size=(2, n, 3))
    hy, hz = products(y), products(z)
    largest = np.max(np.abs(hy))
    if largest == 0.0:
        raise ValueError(
            f"{one.name}: force constants times a displacement: found zeros alone, expected some "
            f"that are not (pair_style {style}: does it act between these atoms?)"
        )
    off, bound = np.max(np.abs(hy.sum(axis=0))), _SUM_RULE * np.sqrt(n) * largest
    if off > bound:
        raise ValueError(
            f"{one.name}: forces of a displacement: found a sum of {off:.3g}, expected 0 (at most "
            f"{bound:.3g}): something acts on the atoms from outside, or pair_style {style} leaves "
            "forces out"
        )
    anew = products(y, anew=True)
    off, bound = np.max(np.abs(anew - hy)), _TRIAL * largest
    if not off <= bound:
        raise ValueError(
            f"{one.name}: forces of a displacement: found {off:.3g} off those of an ordinary run, "
            f"expected at most {bound:.3g}: something moves the atoms, or the forces of pair_style "
            f"{style} depend on more than the positions"
        )
    lengths = np.linalg.norm(y), np.linalg.norm(z)
    off = abs(np.sum(y * hz) - np.sum(z * hy))
    bound = _SYMMETRY * np.linalg.norm(hy) * lengths[1] / np.sqrt(3 * n)
    if off > bound:
        raise ValueError(
            f"{one.name}: force constants: found y.Hz and z.Hy {off:.3g} apart, expected them "
            f"to agree (at most {bound:.3g}): no energy belongs to these forces, or the step "
            f"{products.step:.3g} of the differences does not suit them"
        )
    products.scale = float(np.linalg.norm(hy) / lengths[0])
    # largest eigenvalue of a random antisymmetric matrix of which this is one sample
    products.noise = float(off * np.sqrt(3 * n) / lengths[0] / lengths[1])
    products.noise += _FLAT * products.scale
    coarse = _COARSE * angstrom(potential.units)
    change = np.sum(y * (_fourth_order(products, y, coarse) - hy))
    products.rough = float(1.5 * abs(change) / np.sum(y * hy))


def _fourth_order(products: ForceProducts, z: np.ndarray, step: float) -> np.ndarray:
    """H z without the error in the square of the step (L. F. Richardson, 1911)."""
    return (4.0 * products(z, step) - products(z, 2.0 * step)) / 3.0
