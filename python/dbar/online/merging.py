"""The model of several runs from their files: what an ensemble that shares its learning ends at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dbar.descriptors.voigt import tensor_to_voigt
from dbar.online.config import MonitorConfig
from dbar.online.frozen import FrozenModel
from dbar.online.shared_settings import COMMON, statistics_settings
from dbar.statistics.moments import LaggedMoments, lagged
from dbar.store.rows import differing_parameters

if TYPE_CHECKING:
    from dbar.trajectory.trajectory import Trajectory

__all__ = ["merge", "run_moments"]


def merge(
    files: Sequence[str | os.PathLike[str]], config: object = None
) -> tuple[LaggedMoments, FrozenModel]:
    """Fit one model to the snapshots of several runs of ``fix dbar/stream``.

    It is the model that replicas with ``ensemble yes`` have once each has seen all of them, to
    rounding: which transition joins which bag follows from seed, replica number and step.

    Parameters
    ----------
    files : sequence of path-like
        Stores (H5MD), also of runs that go on or were killed.
    config : MonitorConfig, dict or path, optional
        Settings of the monitor; `replica` is added to the position in `files`. By default those
        stored in the files, with the replica numbers stored there.

    Returns
    -------
    moments : LaggedMoments
    model : FrozenModel

    Raises
    ------
    StoreError
        If a file cannot be read.
    ValueError
        If files differ in a setting, have the same replica number or too few snapshots.
    """
    from dbar.trajectory.trajectory import read  # of no use in a run, which would wait for it

    if not len(files):
        raise ValueError("no files, expected at least one run")
    given = None if config is None else MonitorConfig.load(config)
    total, first, replicas = None, None, {}
    for k, name in enumerate(files):
        run = read(name, positions=False)
        cfg = given or MonitorConfig.of_store(run.monitor_config)
        replica = cfg.replica + (k if given else 0)
        settings = statistics_settings(run.parameters, cfg)
        if first is None:
            first = name, cfg, settings
        different = differing_parameters(settings, first[2], COMMON)
        if different:
            what, mine, theirs = different
            raise ValueError(f"{name}: was made with {what} {mine}, {first[0]} with {theirs}")
        if replica in replicas:
            raise ValueError(
                f"{name}: has the replica number {replica} of {replicas[replica]}; expected one "
                "of its own (monitor setting replica), or pass the settings as config"
            )
        replicas[replica] = name
        part = run_moments(run, cfg, replica)
        total = part if total is None else total.merge(part)
    cfg = first[1]
    if total.count[0] < cfg.min_snapshots or not FrozenModel.possible(total):
        raise ValueError(
            f"{int(total.count[0])} transitions in {len(replicas)} runs, at least "
            f"{cfg.min_snapshots} (min_snapshots) that differ are needed"
        )
    return total, FrozenModel.fit(total, cfg.latent_dim)


def run_moments(run: Trajectory, config: MonitorConfig, replica: int) -> LaggedMoments:
    """Statistics of one run; no transition bridges a gap between its snapshots.

    Raises
    ------
    ValueError
        If V is to be learnt but the run has none.
    """
    X = run.D[:, 1:]
    if config.virial:
        if run.V is None:
            raise ValueError("virial = true needs V, but the run stores none")
        X = np.hstack([X, tensor_to_voigt(run.V)[:, 1:].reshape(len(X), -1)])
    out = LaggedMoments(X.shape[1], config.order, config.n_bags, config.coverage, config.seed)
    stride = run.parameters.get("nfreq") or (run.step[1] - run.step[0] if len(run) > 1 else 1)
    gaps = np.flatnonzero(np.diff(run.step) != stride) + 1
    for rows in np.split(np.arange(len(run)), gaps):
        if len(rows) > config.order:
            out.add_batch(lagged(X[rows], config.order), run.step[rows[config.order :]], replica)
    return out
