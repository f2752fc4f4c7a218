"""Observables from descriptors: scikit-learn estimators, and their check on unseen trajectories."""

from dbar.estimator_linear import LinearEstimator
from dbar.estimator_rdf import RDFEstimator
from dbar.estimator_stress import StressEstimator
from dbar.estimator_validation import HeldOut, leave_trajectory_out, stack
from dbar.yield_classifier import YieldClassifier

__all__ = [
    "HeldOut",
    "LinearEstimator",
    "RDFEstimator",
    "StressEstimator",
    "YieldClassifier",
    "leave_trajectory_out",
    "stack",
]
