"""The demo: aluminium pulled until it yields."""

from dbar.demo.run import DemoError, Progress, example_file, run_demo

__all__ = [
    "DemoError",
    "Progress",
    "example_file",
    "run_demo",
]
