"""Arguments of a constructor as parameters: read, changed, shown, and kept by pickle."""

from __future__ import annotations

import inspect

import numpy as np


class Parameters:
    """For classes that keep each argument of their constructor as an attribute of that name."""

    def get_params(self, deep: bool = True) -> dict:
        """Return the constructor's arguments, as scikit-learn estimators do."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

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
        self.__init__(**{**known, **params})
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        shown = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not _same(value, defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __getstate__(self) -> dict:
        return self.get_params()

    def __setstate__(self, state: dict) -> None:
        self.__init__(**state)


def _same(a, b) -> bool:
    return a is b or (type(a) is type(b) and np.array_equal(a, b))
