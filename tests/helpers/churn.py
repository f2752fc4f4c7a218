"""Callbacks of weak references and `__del__` all the time: where a handler's exception is lost."""

import weakref


class _Short:
    """Lives for an instant, and takes its time to die."""

    def __del__(self):
        _slowly()


def _slowly():
    for _ in range(300):
        pass


def churn(times):
    """Spend nearly all of the time in callbacks, in this thread."""
    for _ in range(times):
        thing = _Short()
        watched = weakref.ref(thing, lambda _: _slowly())  # noqa: F841
        del thing
