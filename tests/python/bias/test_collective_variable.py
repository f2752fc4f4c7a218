"""Collective variables: every form against finite differences, every source against its model."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.bias import CollectiveVariable
from dbar.descriptors import Bispectrum
from dbar.estimators import LinearEstimator
from dbar.statistics.latent import Latent
from dbar.study import pca
from dbar.trajectory import Trajectory
from dbar.trust import Mahalanobis

BISPECTRUM = Bispectrum(4.2, twojmax=3, species=["Al", "Cu"], radius=[0.5, 0.46], weight=[1, 0.7])
SIZE = BISPECTRUM.n_components + 1


def alloy():
    """Two species, triclinic, no symmetry left."""
    atoms = bulk("Al", "fcc", 4.05, cubic=True) * (2, 2, 1)
    cell = atoms.cell.array @ np.array([[1.0, 0, 0], [0.1, 0.97, 0], [-0.1, 0.15, 1.04]])
    atoms.set_cell(cell, scale_atoms=True)
    atoms.symbols[::3] = "Cu"
    atoms.positions += np.random.default_rng(3).normal(0.0, 0.15, atoms.positions.shape)
    return atoms


def variable(form="linear", tanh=None, per_atom=False, descriptor=BISPECTRUM, seed=5):
    rng = np.random.default_rng(seed)
    size = descriptor.n_components + 1
    rows = 1 if form == "linear" else 3
    D, _ = descriptor.compute(alloy())
    x = D / D[0] if per_atom else D
    matrix = rng.normal(size=(rows, size)) / np.abs(x)
    return CollectiveVariable(
        "order", descriptor, matrix, rng.normal(size=rows) * 0.1, form, per_atom, 0.7, 0.2, tanh
    )


def slope(f, h):
    """Derivative at 0 by six points: the error falls like h^6."""
    stencil = ((1, 45.0), (2, -9.0), (3, 1.0))
    return sum(w * (f(j * h) - f(-j * h)) for j, w in stencil) / (60.0 * h)


def moved(atoms, i, c, step):
    out = atoms.copy()
    out.positions[i, c] += step
    return out


def strained(atoms, a, b, step):
    strain = np.eye(3)
    strain[a, b] += step
    out = atoms.copy()
    out.set_cell(atoms.cell.array @ strain.T, scale_atoms=True)
    return out


CASES = [
    (form, tanh, per_atom)
    for form in ("linear", "norm", "quadratic")
    for tanh in (None, (0.5, 2.0))
    for per_atom in (False, True)
]


@pytest.mark.parametrize(("form", "tanh", "per_atom"), CASES)
def test_gradient_is_the_derivative(form, tanh, per_atom):
    cv = variable(form, tanh, per_atom)
    D, _ = BISPECTRUM.compute(alloy())
    g = cv.gradient(D)
    for k in range(SIZE):
        h, e = 1e-3 * abs(D[k]), np.eye(SIZE)[k]
        found = slope(lambda step, e=e: cv.value(D + step * e), h)
        assert abs(found - g[k]) * abs(D[k]) < 1e-8 * max(1.0, np.abs(g * D).max()), k


@pytest.mark.parametrize("perspecies", [False, True])
@pytest.mark.parametrize(("form", "tanh", "per_atom"), CASES)
def test_forces_are_the_derivative_by_position_and_strain(form, tanh, per_atom, perspecies):
    descriptor = Bispectrum(**{**BISPECTRUM.get_params(), "perspecies": perspecies})
    cv = variable(form, tanh, per_atom, descriptor)
    atoms = alloy()
    found = cv.forces(atoms)
    assert found.value == pytest.approx(cv.evaluate(atoms), rel=1e-12)
    scale = max(1.0, np.abs(found.forces).max())
    for i, c in ((0, 0), (1, 1), (7, 2)):
        expected = slope(lambda x, i=i, c=c: cv.evaluate(moved(atoms, i, c, x)), 2e-4)
        assert abs(expected + found.forces[i, c]) < 1e-6 * scale
    assert np.abs(found.forces.sum(axis=0)).max() < 1e-10 * scale
    for a, b in ((0, 0), (0, 1), (1, 2)):
        expected = slope(lambda x, a=a, b=b: cv.evaluate(strained(atoms, a, b, x)), 5e-5)
        assert abs(expected - found.strain[a, b]) < 1e-6 * max(1.0, np.abs(found.strain).max())


def test_forces_of_a_cell_smaller_than_the_cutoff():
    cell = [[3.1, 0, 0], [0.3, 3.3, 0], [0.2, -0.4, 3.0]]
    atoms = Atoms("AlCu", positions=[[0.1, 0.2, 0.3], [1.6, 1.7, 1.4]], cell=cell, pbc=True)
    cv = variable()
    found = cv.forces(atoms)
    for i, c in np.ndindex(2, 3):
        expected = slope(lambda x, i=i, c=c: cv.evaluate(moved(atoms, i, c, x)), 2e-4)
        assert abs(expected + found.forces[i, c]) < 1e-6 * max(1.0, np.abs(found.forces).max())


def test_norm_of_zero_has_no_gradient():
    cv = CollectiveVariable("n", BISPECTRUM, np.eye(SIZE)[1:3], form="norm")
    D = np.zeros(SIZE)
    assert cv.value(D) == 0.0 and not cv.gradient(D).any()


@pytest.fixture
def samples():
    rng = np.random.default_rng(8)
    frames = []
    for k in range(40):
        atoms = alloy()
        atoms.positions += rng.normal(0.0, 0.05 + 0.002 * k, atoms.positions.shape)
        frames.append(atoms)
    return frames, BISPECTRUM.compute(frames)[0]


@pytest.mark.parametrize("target", ["extensive", "per-atom", "plain"])
@pytest.mark.parametrize("n_components", [None, 4])
def test_from_estimator(samples, target, n_components):
    frames, D = samples
    y = np.column_stack([D[:, 1] * 0.3 - D[:, 5], D[:, 2] ** 2])
    model = LinearEstimator(target, n_components).fit(D, y)
    cv = CollectiveVariable.from_estimator(model, "e", BISPECTRUM, output=1)
    np.testing.assert_allclose(cv.evaluate(frames), model.predict(D)[:, 1], rtol=1e-9)
    if target == "extensive":
        cv = CollectiveVariable.from_estimator(model, "e", BISPECTRUM, output=1, per_atom=True)
        np.testing.assert_allclose(cv.value(D), model.predict(D)[:, 1] / D[:, 0], rtol=1e-9)
    with pytest.raises(ValueError, match="output: found 2, expected 0 to 1"):
        CollectiveVariable.from_estimator(model, "e", BISPECTRUM, output=2)


@pytest.mark.parametrize("count", [True, False])
def test_from_mahalanobis_and_components(samples, count):
    _, D = samples
    X = D if count else D[:, 1:]
    model = Mahalanobis(4).fit(X)
    cv = CollectiveVariable.from_mahalanobis(model, "m", BISPECTRUM)
    np.testing.assert_allclose(cv.value(D), model.score(X), rtol=1e-8)
    mean = X.mean(axis=0)
    latent = Latent.fit(len(X), mean, (X - mean).T @ (X - mean), 4)
    cv = CollectiveVariable.from_component(latent, 2, "z", BISPECTRUM)
    np.testing.assert_allclose(cv.value(D), latent(X)[:, 2], atol=1e-8)
    components = pca([X])
    cv = CollectiveVariable.from_component(components, [0, 1], "p", BISPECTRUM, form="norm")
    expected = np.linalg.norm(components(X)[:, :2], axis=1)
    np.testing.assert_allclose(cv.value(D), expected, atol=1e-8)


def test_features_per_atom(samples):
    _, D = samples
    model = Mahalanobis(4).fit(D[:, 1:] / D[:, :1])
    cv = CollectiveVariable.from_mahalanobis(model, "m", BISPECTRUM, per_atom=True)
    np.testing.assert_allclose(cv.value(D), model.score(D[:, 1:] / D[:, :1]), rtol=1e-8)


def test_from_selection_and_weights(samples):
    _, D = samples
    labels = BISPECTRUM.labels
    k = [i for i, label in enumerate(labels) if label.startswith("B(3,")]
    cv = CollectiveVariable.from_selection("B(3,*", "n", BISPECTRUM)
    np.testing.assert_allclose(cv.value(D), np.linalg.norm(D[:, 1:][:, k], axis=1), rtol=1e-12)
    cv = CollectiveVariable.from_selection("B(3,*", "n", BISPECTRUM, form="linear")
    np.testing.assert_allclose(cv.value(D), D[:, 1:][:, k].sum(axis=1), rtol=1e-12)
    fake = [f"O,n{n},l{b},m{m}" for n in range(2) for b in range(2) for m in range(-b, b + 1)]
    cv = CollectiveVariable.from_selection("O,n1,l1,m*", "P", BISPECTRUM, labels=fake)
    chosen = np.argwhere(cv.matrix)
    assert [fake[column - 1] for _, column in chosen] == ["O,n1,l1,m-1", "O,n1,l1,m0", "O,n1,l1,m1"]
    with pytest.raises(ValueError, match="no label matches 'Q"):
        CollectiveVariable.from_selection("Q*", "n", BISPECTRUM)
    w = np.arange(1.0, SIZE)
    cv = CollectiveVariable.from_weights(w, "w", BISPECTRUM)
    np.testing.assert_allclose(cv.value(D), D[:, 1:] @ w, rtol=1e-12)


def test_file_holds_all_of_it(tmp_path, samples):
    _, D = samples
    for form, tanh, per_atom in CASES:
        cv = variable(form, tanh, per_atom)
        cv.export(tmp_path / "cv.json")
        again = CollectiveVariable.load(tmp_path / "cv.json", species=["Al", "Cu"])
        np.testing.assert_array_equal(again.value(D), cv.value(D))
        assert again.evaluate(alloy()) == cv.evaluate(alloy())
    content = json.loads((tmp_path / "cv.json").read_text())
    assert content["schema"] == "dbar-cv/1"
    assert content["tanh"] == {"centre": 0.5, "width": 2.0}
    assert content["descriptor"]["words"]["radius"].split()[0] == "0.5"
    assert content["descriptor"]["ntypes"] == 2 and content["lammps_units"] == "metal"
    assert [p.name for p in tmp_path.iterdir()] == ["cv.json"]
    again = CollectiveVariable.load(tmp_path / "cv.json")
    with pytest.raises(ValueError, match="species: the descriptor tells 2 types apart"):
        again.forces(alloy())


def test_file_with_the_needed_keys_alone(tmp_path, samples):
    """The others have the defaults that the page of `fix dbar/plumed` states."""
    _, D = samples
    variable().export(tmp_path / "cv.json")
    content = json.loads((tmp_path / "cv.json").read_text())
    for key in ("offset", "scale", "shift", "tanh"):
        del content[key]
    (tmp_path / "cv.json").write_text(json.dumps(content))
    cv = CollectiveVariable.load(tmp_path / "cv.json")
    np.testing.assert_allclose(cv.value(D), D @ np.array(content["matrix"])[0], rtol=1e-14)


def test_descriptor_of_a_trajectory(samples):
    _, D = samples
    words = {"twojmax": "3", "radius": "0.5 0.46", "weight": "1 0.7", "rcut": "4.2"}
    found = {"family": "bso4", "rcut": 4.2, "ntypes": 2, "perspecies": False, "virial": True}
    run = Trajectory(D, parameters={"units": "real", "descriptor": {**found, "words": words}})
    cv = CollectiveVariable.from_weights(np.ones(SIZE), "w", run)
    assert cv.lammps_units == "real"
    assert cv.descriptor == BISPECTRUM.command_settings()
    np.testing.assert_allclose(cv.evaluate(run), D.sum(axis=1), rtol=1e-12)
    run.parameters["descriptor"]["words"]["rmin0"] = "0.1"
    with pytest.raises(ValueError, match=r"variable and trajectory differ: rmin0 0 and 0\.1"):
        cv.evaluate(run)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a b"}, "name: found 'a b'"),
        ({"name": "a-b"}, "name: found 'a-b', expected letters, digits, underscores"),
        ({"matrix": [[1.0, 2.0]]}, r"matrix: found shape \(1, 2\), expected rows of"),
        ({"matrix": np.ones((2, SIZE)), "offset": None}, "matrix: found 2 rows, the form 'linear'"),
        ({"offset": [1.0, 2.0]}, r"offset: found shape \(2,\), expected \(1,\)"),
        ({"form": "cubic"}, "form: found 'cubic', expected one of linear, norm, quadratic"),
        ({"scale": float("nan")}, "scale: found nan"),
        ({"tanh": (0.0, 0.0)}, "tanh: found width 0, expected a positive number"),
        ({"lammps_units": "imperial"}, "unit style 'imperial' is unknown"),
        ({"descriptor": {"family": "bso4"}}, "descriptor rcut: found None, expected float"),
    ],
)
def test_bad_values(change, message):
    cv = variable()
    settings = {"name": "s", "descriptor": BISPECTRUM, "matrix": cv.matrix, "offset": cv.offset}
    with pytest.raises(ValueError, match=message):
        CollectiveVariable(**{**settings, **change})


def test_bad_files(tmp_path):
    path = tmp_path / "cv.json"
    path.write_text("{")
    with pytest.raises(ValueError, match=r"cv\.json: not a JSON file"):
        CollectiveVariable.load(path)
    path.unlink()
    variable().export(path)
    good = json.loads(path.read_text())
    for change, message in (
        ({"schema": "dbar-cv/9"}, "schema: found 'dbar-cv/9', expected 'dbar-cv/1'"),
        ({"colour": 1}, "'colour' is not a key"),
        ({"tanh": [1, 2]}, "tanh: found .1, 2., expected centre and width"),
        ({"matrix": [[1]]}, r"cv\.json: matrix: found shape \(1, 1\)"),
    ):
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(ValueError, match=message):
            CollectiveVariable.load(path)
    del good["form"]
    path.write_text(json.dumps(good))
    with pytest.raises(ValueError, match="form is missing"):
        CollectiveVariable.load(path)
    with pytest.raises(ValueError, match="D: found shape"):
        variable().value(np.ones(3))
