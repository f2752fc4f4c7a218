"""`dbar.potential`: files of SNAP, the model file, derivatives. Against LAMMPS: tests/lammps/pair/test_pair_dbar.py."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar import _kernels
from dbar.descriptors import ACSF, AFS, SOAP, Bispectrum, Expansion
from dbar.potential import LinearPotential

ELEMENTS = ["W", "Be"]
DESCRIPTORS = {
    "bso4": Bispectrum(4.2, twojmax=4, radius=[0.5, 0.45], weight=[1.0, 0.7], species=ELEMENTS),
    "expansion": Expansion(4.2, nmax=3, lmax=0, neighbors="Be", species=ELEMENTS),
    "soap": SOAP(4.2, nmax=2, lmax=2, center=1.0, scale=[1.0, 3.0, 2.0], species=ELEMENTS),
    "afs": AFS(4.2, nmax=3, lmax=4, selfpairs=False, weight=[1.0, 0.6], species=ELEMENTS),
    "acsf": ACSF(4.2, grid=3, zeta=[1.0, 3.0], species=ELEMENTS),
}


def random_model(descriptor):
    """Coefficients from seed 3."""
    numbers = np.random.default_rng(3).normal(size=(2, 1 + descriptor.n_components))
    return LinearPotential(numbers, descriptor)


@pytest.fixture
def model():
    return random_model(DESCRIPTORS["bso4"])


@pytest.fixture(params=DESCRIPTORS)
def each_model(request):
    """Of every family."""
    return random_model(DESCRIPTORS[request.param])


@pytest.fixture
def atoms():
    atoms = bulk("W", cubic=True, a=3.2) * (2, 2, 2)
    atoms.set_chemical_symbols(["W", "Be", "W", "W"] * 4)
    atoms.set_cell(atoms.cell.array @ [[1, 0, 0], [0.1, 1, 0], [-0.1, 0.2, 1]], scale_atoms=True)
    atoms.positions += np.random.default_rng(4).normal(0.0, 0.15, atoms.positions.shape)
    return atoms


def test_every_family_is_here():
    assert list(DESCRIPTORS) == _kernels.family_names()


def test_forces_and_stress_are_derivatives(each_model, atoms):
    """Fourth-order differences; rounding 1e-10 and the formula 1e-9 of the largest."""
    model = each_model
    energies, forces, strain = model.evaluate(atoms)
    assert energies.sum() == pytest.approx(model.energy(atoms), rel=1e-12)
    step = 2e-3

    def slope(energy_at):
        e = [energy_at(p * step) for p in (-2, -1, 1, 2)]
        return (e[0] - 8 * e[1] + 8 * e[2] - e[3]) / (12 * step)

    def moved(i, c, by):
        there = atoms.copy()
        there.positions[i, c] += by
        return model.energy(there)

    def strained(a, b, by):
        there = atoms.copy()
        change = np.eye(3)
        change[a, b] += 0.1 * by
        there.set_cell(atoms.cell.array @ change.T, scale_atoms=True)
        return model.energy(there)

    for i, c in ((0, 0), (1, 1), (6, 2)):
        assert -slope(lambda by, i=i, c=c: moved(i, c, by)) == pytest.approx(
            forces[i, c], abs=1e-7 * np.abs(forces).max()
        )
    for a in range(3):
        for b in range(3):
            found = 10 * slope(lambda by, a=a, b=b: strained(a, b, by))
            assert found == pytest.approx(strain[a, b], abs=1e-7 * np.abs(strain).max())
    voigt = strain[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] / atoms.get_volume()
    np.testing.assert_allclose(model.stress(atoms), voigt)
    np.testing.assert_allclose(model.forces(atoms), forces)


def test_one_block_or_many(atoms):
    """`gradient` with equal coefficients in both blocks is that of the sum over all atoms."""
    words = {"twojmax": 4, "species": ["W", "Be"], "weight": [1.0, 0.6]}
    theta = np.cos(np.arange(14))
    one = Bispectrum(4.2, **words).gradient(atoms, theta)
    both = Bispectrum(4.2, perspecies=True, **words).gradient(atoms, np.tile(theta, 2))
    for a, b in zip(one, both, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    with pytest.raises(ValueError, match=r"theta: found shape \(14,\), expected \(28,\)"):
        Bispectrum(4.2, perspecies=True, **words).gradient(atoms, theta)


def test_no_atoms(model):
    energies, forces, strain = model.evaluate(Atoms())
    assert energies.shape == (0,) and forces.shape == (0, 3) and not strain.any()


def test_calculator_needs_electronvolts(model, atoms):
    atoms.calc = model.calculator()
    assert atoms.get_potential_energy() == pytest.approx(model.energy(atoms))
    with pytest.raises(ValueError, match="units: found 'real', expected 'metal'"):
        LinearPotential(model.coefficients, model.descriptor, units="real").calculator()
    cluster = Atoms("W2", positions=[[0, 0, 0], [0, 0, 2.5]], calculator=model.calculator())
    assert np.abs(cluster.get_forces().sum(axis=0)).max() < 1e-12
    with pytest.raises(ValueError, match="no volume"):
        model.stress(cluster)


def test_file_round_trip(each_model, tmp_path):
    model = each_model
    path = tmp_path / "model.json"
    model.export(path, comment="old")
    model.export(path, comment="a test")
    found = LinearPotential.load(path)
    assert json.loads(path.read_text())["comment"] == "a test"
    assert found.descriptor.settings() == model.descriptor.settings()
    assert found.elements == ["W", "Be"] and found.units == "metal"
    for element, numbers in model.coefficients.items():
        assert (found.coefficients[element] == numbers).all()
    assert list(tmp_path.iterdir()) == [path]


def test_export_leaves_the_old_file_alone(model, tmp_path):
    path = tmp_path / "model.json"
    model.export(path)
    old = path.read_text()
    model.coefficients["W"][3] = np.nan
    with pytest.raises(ValueError):
        model.export(path)
    assert path.read_text() == old and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "coefficients, elements, message",
    [
        (np.zeros((2, 14)), None, r"coefficients of W: found shape \(14,\), expected \(15,\)"),
        (np.zeros((3, 15)), None, "coefficients: found 3 rows, expected 2"),
        ({"W": np.zeros(15)}, None, "coefficients: found elements .'W'., expected .'Be', 'W'."),
        (np.full((2, 15), np.inf), None, "coefficients of W: found inf at 0"),
        (np.zeros((2, 15)), ["Be", "W"], "elements: found .* expected those of the descriptor"),
    ],
)
def test_bad_arguments(coefficients, elements, message):
    descriptor = Bispectrum(4.2, twojmax=4, species=["W", "Be"])
    with pytest.raises(ValueError, match=message):
        LinearPotential(coefficients, descriptor, elements)


def test_elements_are_needed():
    with pytest.raises(ValueError, match="elements: found none"):
        LinearPotential(np.zeros(15), Bispectrum(4.2, twojmax=4))
    with pytest.raises(ValueError, match="unit style 'feet'"):
        LinearPotential(np.zeros(15), Bispectrum(4.2, twojmax=4), ["W"], units="feet")


@pytest.mark.parametrize(
    "text, message",
    [
        ("{", "model.json: not a JSON file"),
        ("[]", "schema: found None"),
        ('{"schema": "dbar-potential/1"}', "key descriptor: found nothing"),
    ],
)
def test_bad_files(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        LinearPotential.load(tmp_path / "model.json")


@pytest.mark.parametrize(
    "keys, value, message",
    [
        (
            ("descriptor", "family"),
            "bso5",
            "family: found 'bso5', expected one of: bso4, expansion",
        ),
        (("descriptor", "words", "tjmax"), "8", "keyword 'tjmax', expected one of: twojmax"),
        (("descriptor",), [1], "model.json: found a value of another type"),
        (("descriptor", "words"), ["twojmax"], "model.json: found a value of another type"),
        (("coefficients", "W"), [1.0], r"model.json: coefficients of W: found shape \(1,\)"),
        (("descriptor", "rcut"), -1.0, "Rcut: found -1, expected a positive length"),
    ],
)
def test_bad_models(model, tmp_path, keys, value, message):
    path = tmp_path / "model.json"
    model.export(path)
    root = json.loads(path.read_text())
    at = root
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    path.write_text(json.dumps(root))
    with pytest.raises(ValueError, match=message):
        LinearPotential.load(path)


COEFF = "# UNITS: metal\n\n1 3\nX 0.5 1.0 # radius, weight\n-2.0\n0.25 # B[1]\n-0.5\n"
PARAM = "rcutfac 4.0\n'twojmax' 1\n"


def snap(folder, coeff=COEFF, param=PARAM):
    (folder / "x.snapcoeff").write_text(coeff)
    (folder / "x.snapparam").write_text(param)
    return LinearPotential.from_snap(folder / "x.snapcoeff", folder / "x.snapparam")


def test_defaults_are_those_of_pair_style_snap(tmp_path):
    found = snap(tmp_path, COEFF.replace("metal", "real"))
    assert found.units == "real" and found.elements == ["X"]
    assert found.coefficients["X"].tolist() == [-2.0, 0.25, -0.5]
    settings = found.descriptor.settings()
    expected = dict(rcut=4.0, twojmax=1, rfac0=0.99363, rmin0=0, switch=True, bzero=True)
    assert {key: settings[key] for key in expected} == expected
    other = snap(tmp_path, param=PARAM + "switchflag 0\nbzeroflag 0\nrmin0 0.5\nchunksize 7\n")
    settings = other.descriptor.settings()
    assert (settings["switch"], settings["bzero"], settings["rmin0"]) == (False, False, 0.5)


@pytest.mark.parametrize(
    "flag", ["quadraticflag", "chemflag", "bnormflag", "wselfallflag", "switchinnerflag"]
)
def test_kinds_that_are_refused(tmp_path, flag):
    snap(tmp_path, param=PARAM + f"{flag} 0\n")
    with pytest.raises(ValueError, match=f"x.snapparam: {flag}: .*expected 0"):
        snap(tmp_path, param=PARAM + f"{flag} 1\n")


def test_files_that_come_with_lammps_are_refused_by_name():
    with pytest.raises(ValueError, match=r"InP_JCPA2020.snapparam: (chem|bnorm|wselfall)flag"):
        LinearPotential.from_snap("InP_JCPA2020.snapcoeff", "InP_JCPA2020.snapparam")


@pytest.mark.parametrize(
    "coeff, param, message",
    [
        (COEFF, "rcutfac 4.0\n", "twojmax: found nothing"),
        (COEFF, PARAM + "rcutfak 1\n", "found 'rcutfak 1', expected a value after one of"),
        (COEFF, PARAM + "rmin0\n", "found 'rmin0', expected a value"),
        (COEFF, PARAM + "rmin0 zero\n", "rmin0: found 'zero', expected a number"),
        (COEFF, "rcutfac 4.0\ntwojmax 1.5\n", "twojmax: found '1.5', expected an integer"),
        ("", PARAM, "expected a first line"),
        ("1 3\nX 0.5 1.0\n1.0\n", PARAM, "found 2 lines after the first"),
        (COEFF.replace("0.25", "0.25 7"), PARAM, "begins with 'X 0.5 1.0'"),
        (COEFF.replace("0.25", "many"), PARAM, "X: found 'many', expected a number"),
        (COEFF, "rcutfac 4.0\ntwojmax 2\n", r"coefficients of X: found shape \(3,\)"),
    ],
)
def test_bad_snap_files(tmp_path, coeff, param, message):
    with pytest.raises(ValueError, match=message):
        snap(tmp_path, coeff, param)


def test_missing_snap_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.snapparam"):
        LinearPotential.from_snap("Ta06A.snapcoeff", "nowhere.snapparam")
