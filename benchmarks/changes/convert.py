"""Streamed runs (run.h5md) as the files that `change_bench.py` scores.

    python benchmarks/changes/convert.py FOLDER OUT

FOLDER holds KIND.SEED/run.h5md and, next to it, a file `done` once the run has ended; OUT gets KIND.SEED.npz with D, step, time, the
observables, events and free. Runs that have not ended, and files that are there already, are left alone.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from dbar.trajectory import read

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from changes.windows import windows

OBSERVABLES = ("pe", "press", "temp", "pxy", "v_frac", "v_force", "vol")


def arrays(path, kind):
    """{name: array} of a stored run of this kind."""
    run = read(path)
    out = {"D": run.D, "step": run.step, "time": run.time}
    out |= {name: run.observables[name] for name in OBSERVABLES if name in run.observables}
    out["events"], out["free"] = windows(kind, {**run.observables, **out})
    return out


def convert(folder, out):
    """Convert every run that has ended; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(folder.glob("*/run.h5md")):
        file = out / f"{path.parent.name}.npz"
        if file.exists() or not (path.parent / "done").exists():
            continue
        np.savez_compressed(file, **arrays(path, path.parent.name.split(".")[0]))
        written.append(file)
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    for file in convert(args.folder, args.out):
        run = np.load(file)
        print(f"{file.name}: {len(run['D'])} snapshots, events {run['events'].tolist()}")


if __name__ == "__main__":
    main()
