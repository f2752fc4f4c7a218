"""Energies, forces and strain derivative of theta.D from the gradient by neighbours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dbar.descriptors.neighbours import Neighbourhoods


def by_pairs(kernel, near: Neighbourhoods, tasks, theta: np.ndarray, run: Callable):
    """Energies of centres and their derivatives by the vectors to neighbours.

    Parameters
    ----------
    kernel, near, tasks, theta, run
        As of :func:`add_up`; not all atoms need to be centres.

    Returns
    -------
    energies : ndarray, shape (n,)
        theta.B of each centre, in the order of ``near.order``'s values.
    g : ndarray, shape (pairs, 3)
    """
    energies, g = np.zeros(len(near.order)), np.zeros_like(near.r)

    def work(task):
        block, start, stop = task
        return task, *kernel.gradient(*near.chunk(start, stop), theta[block])

    for (_, start, stop), part, energy in run(work, tasks):
        g[near.first[start] : near.first[stop]] = part
        energies[near.order[start:stop]] = energy
    return energies, g


def add_up(kernel, near: Neighbourhoods, tasks, theta: np.ndarray, run: Callable):
    """Scatter the gradients of all chunks onto the atoms.

    Parameters
    ----------
    kernel : dbar._kernels.Kernel
        The descriptor.
    near : Neighbourhoods
        All atoms as centres.
    tasks : list of (int, int, int)
        Block, first place and end of each chunk of centres.
    theta : ndarray, shape (blocks, size)
        Coefficients of each block.
    run : callable
        ``map``, or that of a pool of threads.

    Returns
    -------
    energies : ndarray, shape (n,)
        theta.B of each atom.
    forces : ndarray, shape (n, 3)
        With g = dE/dr_ij: f_i = sum_j g_ij - sum_j g_ji.
    strain : ndarray, shape (3, 3)
        sum_ij r_ij g_ij, symmetrised.
    """
    n = len(near.order)
    energies, g = by_pairs(kernel, near, tasks, theta, run)
    strain = np.zeros((3, 3))
    for _, start, stop in tasks:  # in chunks, whatever the threads
        pairs = slice(near.first[start], near.first[stop])
        strain += near.r[pairs].T @ g[pairs]
    centre = np.repeat(near.order, np.diff(near.first))
    forces = np.stack(
        [
            np.bincount(centre, g[:, c], minlength=n)
            - np.bincount(near.neighbour, g[:, c], minlength=n)
            for c in range(3)
        ],
        axis=1,
    )
    return energies, forces, 0.5 * (strain + strain.T)
