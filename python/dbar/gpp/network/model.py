"""The network: an equivariant graph network on one atom and its neighbours.

S. Saxena, J.-H. Bastek, M. Spinola, P. Gupta, D. M. Kochmann, GNN-assisted phase space integration
with application to atomistics; layers of S. Batzner et al., Nat. Commun. 13, 2453 (2022).
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator

import torch

from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars

with warnings.catch_warnings():  # they speak to developers of those packages
    warnings.simplefilter("ignore")
    from e3nn.o3 import Irreps, SphericalHarmonics
    from nequip.data import AtomicDataDict as Key
    from nequip.nn import ConvNetLayer
    from nequip.nn.embedding import BesselEdgeLengthEncoding, PolynomialCutoff

__all__ = ["PacketNetwork", "tensors"]

_DEGREE = 1


class PacketNetwork(torch.nn.Module):
    """Averages <V_i> of site energies over packets, from mean positions and variances.

    The graph of a site is a star: edges from the neighbours to the central atom and back. The
    variance of an atom, in units of the data's root mean square, is a scalar feature of it; after
    the last layer the central atom is read out.

    Parameters
    ----------
    settings : NetworkSettings
    dtype : torch.dtype
        float32 for training, float64 where differences of energies count.
    """

    def __init__(self, settings: NetworkSettings, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.settings = settings
        with _default(dtype):  # which the layers look up when they are made
            self._build(settings)

    def _build(self, settings: NetworkSettings) -> None:
        species, features = len(settings.species), settings.features
        harmonics = Irreps.spherical_harmonics(_DEGREE)
        self.harmonics = SphericalHarmonics(harmonics, True, "component")
        self.radial = BesselEdgeLengthEncoding(PolynomialCutoff(6), settings.bessels)
        self.embedding = torch.nn.Linear(species + 1, features)
        irreps = {
            Key.NODE_ATTRS_KEY: Irreps(f"{species}x0e"),
            Key.NODE_FEATURES_KEY: Irreps(f"{features}x0e"),
            Key.EDGE_ATTRS_KEY: harmonics,
            Key.EDGE_EMBEDDING_KEY: Irreps(f"{settings.bessels}x0e"),
        }
        self.layers = torch.nn.ModuleList()
        for layer in range(settings.layers):
            last = layer == settings.layers - 1
            self.layers.append(
                ConvNetLayer(
                    irreps,
                    f"{features}x0e" if last else f"{features}x0e + {features}x1o",
                    convolution_kwargs={
                        "radial_mlp_depth": 1, "radial_mlp_width": settings.radial_width,
                        "use_sc": True, "is_first_layer": layer == 0,
                        "avg_num_neighbors": settings.neighbours,
                        "type_names": list(settings.species),
                    },
                )
            )  # fmt: skip
            irreps = self.layers[-1].irreps_out
        self.readout = torch.nn.Linear(features, 1)

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Site energies (n,) in units of the data's deviation from their mean."""
        settings, vectors = self.settings, batch["vectors"]
        sites, others = batch["sites"], batch["others"]
        species = torch.cat([batch["species"], batch["neighbour_species"]])
        variances = torch.cat([batch["variances"], batch["neighbour_variances"]])
        kinds = torch.nn.functional.one_hot(species, len(settings.species)).to(vectors.dtype)
        widths = (variances / settings.variance_rms)[:, None]
        both = torch.cat([vectors, -vectors])
        lengths = torch.linalg.vector_norm(vectors, dim=1)[:, None] / settings.cutoff
        radial = self.radial({Key.NORM_LENGTH_KEY: lengths})[Key.EDGE_EMBEDDING_KEY]
        data = {
            Key.POSITIONS_KEY: torch.zeros(len(species), 3, dtype=vectors.dtype),
            Key.ATOM_TYPE_KEY: species,
            Key.NODE_ATTRS_KEY: kinds,
            Key.NODE_FEATURES_KEY: self.embedding(torch.cat([kinds, widths], dim=1)),
            Key.EDGE_INDEX_KEY: torch.stack(
                [torch.cat([sites, others]), torch.cat([others, sites])]
            ),
            Key.EDGE_ATTRS_KEY: self.harmonics(both),
            Key.EDGE_EMBEDDING_KEY: torch.cat([radial, radial]),
        }
        for layer in self.layers:
            data = layer(data)
        return self.readout(data[Key.NODE_FEATURES_KEY][: len(batch["species"])])[:, 0]

    def energies(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Site energies (n,) in eV."""
        return self.settings.energy_mean + self.settings.energy_std * self(batch)

    def derivatives(self, batch: dict[str, torch.Tensor], keep: bool = False):
        """Site energies and how they change, in eV, Å and Å^2.

        Returns
        -------
        energies : Tensor, shape (n,)
        vectors : Tensor, shape (p, 3)
            Derivatives with respect to the vectors to neighbours.
        variances : Tensor, shape (n,)
            With respect to those of the central atoms.
        neighbour_variances : Tensor, shape (p,)
        """
        names = ("vectors", "variances", "neighbour_variances")
        batch = {**batch, **{name: batch[name].detach().requires_grad_() for name in names}}
        energies = self.energies(batch)
        slopes = torch.autograd.grad(
            energies.sum(), [batch[name] for name in names], create_graph=keep
        )
        return energies if keep else energies.detach(), *slopes


@contextlib.contextmanager
def _default(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def tensors(stars: Stars, dtype=torch.float32, device: str = "cpu") -> dict[str, torch.Tensor]:
    """The arrays of a batch as the network wants them."""
    n, sites = len(stars), stars.sites

    def whole(values) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.int64, device=device)

    def real(values) -> torch.Tensor:
        return torch.as_tensor(values, dtype=dtype, device=device)

    return {
        "species": whole(stars.species), "neighbour_species": whole(stars.neighbour_species),
        "sites": whole(sites), "others": whole(range(n, n + len(sites))),
        "vectors": real(stars.vectors), "variances": real(stars.variances),
        "neighbour_variances": real(stars.neighbour_variances),
    }  # fmt: skip
