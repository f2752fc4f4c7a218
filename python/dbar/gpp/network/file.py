"""Files of networks: safetensors whose metadata are JSON of schema ``dbar-packet-network/1``."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from dbar.files.atomic import replacing
from dbar.files.json_values import keys, number, refuse
from dbar.files.kinds import Kind
from dbar.gpp.network.labels import Labels
from dbar.gpp.network.model import PacketNetwork
from dbar.gpp.network.settings import NetworkSettings
from dbar.gpp.network.stars import Stars
from dbar.gpp.network.training import Training
from dbar.version import __version__

__all__ = ["SCHEMA", "About", "read_network", "read_training", "write_network", "write_training"]

SCHEMA = "dbar-packet-network/1"
_KEYS = ("schema", "created_by", "settings", "about", "training")
_ABOUT = ("potential", "temperatures", "sites", "history")
_TRAINING = (
    "seed", "validation", "epoch", "rate", "best", "waited", "history", "steps", "averaged",
)  # fmt: skip
_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class About:
    """What a network has learnt from.

    Attributes
    ----------
    potential : str
        Digest of the potential's files and words.
    temperatures : tuple of float
        Lowest and highest of the data (K).
    sites : int
        How many.
    history : list of dict
        Errors after each epoch.
    """

    potential: str
    temperatures: tuple[float, float]
    sites: int
    history: list[dict]


def write_network(path: str | os.PathLike[str], network: PacketNetwork, about: About) -> None:
    """Write a network, whole or not at all.

    Raises
    ------
    OSError
        A file that cannot be written, or one that is no network; an old one is untouched then.
    """
    weights = {f"network.{name}": value for name, value in network.state_dict().items()}
    _write(path, network, about, weights, None)


def write_training(path: str | os.PathLike[str], training: Training, about: About) -> None:
    """Write all that a training needs to go on as if it had not stopped; see `write_network`."""
    network = training.network
    held = {f"network.{name}": value for name, value in network.state_dict().items()}
    held |= {f"best.{name}": value for name, value in training.best_weights.items()}
    smoothed = training.smoothed.module.state_dict()
    held |= {f"smoothed.{name}": value for name, value in smoothed.items()}
    state, steps = training.optimiser.state, []
    for number_, parameter in enumerate(network.parameters()):
        for moment in _MOMENTS if parameter in state else ():
            held[f"{moment}.{number_}"] = state[parameter][moment]
        steps.append(float(state[parameter]["step"]) if parameter in state else 0.0)
    told = {name: getattr(training, name) for name in _TRAINING[:-2]}
    told["best"] = None if training.best == float("inf") else training.best
    averaged = int(training.smoothed.n_averaged)
    _write(path, network, about, held, {**told, "steps": steps, "averaged": averaged})


def _write(path, network, about: About, held: dict, training: dict | None) -> None:
    content = {
        "schema": SCHEMA, "created_by": f"dbar {__version__}",
        "settings": network.settings.as_dict(),
        "about": {name: getattr(about, name) for name in _ABOUT}, "training": training,
    }  # fmt: skip
    text = json.dumps(content, allow_nan=False)
    held = {name: value.detach().clone().contiguous() for name, value in held.items()}
    with replacing(path, Kind.PACKET_NETWORK) as part:
        save_file(held, part, metadata={"dbar": text})


def read_network(path: str | os.PathLike[str], dtype: torch.dtype = torch.float64):
    """A network as it was when it was written, the best of a training, and what it learnt from.

    Returns
    -------
    PacketNetwork
    About

    Raises
    ------
    ValueError
        A file that is no such network, or is damaged; the message names the file.
    OSError
        If it cannot be read.
    """
    content, held = _read(path)
    network = PacketNetwork(_settings(path, content), dtype)
    part = "network" if content["training"] is None else "best"
    _fill(path, network, held, part)
    return network.eval(), _about(path, content)


def read_training(
    path: str | os.PathLike[str], stars: Stars, labels: Labels
) -> tuple[Training, About]:
    """A training that goes on with the same data as before; raises as `read_network`."""
    content, held = _read(path)
    told = content["training"]
    try:
        if told is None:
            refuse("training", told, "a file of a training that goes on")
        keys(told, _TRAINING)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None
    network = PacketNetwork(_settings(path, content))
    _fill(path, network, held, "best")
    best = {name: value.clone() for name, value in network.state_dict().items()}
    _fill(path, network, held, "network")
    options = {name: told[name] for name in ("seed", "validation", "rate")}
    training = Training(network, stars, labels, **options)
    training.best_weights = best
    _fill(path, training.smoothed.module, held, "smoothed")
    training.smoothed.n_averaged.fill_(told["averaged"])
    training.best = float("inf") if told["best"] is None else float(told["best"])
    training.epoch, training.waited = told["epoch"], told["waited"]
    training.history = told["history"]
    for number_, parameter in enumerate(network.parameters()):
        if told["steps"][number_]:
            training.optimiser.state[parameter] = {
                "step": torch.tensor(told["steps"][number_]),
                **{moment: held[f"{moment}.{number_}"] for moment in _MOMENTS},
            }
    return training, _about(path, content)


def _read(path) -> tuple[dict, dict[str, torch.Tensor]]:
    name = os.fspath(path)
    try:
        with safe_open(name, framework="pt") as file:
            text = (file.metadata() or {}).get("dbar", "null")
            held = {key: file.get_tensor(key) for key in file.keys()}
    except SafetensorError as error:
        raise ValueError(f"{name}: not a file of a network: {error}") from None
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            found = content.get("schema") if isinstance(content, dict) else None
            refuse("schema", found, repr(SCHEMA))
        keys(content, _KEYS)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    return content, held


def _settings(path, content: dict) -> NetworkSettings:
    try:
        keys(content["settings"], [one.name for one in fields(NetworkSettings)])
        return NetworkSettings(**content["settings"])
    except (ValueError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)}: settings: {error}") from None


def _about(path, content: dict) -> About:
    try:
        keys(content["about"], _ABOUT)
        low, high = (number("temperatures", one) for one in content["about"]["temperatures"])
    except (ValueError, TypeError) as error:
        raise ValueError(f"{os.fspath(path)}: about: {error}") from None
    return About(**{**content["about"], "temperatures": (low, high)})


def _fill(path, network: PacketNetwork, held: dict, part: str) -> None:
    """Put weights into a network; each must be there, of its shape, and finite."""
    weights = network.state_dict()
    for name, value in weights.items():
        found = held.get(f"{part}.{name}")
        if found is None or found.shape != value.shape:
            shape = None if found is None else tuple(found.shape)
            raise ValueError(
                f"{os.fspath(path)}: {part}.{name}: found {shape}, expected {tuple(value.shape)}"
            )
        if not bool(torch.isfinite(found).all()):
            raise ValueError(f"{os.fspath(path)}: {part}.{name}: found numbers that are not finite")
        weights[name] = found.to(value.dtype)
    network.load_state_dict(weights)
