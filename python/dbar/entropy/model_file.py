"""The file of a model of the entropy: JSON of schema ``dbar-entropy/1``, checked key by key."""

from __future__ import annotations

import json
import os
import reprlib

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from dbar.descriptors.command import command_settings
from dbar.entropy.bulk_cells import BulkCells
from dbar.entropy.compositions import Compositions
from dbar.entropy.weights import FEWEST, Weights
from dbar.files.atomic import replacing
from dbar.files.json_file import load_schema
from dbar.files.json_values import integer, keys, number, numbers, refuse
from dbar.files.kinds import Kind
from dbar.version import __version__

__all__ = ["SCHEMA", "read", "write"]

SCHEMA = "dbar-entropy/1"
_KEYS = (
    "schema", "created_by", "comment", "lammps_units", "descriptor", "species", "temperature",
    "bulk", "compositions", "samples", "noise", "prior", "shrinkage", "coefficients", "scale",
    "moments", "directions",
)  # fmt: skip
_BULK = ("species", "cell", "positions", "sums", "entropy")
_COMPOSITION = ("formula", "count", "sums", "entropy")
_ORTHONORMAL = 1e-6  # a changed digit shows, rounding does not
_MANY = 2**53


def write(path: str | os.PathLike[str], model, comment: str | None) -> None:
    """Write a fitted `EntropyModel`, whole or not at all.

    Raises
    ------
    OSError
        A file that cannot be written, or one that is no such model; an old one is untouched then.
    """
    weights, base = model.weights_, model.base_
    content = {
        "schema": SCHEMA,
        "created_by": f"dbar {__version__}",
        "comment": None if comment is None else str(comment),
        "lammps_units": model.lammps_units,
        "descriptor": model.settings,
        "species": model.species,
        "temperature": model.temperature_,
        "bulk": [_bulk(base, k) for k in range(len(base.sums))] if _crystal(base) else None,
        "compositions": None if _crystal(base) else _compositions(base),
        "samples": weights.samples,
        "noise": float(weights.noise),
        "prior": float(weights.prior),
        "shrinkage": float(weights.shrinkage),
        "coefficients": weights.coefficients.tolist(),
        "scale": weights.scale.tolist(),
        "moments": weights.moments.tolist(),
        "directions": weights.directions.tolist(),
    }
    text = json.dumps(content, allow_nan=False) + "\n"
    with replacing(path, Kind.ENTROPY_MODEL) as part:
        part.write_text(text, encoding="utf-8")


def read(path: str | os.PathLike[str], kind: type):
    """A model as it was when it was written, of the class `kind`: `EntropyModel`.

    Raises
    ------
    ValueError
        A file that is no such model, or is damaged; the message names the file, the key, what was
        found and what was expected.
    OSError
        If it cannot be read.
    """
    content = load_schema(path, SCHEMA)
    try:
        return _model(content, kind)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None


def _model(content: dict, kind: type):
    keys(content, _KEYS)
    for key in ("created_by", "lammps_units"):
        if not isinstance(content[key], str):
            refuse(key, content[key], "a text")
    species = content["species"]
    if species is not None:
        _check_symbols("species", species)
    if not isinstance(content["descriptor"], dict):
        refuse("descriptor", content["descriptor"], "the settings of a descriptor")
    settings = command_settings(content["descriptor"])
    if settings != content["descriptor"]:
        refuse("descriptor", content["descriptor"], f"{settings}")
    model = kind(settings, species, content["lammps_units"])
    size = model.descriptor.n_components
    model.temperature_ = content["temperature"]
    if model.temperature_ is not None:
        model.temperature_ = _positive("temperature", content["temperature"])
    if (content["bulk"] is None) == (content["compositions"] is None):
        refuse("bulk", content["bulk"], "cells, or compositions in their place")
    key = "compositions" if content["bulk"] is None else "bulk"
    if not isinstance(content[key], list) or not content[key]:
        refuse(key, content[key], "a list")
    make = _read_compositions if content["bulk"] is None else _read_bulk
    model.base_ = make(content[key], size)
    model.weights_ = _weights(content, size)
    return model


def _weights(content: dict, size: int) -> Weights:
    samples = integer("samples", content["samples"], FEWEST, _MANY)
    moments = content["moments"]
    if not isinstance(moments, list) or not 1 <= len(moments) <= min(samples, size):
        refuse("moments", moments, f"a list of 1 to {min(samples, size)} numbers")
    moments = numbers("moments", moments, (len(moments),), 0.0)
    if not (np.diff(moments) <= 0).all() or not moments[-1] > 0:
        refuse("moments", content["moments"], "positive numbers, the largest first")
    directions = numbers("directions", content["directions"], (len(moments), size))
    off = np.abs(directions @ directions.T - np.eye(len(moments))).max()
    if not off <= _ORTHONORMAL:
        raise ValueError(
            f"directions: found rows whose products are off by {off:.3g}, expected orthonormal ones"
        )
    scale = numbers("scale", content["scale"], (size,), 0.0)
    coefficients = numbers("coefficients", content["coefficients"], (size,))
    for name, values in (("coefficients", coefficients), ("directions", directions.any(axis=0))):
        still = np.flatnonzero((scale == 0) & (values != 0))
        if len(still):
            refuse(f"scale[{still[0]}]", 0.0, f"a number above 0, as {name} has the component")
    shrinkage = number("shrinkage", content["shrinkage"])
    if not 0 <= shrinkage <= 1:
        refuse("shrinkage", content["shrinkage"], "a number from 0 to 1")
    noise, prior = (_positive(key, content[key]) for key in ("noise", "prior"))
    return Weights(coefficients, scale, directions, moments, samples, noise, prior, shrinkage)


def _crystal(base) -> bool:
    return isinstance(base, BulkCells)


def _bulk(base: BulkCells, k: int) -> dict:
    atoms = base.atoms[k]
    return {
        "species": atoms.get_chemical_symbols()[0],
        "cell": atoms.cell.array.tolist(),
        "positions": atoms.positions.tolist(),
        "sums": base.sums[k].tolist(),
        "entropy": float(base.entropies[k]),
    }


def _read_bulk(found: list, size: int) -> BulkCells:
    cells, sums, entropies = [], [], []
    for k, one in enumerate(found):
        key = f"bulk[{k}]"
        _check_keys(key, one, _BULK)
        _check_symbols(f"{key} species", [one["species"]])
        positions = one["positions"]
        if not isinstance(positions, list) or not positions:
            refuse(f"{key} positions", positions, "a list of them")
        places = numbers(f"{key} positions", positions, (len(positions), 3))
        cell = numbers(f"{key} cell", one["cell"], (3, 3))
        cells.append(Atoms([one["species"]] * len(places), places, cell=cell, pbc=True))
        sums.append(numbers(f"{key} sums", one["sums"], (size,)))
        entropies.append(number(f"{key} entropy", one["entropy"]))
    return BulkCells(cells, np.array(sums), np.array(entropies))


def _compositions(base: Compositions) -> list[dict]:
    return [
        {"formula": formula, "count": int(count), "sums": sums.tolist(), "entropy": float(entropy)}
        for formula, count, sums, entropy in zip(
            base.formulas, base.counts, base.sums, base.entropies, strict=True
        )
    ]


def _read_compositions(found: list, size: int) -> Compositions:
    formulas, counts, sums, entropies = [], [], [], []
    for k, one in enumerate(found):
        key = f"compositions[{k}]"
        _check_keys(key, one, _COMPOSITION)
        formula = one["formula"]
        if not isinstance(formula, dict) or not formula or formula in formulas:
            refuse(f"{key} formula", formula, "numbers of atoms of each species, each formula once")
        _check_symbols(f"{key} formula", list(formula))
        for symbol, count in formula.items():
            integer(f"{key} formula {symbol}", count, 1, _MANY)
        formulas.append(formula)
        counts.append(integer(f"{key} count", one["count"], 1, _MANY))
        sums.append(numbers(f"{key} sums", one["sums"], (size,)))
        entropies.append(number(f"{key} entropy", one["entropy"]))
    return Compositions(formulas, np.array(counts), np.array(sums), np.array(entropies))


def _check_keys(key: str, found, expected) -> None:
    if not isinstance(found, dict):
        refuse(key, found, f"the keys {', '.join(expected)}")
    try:
        keys(found, expected)
    except ValueError as error:
        raise ValueError(f"{key} {error}") from None


def _check_symbols(key: str, found) -> None:
    known = isinstance(found, list) and all(
        isinstance(s, str) and s in atomic_numbers for s in found
    )
    if not known or not found or len(set(found)) != len(found):
        raise ValueError(f"{key}: found {reprlib.repr(found)}, expected different chemical symbols")


def _positive(key: str, value) -> float:
    found = number(key, value)
    return found if found > 0 else refuse(key, value, "a number above 0")
