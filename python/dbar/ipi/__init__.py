"""A surface of i-PI on the offline kernels; ``python -m dbar.ipi`` prints the path of its file.

Needs the extra ``dbar[ipi]``.
"""

from dbar.ipi.driver import DbarDriver

__all__ = ["DbarDriver"]
