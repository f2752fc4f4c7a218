"""Quadratures and stochastic traces against diagonalisation; matrices, hardly any LAMMPS."""

import numpy as np
import pytest

from dbar.entropy import ImaginaryMode, reference
from dbar.entropy.probes import random_signs
from dbar.entropy.quadrature import WINDOW, Lanczos, Unsettled, settle
from dbar.entropy.thermodynamics import mode_entropies
from dbar.entropy.units import Constants
from dbar.entropy.vibrations import Spectrum, Vibrations
from dbar.potential.modes import zero_modes
from lennard_jones import COEFF, fcc, icosahedron, matrix_of

UNIT = Constants(boltz=1.0, hbar=1.0, mvv2e=1.0)
TOLERANCE = 1e-8


def vibrations(atoms, masses, spectrum, matrix=None):
    matrix = matrix_of(atoms) if matrix is None else matrix

    def product(z):
        return (matrix @ z.ravel()).reshape(-1, 3)

    scale = np.trace(matrix) / len(matrix)
    return Vibrations.of("these", atoms, masses, product, scale, 1e-9 * scale, spectrum)


def exact(atoms, masses, matrix=None):
    """Eigenvalues without zero modes, and their vectors, by scipy's plain eigh."""
    matrix = matrix_of(atoms) if matrix is None else matrix
    root = np.sqrt(masses).repeat(3)
    values, vectors = np.linalg.eigh(matrix / root / root[:, None])
    zero = zero_modes(atoms.positions, masses, np.asarray(atoms.cell), atoms.pbc).shape[1]
    order = np.argsort(np.abs(values))[zero:]
    return values[order], vectors[:, order]


@pytest.fixture(scope="module")
def cluster():
    return reference(icosahedron(), "lj/cut 50", COEFF, units="lj", relax=True)


@pytest.fixture(scope="module")
def holed():
    """A crystal of 31 atoms with a hole, at its minimum."""
    atoms = fcc(1.55, 2)
    del atoms[20]
    return reference(atoms, "lj/cut 1.9", COEFF, units="lj", relax=True)


def test_rule_is_that_of_the_measure():
    """With all steps it is z . f(D) z; with m it is exact for polynomials of degree 2m - 1."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0]
    values = np.concatenate([[0.0], rng.uniform(0.5, 9.0, 39)])
    matrix, z = (turn * values) @ turn.T, rng.normal(size=40)
    run, weights = Lanczos(lambda v: matrix @ v, z, turn[:, :1]), (turn.T @ z)[1:] ** 2
    for m in range(1, 6):
        run.advance()
        nodes, found = run.rule()
        for power in range(2 * m):
            assert found @ nodes**power == pytest.approx(weights @ values[1:] ** power, rel=1e-10)
        assert abs(found @ nodes ** (2 * m) / (weights @ values[1:] ** (2 * m)) - 1) > 1e-6
    while not run.exhausted:
        run.advance()
    assert run.steps == 39
    nodes, found = run.rule()
    assert found @ np.log(nodes) == pytest.approx(weights @ np.log(values[1:]), abs=1e-10)
    assert nodes[0] > 0.4  # the zero mode did not come back
    lowest = run.lowest()
    assert matrix @ lowest == pytest.approx(nodes[0] * lowest, abs=1e-8)


@pytest.mark.parametrize("least", [1e-1, 1e-2, 1e-3])
def test_settled_is_within_the_tolerance(least):
    """The worse the condition the more steps; the change to come is not underestimated."""
    rng = np.random.default_rng(1)
    values = np.geomspace(least, 1.0, 600)
    steps = []
    for tolerance in (1e-2, 1e-4, 1e-6):
        z = rng.choice([-1.0, 1.0], size=600)
        run = Lanczos(lambda v: values * v, z, np.zeros((600, 0)))
        found = settle(
            [run], lambda run=run: np.array([run.rule()[1] @ np.log(run.rule()[0])]), tolerance,
            400, "this",
        )  # fmt: skip
        assert abs(found[0] - np.sum(np.log(values))) <= tolerance
        steps.append(run.steps)
    assert steps[0] < steps[1] < steps[2]


def test_unsettled_names_the_numbers():
    values = np.geomspace(1e-8, 1.0, 300)
    run = Lanczos(lambda v: values * v, np.ones(300), np.zeros((300, 0)))
    with pytest.raises(Unsettled, match=r"probe 3: steps: found a change of \S+ still to come after "
                                        r"12 Lanczos steps, expected at most the tolerance 1e-06 "
                                        r"within 12"):  # fmt: skip
        settle([run], lambda: run.rule()[0][:1], 1e-6, 3 * WINDOW, "probe 3")


def test_start_without_direction():
    with pytest.raises(ValueError, match="start: found nothing beside the directions"):
        Lanczos(lambda v: v, np.ones(4), np.full((4, 1), 0.5))


@pytest.mark.parametrize("statistics", ["classical", "quantum"])
@pytest.mark.parametrize("alike", [True, False])
def test_one_probe(cluster, holed, statistics, alike):
    """One probe is z . f(D) z by eigenvectors, corrected by a typical eigenvalue; no noise in that."""
    for one in (cluster, holed):
        n = len(one.atoms)
        masses = np.full(n, 1.7) if alike else np.where(np.arange(n) % 3 == 0, 1.0, 4.2)
        values, vectors = exact(one.atoms, masses)
        assert values.min() > 0
        spectrum = Spectrum(UNIT, 0.4, statistics)
        system = vibrations(one.atoms, masses, spectrum)
        z = random_signs(n, 3, 0)
        run = system.run(z)
        found = settle(
            [run], lambda run=run, system=system: system.values(run), TOLERANCE, 400, "z"
        )
        shares = (vectors.T @ z.ravel()) ** 2
        typical = spectrum(np.array([system.typical]))
        expected = (spectrum(values) - typical) @ shares + len(values) * typical[:, 0]
        plain, _ = exact(one.atoms, np.ones(n))  # log_det knows of no masses
        gap = -0.5 * (np.sum(np.log(plain)) - np.sum(np.log(values)))
        assert found[0] == pytest.approx(expected[0] + gap, abs=1e-6)
        assert found[1:] == pytest.approx(expected[1:], abs=1e-6)
        direct = mode_entropies(np.sqrt(values) / 0.4, statistics)
        assert expected[1] - shares @ direct == pytest.approx(
            typical[1, 0] * (len(values) - shares.sum()), abs=1e-8
        )


@pytest.mark.parametrize("which", ["cluster", "holed"])
def test_two_standard_errors_hold(which, request):
    """Of 200 seeds 95 % are within two standard errors of the exact value, and none is preferred."""
    one, n_probes = request.getfixturevalue(which), 32
    masses = np.ones(len(one.atoms))
    matrix = matrix_of(one.atoms)
    values, _ = exact(one.atoms, masses, matrix)
    spectrum = Spectrum(UNIT, 0.4)
    system = vibrations(one.atoms, masses, spectrum, matrix)
    off = []
    for seed in range(200):
        rows = []
        for probe in range(n_probes):
            run = system.run(random_signs(len(one.atoms), seed, probe))
            rows.append(settle([run], lambda run=run: system.values(run), 1e-4, 400, "z")[1])
        off.append((np.mean(rows) - spectrum(values)[1].sum(), np.std(rows, ddof=1)))
    off, spread = np.array(off).T
    error = spread / np.sqrt(n_probes)
    held = np.mean(np.abs(off) <= 2 * error)
    # Student's t of 31 degrees: 0.946; the count of 200 has a standard deviation of 0.016
    assert 0.90 <= held <= 0.985
    bias = np.mean(off) / np.sqrt(np.mean(error**2) / 200)
    assert abs(bias) < 3


def test_no_minimum(cluster):
    """A stretched cluster has falling directions; a chain of free parts has flat ones."""
    atoms = cluster.atoms.copy()
    atoms.positions *= 1.25
    system = vibrations(atoms, np.ones(13), Spectrum(UNIT))
    run = system.run(random_signs(13, 0, 0))
    with pytest.raises(ImaginaryMode, match=r"these: found a mode with the imaginary") as caught:
        settle([run], lambda: system.values(run), 1e-6, 400, "z")
    step = caught.value.motion.ravel()
    matrix = matrix_of(atoms)
    assert step @ matrix @ step < 0  # the energy does fall along the motion
    apart = atoms[:2] + atoms[2:4]
    apart.positions[2:] += 50.0
    springs = np.zeros((12, 12))
    springs[0, 0] = springs[3, 3] = 1.0
    springs[0, 3] = springs[3, 0] = -1.0
    system = vibrations(apart, np.ones(4), Spectrum(UNIT), springs)
    run = system.run(random_signs(4, 0, 0))
    with pytest.raises(ValueError, match=r"these: found a motion that costs no energy"):
        settle([run], lambda: system.values(run), 1e-6, 400, "z")


def test_signs():
    """+1 and -1 alike often, the same for the same seed, others for another seed, probe, stream."""
    one = random_signs(4000, 1, 2)
    assert set(np.unique(one)) == {-1.0, 1.0}
    assert abs(one.mean()) < 4 / np.sqrt(one.size)
    assert np.array_equal(one, random_signs(4000, 1, 2))
    for other in (random_signs(4000, 2, 2), random_signs(4000, 1, 3), random_signs(4000, 1, 2, 1)):
        assert abs(np.mean(one * other)) < 4 / np.sqrt(one.size)
