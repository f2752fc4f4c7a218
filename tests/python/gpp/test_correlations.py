"""Correlated packets: a ring of springs in closed form, copper, and configurations that are drawn."""

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms

from dbar.descriptors import Bispectrum
from dbar.gpp import (
    Correlations,
    draw,
    make_average,
    mean_descriptor,
    relax,
    relax_bulk,
    write_lammps,
)
from dbar.gpp.correlations import hessian
from harness import run_lammps
from packet_models import HarmonicCrystal, K, copper, oscillators

POTENTIAL = copper()
T = 300.0


def ring(n=8, stiffness=3.0):
    """Atoms in a ring of springs that pull along all axes alike: only translations cost nothing."""
    laplacian = 2 * np.eye(n) - np.roll(np.eye(n), 1, axis=0) - np.roll(np.eye(n), -1, axis=0)
    matrix = stiffness * np.kron(laplacian, np.eye(3))
    sites = np.random.default_rng(0).uniform(0, 20, (n, 3))
    atoms = Atoms(f"Cu{n}", sites, cell=np.eye(3) * 20, pbc=True)
    average = HarmonicCrystal(POTENTIAL, sites, matrix)
    return relax(atoms, POTENTIAL, T, average, positions=False), matrix


def test_a_ring_of_springs():
    packets, matrix = ring()
    n, mass = 8, packets.atoms.get_masses()[0]
    assert packets.free_energy == pytest.approx(oscillators(np.diag(matrix), mass, T), rel=1e-10)
    assert hessian(packets) == pytest.approx(matrix, abs=1e-8)
    found = Correlations(packets)
    assert found.n_zero == 3
    modes = np.linalg.eigvalsh(matrix)[3:]
    # the modes, and of the three motions of the whole what independent atoms make of them
    truth = oscillators(modes, mass, T) + packets.free_energy / n
    assert found.free_energy == pytest.approx(truth, rel=1e-9)
    assert found.correction < 0
    covariance = K * T * np.linalg.pinv(matrix)
    assert found.variances == pytest.approx(np.diag(covariance)[::3], rel=1e-8)
    drawn = found.displacements(40000, seed=1).reshape(40000, -1)
    error = 5 * np.max(np.diag(covariance)) / np.sqrt(40000)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=error)
    assert drawn.reshape(40000, n, 3).sum(axis=1) == pytest.approx(0.0, abs=1e-10)


def test_copper():
    """Independent packets are too narrow by a third, and their free energy is too high by 6 meV.

    The larger the cell the more: 0.65 and 6.9 meV with 256 atoms.
    """
    crystal = relax_bulk(POTENTIAL, "fcc", T)
    average = make_average("exact", POTENTIAL, smax=0.01)
    packets = relax(crystal.atoms * (3, 3, 3), POTENTIAL, T, average, positions=False)
    found = Correlations(packets)
    assert found.correction / 108 == pytest.approx(-6.2e-3, abs=1e-4)
    assert crystal.variance / found.variances == pytest.approx(0.688, abs=2e-3)
    # the trace of each block is what holds the variance: <laplacian> = 3 kT / s
    blocks = np.diag(found.matrix).reshape(-1, 3).sum(axis=1)
    assert blocks == pytest.approx(3 * K * T / packets.variances, rel=1e-4)


def test_draws(tmp_path):
    packets, _ = ring()
    for source in (packets, Correlations(packets)):
        first, second = draw(source, 2, seed=3)
        again = draw(source, 2, seed=3)[1]
        assert np.array_equal(again.get_positions(), second.get_positions())
        assert np.array_equal(again.get_momenta(), second.get_momenta())
        assert not np.array_equal(first.get_positions(), second.get_positions())
        assert second.get_momenta().sum(axis=0) == pytest.approx(0.0, abs=1e-10)
    many = draw(packets, 3000, seed=5)
    moved = np.array([one.get_positions() for one in many]) - packets.atoms.get_positions()
    assert np.mean(moved**2, axis=(0, 2)) == pytest.approx(packets.variances, rel=0.06)
    kinetic = np.array([one.get_kinetic_energy() for one in many])
    assert np.mean(kinetic) == pytest.approx(1.5 * K * T * 7, rel=0.02)


def test_lammps_reads_a_draw(tmp_path):
    """Temperature and places are what was drawn."""
    packets, _ = ring()
    atoms = draw(packets, 1, seed=1)[0]
    write_lammps(tmp_path / "start.data", atoms, ["Al", "Cu"])
    script = """units metal
atom_modify map array
read_data start.data
pair_style zero 5.0
pair_coeff * *
variable x equal x[2]
thermo_style custom temp v_x
thermo_modify format float %.12g
run 0"""
    said = run_lammps(tmp_path, script).output.split("v_x")[1].split()
    expected = 2 * atoms.get_kinetic_energy() / (3 * 7) / K
    assert float(said[0]) == pytest.approx(expected, rel=1e-5)  # LAMMPS's constants are older
    assert float(said[1]) == pytest.approx(atoms.positions[1, 0], abs=1e-9)


def test_mean_descriptors():
    """Of narrow packets that of the crystal; of wide ones with an error that holds."""
    crystal = relax_bulk(POTENTIAL, "fcc", T)
    packets = relax(crystal.atoms * (3, 3, 3), POTENTIAL, T, positions=False)
    descriptor = Bispectrum(4.5, twojmax=2)
    still = descriptor.compute(packets.atoms)[0]
    mean, error = mean_descriptor(draw(packets, 20, seed=1), descriptor)
    other, other_error = mean_descriptor(draw(packets, 20, seed=2), descriptor)
    assert mean[0] == 108 and error[0] == 0
    assert np.all(np.abs(mean - other)[1:] < 5 * np.hypot(error, other_error)[1:])
    assert np.max(np.abs(mean - still)[1:] / error[1:]) > 10
    with pytest.raises(ValueError, match="atoms: found 1 configurations"):
        mean_descriptor(draw(packets, 1), descriptor)


def test_refused():
    packets, matrix = ring()
    packets.average.matrix = -matrix
    with pytest.raises(ValueError, match=r"eigenvalues: found -.* expected positive"):
        Correlations(packets)
    packets, _ = ring()
    packets.temperatures[0] *= 1.1
    with pytest.raises(ValueError, match="temperatures: found 300 to 330 K, expected one"):
        Correlations(packets)
    packets, _ = ring()
    packets.atoms.set_constraint(FixAtoms([0]))
    with pytest.raises(ValueError, match="atoms: found constraints"):
        Correlations(packets)
    with pytest.raises(ValueError, match="count: found 0"):
        draw(packets, 0)
