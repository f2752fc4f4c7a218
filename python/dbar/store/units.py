"""Names and sizes of LAMMPS units, for attributes in files and axes in figures."""

from __future__ import annotations

__all__ = ["UNIT_STYLES", "dimension_of", "pressure_in_gpa", "unit_of", "unit_style"]

# Spelled the way udunits and the H5MD units module read them; "" means dimensionless.
UNIT_STYLES: dict[str, dict[str, str]] = {
    "lj": dict.fromkeys(("time", "length", "energy", "pressure", "temperature", "density"), ""),
    "real": {
        "time": "fs",
        "length": "angstrom",
        "energy": "kcal mol-1",
        "pressure": "atm",
        "temperature": "K",
        "density": "g cm-3",
    },
    "metal": {
        "time": "ps",
        "length": "angstrom",
        "energy": "eV",
        "pressure": "bar",
        "temperature": "K",
        "density": "g cm-3",
    },
    "si": {
        "time": "s",
        "length": "m",
        "energy": "J",
        "pressure": "Pa",
        "temperature": "K",
        "density": "kg m-3",
    },
    "cgs": {
        "time": "s",
        "length": "cm",
        "energy": "erg",
        "pressure": "dyn cm-2",
        "temperature": "K",
        "density": "g cm-3",
    },
    "electron": {
        "time": "fs",
        "length": "bohr",
        "energy": "hartree",
        "pressure": "Pa",
        "temperature": "K",
        "density": "u bohr-3",
    },
    "micro": {
        "time": "us",
        "length": "um",
        "energy": "pg um2 us-2",
        "pressure": "pg um-1 us-2",
        "temperature": "K",
        "density": "pg um-3",
    },
    "nano": {
        "time": "ns",
        "length": "nm",
        "energy": "ag nm2 ns-2",
        "pressure": "ag nm-1 ns-2",
        "temperature": "K",
        "density": "ag nm-3",
    },
}

# One LAMMPS pressure unit in GPa; lj has no size.
_GPA: dict[str, float] = {
    "real": 1.01325e-4,
    "metal": 1.0e-4,
    "si": 1.0e-9,
    "cgs": 1.0e-10,
    "electron": 1.0e-9,
    "micro": 1.0e-6,
    "nano": 1.0e-3,
}

_ENERGY = {
    "pe", "ke", "etotal", "evdwl", "ecoul", "epair", "ebond", "eangle", "edihed", "eimp", "emol",
    "elong", "etail", "enthalpy", "ecouple", "econserve",
}  # fmt: skip
_PRESSURE = {"press", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz"}
_LENGTH = {
    "lx", "ly", "lz", "xlo", "xhi", "ylo", "yhi", "zlo", "zhi", "xy", "xz", "yz", "cella", "cellb",
    "cellc",
}  # fmt: skip


def unit_style(name: str) -> dict[str, str]:
    """Return the unit names of one LAMMPS unit style.

    Parameters
    ----------
    name : str
        Word after the LAMMPS command ``units``.

    Returns
    -------
    dict
        Keys ``time, length, energy, pressure, temperature, density``; "" where dimensionless.

    Raises
    ------
    ValueError
        If the style is not one LAMMPS has.
    """
    try:
        return UNIT_STYLES[name]
    except (KeyError, TypeError):  # the latter of a list
        known = ", ".join(sorted(UNIT_STYLES))
        raise ValueError(f"unit style {name!r} is unknown; expected one of {known}") from None


def dimension_of(keyword: str) -> str | None:
    """Return the dimension of a LAMMPS thermo keyword, or None for one we know nothing about."""
    if keyword in _ENERGY:
        return "energy"
    if keyword in _PRESSURE:
        return "pressure"
    if keyword in _LENGTH:
        return "length"
    return {"temp": "temperature", "time": "time", "density": "density", "vol": "volume"}.get(
        keyword
    )


def unit_of(keyword: str, style: str) -> str:
    """Return the unit of a thermo keyword in a unit style, "" when unknown or dimensionless."""
    dimension = dimension_of(keyword)
    units = unit_style(style)
    if dimension == "volume":
        return units["length"] + "3" if units["length"] else ""
    return units.get(dimension, "") if dimension else ""


def pressure_in_gpa(style: str) -> float | None:
    """Return the size of one pressure unit in GPa, None for ``lj``."""
    unit_style(style)
    return _GPA.get(style)
