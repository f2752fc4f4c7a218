"""Stochastic entropies by forces of LAMMPS: products, values of each probe, and what is refused."""

import numpy as np
import pytest
from ase.build import bulk
from scipy.spatial.transform import Rotation

from dbar.entropy import (
    ImaginaryMode,
    LammpsError,
    RoughPotentialWarning,
    StochasticCalculator,
    reference,
    stochastic_entropy,
)
from dbar.entropy.configuration import prepare
from dbar.entropy.force_constants import Potential, force_constants
from dbar.entropy.force_products import force_products
from dbar.entropy.lammps_session import LammpsSession
from dbar.entropy.probes import random_signs
from dbar.entropy.stochastic import vibrations_of
from dbar.entropy.vibrations import Spectrum
from lennard_jones import COEFF, fcc, icosahedron

LJ = {"pair_style": "lj/cut 2.6", "pair_coeff": COEFF, "units": "lj"}
BINARY = {"pair_style": "lj/cut 2.6", "pair_coeff": ["1 * 1.0 1.0", "2 2 1.2 0.97"], "units": "lj",
          "species": ["Ar", "Kr"]}  # fmt: skip


def holed():
    """A crystal with a hole, turned and sheared out of any upright box."""
    atoms = fcc(1.55, 2)
    del atoms[3]
    turn = Rotation.random(random_state=1).as_matrix()
    atoms.set_cell(atoms.cell[:] @ turn.T)
    atoms.positions = atoms.positions @ turn.T
    atoms.set_cell(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]]) @ atoms.cell[:])
    return atoms


def mixed():
    """Two species with different masses, open along one direction."""
    atoms = fcc(1.55, 2)
    atoms.symbols[[1, 6, 7, 20]] = "Kr"
    atoms.pbc = [True, True, False]
    atoms.set_masses(np.where(atoms.numbers == 18, 1.0, 2.1))
    return atoms


SYSTEMS = {
    "cluster": (icosahedron, {**LJ, "pair_style": "lj/cut 50"}),
    "crystal": (holed, LJ),
    "mixed": (mixed, BINARY),
}


@pytest.fixture(scope="module", params=SYSTEMS)
def relaxed(request):
    """A configuration at rest, its options, and its force constants."""
    make, words = SYSTEMS[request.param]
    found = reference(make(), **words, relax=True, temperature=0.3)
    options = dict(words)
    lines = options.pop("pair_coeff")
    lines = (lines,) if isinstance(lines, str) else tuple(lines)
    potential = Potential(options["pair_style"], lines, "lj")
    species = options.get("species")
    with LammpsSession() as session:
        one = prepare(found.atoms, lines, "lj", species, request.param)
        matrix = force_constants(session, one, potential, relax=False).matrix
    return found, words, potential, one, matrix


def test_products_are_those_of_the_matrix(relaxed):
    """To the error in the square of the step, (2e-5 sigma / 0.1)^2, and that of the matrix, 1e-7."""
    _, _, potential, one, matrix = relaxed
    rng = np.random.default_rng(0)
    localised = np.zeros((len(one.types), 3))
    localised[4, 1] = 2.0
    with LammpsSession() as session:
        products = force_products(session, one, potential, relax=False)
        for z in (rng.normal(size=localised.shape), localised):
            expected = (matrix @ z.ravel()).reshape(-1, 3)
            scale = np.abs(expected).max()
            for anew in (False, True):
                assert np.abs(products(z, anew=anew) - expected).max() < 3e-7 * scale
            # the error falls with the square of the step
            off = [np.abs(products(z, step) - expected).max() for step in (4e-3, 2e-3)]
            assert off[0] / off[1] == pytest.approx(4.0, rel=0.05)
        assert np.array_equal(products(np.zeros_like(localised)), np.zeros_like(localised))


@pytest.mark.parametrize("statistics", ["classical", "quantum"])
def test_values_are_those_of_the_matrix(relaxed, statistics):
    """Each probe by LAMMPS and by diagonalisation of the matrix, with the same signs."""
    found, words, potential, one, matrix = relaxed
    estimate = stochastic_entropy(
        found.atoms, **words, temperature=0.3, statistics=statistics, probes=4, seed=5,
        tolerance=1e-9,
    )  # fmt: skip
    assert (estimate.n_zero, estimate.n_modes) == (found.n_zero, found.n_modes)
    assert estimate.energy == pytest.approx(found.energy, abs=1e-9)
    root = np.sqrt(one.masses).repeat(3)
    values, vectors = np.linalg.eigh(matrix / root / root[:, None])
    order = np.argsort(np.abs(values))[found.n_zero :]
    values, vectors = values[order], vectors[:, order]
    spectrum = Spectrum(found.constants, 0.3, statistics)
    with LammpsSession() as session:
        products = force_products(session, one, potential, relax=False)
        system = vibrations_of(products, spectrum)
    typical = spectrum(np.array([system.typical]))
    for probe in range(4):
        shares = (vectors.T @ random_signs(len(one.types), 5, probe).ravel()) ** 2
        expected = (spectrum(values) - typical) @ shares + len(values) * typical[:, 0]
        # the sums of all modes, as the reference has them, turn the trace of D into log_det
        expected[0] += -0.5 * found.log_det - spectrum(values)[0].sum()
        assert estimate.values[probe] == pytest.approx(expected[1], abs=5e-6)
        assert estimate.log_dets[probe] == pytest.approx(-2 * expected[0], abs=1e-5)
    exact = found.at(0.3, statistics)
    for name, error in (("entropy", "std_error"), ("log_det", "log_det_error"),
                        ("free_energy", "free_energy_error")):  # fmt: skip
        off = abs(getattr(estimate, name) - getattr(exact, name))
        assert off < 6 * getattr(estimate, error)  # four probes: Student's t of three degrees


def test_result_adds_up():
    with StochasticCalculator(**LJ, temperature=0.3, probes=5, relax=True) as calculator:
        one, again = calculator(holed()), calculator(holed(), "again")
    assert one.entropy == again.entropy and again.name == "again"
    assert one.values.shape == one.log_dets.shape == one.steps.shape == (5,)
    assert one.entropy == pytest.approx(one.values.mean(), abs=1e-12)
    assert one.std_error == pytest.approx(one.values.std(ddof=1) / 5**0.5, abs=1e-12)
    assert one.log_det == pytest.approx(one.log_dets.mean(), abs=1e-12)
    # classically everything follows from log_det
    assert one.log_det_error == pytest.approx(2 * one.std_error, rel=1e-9)
    cold = stochastic_entropy(one.atoms, **LJ, probes=5)
    assert cold.entropy == pytest.approx(-0.5 * one.log_det, abs=1e-5)
    assert (cold.temperature, cold.free_energy, cold.free_energy_error) == (None, None, None)
    other = stochastic_entropy(one.atoms, **LJ, probes=5, seed=1)
    assert other.entropy != cold.entropy


def test_units_do_not_matter():
    """An entropy in metal units and in SI, with the same signs."""
    from ase import units

    atoms = icosahedron()
    atoms.positions *= 3.4
    metal = stochastic_entropy(atoms, "lj/cut 60", "* * 0.0104 3.4", 20.0, probes=3, relax=True)
    si = metal.atoms.copy()
    si.positions *= 1e-10
    si.set_masses(metal.atoms.get_masses() * units._amu)
    words = ("lj/cut 60e-10", f"* * {0.0104 * units._e!r} 3.4e-10", 20.0)
    found = stochastic_entropy(si, *words, units="si", probes=3, force_tolerance=1e-12)
    assert found.values == pytest.approx(metal.values, abs=1e-4)
    assert found.log_det_error == pytest.approx(metal.log_det_error, rel=1e-4)


def test_progress_and_ranks():
    seen = []
    words = {**LJ, "temperature": 0.3, "probes": 3, "relax": True}
    with StochasticCalculator(**words, progress=lambda *k: seen.append(k)) as calculator:
        one = calculator(holed())
    assert seen == [(1, 3), (2, 3), (3, 3)]
    two = stochastic_entropy(one.atoms, **LJ, temperature=0.3, probes=3, ranks=2)
    assert two.values == pytest.approx(one.values, abs=1e-5)


def test_rough_table_is_noticed():
    atoms = bulk("Fe", cubic=True, a=2.8553) * (4, 4, 4)
    del atoms[0]
    with pytest.warns(RoughPotentialWarning, match="second derivatives of the potential are rough"):
        stochastic_entropy(atoms, "eam/fs", "* * Fe_mm.eam.fs Fe", relax=True, probes=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"probes": 1}, r"probes: found 1, expected an integer from 2 on"),
        ({"probes": 2.5}, r"probes: found 2.5, expected an integer from 2 on"),
        ({"probes": True}, r"probes: found True, expected an integer from 2 on"),
        ({"seed": 0.5}, r"seed: found 0.5, expected an integer from 0 on"),
        ({"seed": -1}, r"seed: found -1, expected an integer from 0 on"),
        ({"seed": "one"}, r"seed: found 'one', expected an integer from 0 on"),
        ({"tolerance": 0.0}, r"tolerance: found 0.0, expected a number above 0"),
        ({"tolerance": np.nan}, r"tolerance: found nan, expected a number above 0"),
        ({"tolerance": "small"}, r"tolerance: found 'small', expected a number above 0"),
        ({"max_steps": 11}, r"max_steps: found 11, expected an integer from 12 on"),
        ({"max_steps": "all"}, r"max_steps: found 'all', expected an integer from 12 on"),
        ({"temperature": 0.0}, r"temperature: found 0.0, expected a number above 0"),
        ({"statistics": "bose"}, r"statistics: found 'bose', expected classical or quantum"),
        ({"step": -1.0}, r"step: found -1.0, expected a number above 0"),
        ({"relax": False}, r"these: force on atom \d+: found \S+, expected at most 1e-05; relax"),
        ({"tolerance": 1e-12, "max_steps": 12},
         r"these: probe 1: steps: found a change of \S+ still to come after 12 Lanczos steps, "
         r"expected at most the tolerance"),
    ],
)  # fmt: skip
def test_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stochastic_entropy(fcc(1.5, 2)[1:], **LJ, **{"relax": True, "name": "these", **options})


def test_no_minimum_is_refused_or_left():
    """Three atoms in a line: at rest, but they fold."""
    line = icosahedron()[:3]
    line.positions = [[-1.1, 0, 0], [0, 0, 0], [1.1, 0, 0]]
    words = {**LJ, "pair_style": "lj/cut 50", "probes": 2}
    with pytest.raises(ImaginaryMode, match="line: found a mode with the imaginary frequency"):
        stochastic_entropy(line, **words, name="line", relax=True)
    found = stochastic_entropy(line, **words, name="line", relax=True, retry=2)
    assert found.energy == pytest.approx(-3.0, abs=1e-6) and found.n_modes == 3  # a triangle


def test_forces_that_are_none():
    """A spring to a place pulls the whole back; without forces there is nothing to see."""
    atoms = reference(icosahedron(), "lj/cut 50", COEFF, units="lj", relax=True).atoms
    tied = {"commands": ["fix 1 all spring/self 0.5"], "units": "lj"}
    with pytest.raises(ValueError, match=r"forces of a displacement: found a sum of .* expected 0"):
        stochastic_entropy(atoms, "lj/cut 50", COEFF, **tied)
    with pytest.raises(ValueError, match="found zeros alone, expected some that are not"):
        stochastic_entropy(atoms, "zero 5.0", "* *", units="lj")
    moved = {
        "commands": ["mass * 1.0", "velocity all create 0.1 1", "fix 1 all nve"],
        "units": "lj",
    }
    with pytest.raises(ValueError, match=r"found \S+ off those of an ordinary run"):
        stochastic_entropy(atoms, "lj/cut 50", COEFF, **moved)
    with pytest.raises(LammpsError, match=r"atoms: .*dance"):
        stochastic_entropy(atoms, "dance", COEFF, units="lj")
