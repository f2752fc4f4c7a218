"""Model systems between Gaussian atoms whose averages are known, and cells to try averages on."""

import numpy as np
import torch
from scipy import constants as codata

from dbar.gpp.average import Averages, checked_variances
from dbar.gpp.potential import load_potential
from dbar.gpp.radial import SiteFunctions

torch.set_num_threads(1)  # tests run side by side
K = codata.k / codata.e
EV = codata.e


def frequency(stiffness, mass):
    """Angular, in 1/s, of a spring (eV/A^2) and a mass (u)."""
    return np.sqrt(stiffness * EV / codata.angstrom**2 / (mass * codata.atomic_mass))


def oscillators(stiffness, mass, temperature):
    """Free energy of classical oscillators with these springs (eV)."""
    kT = codata.k * temperature
    return float(np.sum(kT * np.log(codata.hbar * frequency(stiffness, mass) / kT))) / EV


def copper():
    return load_potential("cu-efs")


class HarmonicSites(SiteFunctions):
    """k/4 |r - R|^2 to each neighbour, half of a spring: for one atom in a primitive cell."""

    def __init__(self, vectors, stiffness):
        self.vectors, self.stiffness = torch.as_tensor(vectors), stiffness

    def energies(self, vectors, centre, other):
        return 0.25 * self.stiffness * ((vectors - self.vectors) ** 2).sum((0, -1))


class HarmonicCrystal:
    """Energy 1/2 x K x of displacements from sites, averaged over Gaussians in closed form."""

    smax = 10.0

    def __init__(self, potential, sites, matrix):
        self.potential, self.sites, self.matrix = potential, sites, matrix

    def at(self, atoms):
        return _PlacedHarmonic(self, atoms.get_positions() - self.sites)


class _PlacedHarmonic:
    def __init__(self, of, moved):
        self.of, self.moved = of, moved

    def evaluate(self, variances):
        n = len(self.moved)
        s = checked_variances(variances, n, self.of.smax)
        force = -self.of.matrix @ self.moved.ravel()
        slopes = 0.5 * np.diag(self.of.matrix).reshape(n, 3).sum(axis=1)
        energies = slopes * s - 0.5 * (self.moved.ravel() * force).reshape(n, 3).sum(axis=1)
        return Averages(energies, force.reshape(n, 3), np.zeros((3, 3)), slopes)


def central_differences(average, atoms, s, atom, axis, step=1e-4):
    """Force and slope by differences of the energy: of one coordinate and of one variance."""
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions[atom, axis] += sign * step
        energies.append(average.at(moved).evaluate(s).energy)
    force = (energies[1] - energies[0]) / (2 * step)
    energies = []
    for sign in (1, -1):
        other = s.copy()
        other[atom] += sign * 1e-6
        energies.append(average.at(atoms).evaluate(other).energy)
    return force, (energies[0] - energies[1]) / 2e-6


def strain_difference(average, atoms, s, step=1e-5):
    """Derivatives of the energy by all nine strains (3, 3)."""
    found = np.zeros((3, 3))
    for a in range(3):
        for b in range(3):
            energies = []
            for sign in (1, -1):
                deformation = np.eye(3)
                deformation[a, b] += sign * step
                other = atoms.copy()
                other.set_cell(np.asarray(atoms.cell) @ deformation.T, scale_atoms=True)
                energies.append(average.at(other).evaluate(s).energy)
            found[a, b] = (energies[0] - energies[1]) / (2 * step)
    return found
