"""Far from what was learnt: a void and a loop in a large cell of iron, from D and by random probes.

A void of 51 vacancies, and a prismatic loop of 37 interstitials along <111>, in edge^3 cells; a model that has learnt
from small clusters and random cells in 250 sites (`dbar entropy database fe`) is asked for their entropies of
formation, and `stochastic_formation_entropy` says what they are.

    python benchmarks/entropy_outlook.py fe.h5 fe-random.h5 --potential fe.eam.fs [--edge 20] [--probes 32]
"""

import argparse
import json
import time

import numpy as np
from ase import Atoms
from ase.build import bulk

from dbar.entropy import (
    EntropyModel,
    ReferenceCalculator,
    read_database,
    stochastic_formation_entropy,
)
from dbar.entropy.studies.descriptors import IRON

VOID, LOOP = 51, 37  # whole shells of sites, whole rings of columns


def nearest(points, centre, count):
    """Numbers of the points nearest to a centre; shells must not be cut."""
    distance = np.linalg.norm(points - centre, axis=1)
    order = np.argsort(distance, kind="stable")
    assert distance[order[count]] - distance[order[count - 1]] > 1e-6
    return order[:count]


def shaken(atoms):
    """Placed as they are, symmetric defects can relax to a saddle."""
    atoms.rattle(0.05, seed=0)
    return atoms


def with_void(perfect, lattice):
    """The crystal without the sites around one of them."""
    middle = perfect.positions[nearest(perfect.positions, np.diag(perfect.cell) / 2, 1)][0]
    atoms = perfect.copy()
    del atoms[nearest(perfect.positions, middle, VOID)]
    return shaken(atoms)


def with_loop(perfect, lattice):
    """One atom more in each of the <111> columns around one of them, all near one (111) plane."""
    along = np.ones(3) / np.sqrt(3)
    middle = perfect.positions[nearest(perfect.positions, np.diag(perfect.cell) / 2, 1)][0]
    offset = perfect.positions - middle
    height = offset @ along
    flat = offset - height[:, None] * along
    here = np.flatnonzero(np.abs(height) < 0.25 * np.sqrt(3) * lattice + 1e-6)
    here = here[height[here] > -0.25 * np.sqrt(3) * lattice + 1e-6]  # one site of each column
    chosen = here[nearest(flat[here], np.zeros(3), LOOP)]
    extra = perfect.positions[chosen] + 0.25 * lattice * np.ones(3)
    return shaken(perfect + Atoms(f"Fe{LOOP}", extra))


def model(paths):
    """Learnt from all cells of databases."""
    databases = [read_database(path) for path in paths]
    atoms = [one for held in databases for one in held.atoms]
    entropies = np.concatenate([held.entropies for held in databases])
    bulks = databases[0].bulk
    learnt = EntropyModel(IRON["AFS(3.5; 20, 10)"])
    return learnt.fit(atoms, entropies, bulks, databases[0].temperature), databases[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--potential", required=True)
    parser.add_argument("--edge", type=int, default=20)
    parser.add_argument("--probes", type=int, default=32)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--defects", nargs="+", choices=("void", "loop"), default=["void", "loop"])
    args = parser.parse_args()
    learnt, held = model(args.files)
    lattice = float((held.bulk[0][0].cell.volume / len(held.bulk[0][0]) * 2) ** (1 / 3))
    perfect = bulk("Fe", cubic=True, a=lattice) * (args.edge, args.edge, args.edge)
    words = ("eam/fs", f"* * {args.potential} Fe", held.temperature)
    makers = {"void": with_void, "loop": with_loop}
    for name in args.defects:
        start = time.perf_counter()
        with ReferenceCalculator(*words, ranks=args.ranks) as calculator:
            atoms, _ = calculator.relaxed(makers[name](perfect, lattice), name)
        relaxed = time.perf_counter()
        mean, std = learnt.formation(atoms, return_std=True)
        grade = float(np.squeeze(learnt.grade(atoms)))
        asked = time.perf_counter()
        found = stochastic_formation_entropy(
            atoms, perfect, *words, probes=args.probes, ranks=args.ranks
        )
        row = {
            "defect": name, "atoms": len(atoms), "from_D": mean, "std": std, "grade": grade,
            "stochastic": found.entropy, "std_error": found.std_error,
            "seconds": {"relaxed": relaxed - start, "from_D": asked - relaxed,
                        "stochastic": time.perf_counter() - asked},
        }  # fmt: skip
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
