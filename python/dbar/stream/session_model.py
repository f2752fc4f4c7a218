"""The model file that a stream names, checked against the run."""

from __future__ import annotations

from dataclasses import dataclass

from dbar.study.model import EnsembleModel
from dbar.study.model_file import digest_of, load
from dbar.study.suits import refuse_run

__all__ = ["Given", "open_model"]


@dataclass(frozen=True)
class Given:
    """A model of `dbar.study.model_file`, and what tells it from another one.

    Attributes
    ----------
    path : str
    model : EnsembleModel
    digest : str
        SHA-256 of the file.
    learn : bool
        Whether the monitor goes on learning from it.
    """

    path: str
    model: EnsembleModel
    digest: str
    learn: bool

    def to_dict(self) -> dict:
        """What a store says about it."""
        return {"file": self.path, "sha256": self.digest, "learn": self.learn}


def open_model(settings: dict) -> Given | None:
    """The model that the settings ``model`` and ``learn`` name, None for none.

    Raises
    ------
    ModelFileError
        If the file cannot be read, or its model does not fit the run.
    """
    path = settings.get("model")
    if not path:
        return None
    model, about = load(path)
    judge = settings.get("monitor", "default") != "none"
    refuse_run(path, model, about, settings, judge)
    return Given(path, model, digest_of(path), bool(settings.get("learn")))
