"""What a file of a radial basis holds, checked key by key."""

from __future__ import annotations

import math
import reprlib

import numpy as np

from dbar.basis.residual import residual_variances
from dbar.descriptors.expansion import Expansion

__all__ = ["SCHEMA", "checked"]

SCHEMA = "dbar-basis/1"
_KEYS = (
    "schema", "created_by", "rcut", "sigma", "width", "primitive", "lmax", "qmax", "species",
    "mixed", "per_centre", "matrices", "eigenvalues", "environments", "residual_variance",
)  # fmt: skip
_ORTHONORMAL = 1e-6  # a changed digit shows, rounding does not
_ONE_SPECIES = ["1"]


def checked(content: dict) -> dict:
    """Content of a file with its numbers as arrays.

    Parameters
    ----------
    content : dict
        As JSON gives it: numbers, texts, lists.

    Returns
    -------
    dict
        The same keys.

    Raises
    ------
    ValueError
        A key too few or too many, or a value that no fit gives; the message has the key, what was
        found and what was expected.
    """
    for key in _KEYS:
        if key not in content:
            raise ValueError(f"{key}: found nothing, expected one of the keys {', '.join(_KEYS)}")
    for key in content:
        if key not in _KEYS:
            raise ValueError(f"{reprlib.repr(key)}: found a key, expected {', '.join(_KEYS)} alone")
    if content["schema"] != SCHEMA:
        _refuse("schema", content["schema"], repr(SCHEMA))
    if not isinstance(content["created_by"], str):
        _refuse("created_by", content["created_by"], "a text")
    out = dict(content)
    for key in ("mixed", "per_centre"):
        if not isinstance(content[key], bool):
            _refuse(key, content[key], "true or false")
    out |= _settings(content)
    species, n = len(out["species"]), out["primitive"]["nmax"]
    full = species * n if out["mixed"] else n
    out["qmax"] = _integer("qmax", content["qmax"], 1, full)
    blocks, degrees = species if out["per_centre"] else 1, out["lmax"] + 1
    shape = (blocks, species, degrees, out["qmax"], n)
    out["matrices"] = _numbers("matrices", content["matrices"], shape)
    shape = (blocks, degrees, full) if out["mixed"] else (blocks, species, degrees, n)
    out["eigenvalues"] = _numbers("eigenvalues", content["eigenvalues"], shape, 0.0)
    out["environments"] = _counts(content["environments"], blocks)
    found = content["residual_variance"]
    out["residual_variance"] = _numbers("residual_variance", found, (blocks,), 0.0)
    _belong_together(out)
    return out


def _settings(content) -> dict:
    """Species, and the settings of the primitive functions, which the kernels check."""
    out = {key: _number(key, content[key]) for key in ("rcut", "sigma", "width")}
    primitive = content["primitive"]
    if not isinstance(primitive, dict) or set(primitive) != {"basis", "nmax"}:
        _refuse("primitive", primitive, "the keys basis and nmax")
    if primitive["basis"] not in ("gto", "dvr"):
        _refuse("primitive basis", primitive["basis"], "'gto' or 'dvr'")
    nmax = _integer("primitive nmax", primitive["nmax"], 1, 2**31 - 1)
    out["primitive"] = {"basis": primitive["basis"], "nmax": nmax}
    out["lmax"] = _integer("lmax", content["lmax"], 0, 2**31 - 1)
    out["species"] = _species(content["species"])
    if not out["width"] > 0.0:
        _refuse("width", content["width"], "a positive length")
    lengths = {key: out[key] for key in ("rcut", "sigma", "width")}
    # a coarse table: only whether these settings can be
    Expansion(**lengths, lmax=out["lmax"], **primitive, accuracy=0.01)
    return out


def _species(found) -> list:
    from ase.data import atomic_numbers

    known = isinstance(found, list) and all(
        isinstance(s, str) and s in atomic_numbers and s != "X" for s in found
    )
    if found != _ONE_SPECIES and not (known and found and len(set(found)) == len(found)):
        _refuse("species", found, f"different chemical symbols, or {_ONE_SPECIES}")
    return list(found)


def _counts(found, blocks: int) -> list:
    if not isinstance(found, list) or len(found) != blocks:
        _refuse("environments", found, f"{blocks} integers")
    return [_integer(f"environments[{b}]", n, 1, 2**63 - 1) for b, n in enumerate(found)]


def _belong_together(out: dict) -> None:
    """Functions are orthonormal, and the residual variance is that of the eigenvalues."""
    U = out["matrices"]
    axes = "baqn,bakn->bqk" if out["mixed"] else "baqn,bakn->baqk"
    for l in range(out["lmax"] + 1):  # noqa: E741
        products = np.einsum(axes, U[:, :, l], U[:, :, l])
        off = np.abs(products - np.eye(out["qmax"])).max()
        if not off <= _ORTHONORMAL:
            raise ValueError(
                f"matrices: found functions of l = {l} whose products are off by {off:.3g}, "
                "expected orthonormal ones"
            )
    if not out["eigenvalues"].reshape(len(U), -1).any(axis=1).all():
        raise ValueError("eigenvalues: found zeros alone, expected a positive number")
    expected = residual_variances(out["eigenvalues"])[:, out["qmax"] - 1]
    if not np.allclose(out["residual_variance"], expected, rtol=1e-6, atol=1e-9):
        raise ValueError(
            f"residual_variance: found {out['residual_variance'].tolist()}, expected "
            f"{expected.tolist()} of the eigenvalues"
        )


def _number(key: str, value) -> float:
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an integer of 400 digits
            pass
    if not math.isfinite(number):
        _refuse(key, value, "a finite number")
    return number


def _integer(key: str, value, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        _refuse(key, value, f"an integer from {low} to {high}")
    return value


def _numbers(key: str, value, shape: tuple, least: float = -math.inf) -> np.ndarray:
    """Nested lists of finite numbers, as deep as `shape` and no deeper."""

    def walk(key, value, shape):
        if not shape:
            number = _number(key, value)
            return number if number >= least else _refuse(key, value, f"at least {least:g}")
        if not isinstance(value, list) or len(value) != shape[0]:
            held = f"a list of {len(value)}" if isinstance(value, list) else reprlib.repr(value)
            raise ValueError(f"{key}: found {held}, expected a list of {shape[0]}")
        return [walk(f"{key}[{k}]", each, shape[1:]) for k, each in enumerate(value)]

    return np.array(walk(key, value, shape))


def _refuse(key: str, value, expected: str):
    raise ValueError(f"{key}: found {reprlib.repr(value)}, expected {expected}")
