"""What LAMMPS is asked about a configuration, and forces at rest as it finds them."""

from __future__ import annotations

import numpy as np

from dbar.entropy.lammps_session import LammpsError, LammpsSession
from dbar.entropy.units import angstrom, electronvolt

__all__ = ["FORCE", "STEP", "at_rest", "job_of", "refuse_unrelaxed", "scaled"]

STEP = 1e-4  # Å (sigma in lj)
FORCE = 1e-6  # eV/Å
_FORCE_LJ = 1e-5  # epsilon/sigma; 1e-6 eV/Å would be 3e-4 of argon
_SKIN = {"lj": 0.3}  # elsewhere 2 Å


def scaled(units: str, tolerance: float | None, step: float | None) -> tuple[float, float]:
    """Tolerance and step in the style's units; those that were given are checked."""
    if tolerance is None:
        tolerance = _FORCE_LJ if units == "lj" else FORCE * electronvolt(units) / angstrom(units)
    step = STEP * angstrom(units) if step is None else step
    for name, value in (("force_tolerance", tolerance), ("step", step)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name}: found {value!r}, expected a number above 0")
    return float(tolerance), float(step)


def job_of(configuration, potential, relax: bool, probe: np.ndarray) -> tuple[dict, dict]:
    """Job of `dbar.lammps.worker` in words, and its arrays."""
    one = configuration
    about = {
        "units": potential.units, "pair_style": potential.pair_style,
        "pair_coeff": potential.pair_coeff, "setup": potential.setup,
        "commands": potential.commands, "n_types": one.n_types, "relax": bool(relax),
        "skin": _SKIN.get(potential.units, 2.0 * angstrom(potential.units)),
        "periodic": [bool(p) for p in one.atoms.pbc], "probe": probe.tolist(),
    }  # fmt: skip
    direction = np.random.default_rng(1).normal(size=one.placed.shape)
    arrays = {"types": one.types, "positions": one.placed, "box": one.box, "low": one.low}
    arrays["direction"] = direction
    if one.charges is not None:
        arrays["charges"] = one.charges
    return about, arrays


def refuse_unrelaxed(configuration, reply, tolerance: float, relax: bool) -> None:
    """Raise ValueError where a force at rest is above the tolerance, naming the atom."""
    largest = np.max(np.abs(reply["forces"]), axis=1)
    # written so that no number is refused as well
    if not np.all(largest <= tolerance):
        worst = int(np.argmax(np.where(np.isfinite(largest), largest, np.inf)))
        hint = "after relaxation" if relax else "relax it first (relax=True, --relax)"
        raise ValueError(
            f"{configuration.name}: force on atom {worst + 1}: found {largest[worst]:.3g}, "
            f"expected at most {tolerance:.3g}; {hint}"
        )


def at_rest(session: LammpsSession, configuration, potential, relax: bool, tolerance: float):
    """Forces of a configuration and no more, minimised before if asked for.

    Returns
    -------
    Configuration
        Where LAMMPS has the atoms.
    dict
        LAMMPS's reply.

    Raises
    ------
    ValueError
        If forces are above the tolerance (force unit).
    LammpsError
        With the words of LAMMPS.
    """
    about, arrays = job_of(configuration, potential, relax, np.zeros(0, dtype=int))
    about |= {"tolerance": tolerance, "steps": []}
    try:
        reply = session.ask(about, arrays)
    except LammpsError as error:
        raise LammpsError(f"{configuration.name}: {error}") from None
    refuse_unrelaxed(configuration, reply, tolerance, relax)
    return configuration.moved(reply["positions"]), reply
