"""Ensemble models as HDF5 files: arrays, numbers and words only, nothing is ever unpickled.

::

    /                attributes: dbar_file = "model", schema, dbar_version, content_sha256
    /about           JSON: descriptor, units, dtau, runs, training range, scores, notes
    /model/...       one group per part; arrays as datasets, numbers and words as attributes
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np

from dbar.estimators.front import RidgeCore, Whitening
from dbar.estimators.linear import LinearEstimator
from dbar.estimators.readout import Readout
from dbar.estimators.stress import StressEstimator
from dbar.files import examiner
from dbar.files.atomic import replacing
from dbar.files.hdf5_digest import content_digest
from dbar.files.kinds import Kind
from dbar.files.refused import Refused
from dbar.files.superblock import SIGNATURE
from dbar.forecast.band_scale import BandScale
from dbar.forecast.var import VAR
from dbar.statistics.latent import Latent
from dbar.statistics.moments import LaggedMoments
from dbar.statistics.ridge import Regression
from dbar.store.h5md import StoreError, reason_of
from dbar.store.self_contained import refusal
from dbar.study.about import ModelFileError, read_about
from dbar.study.model import EnsembleModel
from dbar.trust.innovation import InnovationTrust
from dbar.trust.mahalanobis import Mahalanobis
from dbar.version import __version__

__all__ = ["SCHEMA", "ModelFileError", "digest_of", "load", "save"]

# 2: rate and effective number behind the level of the second signal
# 3: statistics, stress and widths, for use in a run
# 4: a digest of all that is in the file
SCHEMA = 4
_DIGEST = "content_sha256"

# What makes up each part: constructor arguments, then what fitting added.
_PARTS = {
    Latent: (("shift", "basis", "variance"), ()),
    Regression: (tuple(f.name for f in fields(Regression)), ()),
    Whitening: (("n_components",), ("mean_", "singular_values_", "basis_")),
    RidgeCore: (
        ("n_components",),
        ("front_", "y_mean_", "y_std_", "regression_", "coef_z_", "count_", "scale_"),
    ),
    LinearEstimator: (
        ("target", "n_components", "noise"),
        ("core_", "mean_count_", "_flat", "std_scale_", "coef_", "intercept_", "n_features_in_"),
    ),
    StressEstimator: (
        (),
        ("n_features_in_", "with_d_", "_tensor", "theta_", "phi_", "coef_", "noise_std_", "_root"),
    ),
    VAR: (
        ("order", "n_bags", "coverage", "random_state", "prior"),
        ("regression_", "bag_coef_", "bag_intercept_", "bag_noise_eig_", "bag_scale_", "coef_",
         "intercept_", "noise_cov_", "noise_cov_mle_", "dof_", "n_transitions_", "moments_"),
    ),
    Mahalanobis: (("n_components",), ("mean_", "factor_", "dim_", "shrinkage_")),
    InnovationTrust: (
        ("n_components", "order", "window", "memory", "gap", "least", "false_alarm"),
        ("level_", "rate_", "rate_bound_", "effective_", "coef_", "intercept_", "whiten_",
         "space_"),
    ),
    BandScale: (("horizons", "table"), ()),
    EnsembleModel: (
        ("kinds", "order", "dimension", "n_bags", "coverage", "seed", "prior", "dtau"),
        ("space_", "var_", "measure_", "growth_", "innovation_", "estimator_", "readout_",
         "scale_", "n_runs_", "training_time_", "atoms_", "stress_", "widths_", "moments_",
         "rest_", "joint_mean_", "joint_comoment_", "snapshots_"),
    ),
}  # fmt: skip
_SINCE_2 = ("rate_", "rate_bound_", "effective_")
_SINCE_3 = (
    "stress_", "widths_", "moments_", "rest_", "joint_mean_", "joint_comoment_", "snapshots_",
)  # fmt: skip
_DAMAGE = (
    OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError, MemoryError,
    OverflowError,
)  # fmt: skip
_BY_NAME = {kind.__name__: kind for kind in _PARTS}


def save(path: str | os.PathLike[str], model: EnsembleModel, about: dict) -> None:
    """Write a model, replacing the file at once when it is complete.

    Parameters
    ----------
    path : path-like
    model : EnsembleModel
        Fitted.
    about : dict
        What can be written as JSON: where the model comes from and how good it is.

    Raises
    ------
    ModelFileError
        If the file cannot be written, or is a file that is no model.
    """
    try:
        with replacing(path, Kind.MODEL) as part:
            with h5py.File(part, "w") as file:
                file.attrs["dbar_file"] = "model"
                file.attrs["schema"] = SCHEMA
                file.attrs["dbar_version"] = __version__
                text = json.dumps(about, sort_keys=True)
                file.create_dataset("about", data=text, dtype=h5py.string_dtype())
                _write(file, "model", model)
                file.attrs[_DIGEST] = content_digest(file, _DIGEST)
    except Refused as error:
        raise ModelFileError(str(error)) from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written ({reason_of(error)})") from None


def load(path: str | os.PathLike[str]) -> tuple[EnsembleModel, dict]:
    """Read what `save` wrote.

    Returns
    -------
    model : EnsembleModel
    about : dict

    Raises
    ------
    ModelFileError
        If the file is missing, another kind of file, of a newer schema, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise ModelFileError(f"{path}: {what}, expected a model made by `dbar fit`")
    try:
        with path.open("rb") as raw:
            head = raw.read(len(SIGNATURE))
        if head != SIGNATURE:
            raise ModelFileError(f"{path}: not an HDF5 file, expected a model made by `dbar fit`")
        if why := examiner.damage(path):
            raise ModelFileError(f"{path}: damaged: {why}; copy it again or fit again")
        with h5py.File(path, "r") as file:
            _check_head(path, file)
            about = read_about(path, file)
            model = _read(file["model"])
    except ModelFileError:
        raise
    except StoreError as error:  # which names the file already
        raise ModelFileError(str(error)) from None
    except _DAMAGE as error:
        raise ModelFileError(f"{path}: truncated or corrupt ({reason_of(error)})") from None
    if not isinstance(model, EnsembleModel):
        raise ModelFileError(f"{path}: holds a {type(model).__name__}, expected an EnsembleModel")
    return model, about


def digest_of(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, which tells a model from another one of its name.

    Raises
    ------
    ModelFileError
        If it cannot be read.
    """
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from None


def _check_head(path, file):
    why = refusal(file)
    if why:
        raise ModelFileError(f"{path}: {why}")
    kind = file.attrs.get("dbar_file")
    if kind != "model":
        what = "a run (H5MD)" if "h5md" in file else "some other HDF5 file"
        raise ModelFileError(f"{path}: is {what}, expected a model made by `dbar fit`")
    schema = int(file.attrs.get("schema", 0))
    if not 1 <= schema <= SCHEMA:
        version = file.attrs.get("dbar_version", "unknown")
        raise ModelFileError(
            f"{path}: schema {schema} (written by dbar {version}), this dbar {__version__} reads "
            f"schema 1 to {SCHEMA}: use a newer dbar or fit again"
        )
    if schema >= 4 and content_digest(file, _DIGEST) != file.attrs[_DIGEST]:
        raise ModelFileError(
            f"{path}: damaged: what it holds is not what `dbar fit` wrote; copy it again or "
            "fit again"
        )


def _write(parent, name, value):
    """Store a value under a name of an HDF5 group."""
    if value is None:
        parent.attrs[name] = h5py.Empty("f8")
    elif isinstance(value, (bool, int, float, str, np.bool_, np.integer, np.floating)):
        parent.attrs[name] = value
    elif isinstance(value, np.ndarray):
        parent.create_dataset(name, data=value)
    elif isinstance(value, dict):
        parent.attrs[name] = json.dumps(value)
    elif isinstance(value, LaggedMoments):
        group = _group(parent, name, "LaggedMoments")
        for key, array in value.get_state().items():
            group.create_dataset(key, data=array)
    elif isinstance(value, Readout):
        group = _group(parent, name, "Readout")
        group.attrs["kinds"] = json.dumps(value.kinds)
        for k, (columns, estimator) in enumerate(getattr(value, "parts_", [])):
            _write(group, f"columns{k}", columns)
            _write(group, f"estimator{k}", estimator)
    else:
        kind = next(k for k in type(value).__mro__ if k in _PARTS)
        group = _group(parent, name, kind.__name__)
        for key in (*_PARTS[kind][0], *_PARTS[kind][1]):
            _write(group, key, getattr(value, key))


def _group(parent, name, kind):
    group = parent.create_group(name)
    group.attrs["kind"] = kind
    return group


def _read(group):
    """The object that a group holds."""
    kind = group.attrs["kind"]
    if kind == "LaggedMoments":
        return LaggedMoments.from_state({key: group[key][()] for key in group})
    if kind == "Readout":
        out = Readout(json.loads(group.attrs["kinds"]))
        count = sum(key.startswith("columns") for key in group)
        out.parts_ = [
            (group[f"columns{k}"][()], _read(group[f"estimator{k}"])) for k in range(count)
        ]
        return out
    cls = _BY_NAME[kind]
    first, later = _PARTS[cls]
    out = cls(**{key: _value(group, key) for key in first})
    for key in later:
        if key in _SINCE_3 and key not in group and key not in group.attrs:
            continue  # as new
        setattr(out, key, _value(group, key))
    if cls is VAR:
        out._chains = {}  # it may go on learning, from new runs
    return out


def _value(group, key):
    if key in group:
        item = group[key]
        return item[()] if isinstance(item, h5py.Dataset) else _read(item)
    if key in _SINCE_2 and key not in group.attrs:
        return float("nan")
    value = group.attrs[key]
    if isinstance(value, h5py.Empty):
        return None
    if key == "kinds":
        return json.loads(value)
    return value.item() if isinstance(value, np.generic) else value
