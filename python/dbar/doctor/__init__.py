"""Checks that everything is there that a run needs."""

from dbar.doctor.checks import CHECKS, examine
from dbar.doctor.finding import Finding

__all__ = [
    "CHECKS",
    "Finding",
    "examine",
]
