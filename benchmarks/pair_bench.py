"""Microseconds per atom and step of `pair_style dbar` against `pair_style snap`, the same coefficients, on one core.

The SNAP potentials come with LAMMPS. In one LAMMPS process both styles take turns on the same thermal crystal, each
for a short run at constant energy with the pressure computed at the end; "pair" is the time in the forces, "step" the
whole loop. Neighbour lists are LAMMPS's own on both sides.

    python benchmarks/pair_bench.py [--rounds 3] [--repeat 8] [--steps 10]
"""

import argparse
import re
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from lammps_runs import run, spread
from rich.console import Console
from rich.table import Table

from dbar import _kernels
from dbar.potential import LinearPotential

# files, elements, lattice
POTENTIALS = {
    "Ta06A, twojmax 6": ("Ta06A", "Ta", "bcc 3.316"),
    "WBe, twojmax 8": ("WBe_Wood_PRB2019", "W Be", "bcc 3.18"),
}


def script(files, elements, lattice, repeat, steps, rounds, model):
    """Return a script in which the styles take turns."""
    n = len(elements.split())
    text = f"units metal\nlattice {lattice}\nregion b block 0 {repeat} 0 {repeat} 0 {repeat}\n"
    text += f"create_box {n} b\ncreate_atoms 1 box\nmass * 180.0\n"
    text += "displace_atoms all random 0.1 0.1 0.1 7\nthermo 1000000\n"
    text += "set group all type/fraction 2 0.1 8\n" if n == 2 else ""
    text += "fix move all nve\ntimestep 0.0001\n"
    for _ in range(rounds):
        for words in (f"snap {files}.snapcoeff {files}.snapparam", f"dbar {model}"):
            style, arguments = words.split(" ", 1)
            text += f"pair_style {style}\npair_coeff * * {arguments} {elements}\nrun {steps}\n"
    return text


def times(output, atoms_steps):
    """Microseconds per atom and step of each run: pair section, whole loop."""
    starts = [m.start() for m in re.finditer(r"^Loop time of", output, re.M)]
    rows = []
    for begin, end in pairwise([*starts, len(output)]):
        part = output[begin:end]
        loop = float(re.match(r"Loop time of (\S+)", part)[1])
        pair = float(re.search(r"^Pair\s*\|[^|]*\|\s*(\S+)", part, re.M)[1])
        rows.append((pair, loop))
    return 1e6 * np.array(rows) / atoms_steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=8, help="unit cells along each axis")
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()

    count = 2 * args.repeat**3
    table = Table(
        title=f"{count} atoms, 1 rank, {_kernels.active_isa()}: microseconds per atom and step"
    )
    for head in ("", "snap pair", "dbar pair", "ratio", "snap step", "dbar step", "ratio"):
        table.add_column(head, justify="right" if head else "left")
    with TemporaryDirectory() as folder:
        for name, (files, elements, lattice) in POTENTIALS.items():
            model = Path(folder, f"{files}.json")
            LinearPotential.from_snap(f"{files}.snapcoeff", f"{files}.snapparam").export(model)
            text = script(files, elements, lattice, args.repeat, args.steps, args.rounds, model)
            found = times(run(text), count * args.steps).reshape(args.rounds, 2, 2)
            row = [name]
            for column in (0, 1):
                snap, ours = found[:, 0, column], found[:, 1, column]
                row += [spread(snap), spread(ours), f"{np.median(snap / ours):.1f}x"]
            table.add_row(*row)
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
