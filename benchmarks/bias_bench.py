"""Cost of a biased step: `fix dbar/plumed` with a linear CV, against the unbiased step and `pair_style snap`.

Microseconds per atom and step of whole steps on one rank. Each round runs all of them in turn on the same
displaced fcc crystal; ratios are within a round.

    python benchmarks/bias_bench.py [--rounds 5] [--atoms 4000] [--ranks 1]
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from lammps_runs import CRYSTAL, atoms, loop_seconds, run, spread
from rich.console import Console
from rich.table import Table

RCUT, TWOJMAX, SIZE = 4.7, 8, 56
EAM = "pair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
SNAP = "pair_style snap\npair_coeff * * {folder}/Al.snapcoeff {folder}/Al.snapparam Al\n"
BIAS = (
    "compute d all dbar bso4 {rcut} twojmax {twojmax}\n"
    "fix b all dbar/plumed d {folder}/plumed.dat cv {folder}/cv.json out {folder}/plumed.log\n"
)


def write_inputs(folder):
    """A linear CV, a spring on it, and a SNAP model of the same descriptor (its numbers do not change its cost)."""
    random = np.random.default_rng(1)
    row = [0.0, *(1e-6 * random.normal(size=SIZE - 1))]
    words = {"twojmax": str(TWOJMAX), "rfac0": "0.99363", "rmin0": "0", "switch": "yes"}
    words |= {"bzero": "no", "diagonal": "no", "radius": "0.5", "weight": "1"}
    descriptor = {"family": "bso4", "rcut": RCUT, "words": words, "ntypes": 1, "perspecies": False}
    cv = {"schema": "dbar-cv/1", "name": "s", "lammps_units": "metal", "descriptor": descriptor}
    cv |= {"per_atom": True, "matrix": [row], "form": "linear"}
    Path(folder, "cv.json").write_text(json.dumps(cv))
    Path(folder, "plumed.dat").write_text("s: EXTRACV NAME=s\nRESTRAINT ARG=s AT=0 KAPPA=1e-3\n")
    Path(folder, "Al.snapcoeff").write_text(
        f"1 {SIZE}\nAl 0.5 1.0\n" + "".join(f"{x:.17g}\n" for x in row)
    )
    Path(folder, "Al.snapparam").write_text(
        f"rcutfac {RCUT}\ntwojmax {TWOJMAX}\nrfac0 0.99363\nrmin0 0\nbzeroflag 0\nquadraticflag 0\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--atoms", type=int, default=4000)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    args = parser.parse_args()

    side = max(3, round((args.atoms / 4) ** (1 / 3)))
    setup = CRYSTAL.format(side, side, side) + "displace_atoms all random 0.15 0.15 0.15 77\n"
    ending = f"fix nve all nve\nthermo 1000000\nrun {args.steps}\n"
    times = {name: [] for name in ("eam/fs", "eam/fs with bias", "snap")}
    with tempfile.TemporaryDirectory() as folder:
        write_inputs(folder)
        bias = BIAS.format(folder=folder, rcut=RCUT, twojmax=TWOJMAX)
        styles = {"eam/fs": EAM, "eam/fs with bias": EAM + bias, "snap": SNAP.format(folder=folder)}
        for _ in range(args.rounds):
            for name, style in styles.items():
                output = run(setup + style + ending, args.ranks)
                times[name].append(1e6 * loop_seconds(output) / args.steps / atoms(output))

    free, biased, snap = (np.array(each) for each in times.values())
    title = f"bso4 twojmax {TWOJMAX}, {4 * side**3} atoms, {args.ranks} rank(s), microseconds per atom and step"
    table = Table(title=title)
    for head in ("step", "time", "over eam/fs", "over snap"):
        table.add_column(head, justify="left" if head == "step" else "right")
    for name, each in times.items():
        table.add_row(name, spread(each), spread(each / free), spread(each / snap))
    table.add_row("the bias alone", spread(biased - free), "", spread((biased - free) / snap))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
