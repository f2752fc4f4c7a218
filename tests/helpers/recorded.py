"""The figures of the examples, of the reference ensembles instead of fresh runs.

    python tests/helpers/recorded.py FOLDER
    python examples/validation.py recorded-al-tension=FOLDER/al-tension \
        recorded-pt-anneal=FOLDER/pt-anneal
"""

import sys
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from dbar.study import per_atom
from dbar.trajectory import Snapshots, Trajectory, voigt_to_tensor
from ensembles import ensemble, trajectory
from harness import ROOT

sys.path += [str(ROOT / "examples" / name) for name in ("", "al-tension", "pt-anneal")]


def particle(run):
    """One replica of pt-anneal as a `Trajectory` with its kept positions."""
    step, kept = run.thermo[:, 0].astype(int), slice(0, None, len(run.D) // len(run.X))
    count, atoms = run.X.shape[:2]
    ids = np.tile(np.arange(1, atoms + 1), (count, 1))
    edges, origin = np.tile(80.0 * np.eye(3), (count, 1, 1)), np.full((count, 3), -40.0)
    snapshots = Snapshots(
        step[kept], 0.002 * step[kept], run.X.astype(float), ids, np.ones_like(ids), edges, origin,
        periodic=np.zeros((count, 3), bool),
    )  # fmt: skip
    observables = {"temp": run.thermo[:, 1], "pe": run.thermo[:, 2]}
    return Trajectory(
        run.D, voigt_to_tensor(run.V), 0.002 * step, step, observables, snapshots=snapshots,
        parameters={"units": "metal"},
    )  # fmt: skip


def tension(base):
    """Folders for what is cached, replicas and their targets."""
    from crystals import aluminium_sites
    from figures import kept
    from tension_figures import CUTOFF

    runs = [trajectory(run) for run in ensemble()]
    folders = [Path(base) / f"{k:02d}" for k in range(len(runs))]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return runs, kept(folders, runs, CUTOFF, sites=aluminium_sites)


def tension_numbers(base, out):
    """Sections of the numbers of al-tension that the page "validation" shows."""
    from memory import memory_and_dips
    from orders import figure_orders
    from tension_forecast import figure_through_yield
    from tension_lines import figure_clouds, figure_lines
    from tension_numbers import dimensions, few_snapshots, stresses
    from tension_yield import figure_yielded

    runs, found = tension(base)
    X = [per_atom(run.D) for run in runs]
    return {
        "replicas": len(runs), "small": False,
        "through_yield": figure_through_yield(runs, found, out),
        "lines": figure_lines(runs, found, out), "clouds": figure_clouds(runs, found, out),
        "yielded": figure_yielded(runs, out),
        "orders": figure_orders(X, 20, out),
        "dimensions": dimensions(runs), "stresses": stresses(runs),
        "few_snapshots": few_snapshots(runs),
        **memory_and_dips(X, runs[0].time[1] - runs[0].time[0]),
    }  # fmt: skip


def anneal_numbers(out):
    """The same of pt-anneal."""
    from anneal_figures import DIM
    from anneal_windows import figure_windows
    from memory import memory_and_dips
    from orders import figure_orders

    runs = [particle(run) for run in ensemble("pt-anneal")]
    X = [per_atom(run.D) for run in runs]
    return {
        "replicas": len(runs), "small": False, "windows": figure_windows(runs, out),
        "orders": figure_orders(X, DIM, out), **memory_and_dips(X, runs[0].time[1] - runs[0].time[0]),
    }  # fmt: skip


def write(folder):
    """Figures and numbers.json of both in FOLDER/NAME/out."""
    import json

    from figures import round_all

    for name in ("al-tension", "pt-anneal"):
        out = Path(folder) / name / "out"
        out.mkdir(parents=True, exist_ok=True)
        with threadpool_limits(1):
            found = (
                tension_numbers(out.parent, out) if name == "al-tension" else anneal_numbers(out)
            )
        (out / "numbers.json").write_text(json.dumps(round_all(found), indent=1) + "\n")


if __name__ == "__main__":
    write(sys.argv[1])
