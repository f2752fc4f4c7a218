"""The TOML file of an ensemble, checked before anything is started."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from dbar.online.config import tomllib

__all__ = ["Settings", "SettingsError"]

# name: (type, smallest, largest, default; None: must be given)
_NUMBERS = {
    "replicas": (int, 1, 10**6, None),
    "steps": (int, 1, 10**12, None),
    "chunk": (int, 1, 10**12, None),
    "every": (int, 1, 10**12, None),
    "budget": (int, 1, 10**15, 0),
    "seed": (int, 0, 2**31 - 1, 1),
    "jobs": (int, 1, 10**5, 1),
    "np": (int, 1, 10**5, 1),
    "window": (int, 1, 10**6, 0),
    "batch": (int, 1, 10**6, 1),
    "retries": (int, 0, 1000, 2),
    "silence": (float, 0, 1e9, 0.0),
    "order": (int, 1, 20, 1),
    "dimension": (int, 1, 200, 5),
    "n_bags": (int, 2, 200, 20),
    "coverage": (float, 0.01, 0.99, 0.25),
}
_WORDS = {
    "script": None, "policy": "variance", "executor": "local", "cost": "work", "launcher": "mpirun",
}  # fmt: skip
_MODEL = ("order", "n_bags", "coverage")  # settings that a model brings with it
_TABLES = ("variables", "settings", "submit")
_TAKEN = ("seed", "chunk", "restart", "steps", "every", "next", "store")


class SettingsError(ValueError):
    """The settings cannot be used; the message names file, word, value and what was expected."""


@dataclass(frozen=True)
class Settings:
    """Settings of an ensemble; docs/howto/ensemble.md says what they mean.

    Attributes
    ----------
    path : Path
        The TOML file; `script` is relative to its folder.
    window : int
        0 if not given, see `most_out`.
    model, digest : str
        Path of a model file to begin with, and its SHA-256; empty without.
    """

    path: Path
    script: Path
    observables: tuple[str, ...]
    replicas: int
    steps: int
    chunk: int
    every: int
    budget: int
    seed: int
    jobs: int
    np: int
    window: int
    batch: int
    retries: int
    silence: float
    order: int
    dimension: int
    n_bags: int
    coverage: float
    policy: str
    executor: str
    cost: str
    launcher: str
    variables: dict = field(default_factory=dict)
    settings: dict = field(default_factory=dict)
    submit: dict = field(default_factory=dict)
    model: str = ""
    digest: str = ""

    @property
    def chunks(self) -> int:
        """Chunks of a whole replica."""
        return self.steps // self.chunk

    @property
    def snapshots(self) -> int:
        """Snapshots of a chunk."""
        return self.chunk // self.every

    @property
    def most_out(self) -> int:
        """Chunks given out at the same time."""
        return self.window or 2 * max(self.jobs, self.batch)

    @property
    def budget_chunks(self) -> int:
        """Chunks that the budget pays for."""
        return min(self.budget // self.chunk, self.replicas * self.chunks)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Settings:
        """Read a TOML file.

        Raises
        ------
        SettingsError
            For an unknown word, a value of the wrong type or out of range, one that is missing, or
            a script that is not there.
        OSError
            If the file cannot be read.
        """
        path = Path(path)
        with path.open("rb") as file:
            try:
                source = tomllib.load(file)
            except (ValueError, RecursionError) as error:  # also: not UTF-8, 5000 digits, [[[[...
                raise SettingsError(f"{path}: not a TOML file: {error}") from None
        try:
            return cls._checked(path, source)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from None

    @classmethod
    def _checked(cls, path, source):
        known = [*_NUMBERS, *_WORDS, *_TABLES, "observables", "model"]
        for word in source:
            if word not in known:
                raise SettingsError(f"unknown setting {word!r}; known: {', '.join(known)}")
        found = {name: _number(name, source.get(name)) for name in _NUMBERS}
        for name, default in _WORDS.items():
            found[name] = source.get(name, default)
            if not isinstance(found[name], str) or not found[name]:
                raise SettingsError(f"{name} = {found[name]!r}: expected a text")
        for name in _TABLES:
            found[name] = source.get(name, {})
            if not isinstance(found[name], dict):
                raise SettingsError(f"{name} = {found[name]!r}: expected a table")
        names = source.get("observables", [])
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            raise SettingsError(f"observables = {names!r}: expected a list of names, one or more")
        found |= _brought(path, source, names)
        for name, value in found["variables"].items():
            if name in _TAKEN or not re.fullmatch(r"\w+", name):
                raise SettingsError(
                    f"variables.{name}: expected a word of letters and digits other than "
                    f"{', '.join(_TAKEN)}, which the controller sets"
                )
            if isinstance(value, bool) or not isinstance(value, (str, int, float)):
                raise SettingsError(f"variables.{name} = {value!r}: expected a number or a text")
        if found["steps"] % found["chunk"]:
            raise SettingsError(
                f"chunk = {found['chunk']}: expected a divisor of steps = {found['steps']}"
            )
        if found["chunk"] % found["every"] or found["chunk"] < found["order"] * found["every"]:
            raise SettingsError(
                f"every = {found['every']}: expected a divisor of chunk = {found['chunk']}, at "
                f"least order = {found['order']} times in it"
            )
        if found["cost"] not in ("work", "measured"):
            raise SettingsError(f"cost = {found['cost']!r}: expected 'work' or 'measured'")
        found["budget"] = found["budget"] or found["replicas"] * found["steps"]
        if 0 < found["window"] < max(found["batch"], found["jobs"]):
            raise SettingsError(
                f"window = {found['window']}: expected at least batch = {found['batch']} and "
                f"jobs = {found['jobs']}"
            )
        script = path.parent / found.pop("script")
        if not os.path.isfile(script):  # which takes a name of any length
            raise SettingsError(f"script = {str(script)!r}: no such file")
        return cls(path=path, script=script, observables=tuple(names), **found)

    def identity(self) -> dict:
        """What must not change between `run` and `resume`: everything that decisions depend on."""
        free = ("path", "script", "jobs", "np", "executor", "submit", "retries")
        free += ("launcher", "silence", "model")
        free += () if self.digest else ("digest",)
        found = {**vars(self), "window": self.most_out}
        return {k: v for k, v in sorted(found.items()) if k not in free}


def _brought(path, source, observables):
    """What a model file brings with it; nothing if none is named."""
    if "model" not in source:
        return {}
    from dbar.study.model_file import ModelFileError, digest_of, load

    word = source["model"]
    if not isinstance(word, str) or not word:
        raise SettingsError(f"model = {word!r}: expected the name of a model file")
    file = path.parent / word
    try:
        (model, _), digest = load(file), digest_of(file)
    except ModelFileError as error:
        raise SettingsError(f"model = {word!r}: {error}") from None
    for name in observables:
        if name not in model.kinds:
            raise SettingsError(
                f"observables has {name!r}, which the model {word} does not know; it has: "
                f"{', '.join(model.names) or 'none'}"
            )
    if model.moments_ is None or model.joint_mean_ is None:
        raise SettingsError(f"model = {word!r}: holds no statistics; make it again with dbar fit")
    if model.seed != 0:
        raise SettingsError(f"model = {word!r}: has the seed {model.seed}, expected 0")
    own = {name: getattr(model, name) for name in _MODEL}
    for name, value in own.items():
        if source.get(name, value) != value:
            raise SettingsError(
                f"{name} = {source[name]!r}: the model {word} has {value!r}; expected the same, or "
                "no such setting"
            )
    dimension = source.get("dimension", model.space_.dim)
    return own | {"dimension": dimension, "model": str(file), "digest": digest}


def _number(name, value):
    kind, low, high, default = _NUMBERS[name]
    if value is None:
        if default is None:
            raise SettingsError(f"{name} is missing: expected an integer from {low} to {high}")
        return default
    right = not isinstance(value, bool) and isinstance(value, int if kind is int else (int, float))
    if not right or not low <= value <= high:
        article = "an integer" if kind is int else "a number"
        raise SettingsError(f"{name} = {value!r}: expected {article} from {low} to {high}")
    return kind(value)
