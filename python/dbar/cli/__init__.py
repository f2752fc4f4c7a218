"""The command ``dbar``."""

from dbar.cli.program import build_parser, main

__all__ = [
    "build_parser",
    "main",
]
