"""Cost of a vibrational entropy of iron with a vacancy: by diagonalisation, by random probes, and from D.

Seconds for one configuration at rest, all three in turn at each size, and the exponents of the number of atoms.

    python benchmarks/entropy_bench.py [--sites 250 432 1024 9826 101306] [--largest-diagonalised 1024]
"""

import argparse
import json
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from ase.build import bulk
from rich.console import Console
from rich.table import Table

from dbar.descriptors import AFS
from dbar.entropy import (
    EntropyModel,
    ReferenceCalculator,
    StochasticCalculator,
    smooth_table,
)
from dbar.lammps.lmp import potential_path

LATTICE = 2.855312  # Å, of Fe_mm.eam.fs
DESCRIPTOR = AFS(3.5, nmax=20, lmax=10)


def holed(sites):
    """A cube of so many sites, or about, of which one is empty; perfect neighbours stay where they are."""
    edge = round((sites / 2) ** (1 / 3))
    atoms = bulk("Fe", cubic=True, a=LATTICE) * (edge, edge, edge)
    del atoms[0]
    return atoms


def model():
    """Any weights cost the same."""
    rng = np.random.default_rng(0)
    perfect = bulk("Fe", cubic=True, a=LATTICE) * (4, 4, 4)
    cells = []
    for _ in range(12):
        cell = perfect.copy()
        del cell[rng.choice(len(cell), 2, replace=False)]
        cell.positions += rng.normal(scale=0.02, size=cell.positions.shape)
        cells.append(cell)
    return EntropyModel(DESCRIPTOR).fit(cells, rng.normal(400, 1, 12), (perfect, 403.0))


def seconds(call):
    """How long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def exponent(sizes, times):
    """Slope of the logarithms, None of fewer than two."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0]) if len(times) > 1 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, nargs="+", default=[250, 432, 1024, 9826, 101306])
    parser.add_argument("--largest-diagonalised", type=int, default=1024)
    parser.add_argument("--largest-stochastic", type=int, default=9826)
    parser.add_argument("--probes", type=int, default=4)
    parser.add_argument("--ranks", type=int, default=1)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    surrogate, rows = model(), []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "Fe.eam.fs")
        smooth_table(potential_path("Fe_mm.eam.fs"), table)
        words = ("eam/fs", f"* * {table} Fe", 300.0)
        more = {"relax": True, "ranks": args.ranks}
        with (
            ReferenceCalculator(*words, **more) as exact,
            StochasticCalculator(*words, probes=args.probes, **more) as stochastic,
        ):
            for sites in args.sites:
                atoms, _ = exact.relaxed(holed(sites))
                row = {"atoms": len(atoms), "reference": None, "stochastic": None}
                if sites <= args.largest_diagonalised:
                    row["reference"] = seconds(lambda: exact(atoms))  # noqa: B023
                if sites <= args.largest_stochastic:
                    row["stochastic"] = seconds(lambda: stochastic(atoms))  # noqa: B023
                row["surrogate"] = seconds(lambda: surrogate.predict(atoms))  # noqa: B023
                rows.append(row)
    exponents = {}
    for name in ("reference", "stochastic", "surrogate"):
        here = [row for row in rows if row[name] is not None]
        exponents[name] = exponent([r["atoms"] for r in here], [r[name] for r in here])
    show(rows, exponents, args.probes)
    print(json.dumps({"rows": rows, "exponents": exponents, "probes": args.probes}))


def show(rows, exponents, probes):
    """The table of seconds."""
    table = Table(box=None)
    for name in (
        "atoms",
        "diagonalised (s)",
        f"{probes} probes (s)",
        "from D (s)",
        "diagonalised / D",
    ):
        table.add_column(name, justify="right")
    for row in rows:
        cells = [
            "-" if row[n] is None else f"{row[n]:.3g}"
            for n in ("reference", "stochastic", "surrogate")
        ]
        ratio = "-" if row["reference"] is None else f"{row['reference'] / row['surrogate']:.0f}"
        table.add_row(str(row["atoms"]), *cells, ratio)
    names = ("reference", "stochastic", "surrogate")
    table.add_row(
        "exponent", *("-" if exponents[n] is None else f"{exponents[n]:.2f}" for n in names)
    )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
