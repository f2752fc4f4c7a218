"""Training of a network: one epoch after the other, to be gone on with at any time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel

from dbar.gpp.network.labels import Labels
from dbar.gpp.network.model import PacketNetwork, tensors
from dbar.gpp.network.stars import Stars

__all__ = ["Errors", "Training", "errors_of"]

_BATCH = 32
_MEMORY = 0.998  # of the weights' moving average, per batch, when it has seen many
_WORSE = 0.5  # of the rate, after so many epochs without a better one:
_PATIENCE = 4
_SLOWEST = 1e-5  # of the rate: the training ends


@dataclass(frozen=True)
class Errors:
    """Mean absolute and root mean square errors of a network.

    Attributes
    ----------
    energy : tuple of float
        Of <V_i> (eV): mean absolute, root mean square.
    force : tuple of float
        Of components of -d<V_i>/dq_j (eV/Å).
    thermal : tuple of float
        Of d<V_i>/ds_j (eV/Å^2).
    """

    energy: tuple[float, float]
    force: tuple[float, float]
    thermal: tuple[float, float]

    def as_dict(self) -> dict:
        """For files and pages."""
        return {
            name: {"mae": one[0], "rmse": one[1]}
            for name, one in (
                ("energy", self.energy), ("force", self.force), ("thermal", self.thermal),
            )
        }  # fmt: skip


def _mean(values: list[np.ndarray]) -> tuple[float, float]:
    all_of_them = np.concatenate([one.ravel() for one in values])
    return float(np.mean(np.abs(all_of_them))), float(np.sqrt(np.mean(all_of_them**2)))


def _on_centres(values: np.ndarray, stars: Stars) -> np.ndarray:
    """Sums over the neighbours of each site."""
    found = np.zeros((len(stars), *values.shape[1:]))
    np.add.at(found, stars.sites, values)
    return found


def errors_of(network: PacketNetwork, stars: Stars, labels: Labels, batch: int = 256) -> Errors:
    """Errors on some sites; the force on a central atom is that of its neighbours, turned round."""
    dtype = next(network.parameters()).dtype
    energy, force, thermal = [], [], []
    for first in range(0, len(stars), batch):
        which = np.arange(first, min(first + batch, len(stars)))
        some, right = stars.part(which), labels.part(stars, which)
        found = [one.numpy() for one in network.derivatives(tensors(some, dtype))]
        energy.append(found[0] - right.energies)
        pulled = found[1] - right.vectors
        force += [pulled, _on_centres(pulled, some)]
        thermal += [found[2] - right.variances, found[3] - right.neighbour_variances]
    return Errors(_mean(energy), _mean(force), _mean(thermal))


@dataclass
class Training:
    """A network while it learns.

    From a file that is written after any epoch (`write_training`) it goes on as if it had not
    stopped: the order of the data follows from seed and epoch alone. What is judged and kept is the
    moving average of the weights over some hundreds of batches: at a given rate it lies lower than
    the weights themselves.

    Parameters
    ----------
    network : PacketNetwork
    stars, labels : Stars, Labels
        All data; a share of them, drawn by the seed, is left out and says when to stop.
    validation : float
        That share.
    rate : float
        Of Adam; halved when four epochs bring nothing, until it is 1e-5.
    seed : int
    """

    network: PacketNetwork
    stars: Stars
    labels: Labels
    validation: float = 0.1
    rate: float = 5e-3
    seed: int = 0
    epoch: int = 0
    best: float = float("inf")
    waited: int = 0
    history: list[dict] = field(default_factory=list)

    def __post_init__(self) -> None:
        order = np.random.default_rng([self.seed, 0]).permutation(len(self.stars))
        left_out = max(1, round(self.validation * len(order)))
        if left_out >= len(order):
            raise ValueError(
                f"data: found {len(order)} sites, expected more than the {left_out} left out"
            )
        self.left_out, self.learnt = np.sort(order[:left_out]), np.sort(order[left_out:])
        self.smoothed = AveragedModel(self.network, avg_fn=_moving_average)
        self.best_weights = _copy(self.smoothed.module)
        self._units = self._scales()
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=self.rate)

    @property
    def done(self) -> bool:
        """Whether further epochs are not worth it."""
        return self.rate < _SLOWEST

    def run_epoch(self, tick: Callable[[int, int], None] | None = None) -> dict:
        """Go through the data once; returns what is added to `history`."""
        self.epoch += 1
        order = np.random.default_rng([self.seed, self.epoch]).permutation(self.learnt)
        total, batches = 0.0, [order[k : k + _BATCH] for k in range(0, len(order), _BATCH)]
        for number, which in enumerate(batches):
            loss = self._loss(which)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.smoothed.update_parameters(self.network)
            total += float(loss.detach()) * len(which)
            if tick is not None:
                tick(number + 1, len(batches))
        self._judge(total / len(order))
        return self.history[-1]

    def _judge(self, loss: float) -> None:
        errors = errors_of(
            self.smoothed.module, self.stars.part(self.left_out),
            self.labels.part(self.stars, self.left_out),
        )  # fmt: skip
        held_out = self._sum(errors)
        if held_out < self.best:
            self.best, self.waited = held_out, 0
            self.best_weights = _copy(self.smoothed.module)
        else:
            self.waited += 1
        if self.waited >= _PATIENCE:
            self.rate, self.waited = self.rate * _WORSE, 0
            for group in self.optimiser.param_groups:
                group["lr"] = self.rate
        self.history.append(
            {"epoch": self.epoch, "loss": loss, "held_out": held_out, "rate": self.rate,
             **errors.as_dict()}
        )  # fmt: skip

    def _scales(self) -> tuple[float, float, float]:
        """Root mean squares of what is learnt: energies about their mean, forces, slopes."""
        labels = self.labels
        pulled = np.concatenate([labels.vectors, _on_centres(labels.vectors, self.stars)])
        slopes = np.concatenate([labels.variances, labels.neighbour_variances])
        return (
            self.network.settings.energy_std, float(np.sqrt(np.mean(pulled**2))),
            float(np.sqrt(np.mean(slopes**2))),
        )  # fmt: skip

    def _sum(self, errors: Errors) -> float:
        kinds = (errors.energy, errors.force, errors.thermal)
        return sum((one[1] / unit) ** 2 for one, unit in zip(kinds, self._units, strict=True))

    def _loss(self, which: np.ndarray) -> torch.Tensor:
        """Mean over sites of three squares, each in units of what is learnt."""
        stars, labels = self.stars.part(which), self.labels.part(self.stars, which)
        dtype = next(self.network.parameters()).dtype
        batch = tensors(stars, dtype)
        found = self.network.derivatives(batch, keep=True)
        right = [
            torch.as_tensor(one, dtype=dtype)
            for one in (
                labels.energies, labels.vectors, labels.variances, labels.neighbour_variances,
            )
        ]  # fmt: skip
        energy, force, thermal = self._units
        units = (energy, force, thermal, thermal)
        off, pulled, own, theirs = (
            (one - other) / unit for one, other, unit in zip(found, right, units, strict=True)
        )
        sites, n = batch["sites"], len(which)
        atoms = torch.as_tensor(np.diff(stars.start) + 1, dtype=dtype)
        centre = torch.zeros(n, 3, dtype=dtype).index_add(0, sites, pulled)
        forces = (centre**2).sum(1).index_add(0, sites, (pulled**2).sum(1)) / (3.0 * atoms)
        slopes = (own**2).index_add(0, sites, theirs**2) / atoms
        return (off**2 + forces + slopes).mean()


def _moving_average(
    averaged: torch.Tensor, current: torch.Tensor, number: torch.Tensor
) -> torch.Tensor:
    """Of weights; short at the beginning, so that the first ones are forgotten soon."""
    number = int(number)
    return torch.lerp(current, averaged, min(_MEMORY, (1.0 + number) / (10.0 + number)))


def _copy(network: PacketNetwork) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
