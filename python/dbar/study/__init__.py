"""What is learnt from many runs: their model, its checks, its file."""

from dbar.statistics.intensive import per_atom
from dbar.study.diagnostics import (
    chapman_kolmogorov,
    log_likelihood,
    select_order,
    spectrum,
    unimodality,
)
from dbar.study.manifold import Components, danco, pca, two_nn, whitened
from dbar.study.model import EnsembleModel
from dbar.study.model_file import ModelFileError, load, save
from dbar.study.replica_forecast import EnsembleForecast, EnsembleMahalanobis, drift_growth
from dbar.study.resampling import InitialConditions, Resampled, linear_decoder, resample
from dbar.study.study import Options, Study, score_rows, warnings
from dbar.study.window_dimension import WindowDimension, windows, with_virial

__all__ = [
    "Components",
    "EnsembleForecast",
    "EnsembleMahalanobis",
    "EnsembleModel",
    "InitialConditions",
    "ModelFileError",
    "Options",
    "Resampled",
    "Study",
    "WindowDimension",
    "chapman_kolmogorov",
    "danco",
    "drift_growth",
    "linear_decoder",
    "load",
    "log_likelihood",
    "pca",
    "per_atom",
    "resample",
    "save",
    "score_rows",
    "select_order",
    "spectrum",
    "two_nn",
    "unimodality",
    "warnings",
    "whitened",
    "windows",
    "with_virial",
]
