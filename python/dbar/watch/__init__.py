"""Runs and ensembles live: followed, shown in a terminal or on a page of this computer."""

from dbar.watch.follow import Follower
from dbar.watch.screen import plain_lines
from dbar.watch.server import WatchServer
from dbar.watch.watching import Watching

__all__ = [
    "Follower",
    "WatchServer",
    "Watching",
    "plain_lines",
]
