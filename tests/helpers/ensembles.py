"""The reference ensembles as lists of arrays, one entry per replica."""

from types import SimpleNamespace

import numpy as np

from dbar.trajectory import Snapshots, Trajectory, voigt_to_tensor
from harness import SHARED

COLUMNS = ["step", "temp", "pe", "press", "pxx", "pyy", "pzz", "pxy", "pxz", "pyz", "vol", "lx", "ly", "lz"]  # fmt: skip


def ensemble(name="al-tension", replicas=None):
    """Runs of an ensemble; `replicas` counts files in order of their names."""
    files = sorted((SHARED / name).glob("*.npz"))
    files = files if replicas is None else [files[k] for k in replicas]
    return [SimpleNamespace(**np.load(file)) for file in files]


def columns(runs, *names):
    """Columns of the thermo arrays of al-tension, one array (T, len(names)) per replica."""
    return [run.thermo[:, [COLUMNS.index(name) for name in names]] for run in runs]


def trajectory(run):
    """One replica of al-tension as a `Trajectory` with its kept positions."""
    thermo = dict(zip(COLUMNS, run.thermo.T, strict=True))
    step = thermo.pop("step").astype(int)
    kept = slice(0, None, len(run.D) // len(run.X))
    atoms = len(run.X[0])
    edges = np.einsum("sa,ab->sab", run.thermo[kept, 11:14], np.eye(3))
    ids = np.tile(np.arange(1, atoms + 1), (len(run.X), 1))
    snapshots = Snapshots(
        step[kept], 0.002 * step[kept], run.X.astype(float), ids, np.ones_like(ids), edges,
        np.zeros((len(run.X), 3)),
    )  # fmt: skip
    return Trajectory(
        run.D, voigt_to_tensor(run.V), 0.002 * step, step, thermo, snapshots=snapshots,
        parameters={"units": "metal"},
    )  # fmt: skip
