"""Judge each snapshot of a run by what was learnt before it, then learn from it."""

from dbar.online.config import MonitorConfig
from dbar.online.decision import ALARM, LEARNING, TRUSTED, WARNING, Decision
from dbar.online.merging import merge
from dbar.online.monitor import Monitor

__all__ = [
    "ALARM",
    "LEARNING",
    "TRUSTED",
    "WARNING",
    "Decision",
    "Monitor",
    "MonitorConfig",
    "merge",
]
