"""Replicas on disk: a folder each, with restart files and a store that grows chunk by chunk."""

from __future__ import annotations

import contextlib
import json
import stat
from pathlib import Path

import numpy as np

from dbar.ensemble.lammps_chunk import ChunkError, run_chunk
from dbar.ensemble.learner import Chunk
from dbar.ensemble.settings import Settings
from dbar.files.refused import Refused
from dbar.store.h5md import StoreError
from dbar.trajectory.trajectory import read

__all__ = ["LammpsReplicas"]


class LammpsReplicas:
    """The source of a `Controller` whose replicas are LAMMPS runs.

    Parameters
    ----------
    settings : Settings
    folder : Path
        Of the ensemble; replica r is in ``replicas/NNNN`` with seed ``settings.seed + r``.

    Attributes
    ----------
    chunk_errors : type
        What a chunk raises that fails; any other error is that of the executor.
    model : EnsembleModel or None
        What the ensemble begins with.
    """

    chunk_errors = ChunkError

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, Path(folder).absolute()
        self._stop = self.folder / "stop"
        self.model, self._about = None, {}
        if settings.model:
            from dbar.study.model_file import load  # takes a second, which few ensembles need

            self.model, self._about = load(settings.model)

    def place(self, replica: int) -> Path:
        """Folder of a replica."""
        return self.folder / "replicas" / f"{replica:04d}"

    def store(self, replica: int) -> str:
        """File of a replica, relative to the folder of the ensemble."""
        return str((self.place(replica) / "run.h5md").relative_to(self.folder))

    def stop(self) -> None:
        """Let chunks that are running, wherever they are, end before their time."""
        self._stop.touch()

    def go(self) -> None:
        """Let chunks run again.

        Raises
        ------
        Refused
            If what says stop is no file of `stop`.
        """
        with contextlib.suppress(FileNotFoundError):
            found = self._stop.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_size:
                raise Refused(self._stop, "was not made by dbar, expected no file of that name")
            self._stop.unlink()

    def finished(self, replica: int, chunk: int) -> bool:
        """Whether the chunk is complete on disk."""
        return (self.place(replica) / f"chunk.{chunk}.json").exists()

    def cost(self, replica: int, chunk: int) -> float:
        """Core-seconds of a finished chunk."""
        return json.loads((self.place(replica) / f"chunk.{chunk}.json").read_text())["cost"]

    def call(self, replica: int, chunk: int) -> tuple:
        """Callable and arguments for ``executor.submit``."""
        s = self.settings
        spec = {
            "folder": str(self.place(replica)), "script": str(s.script.absolute()), "chunk": chunk,
            "steps": s.chunk, "every": s.every, "seed": s.seed + replica, "np": s.np,
            "launcher": s.launcher, "variables": dict(s.variables), "stop": str(self._stop),
            "silence": s.silence,
        }  # fmt: skip
        return run_chunk, spec

    def read(self, replica: int, chunk: int) -> Chunk:
        """The snapshots of a finished chunk.

        Raises
        ------
        StoreError
            If the store lacks snapshots or observables, or is of another system than the model.
        """
        path, s = self.place(replica) / "run.h5md", self.settings
        # the last snapshot before the chunk too: the time between two may need it
        run = read(path, after=chunk * s.chunk - 1, positions=False)
        inside = (run.step > chunk * s.chunk) & (run.step <= (chunk + 1) * s.chunk)
        steps = run.step[inside]
        expected = np.arange(chunk * s.chunk + s.every, (chunk + 1) * s.chunk + 1, s.every)
        if not np.array_equal(steps, expected):
            raise StoreError(
                f"{path}: {len(steps)} snapshots in chunk {chunk}, expected {len(expected)}: one "
                f"every {s.every} steps from {expected[0]} to {expected[-1]}"
            )
        for name in s.observables:
            if name not in run.observables:
                have = ", ".join(run.observables) or "none"
                raise StoreError(f"{path}: stores no observable {name!r} (it has: {have})")
        if self.model is not None:
            from dbar.study.model_file import ModelFileError
            from dbar.study.suits import refuse_run

            own = {**run.parameters, "natoms": float(run.D[0, 0])}
            try:
                refuse_run(s.model, self.model, self._about, own, True)
            except ModelFileError as error:
                raise StoreError(f"{path}: {error}") from None
        values = np.column_stack([run.observables[n][inside] for n in s.observables])
        dtau = (run.time[-1] - run.time[0]) / (len(run) - 1) if len(run) > 1 else run.time[0]
        return Chunk(run.D[inside], values, steps, float(dtau))
