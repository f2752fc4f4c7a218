"""The mean of D over draws from phase packets against that of molecular dynamics, copper.

In per cent of the way from the static lattice to the mean of dynamics (100 would be right), per component weighted by
how far dynamics moves it; and in standard deviations of D over snapshots of that size: a mean that is many deviations
off would raise an alarm at once, which is why draws are no reference for one.

    python benchmarks/gpp_descriptors.py [--temperatures 300 600] [--cells 4] [--picoseconds 40]
"""

import argparse
import json

import ase.io
import numpy as np

from dbar.descriptors import Bispectrum
from dbar.gpp import Correlations, draw, load_potential, relax, relax_bulk
from dbar.gpp.studies import Simulation
from dbar.gpp.studies.simulation import PICOSECOND

LINES = """\
fix 1 all nvt temp {T} {T} 0.2
run {settle}
dump 1 all custom {every} frames.lammpstrj id type x y z
run {steps}
"""


def sums(descriptor, configurations):
    """D (T, K) of configurations, without the count of atoms."""
    return np.array([descriptor.compute(one)[0][1:] for one in configurations])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[300.0, 600.0])
    parser.add_argument("--cells", type=int, default=4)
    parser.add_argument("--picoseconds", type=float, default=40.0)
    parser.add_argument("--draws", type=int, default=200)
    args = parser.parse_args()
    copper, descriptor = load_potential("cu-efs"), Bispectrum(4.7, twojmax=8)
    for T in args.temperatures:
        crystal = relax_bulk(copper, "fcc", T)
        atoms = crystal.atoms.repeat(args.cells)
        packets = relax(atoms, copper, T)
        together = Correlations(packets)
        words = {"T": T, "settle": 5 * PICOSECOND, "every": 100}
        with Simulation(copper, "fcc", "Cu", args.cells) as simulation:
            steps = round(args.picoseconds * PICOSECOND)
            simulation.run(crystal.a, T, LINES.format(**words, steps=steps))
            frames = ase.io.read(simulation.folder / "frames.lammpstrj", index=":")
        for one in frames:
            one.symbols[:] = "Cu"
        static = sums(descriptor, [atoms])[0]
        dynamics = sums(descriptor, frames)
        shift, spread = dynamics.mean(axis=0) - static, dynamics.std(axis=0, ddof=1)
        row = {"T": T, "atoms": len(atoms), "snapshots": len(frames)}
        for name, source in (("independent", packets), ("correlated", together)):
            mean = sums(descriptor, draw(source, args.draws, seed=1)).mean(axis=0)
            moved = mean - static
            row[name] = {
                "per cent of the shift": 100 * float(moved @ shift / (shift @ shift)),
                "off, per cent of the shift": 100 * float(
                    np.linalg.norm(moved - shift) / np.linalg.norm(shift)
                ),
                "off, deviations of a snapshot": float(
                    np.sqrt(np.mean(((mean - dynamics.mean(axis=0)) / spread) ** 2))
                ),
            }  # fmt: skip
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
