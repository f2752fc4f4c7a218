"""How far a forecast can be trusted."""

from dbar.trust.change import ChangeTest
from dbar.trust.innovation import InnovationTrust, choose_dimension
from dbar.trust.mahalanobis import ForecastTrust, Mahalanobis

__all__ = [
    "ChangeTest",
    "ForecastTrust",
    "InnovationTrust",
    "Mahalanobis",
    "choose_dimension",
]
