"""`pair_style dbar/gpp` against `eam/alloy` on the same table, two ranks, memory; and its averages against Monte-Carlo.

In one LAMMPS process both styles take turns on a crystal of copper at 300 K, each for a short run at constant energy;
an evaluation of dbar/gpp has several passes, whose number is shown. Two ranks against one: the same script twice.
Memory: the largest resident size of one rank after a few evaluations. Draws: thirty shaken stars of copper, energies
and gradients by the exact pairs against 200,000 draws each (some minutes).

    python benchmarks/gpp_bench.py [--repeat 8] [--steps 20] [--rounds 3] [--memory 500000] [--draws 200000]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from lammps_runs import peak_memory, run, spread
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/helpers"))
from packet_oracles import Star, copper, disordered

TABLE = "Cu_mishin1.eam.alloy Cu"
STYLES = {
    "eam/alloy": f"pair_style eam/alloy\npair_coeff * * {TABLE}\n",
    "dbar/gpp": f"pair_style dbar/gpp 300 eam/alloy\npair_coeff * * {TABLE}\n",
    "dbar/gpp smax 0.01": f"pair_style dbar/gpp 300 eam/alloy smax 0.01\npair_coeff * * {TABLE}\n",
}
PASSES = "compute gpp all pair dbar/gpp\nthermo_style custom step pe c_gpp[4]\n"


def crystal(repeat):
    """Copper, expanded as at 300 K; IDs, no velocities yet."""
    return (
        f"units metal\natom_modify map array\nlattice fcc 3.635\nregion b block 0 {repeat} 0 {repeat} 0 {repeat}\n"
        "create_box 1 b\ncreate_atoms 1 box\nmass 1 63.55\nthermo 1000000\ntimestep 0.002\n"
    )


def turns(repeat, steps, rounds):
    """A script in which the styles take turns, each warmed up."""
    text = crystal(repeat) + "velocity all create 600 4711\nfix move all nve\n"
    for _ in range(rounds):
        for words in STYLES.values():
            text += words + f"run 5 post no\nrun {steps}\n"
    return text


def costs(args, table):
    count = 4 * args.repeat**3
    found = {}
    for ranks in (1, 2):
        output = run(turns(args.repeat, args.steps, args.rounds), ranks=ranks)
        parts = [part for part in output.split("Loop time of")[1:] if "\nPair" in part]
        both = np.array(
            [
                [float(part.split("\nPair")[1].split("|")[2]), float(part.split()[0])]
                for part in parts
            ]
        )
        found[ranks] = 1e6 * both.reshape(args.rounds, len(STYLES), 2) / (count * args.steps)
    for k, name in enumerate(STYLES):
        one, two = found[1][:, k], found[2][:, k]
        table.add_row(
            name,
            spread(one[:, 0]),
            spread(one[:, 1]),
            f"{np.median(one[:, 0] / found[1][:, 0, 0]):.1f}x",
            f"{50 * np.median(one[:, 1] / two[:, 1]):.0f} %",
        )


def memory(atoms):
    """MB of one rank with so many atoms, of each style."""
    repeat = round((atoms / 4) ** (1 / 3))
    rows = {}
    for name, words in STYLES.items():
        rows[name] = peak_memory(crystal(repeat) + words + "run 0\n") / 1e6
    return 4 * repeat**3, rows


def accuracy(draws):
    """Mean absolute errors over thirty stars, in meV and meV per angstrom, and the draws' standard errors."""
    potential = copper()
    off, gradients, errors = [], [], []
    for seed in range(30):
        star = Star(potential, *disordered(seed, shake=3.63 / 50))
        energy, gradient, error, gradient_error = star.drawn(draws, np.random.default_rng(seed))
        found, found_gradient = star.found()
        off.append(found - energy)
        gradients.append((found_gradient - gradient).ravel())
        errors.append((error, np.sqrt(np.mean(gradient_error**2))))
    errors = 1e3 * np.mean(errors, axis=0)
    return 1e3 * np.abs(off).mean(), 1e3 * np.abs(np.concatenate(gradients)).mean(), *errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=8, help="unit cells along each axis")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, default=500000, help="atoms; 0: none")
    parser.add_argument("--draws", type=int, default=200000, help="of each star; 0: none")
    args = parser.parse_args()
    console = Console(width=130)
    table = Table(title=f"{4 * args.repeat**3} atoms, 300 K: microseconds per atom and evaluation")
    for head in ("", "pair", "step", "pair over eam/alloy", "efficiency of 2 ranks"):
        table.add_column(head, justify="right" if head else "left")
    costs(args, table)
    console.print(table)
    output = run(crystal(args.repeat) + STYLES["dbar/gpp"] + PASSES + "velocity all create 600 4711\nfix m all nve\n"
                 f"thermo 1\nrun {args.steps}\n")  # fmt: skip
    rows = [line.split() for line in output.splitlines() if len(line.split()) == 3]
    passes = [float(row[2]) for row in rows if row[0].isdigit()][1:]
    console.print(f"passes of an evaluation: {np.mean(passes):.1f}")
    if args.memory:
        atoms, sizes = memory(args.memory)
        text = ", ".join(f"{name} {size:.0f} MB" for name, size in sizes.items())
        console.print(f"one rank with {atoms} atoms: {text}")
    if args.draws:
        V, F, error, gradient_error = accuracy(args.draws)
        console.print(
            f"30 stars against draws: V {V:.4f} meV (standard error {error:.4f}), "
            f"F {F:.5f} meV/A ({gradient_error:.5f})"
        )


if __name__ == "__main__":
    main()
