"""From a potential to a network: sites of a crystal at temperatures, their averages, training."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from dbar.files.atomic import check_writable
from dbar.files.kinds import Kind
from dbar.gpp.bulk import relax_bulk
from dbar.gpp.drawn import Drawn
from dbar.gpp.exact import Exact
from dbar.gpp.network.file import About, read_training, write_network, write_training
from dbar.gpp.network.labels import Labels, drawn_labels, exact_labels
from dbar.gpp.network.model import PacketNetwork
from dbar.gpp.network.potential_digest import potential_digest
from dbar.gpp.network.sampling import shaken_sites
from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars
from dbar.gpp.network.training import Training
from dbar.gpp.potential import Potential

__all__ = ["Plan", "make_sites", "train"]

_BEYOND = 1.04  # cutoff of the edges over that of the potential


@dataclass(frozen=True)
class Plan:
    """What is learnt from, and how.

    Parameters
    ----------
    lattice : str
        As of `relax_bulk`.
    sites : int
        In all.
    temperatures : sequence of float
        Of the crystals (K); each gives as many sites.
    position_noise : float, optional
        Standard deviation of a component of a mean position (Å); default the cutoff over 50.
    entropy_noise : float
        Of the positional entropy (ln s)/2 of an atom.
    cutoff : float, optional
        Of the edges (Å); default 1.04 times that of the potential.
    features, layers : int
        See `NetworkSettings`.
    validation : float
        Share of the sites that are left out.
    rate : float
        Of Adam, at the beginning.
    epochs : int
        At most.
    seed : int
    samples : int
        Draws of each site, where averages are not exact.
    """

    lattice: str = "fcc"
    sites: int = 20000
    temperatures: tuple[float, ...] = tuple(range(100, 501, 50))
    position_noise: float | None = None
    entropy_noise: float = 0.25
    cutoff: float | None = None
    features: int = 16
    layers: int = 4
    validation: float = 0.1
    rate: float = 0.01
    epochs: int = 200
    seed: int = 0
    samples: int = 256

    def __post_init__(self) -> None:
        object.__setattr__(self, "temperatures", tuple(float(one) for one in self.temperatures))
        if not self.temperatures or not all(0 < one < np.inf for one in self.temperatures):
            raise ValueError(f"temperatures: found {self.temperatures}, expected some above 0")
        if self.sites < 10 * len(self.temperatures):
            raise ValueError(
                f"sites: found {self.sites}, expected ten or more for each of "
                f"{len(self.temperatures)} temperatures"
            )


def make_sites(potential: Potential, plan: Plan) -> tuple[Stars, Labels]:
    """Shaken sites of the crystal at each temperature, and their averages.

    They are exact for embedded atoms, and drawn for a potential that is linear in a descriptor.

    Raises
    ------
    ValueError
        As `relax_bulk`.
    """
    average = _average(potential, plan)
    cutoff = _cutoff(potential, plan)
    noise = potential.cutoff / 50.0 if plan.position_noise is None else plan.position_noise
    counts = np.diff(np.linspace(0, plan.sites, len(plan.temperatures) + 1).astype(int))
    parts = []
    for number, (temperature, count) in enumerate(zip(plan.temperatures, counts, strict=True)):
        crystal = relax_bulk(potential, plan.lattice, temperature, average=average)
        atoms = crystal.atoms
        rng = np.random.default_rng([plan.seed, 1, number])
        variances = np.full(len(atoms), crystal.variance)
        parts.append(
            shaken_sites(
                atoms, variances, potential.elements, cutoff, count, noise, plan.entropy_noise, rng
            )
        )
    stars = Stars.joined(parts)
    if potential.form == "linear":
        rng = np.random.default_rng([plan.seed, 2])
        return stars, drawn_labels(potential, stars, plan.samples, rng)
    widest = max(np.max(stars.variances), np.max(stars.neighbour_variances))
    if widest > average.smax:
        average = Exact(potential, smax=float(widest))
    return stars, exact_labels(average.packets, stars)


def train(
    potential: Potential,
    path: str | os.PathLike[str],
    plan: Plan,
    *,
    hours: float | None = None,
    tick: Callable[[int, int], None] | None = None,
    told: Callable[[dict], None] | None = None,
) -> Training:
    """Train a network, or go on with its training; `path` always holds the best so far.

    What it needs to go on is kept beside, in ``NAME.training``, after every epoch.

    Parameters
    ----------
    potential : Potential
    path : path-like
        Of the network, ``.safetensors``.
    plan : Plan
    hours : float, optional
        After which no epoch is begun.
    tick : callable, optional
        Called with the batches of an epoch that are done and how many there are.
    told : callable, optional
        Called after each epoch with its errors.

    Raises
    ------
    ValueError
        As `relax_bulk`; a file of a training of another plan or potential.
    OSError
        A file that cannot be written.
    """
    path = Path(path)
    kept = path.with_name(path.name + ".training")
    for one in (path, kept):
        check_writable(one, Kind.PACKET_NETWORK)
    begun = time.monotonic()
    stars, labels = make_sites(potential, plan)
    digest = _digest(potential, plan)
    span = (min(plan.temperatures), max(plan.temperatures))
    if kept.exists():
        training, about = read_training(kept, stars, labels)
        if about.potential != digest:
            raise ValueError(
                f"{kept}: found a training of another plan or potential ({about.potential}), "
                f"expected {digest}: name another file, or remove it to begin anew"
            )
    else:
        training = _fresh(potential, plan, stars, labels)
    while not training.done and training.epoch < plan.epochs:
        if hours is not None and time.monotonic() - begun > 3600.0 * hours:
            break
        best = training.best
        entry = training.run_epoch(tick)
        write_training(kept, training, About(digest, span, len(stars), []))
        if training.best < best:
            about = About(potential_digest(potential), span, len(stars), training.history)
            write_network(path, training.smoothed.module, about)
        if told is not None:
            told(entry)
    return training


def _average(potential: Potential, plan: Plan):
    if potential.form == "linear":
        return Drawn(potential, plan.samples, plan.seed)
    return Exact(potential)


def _cutoff(potential: Potential, plan: Plan) -> float:
    return _BEYOND * potential.cutoff if plan.cutoff is None else plan.cutoff


def _fresh(potential: Potential, plan: Plan, stars: Stars, labels: Labels) -> Training:
    settings = NetworkSettings(
        species=potential.elements, cutoff=_cutoff(potential, plan), features=plan.features,
        layers=plan.layers, neighbours=float(np.mean(np.diff(stars.start))),
        variance_rms=float(np.sqrt(np.mean(stars.variances**2))),
        energy_mean=float(labels.energies.mean()), energy_std=float(labels.energies.std()),
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = PacketNetwork(settings)
    return Training(
        network, stars, labels, validation=plan.validation, rate=plan.rate, seed=plan.seed
    )


def _digest(potential: Potential, plan: Plan) -> str:
    """Of all that a training depends on, but for how long it is."""
    words = {name: value for name, value in vars(plan).items() if name != "epochs"}
    text = json.dumps([potential_digest(potential), list(potential.elements), words])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
