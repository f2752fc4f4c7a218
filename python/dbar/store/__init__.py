"""The H5MD file of a run: layout, writing, checkpoints, units."""

from dbar.store.writer import Header, Store, StoreError

__all__ = [
    "Header",
    "Store",
    "StoreError",
]
