"""Observables from descriptors: scikit-learn estimators, and their check on unseen trajectories."""

from dbar.estimators.chunks import ChunkEstimator, chunk_stress, in_no_chunk
from dbar.estimators.linear import LinearEstimator
from dbar.estimators.rdf import RDFEstimator
from dbar.estimators.streaming import StreamingReadout
from dbar.estimators.stress import StressEstimator
from dbar.estimators.validation import HeldOut, leave_trajectory_out, stack
from dbar.estimators.yield_classifier import YieldClassifier

__all__ = [
    "ChunkEstimator",
    "HeldOut",
    "LinearEstimator",
    "RDFEstimator",
    "StreamingReadout",
    "StressEstimator",
    "YieldClassifier",
    "chunk_stress",
    "in_no_chunk",
    "leave_trajectory_out",
    "stack",
]
