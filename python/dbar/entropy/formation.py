"""Formation entropies: of a cell with defects over the same crystal without.

C. Lapointe et al., Phys. Rev. Materials 4, 063802 (2020), equations 3 and 4.
"""

from __future__ import annotations

import numpy as np
from ase.geometry import complete_cell

from dbar.entropy.result import Reference

__all__ = ["FORMS", "check_form", "check_kinds", "formation_entropy"]

FORMS = ("temperature", "determinant")
_SAME = 1e-6  # of a cell vector


def formation_entropy(defect: Reference, bulk: Reference, form: str = "temperature") -> float:
    """Entropy of a cell with defects less that of as many atoms of the perfect crystal.

    Both forms are S_f = S_d - (N_d / N_b) S_b at the same volume per cell. They differ in what S
    is, and by 3 (N_d - N_b) / N_b modes that do not cancel because each cell lacks its three
    translations: in bcc iron at 300 K by 0.0145 k_B per added atom in 432 sites.

    Parameters
    ----------
    defect, bulk : Reference
        The cell with defects, and the perfect crystal in the same cell, or in one that repeats to
        it.
    form : str
        "temperature" (equation 3): S of `Reference.entropy` at the temperature of both. It depends
        on the temperature. "determinant" (equation 4): S = -log_det / 2. It depends on the units
        of energy and length instead.

    Returns
    -------
    float
        In k_B.

    Raises
    ------
    ValueError
        If form, units, temperatures, statistics, species or cells do not go together.
    """
    check_form(form, defect.temperature)
    _check_settings(defect, bulk, form)
    check_kinds(defect.atoms, bulk.atoms)
    _check_lattice(defect.atoms, bulk.atoms)
    share = len(defect.atoms) / len(bulk.atoms)
    if form == "determinant":
        return -0.5 * (defect.log_det - share * bulk.log_det)
    return defect.entropy - share * bulk.entropy


def check_form(form: str, temperature: float | None) -> None:
    """Raise ValueError unless the form is one of `FORMS`, with a temperature where it needs one."""
    if form not in FORMS:
        raise ValueError(f"form: found {form!r}, expected {' or '.join(FORMS)}")
    if form == "temperature" and temperature is None:
        raise ValueError(
            "temperature: found none, expected a number above 0, or form='determinant'"
        )


def check_kinds(defect, bulk) -> None:
    """Raise ValueError unless both have one species, the same, and the same periodic directions."""
    kinds = {frozenset(one.get_chemical_symbols()) for one in (defect, bulk)}
    if len(kinds) > 1 or len(next(iter(kinds))) > 1:
        found = " and ".join(sorted("".join(sorted(kind)) for kind in kinds))
        raise ValueError(f"species: found {found}, expected one and the same in defect and bulk")
    mine, theirs = np.asarray(defect.pbc), np.asarray(bulk.pbc)
    if not mine.any() or (mine != theirs).any():
        raise ValueError(
            f"pbc: found {theirs.tolist()} of the bulk and {mine.tolist()} of the defect, expected "
            "the same, and a periodic direction"
        )


def _check_settings(defect: Reference, bulk: Reference, form: str) -> None:
    for name in ("units", "temperature", "statistics"):
        one, other = getattr(defect, name), getattr(bulk, name)
        if one != other and (form == "temperature" or name == "units"):
            raise ValueError(f"{name}: found {other} of the bulk, expected {one} as of the defect")


def _check_lattice(defect, bulk) -> None:
    small = np.asarray(complete_cell(bulk.cell))
    times = np.asarray(defect.cell)[defect.pbc] @ np.linalg.inv(small)
    if np.abs(times - np.round(times)).max() > _SAME * max(1.0, np.abs(times).max()):
        raise ValueError(
            f"bulk: found the cell {np.asarray(bulk.cell).tolist()}, expected that of the "
            f"defect, {np.asarray(defect.cell).tolist()}, or one that repeats to it (the "
            "same lattice at the same volume)"
        )
