"""What the bands of `dbar report` and `dbar watch` hold on runs in which something happens.

    python benchmarks/band_coverage.py [FOLDER]

FOLDER has npz files with D (T, K+1), step, time and observables (default: ../shared/changes/data).
Each run is forecast from every snapshot by a monitor that has seen what came before; printed is
the share of outcomes inside the nominal 90 % bands, 1-5, 6-10 and 11-30 snapshots ahead.
"""

import sys
from pathlib import Path

import numpy as np

from dbar.online import Monitor
from dbar.online.foresight import Foresight

RANGES = ((0, 5), (5, 10), (10, 30))
DATA = Path(__file__).resolve().parents[2] / "shared/changes/data"


def held(D, step, time, observables):
    """Share inside the bands by observable and range of horizons, and the number of outcomes."""
    foresight = Foresight(Monitor(), RANGES[-1][1])
    for k in range(len(D)):
        values = {name: column[k] for name, column in observables.items()}
        foresight.observe(int(step[k]), float(time[k]), D[k], None, values)
    out = {}
    for name, bands in foresight.bands.items():
        parts = [(bands.hits[a:b].sum(), bands.count[a:b].sum()) for a, b in RANGES]
        out[name] = [f"{h / n:.2f} of {n}" if n else "-" for h, n in parts]
    return out


def main(folder):
    """Print a line for each run and observable."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as run:
            scalars = {
                name: run[name]
                for name in run.files
                if run[name].shape == run["time"].shape and name not in ("time", "step")
            }
            found = held(run["D"], run["step"], run["time"], scalars)
        for name, shares in found.items():
            print(
                f"{path.stem:14s} {name:8s} " + "  ".join(f"{s:>13s}" for s in shares), flush=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
