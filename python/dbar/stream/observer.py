"""A user's own observer: found by ``MODULE:CALLABLE``, called once per snapshot."""

from __future__ import annotations

import importlib
import inspect
import operator
import os
import sys
from collections.abc import Callable

import numpy as np

from dbar.descriptors.voigt import voigt_to_tensor
from dbar.online.decision import LEARNING, Decision
from dbar.stream.answer import Answer, row_of

__all__ = ["KNOWN_PARAMETERS", "Observer", "ObserverError", "UserCallable", "load_callable"]

KNOWN_PARAMETERS = ("step", "time", "D", "V", "thermo", "estimates", "comm")


class ObserverError(RuntimeError):
    """A user's callable cannot be loaded or returned something that is no state."""


def load_callable(spec: str) -> Callable:
    """Import ``MODULE:CALLABLE``; the current directory counts as importable.

    Raises
    ------
    ObserverError
        If the word has no colon, the module does not import, or has no such callable.
    """
    module_name, colon, attribute = spec.partition(":")
    if not (module_name and colon and attribute):
        raise ObserverError(f"python {spec}: expected MODULE:CALLABLE")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise ObserverError(
                f"python {spec}: no module {error.name!r} in {here} or on the Python path"
            ) from None
        raise ObserverError(f"python {spec}: importing {module_name} failed: {error}") from error
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ObserverError(f"python {spec}: importing {module_name} failed: {what}") from error
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ObserverError(
                f"python {spec}: module {module_name} has no attribute {attribute!r}"
            )
        found = getattr(found, part)
    if isinstance(found, type) or not callable(found):
        kind = "a class" if isinstance(found, type) else type(found).__name__
        raise ObserverError(f"python {spec}: {attribute} is {kind}, expected a function")
    return found


def _parameters(spec: str, function: Callable) -> tuple[str, ...]:
    """Names of the known parameters that the callable declares."""
    try:
        declared = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin without a signature
        return KNOWN_PARAMETERS[:-1]
    names = []
    for parameter in declared:
        if parameter.kind is parameter.VAR_KEYWORD:
            names += [name for name in KNOWN_PARAMETERS[:-1] if name not in names]
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.name in KNOWN_PARAMETERS and parameter.kind is not parameter.POSITIONAL_ONLY:
            names.append(parameter.name)
        elif parameter.default is parameter.empty:
            known = ", ".join(KNOWN_PARAMETERS)
            raise ObserverError(
                f"python {spec}: parameter {parameter.name!r} is unknown; expected some of {known}"
            )
    return tuple(dict.fromkeys(names))


def _mpi4py():
    """``mpi4py.MPI``, which must not begin an MPI of its own."""
    import mpi4py

    mpi4py.rc.initialize = False
    from mpi4py import MPI

    return MPI


class UserCallable:
    """Calls a user's function with the parameters it declares.

    Parameters
    ----------
    settings : dict
        ``python`` ("MODULE:CALLABLE"), ``thermo`` (list of names) and, for a callable with a
        parameter ``comm``, ``comm``: the C handle of an MPI communicator as an integer.

    Attributes
    ----------
    wants_comm : bool
        The callable declares ``comm``; then it must be called on every rank.

    Raises
    ------
    ObserverError
        If the callable cannot be loaded or asks for something unknown.
    """

    def __init__(self, settings: dict) -> None:
        self.spec = settings["python"]
        self.thermo_names = list(settings.get("thermo") or [])
        self._function = load_callable(self.spec)
        self._names = _parameters(self.spec, self._function)
        self.wants_comm = "comm" in self._names
        self._comm = None
        if self.wants_comm and settings.get("comm") is not None:
            self.set_comm(settings["comm"])

    def set_comm(self, handle: int) -> None:
        """Wrap a communicator's C handle as an ``mpi4py.MPI.Comm`` for the callable.

        Raises
        ------
        ObserverError
            If mpi4py is missing, or stands on another MPI than this program: its calls would then
            reach ranks that are not those of the run.
        """
        try:
            MPI = _mpi4py()
        except (ImportError, RuntimeError) as error:
            raise ObserverError(
                f"python {self.spec}: parameter comm needs mpi4py on the MPI of LAMMPS, but it "
                f"does not import ({error}); pip install mpi4py"
            ) from None
        if not MPI.Is_initialized():
            raise ObserverError(
                f"python {self.spec}: parameter comm needs mpi4py on the MPI of LAMMPS, found one "
                f"on another ({MPI.Get_library_version().splitlines()[0].strip()}); "
                "pip install --no-binary mpi4py mpi4py"
            )
        self._comm = MPI.Comm.fromhandle(int(handle))

    def observe(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        thermo: np.ndarray | dict,
        estimates: dict[str, np.ndarray] | None = None,
    ) -> int | None:
        """Call the callable.

        Parameters
        ----------
        D : (K+1,) array
        V : (K+1, 6) Voigt or (K+1, 3, 3) array, or None
            The callable sees (K+1, 3, 3).
        thermo : (n,) array or dict
            The callable sees a dict by name.
        estimates : dict of (4,) arrays, optional
            By observable: estimate, standard deviation, forecast, half width of its 90 % band.

        Returns
        -------
        int or None
            State 0..3, None when the callable returned nothing.

        Raises
        ------
        ObserverError
            If the callable returned anything else.
        """
        if self.wants_comm and self._comm is None:
            raise ObserverError(f"python {self.spec}: asks for comm, but none was given")
        if not isinstance(thermo, dict):
            thermo = {k: float(v) for k, v in zip(self.thermo_names, thermo, strict=True)}
        if V is not None and np.ndim(V) == 2:
            V = voigt_to_tensor(V)
        given = {
            "step": int(step),
            "time": float(time),
            "D": np.array(D),
            "V": None if V is None else np.array(V),
            "thermo": thermo,
            "estimates": {k: np.array(v) for k, v in (estimates or {}).items()},
            "comm": self._comm,
        }
        result = self._function(**{name: given[name] for name in self._names})
        return self._state(result)

    def _state(self, result: object) -> int | None:
        if result is None:
            return None
        try:
            state = -1 if isinstance(result, bool) else operator.index(result)
        except TypeError:
            state = -1
        if not 0 <= state <= 3:
            raise ObserverError(
                f"python {self.spec}: returned {result!r}, expected None or a state "
                "(0 learning, 1 trusted, 2 warning, 3 alarm)"
            )
        return state


class Observer:
    """The user's callable on a rank that has no session, for callables that ask for ``comm``.

    Parameters
    ----------
    settings : dict
        The settings of the `dbar.stream.Session` on rank 0.

    Raises
    ------
    ObserverError
        If the callable cannot be loaded.
    """

    snapshots = reference = 0  # every session has them; those of rank 0 count

    def __init__(self, settings: dict) -> None:
        self._callable = UserCallable(settings)
        self.wants_comm = self._callable.wants_comm

    def observe(
        self,
        step: int,
        time: float,
        D: np.ndarray,
        V: np.ndarray | None,
        thermo: np.ndarray,
        chunks: np.ndarray | None = None,
    ) -> Answer:
        """Call the callable; arguments and result as in `Session.observe`.

        Only the state means something here, and only that of rank 0 acts.
        """
        state = self._callable.observe(step, time, D, V, thermo)
        return Answer.of({**row_of(Decision(LEARNING)), "state": state or 0}, 0)

    def close(self) -> None:
        """There is nothing to close; here because every session has it."""
