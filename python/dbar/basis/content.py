"""What a file of a radial basis holds, checked key by key."""

from __future__ import annotations

import numpy as np

from dbar.basis.residual import residual_variances
from dbar.descriptors.expansion import Expansion
from dbar.files.json_values import integer, keys, number, numbers, refuse

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
    keys(content, _KEYS)
    if content["schema"] != SCHEMA:
        refuse("schema", content["schema"], repr(SCHEMA))
    if not isinstance(content["created_by"], str):
        refuse("created_by", content["created_by"], "a text")
    out = dict(content)
    for key in ("mixed", "per_centre"):
        if not isinstance(content[key], bool):
            refuse(key, content[key], "true or false")
    out |= _settings(content)
    species, n = len(out["species"]), out["primitive"]["nmax"]
    full = species * n if out["mixed"] else n
    out["qmax"] = integer("qmax", content["qmax"], 1, full)
    blocks, degrees = species if out["per_centre"] else 1, out["lmax"] + 1
    shape = (blocks, species, degrees, out["qmax"], n)
    out["matrices"] = numbers("matrices", content["matrices"], shape)
    shape = (blocks, degrees, full) if out["mixed"] else (blocks, species, degrees, n)
    out["eigenvalues"] = numbers("eigenvalues", content["eigenvalues"], shape, 0.0)
    out["environments"] = _counts(content["environments"], blocks)
    found = content["residual_variance"]
    out["residual_variance"] = numbers("residual_variance", found, (blocks,), 0.0)
    _belong_together(out)
    return out


def _settings(content) -> dict:
    """Species, and the settings of the primitive functions, which the kernels check."""
    out = {key: number(key, content[key]) for key in ("rcut", "sigma", "width")}
    primitive = content["primitive"]
    if not isinstance(primitive, dict) or set(primitive) != {"basis", "nmax"}:
        refuse("primitive", primitive, "the keys basis and nmax")
    if primitive["basis"] not in ("gto", "dvr"):
        refuse("primitive basis", primitive["basis"], "'gto' or 'dvr'")
    nmax = integer("primitive nmax", primitive["nmax"], 1, 2**31 - 1)
    out["primitive"] = {"basis": primitive["basis"], "nmax": nmax}
    out["lmax"] = integer("lmax", content["lmax"], 0, 2**31 - 1)
    out["species"] = _species(content["species"])
    if not out["width"] > 0.0:
        refuse("width", content["width"], "a positive length")
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
        refuse("species", found, f"different chemical symbols, or {_ONE_SPECIES}")
    return list(found)


def _counts(found, blocks: int) -> list:
    if not isinstance(found, list) or len(found) != blocks:
        refuse("environments", found, f"{blocks} integers")
    return [integer(f"environments[{b}]", n, 1, 2**63 - 1) for b, n in enumerate(found)]


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
