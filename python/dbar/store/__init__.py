"""The H5MD file of a run: layout, writing, checkpoints, units."""

from dbar.store.h5md import StoreError
from dbar.store.rows import Header
from dbar.store.writer import Store

__all__ = [
    "Header",
    "Store",
    "StoreError",
]
