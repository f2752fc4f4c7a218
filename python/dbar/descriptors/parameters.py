"""Arguments of a constructor as parameters: read, changed, shown, and kept by pickle."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np


class Parameters:
    """For classes that keep each argument of their constructor as an attribute of that name.

    The last thing that the constructor sets is `_kernel`, what the arguments were made into. From
    then on a new value of an argument makes everything anew, or changes nothing. Lists are kept as
    tuples and dicts as views that cannot be written to, for what is changed inside them would not
    be seen.
    """

    def __setattr__(self, name: str, value) -> None:
        argument = name in inspect.signature(type(self)).parameters
        if argument and "_kernel" in self.__dict__:
            self.set_params(**{name: value})
        else:
            super().__setattr__(name, _fixed(value) if argument else value)

    def get_params(self, deep: bool = True) -> dict:
        """Return the constructor's arguments, as scikit-learn estimators do; lists are copies."""
        names = inspect.signature(type(self)).parameters
        return {name: _loose(getattr(self, name)) for name in names}

    def set_params(self, **params):
        """Change arguments of the constructor; returns the descriptor itself.

        Raises
        ------
        ValueError
            An argument that the constructor does not have, or a value it refuses.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise ValueError(f"{name}: expected one of: {', '.join(known)}")
        # a second one: if it is refused, this one has not been touched
        self.__dict__ = type(self)(**{**known, **params}).__dict__
        return self

    def __sklearn_clone__(self):
        return type(self)(**self.get_params())

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        shown = [
            f"{name}={_brief(value)}"
            for name, value in self.get_params().items()
            if not _same(value, _loose(defaults[name].default))
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> dict:
        return self.get_params()

    def __setstate__(self, state: dict) -> None:
        self.__init__(**state)


def _brief(value) -> str:
    """Return what shows a value; of a long text, as the content of a file, the beginning."""
    text = repr(value)
    return text if not isinstance(value, str) or len(text) <= 60 else text[:60] + "...'"


def _fixed(value):
    """Return a value as it is kept: a copy, where its owner could change it."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    if isinstance(value, list):
        return tuple(value)
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else value


def _loose(value):
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _same(a, b) -> bool:
    return a is b or (type(a) is type(b) and np.array_equal(a, b))
