"""What holds for the descriptor of any family."""

import numpy as np
from ase.build import bulk

VOIGT = [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]


def salt(seed=0):
    """Two species, triclinic, periodic, disordered: a cell shorter than twice the cutoff."""
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    shape = np.array([[1.0, 0, 0], [0.15, 0.97, 0], [-0.1, 0.2, 1.05]])
    atoms.set_cell(atoms.cell.array @ shape, scale_atoms=True)
    atoms.positions += np.random.default_rng(seed).normal(0.0, 0.2, atoms.positions.shape)
    return atoms


def check_forces(descriptor, atoms, theta, forces, step=1e-5):
    """Minus central differences of theta.D by positions of two atoms: 1e-7 of the largest."""
    for atom, c in np.ndindex(2, 3):
        sides = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, c] += sign * step
            sides.append(descriptor.compute(moved)[0][1:] @ theta)
        slope = (sides[0] - sides[1]) / (2 * step)
        assert abs(slope + forces[atom, c]) < 1e-7 * np.abs(forces).max()


def check_virial(descriptor, atoms, V, step=1e-5):
    """Central differences of D by symmetric strain: 1e-7 of the largest."""
    for a, b in zip(*VOIGT, strict=True):
        sides = []
        for sign in (1, -1):
            strain = np.eye(3)
            strain[a, b] += 0.5 * sign * step
            strain[b, a] += 0.5 * sign * step
            moved = atoms.copy()
            moved.set_cell(atoms.cell.array @ strain.T, scale_atoms=True)
            sides.append(descriptor.compute(moved)[0])
        slope = (sides[0] - sides[1]) / (2 * step)
        assert np.abs(slope - V[:, a, b]).max() < 1e-7 * np.abs(V).max()


def check_invariance(descriptor, atoms):
    """Rotation, inversion and permutation: 1e-12 of the largest component."""
    D, V = descriptor.compute(atoms, virial=True)
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    for matrix in (turn, -turn):
        moved = atoms.copy()
        moved.set_cell(atoms.cell.array @ matrix.T, scale_atoms=True)
        d, v = descriptor.compute(moved, virial=True)
        np.testing.assert_allclose(d, D, atol=1e-12 * np.abs(D).max())
        np.testing.assert_allclose(v, matrix @ V @ matrix.T, atol=1e-12 * np.abs(V).max())
    mixed = atoms[np.random.default_rng(2).permutation(len(atoms))]
    np.testing.assert_allclose(descriptor.compute(mixed)[0], D, atol=1e-12 * np.abs(D).max())
