"""Microseconds per atom of all families on one core, against featomic and LAMMPS's `pair_style mliap`.

Silicon, diamond, displaced by 0.1 A, neighbours within 5 A, nmax 8, lmax 6. Ours and featomic's take turns, round
after round; figures are medians with the middle half in brackets, ratios featomic / dbar. Neighbour lists are not
counted on our side and, made once by featomic for each configuration, are on its; it has splines of accuracy 1e-6, ours
1e-10. "gradient" is that of theta.D by each neighbour; featomic has no such thing: what stands beside it are its
gradients of all components by positions. `mliap so3` is a LAMMPS potential of SO(3) power spectra with the same nmax
and lmax, its forces and energy per step of a run less those of `pair_style zero`.

dscribe's ``SOAP`` stands beside order 2 if it is installed (``pip install dscribe``); it finds neighbours itself, on
every call. "soap order 2, contracted" has 8 functions of `dbar.basis`, contracted of 20 dvr on these atoms; "selected" a
twentieth of the components.

"of peak" compares the multiply-adds that the tables demand with what the core reaches in a loop of independent ones.

    python benchmarks/families_bench.py [--rounds 5] [--repeat 4]
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from ase.build import bulk
from lammps_runs import atoms as atoms_of
from lammps_runs import loop_seconds, run, spread
from rich.console import Console
from rich.table import Table
from vesin import NeighborList

from dbar import _kernels
from dbar.basis import optimal_basis
from dbar.descriptors import Expansion
from dbar.descriptors.word_files import basis_word

RCUT, NMAX, LMAX, SIGMA, WIDTH = 5.0, 8, 6, 0.5, 0.5
SHAPE = ["nmax", str(NMAX), "lmax", str(LMAX)]
FAMILIES = {
    "expansion": SHAPE,
    "soap order 1": ["order", "1", *SHAPE],
    "soap order 2": ["order", "2", *SHAPE],
    "soap order 3, 4, 3": ["order", "3", "nmax", "4", "lmax", "3"],
    "afs 10, 6": ["nmax", "10", "lmax", "6"],
    "bso4 twojmax 8": ["twojmax", "8"],
}
TASKS = ("D", "values per atom", "D+V", "gradient")

MLIAP = """units metal
lattice diamond 5.43
region b block 0 {n} 0 {n} 0 {n}
create_box 1 b
create_atoms 1 box
displace_atoms all random 0.1 0.1 0.1 7
mass 1 28
{pair}
thermo 1000
run {steps}
"""
SO3 = "rcutfac 5.0\nnmax 8\nlmax 6\nalpha 2.0\nnelems 1\nelems Si\nradelems 0.5\nwelems 1.0\n"


def with_files(atoms):
    """Cases whose words hold what a file would: a contracted basis, a selection."""
    primitive = Expansion(RCUT, nmax=20, lmax=LMAX, basis="dvr", sigma=SIGMA, width=WIDTH)
    basis = optimal_basis([atoms], primitive, qmax=NMAX)
    some = [str(k) for k in range(1, NMAX * (NMAX + 1) // 2 * (LMAX + 1) + 1, 20)]
    return {
        "soap order 2, contracted": ["basis", basis_word(basis)],
        "soap order 2, selected": [*SHAPE, "select", *some],
    }


def silicon(repeat):
    atoms = bulk("Si", cubic=True) * (repeat, repeat, repeat)
    atoms.rattle(0.1, seed=1)
    return atoms


def batch(atoms):
    i, _, r = NeighborList(cutoff=RCUT, full_list=True).compute(
        atoms.positions, atoms.cell.array, True, "ijD"
    )
    first = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=len(atoms)))]).astype(np.intc)
    species = np.zeros(len(i), np.intc)
    return species[: len(atoms)], first, r[np.argsort(i, kind="stable")], species


def ours(near, words):
    """Calls, by task."""
    family = words[0].split()[0]
    kernel = _kernels.Kernel(family, RCUT, words[1], 1)
    theta = np.random.default_rng(0).normal(size=kernel.size)
    return kernel, {
        "D": lambda: kernel.compute(*near, False),
        "values per atom": lambda: kernel.per_atom(*near),
        "D+V": lambda: kernel.compute(*near, True),
        "gradient": lambda: kernel.gradient(*near, theta),
    }


def featomic(atoms):
    """Calls of its power spectrum, by the task that each stands beside."""
    from featomic import SoapPowerSpectrum
    from featomic.basis import Gto, TensorProduct
    from featomic.cutoff import Cutoff, ShiftedCosine
    from featomic.density import Gaussian

    calculator = SoapPowerSpectrum(
        cutoff=Cutoff(radius=RCUT, smoothing=ShiftedCosine(width=WIDTH)),
        density=Gaussian(width=SIGMA, center_atom_weight=0.0),
        basis=TensorProduct(
            max_angular=LMAX, radial=Gto(max_radial=NMAX - 1), spline_accuracy=1e-6
        ),
    )
    return {
        "values per atom": lambda: calculator.compute(atoms),
        "D+V": lambda: calculator.compute(atoms, gradients=["strain"]),
        "gradient": lambda: calculator.compute(atoms, gradients=["positions"]),
    }


def dscribe(atoms):
    """A call of dscribe's power spectrum of all atoms, None if there is no dscribe."""
    try:
        from dscribe.descriptors import SOAP
    except ImportError:
        return None
    soap = SOAP(
        species=["Si"], r_cut=RCUT, n_max=NMAX, l_max=LMAX, sigma=SIGMA, rbf="gto", periodic=True
    )
    return lambda: soap.create(atoms)


def clock(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ratio(calls, task, rounds):
    """Fastest of the first over the fastest of the second, which take turns."""
    seconds = [[clock(each[task]) for each in calls] for _ in range(10 * rounds)]
    first, second = np.min(seconds, axis=0)
    return first / second


def mliap(repeat, steps=2):
    """Microseconds per atom and step."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        descriptor, model = Path(folder, "so3"), Path(folder, "model")
        descriptor.write_text(SO3)
        size = NMAX * (NMAX + 1) // 2 * (LMAX + 1)
        model.write_text(f"1 {size + 1}\n" + "0.001\n" * (size + 1))
        style = (
            f"pair_style mliap model linear {model} descriptor so3 {descriptor}\npair_coeff * * Si"
        )
        done = run(MLIAP.format(n=repeat, pair=style, steps=steps))
        empty = run(MLIAP.format(n=repeat, pair="pair_style zero 5.0\npair_coeff * *", steps=steps))
    return 1e6 * (loop_seconds(done) - loop_seconds(empty)) / steps / atoms_of(done)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--repeat", type=int, default=4, help="cubic cells of 8 atoms along each axis"
    )
    args = parser.parse_args()
    atoms = silicon(args.repeat)
    near = batch(atoms)
    neighbours = len(near[3]) / len(atoms)
    peak = _kernels.peak_multiply_adds()
    table = Table(
        title=f"{len(atoms)} atoms of silicon, {neighbours:.0f} neighbours, {_kernels.active_isa()}, us per atom"
    )
    for head in ("family", "K", "task", "dbar", "of peak", "featomic", "ratio"):
        table.add_column(head, justify="left" if head in ("family", "task") else "right")
    times = {}
    for name, words in {**FAMILIES, **with_files(atoms)}.items():
        kernel, calls = ours(near, (name, words))
        peers = featomic(atoms) if name == "soap order 2" else {}
        for task in TASKS:
            calls[task]()
            mine, theirs = [], []
            for _ in range(args.rounds):
                mine += [1e6 * clock(calls[task]) / len(atoms) for _ in range(3)]
                if task in peers:
                    theirs.append(1e6 * clock(peers[task]) / len(atoms))
            times[name, task] = np.median(mine)
            counted = {"values per atom": "D"}.get(task, task)
            work = np.dot(kernel.operations(counted), [1.0, neighbours])
            table.add_row(
                name,
                str(kernel.size),
                task,
                spread(mine),
                f"{work / (1e-6 * np.median(mine) * peak):.0%}",
                spread(theirs) if theirs else "",
                f"{np.median(theirs) / np.median(mine):.0f}x" if theirs else "",
            )
    Console(width=120).print(table)
    for name, words in with_files(atoms).items():
        both = [ours(near, each)[1] for each in ((name, words), ("soap order 2", SHAPE))]
        ratios = [f"{task} {ratio(both, task, args.rounds):.2f}" for task in TASKS]
        print(f"{name}, over soap order 2, in turns: " + ", ".join(ratios))
    if (peer := dscribe(atoms)) is None:
        print("dscribe is not installed: nothing beside the values of order 2")
    else:
        theirs = [1e6 * clock(peer) / len(atoms) for _ in range(args.rounds)]
        factor = np.median(theirs) / times["soap order 2", "values per atom"]
        print(f"dscribe, values: {spread(theirs)} us per atom, {factor:.0f}x those of soap order 2")
    so3 = [mliap(args.repeat) for _ in range(args.rounds)]
    factor = np.median(so3) / times["soap order 2", "gradient"]
    print(
        f"LAMMPS mliap so3, forces: {spread(so3)} us per atom, {factor:.0f}x the gradient of soap order 2"
    )


if __name__ == "__main__":
    main()
