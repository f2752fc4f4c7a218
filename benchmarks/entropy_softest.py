"""Is the error of an entropy from D larger where the softest mode is wide? Random cells, taught by clusters.

For each random cell the softest mode's frequency and extent, 1 / sum_i p_i^2 with its shares p_i of the atoms (1: one
atom alone, N: all alike), and their rank correlation (Spearman) with the size of the error.

    python benchmarks/entropy_softest.py fe.h5 fe-random.h5 [...] --potential fe.eam.fs [--number 100]

The files are made by `dbar entropy database fe`, all with that potential: docs/theory/entropy-study.md.
"""

import argparse
import json

import numpy as np
from entropy_transfer import Cells
from scipy.stats import spearmanr

from dbar.entropy import ReferenceCalculator, read_database
from dbar.entropy.studies.descriptors import IRON
from dbar.entropy.studies.learning import scores


def softest(found):
    """Frequency (THz) and extent (atoms) of the lowest mode that is no translation."""
    lowest = np.argmin(found.frequencies)
    return float(found.frequencies[lowest]), float(1 / np.sum(found.participation[:, lowest] ** 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--potential", required=True)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--descriptor", choices=IRON, default="AFS(3.5; 20, 10)")
    args = parser.parse_args()
    cells = Cells([read_database(path) for path in args.files])
    clusters, random = np.flatnonzero(~cells.random), np.flatnonzero(cells.random)
    clusters = clusters[~np.isin(cells.family[clusters], cells.family[random])]
    random = random[: args.number]
    one = cells.sample(IRON[args.descriptor]).held_out(clusters, random)
    words = ("eam/fs", f"* * {args.potential} Fe", cells.temperature)
    with ReferenceCalculator(*words) as calculator:
        modes = np.array([softest(calculator(cells.atoms[k])) for k in random])
    error = np.abs(one.errors)
    found = {
        "clusters": len(clusters), "random": len(random), **scores(one),
        "frequency": np.quantile(modes[:, 0], (0, 0.5, 1)).tolist(),
        "extent": np.quantile(modes[:, 1], (0, 0.5, 1)).tolist(),
        "rank correlation with |error|": {
            "frequency": spearmanr(modes[:, 0], error).statistic,
            "extent": spearmanr(modes[:, 1], error).statistic,
            "grade": spearmanr(one.grade, error).statistic,
        },
    }  # fmt: skip
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
