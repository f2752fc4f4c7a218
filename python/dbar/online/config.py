"""Settings of the online monitor and the small TOML file they are read from."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields, replace

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

# name: (type, smallest, largest, is the smallest itself allowed)
_RANGES = {
    "seed": (int, 0, 2**63 - 1, True),
    "replica": (int, 0, 2**63 - 1, True),
    "order": (int, 1, 20, True),
    "n_bags": (int, 2, 200, True),
    "coverage": (float, 0.0, 1.0, False),
    "latent_dim": (int, 1, 200, True),
    "min_snapshots": (int, 12, 10**9, True),
    "refit_growth": (float, 0.0, 10.0, False),
    "false_alarm": (float, 0.0, 0.5, False),
    "memory": (float, 1.0, 1e9, True),
    "patience": (int, 1, 10**6, True),
    "m_limit": (float, 1.0, 1e6, False),
    "virial": (bool, None, None, True),
    "persist": (int, 1, 10**6, True),
    "reference": (int, 0, 10**9, True),
    "ensemble_wait": (float, 0.0, 3600.0, True),
}


# of earlier versions, or of the model that a run began with, which stores name as well
_GONE = ("m_share", "model")


@dataclass(frozen=True)
class MonitorConfig:
    """Settings of `dbar.online.Monitor`; every one has a default made for 100-10,000 snapshots.

    Attributes
    ----------
    seed, replica : int
        Seed of the bags and number of the trajectory: membership of a bag is a pure function of
        (seed, replica, step). Replicas whose statistics are to be added share the seed and differ
        in `replica`.
    order : int
        Lags P of the autoregression.
    n_bags : int
        Bags of transitions.
    coverage : float
        Probability that a transition joins a bag.
    latent_dim : int
        Largest latent dimension; a third of the transitions limits it while they are few.
    min_snapshots : int
        Transitions before the first fit (state 0, learning).
    refit_growth : float
        Refit when the transitions have grown by this fraction since the last fit.
    false_alarm : float
        One over the average number of snapshots from one false alarm to the next, of a run that
        goes on as it did.
    memory : float
        Snapshots over which the inflation of the innovations is averaged.
    patience : int
        Consecutive snapshots with M above the mean bound that make a warning.
    m_limit : float
        M at which the forecast counts as no longer trusted (defines tau_pred).
    virial : bool
        Learn the components of V as well as those of D (costs (7 K)^2 per bag).
    persist : int
        Snapshots in a row at which the run must look changed before state 3 is reported.
    reference : int
        Freeze the model after this many snapshots, so that M is a distance from the beginning;
        0 goes on learning.
    ensemble_wait : float
        Longest wait at a refit, in seconds, for replicas of an ensemble that are behind.
    """

    seed: int = 0
    replica: int = 0
    order: int = 1
    n_bags: int = 20
    coverage: float = 0.25
    latent_dim: int = 12
    min_snapshots: int = 24
    refit_growth: float = 0.1
    false_alarm: float = 1e-4
    memory: float = 50.0
    patience: int = 10
    m_limit: float = 2.0
    virial: bool = False
    persist: int = 1
    reference: int = 0
    ensemble_wait: float = 0.0

    def __post_init__(self):
        for field in fields(self):
            value = _checked(field.name, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        need = self.order + 7
        if self.min_snapshots < need:
            raise ValueError(
                f"monitor setting min_snapshots = {self.min_snapshots}: "
                f"expected at least {need} with order {self.order}"
            )
        first = self.min_snapshots + self.order
        if 0 < self.reference < first:
            raise ValueError(
                f"monitor setting reference = {self.reference}: expected at least {first}, the "
                f"snapshot of the first model (min_snapshots {self.min_snapshots} + order "
                f"{self.order}), or 0 for none"
            )

    @classmethod
    def load(cls, source=None, given=None):
        """Settings from a TOML file, a dict, a MonitorConfig, or None ("default") for defaults.

        Parameters
        ----------
        source : path, dict, MonitorConfig or None
        given : dict, optional
            Settings made elsewhere (keywords of the fix) for those that a file or dict does not
            have. Where it has them both must agree.

        Raises
        ------
        ValueError
            For an unknown key, a wrong type or a value out of range; the message names the key,
            the value and what was expected. Also for a file that is not TOML, and for settings
            that contradict `given`.
        OSError
            If the file cannot be read.
        """
        given = given or {}
        if isinstance(source, cls):
            return replace(source, **given) if given else source
        if source is None or source == "default":
            return cls(**given)
        where = ""
        if isinstance(source, (str, os.PathLike)):
            where = f" in {os.fspath(source)}"
            source = _load_toml(source)
        if not isinstance(source, dict):
            raise ValueError(
                f"monitor settings are a {type(source).__name__}, expected a path, a dict or a "
                "MonitorConfig"
            )
        known = [field.name for field in fields(cls)]
        for key in source:
            if key not in known:
                raise ValueError(
                    f"unknown monitor setting {key!r}{where}; known: {', '.join(known)}"
                )
        for key, value in given.items():
            if source.get(key, value) != value:
                raise ValueError(
                    f"keyword {key} {value} contradicts monitor setting {key} = {source[key]!r}"
                    f"{where}; expected one of them, or the same in both"
                )
        return cls(**{**given, **source})

    @staticmethod
    def stated(source):
        """Dict of what a TOML file, or "default", says itself; not checked.

        Raises
        ------
        ValueError, OSError
            As `load`.
        """
        return {} if source == "default" else _load_toml(source)

    @classmethod
    def of_store(cls, config):
        """Settings that a store names, without those that are gone since it was written.

        Parameters
        ----------
        config : dict

        Raises
        ------
        ValueError
            As `load`.
        """
        return cls.load({name: value for name, value in config.items() if name not in _GONE})

    def to_dict(self):
        """Plain dict of all settings."""
        return asdict(self)


def _load_toml(path):
    with open(path, "rb") as file:
        try:
            return tomllib.load(file)
        except (ValueError, RecursionError) as error:  # also: not UTF-8, 5000 digits, [[[[...
            message = f"monitor settings in {os.fspath(path)}: not a TOML file: {error}"
            raise ValueError(message) from None


def _checked(name, value):
    kind, low, high, closed = _RANGES[name]
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"monitor setting {name} = {value!r}: expected true or false")
        return value
    right = not isinstance(value, bool) and isinstance(value, (int, float))
    if kind is int:
        right = right and isinstance(value, int)
    article = "an integer" if kind is int else "a number"
    inside = right and (low <= value if closed else low < value) and value <= high
    if not inside:
        bracket = "[" if closed else "("
        raise ValueError(
            f"monitor setting {name} = {value!r}: expected {article} in {bracket}{low}, {high}]"
        )
    return kind(value)
