"""Aluminium in an input script of LAMMPS and as atoms of ASE."""

import itertools

import ase.build
import numpy as np

from blocks import METAL

SYSTEM = METAL + (
    "boundary p p p\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\n"
    "mass 1 26.98\npair_style eam/fs\npair_coeff * * Al_mm.eam.fs Al\n"
    "velocity all create 300 7\nfix nve all nve\n"
)
COMPUTE = "compute d all dbar bso4 4.7 twojmax 4\n"
STREAM = "fix s all dbar/stream 1 1 10 d "


def shaken(size, seed, symbols=("Al",)):
    """Fcc crystal with Gaussian displacements of 0.07 A along each axis."""
    rng = np.random.default_rng(seed)
    atoms = ase.build.bulk("Al", "fcc", a=4.05, cubic=True) * (size, size, size)
    atoms.positions += rng.normal(0, 0.07, (len(atoms), 3))
    atoms.symbols = rng.choice(symbols, len(atoms))
    return atoms


def same_lattice(cell, target):
    """The cell vectors of the same lattice that lie closest to `target`: undoes a flip of the box."""
    shifts = [
        np.array([[1, 0, 0], [a, 1, 0], [b, c, 1]])
        for a, b, c in itertools.product((-1, 0, 1), repeat=3)
    ]
    return min((n @ cell for n in shifts), key=lambda c: np.abs(c - target).max())
