"""How far a forecast can be trusted."""

from dbar.trust.change import ChangeTest
from dbar.trust.chunks import ChunkMap, ChunkTrust, chunk_map
from dbar.trust.innovation import InnovationTrust, choose_dimension
from dbar.trust.mahalanobis import ForecastTrust, Mahalanobis

__all__ = [
    "ChangeTest",
    "ChunkMap",
    "ChunkTrust",
    "ForecastTrust",
    "InnovationTrust",
    "Mahalanobis",
    "choose_dimension",
    "chunk_map",
]
