"""Averages over phase packets by an equivariant network that has learnt them; needs dbar[gpp]."""

from dbar.gpp.network.file import About, read_network, read_training, write_network, write_training
from dbar.gpp.network.labels import Labels, drawn_labels, exact_labels
from dbar.gpp.network.learning import Plan, make_sites, train
from dbar.gpp.network.model import PacketNetwork, tensors
from dbar.gpp.network.sampling import shaken_sites
from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars
from dbar.gpp.network.training import Errors, Training, errors_of

__all__ = [
    "About",
    "Errors",
    "Labels",
    "NetworkSettings",
    "PacketNetwork",
    "Plan",
    "Stars",
    "Training",
    "drawn_labels",
    "errors_of",
    "exact_labels",
    "make_sites",
    "read_network",
    "read_training",
    "shaken_sites",
    "tensors",
    "train",
    "write_network",
    "write_training",
]
