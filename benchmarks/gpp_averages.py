"""Crystals at temperature from Python: what averages cost, defects, correlations, bars of Monte Carlo, aluminium.

    python benchmarks/gpp_averages.py [cost dynamics defects correlations bars] [--aluminium TABLE] [--network FILE]

TABLE is that of Y. Mishin et al., Phys. Rev. B 59, 3393 (1999), in eam/alloy. It is no part of this project: in the
package `openkim-models` of Debian it is text inside the library of the model EAM_Dynamo_MishinFarkasMehl_1999_Al.
"""

import argparse
import time

import numpy as np
import torch
from ase.build import bulk
from ase.mep import NEB
from ase.optimize import FIRE
from rich.console import Console
from rich.table import Table

from dbar.cli.gpp_bench import table
from dbar.gpp import (
    Correlations,
    PacketCalculator,
    load_potential,
    make_average,
    relax,
    relax_bulk,
)
from dbar.gpp.studies import Simulation, costs, crystal_by_dynamics

CONSOLE = Console(width=120)
torch.set_num_threads(1)  # as the kernels run
COPPER = load_potential("cu-efs")


def show(title, heads, rows):
    table = Table(title=title, box=None, title_justify="left")
    for head in heads:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    CONSOLE.print(table)


def seconds(call, repeats):
    """Median of some calls after one that does not count."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def cost(network=None):
    """Energy, forces, strain and slopes, positions given; Monte Carlo at 0.01 meV beside it."""
    CONSOLE.print(
        "Cost of an evaluation, copper at 500 K", table(costs(COPPER, "fcc", 500, network))
    )


def dynamics():
    """The lattice constant at 300 K: a crystal at rest, and dynamics until its error is as large as that of packets."""
    repeats, cells, span = 20, 8, 20.0
    took = seconds(lambda: relax_bulk(COPPER, "fcc", 300), repeats)
    rest = relax_bulk(COPPER, "fcc", 300)
    with Simulation(COPPER, "fcc", "Cu", cells) as simulation:
        start = time.perf_counter()
        mean, error = crystal_by_dynamics(simulation, rest.a, 300, span)["a"]
        ran = time.perf_counter() - start
    per = ran / (1.5 * span + 20)  # two runs, each with ten ps before it
    off = abs(rest.a - mean)
    enough = span * (error / off) ** 2
    rows = [
        ["packets", f"{off:.1e}", "", f"{took:.3g}", "1"],
        ["dynamics", f"{error:.1e}", f"10 + {span:g}", f"{per * (10 + span):.3g}",
         f"{per * (10 + span) / took:.3g}"],
        ["dynamics", f"{off:.1e}", f"10 + {enough:.2g}", f"{per * (10 + enough):.3g}",
         f"{per * (10 + enough) / took:.3g}"],
    ]  # fmt: skip
    heads = ["", "error of a (A)", f"ps, {4 * cells**3} atoms", "s", "over packets"]
    show("Lattice constant of copper at 300 K", heads, rows)


def defects():
    """Formation of a vacancy and its jump to a neighbour, cell of the crystal."""
    rows = []
    for T in (1e-3, 300, 800):
        crystal = relax_bulk(COPPER, "fcc", T)
        perfect = crystal.atoms * (4, 4, 4)
        nearest = int(np.argsort(perfect.get_all_distances(mic=True)[0])[1])
        ends = []
        for hole, moves in ((0, None), (nearest, 0)):
            atoms = perfect.copy()
            if moves is None:  # the neighbour comes last in both
                order = [k for k in range(len(atoms)) if k not in (hole, nearest)] + [nearest]
            else:
                order = [k for k in range(len(atoms)) if k not in (hole, moves)] + [moves]
            ends.append(relax(atoms[order], COPPER, T, force_tolerance=1e-3))
        formation = ends[0].free_energy - 255 * crystal.free_energy
        start = time.perf_counter()
        barrier, steps = jump(ends, T)
        rows.append([f"{T:g} K", f"{formation:.4f}", f"{barrier:.4f}", str(steps),
                     f"{time.perf_counter() - start:.1f}"])  # fmt: skip
    heads = ["", "formation (eV)", "barrier (eV)", "steps", "s"]
    show(
        "Vacancy in copper, 255 atoms: 1.244, 1.232, 1.211; barrier 0.517 (300 K), 0.504 (800 K)",
        heads,
        rows,
    )


def jump(ends, T, images=3):
    """Free energy of the climbing image over that of an end, and steps of the band."""
    first, last = (one.atoms for one in ends)
    band = [first.copy() for _ in range(images + 1)] + [last.copy()]
    average = ends[0].average
    for one in band:
        one.calc = PacketCalculator(COPPER, T, average, tolerance=1e-8)
    neb = NEB(band, climb=True, method="improvedtangent")
    neb.interpolate(mic=True)
    optimiser = FIRE(neb, logfile=None)
    optimiser.run(fmax=0.01, steps=300)
    energies = [one.get_potential_energy() for one in band]
    return max(energies) - energies[0], optimiser.nsteps


def correlations():
    """By the size of the cell."""
    rows = []
    for T in (300, 800):
        crystal = relax_bulk(COPPER, "fcc", T)
        average = make_average("exact", COPPER, smax=2 * crystal.variance)
        for repeat in (3, 4, 5):
            cell = crystal.atoms * (repeat, repeat, repeat)
            packets = relax(cell, COPPER, T, average, positions=False)
            start = time.perf_counter()
            found = Correlations(packets)
            ratio = crystal.variance / np.mean(found.variances)
            rows.append([f"{T} K", str(len(cell)), f"{1000 * found.correction / len(cell):.3f}",
                         f"{ratio:.4f}", f"{time.perf_counter() - start:.1f}"])  # fmt: skip
    heads = ["", "atoms", "meV an atom", "variance ratio", "s"]
    show(
        "Correlations in copper: correction of F, variance alone over variance together",
        heads,
        rows,
    )


def bars(seeds=1000):
    """How often Monte Carlo lies within 1.96 standard errors of the exact average."""
    atoms, s, rows = bulk("Cu", a=3.63), 0.002, []
    truth = make_average("exact", COPPER).at(atoms).evaluate(s).energy
    for method, samples, repeats in (("direct", 400, seeds), ("metropolis", 1280, seeds)):
        options = {"neighbours": 18, "samples": samples, "method": method}
        found = [
            make_average("mc", COPPER, seed=seed, **options).at(atoms).evaluate(s)
            for seed in range(repeats)
        ]
        off = np.array([(one.energy - truth) / one.error for one in found])
        rows.append([method, str(samples), str(repeats), f"{np.mean(np.abs(off) < 1.96):.3f}",
                     f"{np.mean(off):+.3f}", f"{np.std(off):.3f}"])  # fmt: skip
    heads = ["", "samples", "seeds", "within", "mean", "spread of (found - exact) / error"]
    show("Bars of Monte Carlo", heads, rows)


def aluminium(table):
    """With exact pairs, and with cubature of third order and 54 neighbours."""
    potential, rows = load_potential(table), []
    for T in (300, 400, 500, 800):
        for name, options in (("exact", {}), ("q3", {"neighbours": 54, "tolerance": 1e-7})):
            if name == "q3" and T > 500:
                continue
            found = relax_bulk(potential, "fcc", T, name, **options)
            rows.append([f"{T} K", name, f"{found.a:.5f}", f"{found.energy:.5f}",
                         f"{found.variance:.5f}", f"{found.free_energy:.5f}"])  # fmt: skip
    show("Aluminium", ["", "", "a (A)", "E (eV)", "s (A^2)", "F (eV)"], rows)


PARTS = {
    "cost": cost, "dynamics": dynamics, "defects": defects, "correlations": correlations,
    "bars": bars,
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--aluminium", metavar="TABLE")
    parser.add_argument("--network", metavar="FILE", help="of cu-efs, for its cost")
    args = parser.parse_args()
    if args.aluminium:
        aluminium(args.aluminium)
    for name in args.parts or ([] if args.aluminium else PARTS):
        cost(args.network) if name == "cost" else PARTS[name]()


if __name__ == "__main__":
    main()
