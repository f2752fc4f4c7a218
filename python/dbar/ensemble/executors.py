"""Where chunks run: processes of this computer, executorlib, or what the user hands in."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from dbar.ensemble.lammps_chunk import end_with_parent
from dbar.ensemble.settings import Settings, SettingsError

__all__ = ["deaths_of_threads", "make_executor"]


def make_executor(settings: Settings, folder: Path) -> Executor:
    """Executor named by the settings.

    Parameters
    ----------
    settings : Settings
        ``executor``: ``processes`` (Python's own), ``local`` (executorlib on this node), ``slurm``
        (executorlib, a batch job per worker), ``slurm-job`` (executorlib with srun inside an
        allocation), ``flux`` (executorlib inside a Flux instance), or MODULE:CALLABLE, called with
        `jobs` and the keywords of the table ``submit``. ``jobs`` workers, each with ``np`` cores.
    folder : Path
        Of the ensemble; executorlib's files go to ``executor`` in it.

    Raises
    ------
    SettingsError
        If there is no such executor, or what it needs is not installed.
    """
    name, jobs, submit = settings.executor, settings.jobs, dict(settings.submit)
    if name == "processes":
        # spawned workers inherit no locks and no libraries that have been started here
        return ProcessPoolExecutor(
            jobs, mp_context=get_context("spawn"), initializer=end_with_parent
        )
    if name in ("local", "slurm", "slurm-job", "flux"):
        return _executorlib(settings, folder, submit)
    module, _, attribute = name.partition(":")
    if not attribute:
        raise SettingsError(
            f"executor = {name!r}: expected local, processes, slurm, slurm-job, flux or "
            "MODULE:CALLABLE"
        )
    place = str(settings.path.parent.absolute())
    if place not in sys.path:
        sys.path.insert(0, place)
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"executor = {name!r}: {error}") from None
    try:
        executor = factory(jobs, **submit)
    except TypeError as error:  # not callable, or not with these keywords
        raise SettingsError(f"executor = {name!r}: {error}") from None
    for method in ("submit", "shutdown"):
        if not callable(getattr(executor, method, None)):
            raise SettingsError(
                f"executor = {name!r}: gives {executor!r}, expected a concurrent.futures.Executor "
                f"(it has no method {method})"
            )
    return executor


# pysqa's own writes --job-name=None and --partition= where nothing was said
_SLURM = """\
#!/bin/bash
#SBATCH --output=time.out
#SBATCH --job-name={{job_name}}
#SBATCH --chdir={{working_directory}}
#SBATCH --get-user-env=L
{%- if partition %}
#SBATCH --partition={{partition}}
{%- endif %}
{%- if run_time_max %}
#SBATCH --time={{ [1, run_time_max // 60]|max }}
{%- endif %}
{%- if memory_max %}
#SBATCH --mem={{memory_max}}G
{%- endif %}
#SBATCH --ntasks={{cores}}

{{command}}
"""


_LOCAL = ("cores", "threads_per_core", "openmpi_oversubscribe")  # a node needs no batch system


def _executorlib(settings, folder, submit):
    try:
        import executorlib
    except ImportError:
        raise SettingsError(
            f"executor = {settings.executor!r} needs executorlib: pip install dbar[ensemble]"
        ) from None
    # one persistent worker per job: nothing is pickled to files, and Python starts once; mpirun of
    # the chunk makes the ranks, so that a worker is one process with room for `np` of them
    resources = {"cores": 1, "threads_per_core": settings.np, **submit}
    common = {"max_workers": settings.jobs, "block_allocation": True}
    if settings.executor == "local":
        _keep_on_loopback()
        for word in submit:
            if word not in _LOCAL:
                raise SettingsError(
                    f"submit.{word}: executor = 'local' has no such setting, expected one of "
                    f"{', '.join(_LOCAL)}"
                )
        return executorlib.SingleNodeExecutor(
            resource_dict=resources,
            hostname_localhost=True,
            init_function=end_with_parent,
            restart_limit=settings.retries,
            **common,
        )
    resources["cwd"] = str(folder / "executor")
    try:
        if settings.executor == "slurm":
            usual = {"job_name": "dbar-ensemble", "submission_template": _SLURM}
            resources = {**usual, **resources}
            # no cache_directory: results would be pickled to files there, and believed
            return executorlib.SlurmClusterExecutor(resource_dict=resources, **common)
        kind = {"slurm-job": "SlurmJobExecutor", "flux": "FluxJobExecutor"}[settings.executor]
        return getattr(executorlib, kind)(resource_dict=resources, **common)
    except ImportError as error:
        raise SettingsError(f"executor = {settings.executor!r}: {error}") from None


def _keep_on_loopback():
    """Let executorlib listen on 127.0.0.1 alone: it unpickles what whoever connects first sends."""
    from executorlib.standalone.interactive import communication

    def bind(interface):
        return interface._socket.bind_to_random_port("tcp://127.0.0.1")

    communication.SocketInterface.bind_to_random_port = bind


@contextlib.contextmanager
def deaths_of_threads() -> Iterator[list[str]]:
    """Collect what threads die of: executors that have such do not tell those who wait for them."""
    found: list[str] = []
    usual = threading.excepthook

    def note(args):
        found.append(f"{args.exc_type.__name__}: {args.exc_value}")
        usual(args)

    threading.excepthook = note
    try:
        yield found
    finally:
        threading.excepthook = usual
