"""Pages about one run or many: HTML in one file."""

from dbar.report.ensemble import report_ensemble
from dbar.report.run import report

__all__ = [
    "report",
    "report_ensemble",
]
