"""`dbar.basis.OptimalBasis`: its functions, its file, and files that are damaged."""

import json

import numpy as np
import pytest
from scipy.special import ive

from bases import alloy, parts, primitive
from dbar.basis import OptimalBasis, optimal_basis
from dbar.files.kinds import Kind, kind_of
from expansion_oracles import cutoff_function, harmonics, orbitals

FRAMES = [alloy(seed) for seed in range(2)]


@pytest.fixture(scope="module", params=["separate", "mixed", "per centre"])
def basis(request):
    words = {"mixed": request.param == "mixed", "per_centre": request.param == "per centre"}
    return optimal_basis(FRAMES, primitive(), qmax=3, **words)


def density(l, x, r, sigma):  # noqa: E741
    """Projection on Y_lm, at distances x, of the Gaussian of a neighbour at r: (x, r)."""
    z = np.outer(x, r) / sigma**2
    bessel = np.sqrt(0.5 * np.pi / z) * ive(l + 0.5, z)
    near = np.exp(-0.5 * (x[:, None] - r) ** 2 / sigma**2)
    return (np.pi * sigma**2) ** -0.75 * 4 * np.pi * near * bessel


def closed_form(kind, l, r, rcut, sigma, nmax):  # noqa: E741
    """I_nl(r) from the definitions: shells in closed form, orbitals by integration over space."""
    x, w = np.polynomial.legendre.leggauss(nmax if kind == "dvr" else 400)
    end = rcut + 3 * sigma if kind == "dvr" else 4 * rcut
    x, w = 0.5 * end * (x + 1), 0.5 * end * w
    projected = density(l, x, r, sigma)
    if kind == "dvr":
        return (np.sqrt(w) * x)[:, None] * projected
    return (orbitals(nmax, rcut, x) * w * x**2) @ projected


@pytest.mark.parametrize(("kind", "nmax"), [("gto", 4), ("dvr", 9)])
def test_functions_are_sums_of_primitive_ones(kind, nmax):
    """Splines are within 1e-10 of their maximum, and at the cutoff r is 2e-8 too short."""
    basis = optimal_basis(FRAMES, primitive(kind, nmax), qmax=3, per_centre=True)
    r = np.linspace(0.1, 4.0, 40)
    for degree in range(3):
        expected = basis.matrices[:, :, degree] @ closed_form(kind, degree, r, 4.0, 0.6, nmax)
        found = basis.functions(degree, r)
        assert found.shape == (2, 2, 3, 40)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[..., :-1], expected[..., :-1], atol=1e-9 * scale)
        np.testing.assert_allclose(found, expected, atol=1e-7 * scale)
    assert (basis.functions(1, [0.0]) == 0).all() and basis.functions(0, [0.0]).any()


def test_contracted_coefficients_are_sums_over_neighbours(basis):
    """Matrices times coefficients of the kernels, and functions times harmonics of neighbours by ASE."""
    from ase.neighborlist import neighbor_list

    atoms, species = FRAMES[0], list(basis.species)
    i, j, d, D = neighbor_list("ijdD", atoms, 4.0)
    Y = harmonics(2, D / d[:, None]) * cutoff_function(d, 4.0, 0.5)[:, None]
    symbols = atoms.get_chemical_symbols()
    block = np.array([species.index(s) if basis.per_centre else 0 for s in symbols])
    of = np.array([species.index(s) for s in symbols])
    channel = np.zeros(len(d), dtype=int) if basis.mixed else of[j]
    for degree, c in enumerate(parts(primitive().per_atom(atoms), 2)):
        c = c.reshape(len(c), 2, 4, -1)
        found = np.einsum("iaqn,ianm->iaqm", basis.matrices[block, :, degree], c)
        found = found.sum(axis=1, keepdims=True) if basis.mixed else found
        each = basis.functions(degree, d)[block[i], of[j], :, np.arange(len(d))]
        each = each[:, :, None] * Y[:, None, degree**2 : (degree + 1) ** 2]
        expected = np.zeros_like(found)
        np.add.at(expected, (i, channel), each)
        np.testing.assert_allclose(found, expected, atol=1e-8 * np.abs(expected).max())


def test_a_file_keeps_every_bit(basis, tmp_path):
    basis.save(tmp_path / "b.json")
    again = OptimalBasis.load(tmp_path / "b.json")
    assert again.content() == basis.content() and again.created_by == basis.created_by
    for name in ("matrices", "eigenvalues", "residual_variance"):
        assert np.array_equal(getattr(again, name), getattr(basis, name))
    again.save(tmp_path / "c.json")
    assert (tmp_path / "b.json").read_bytes() == (tmp_path / "c.json").read_bytes()
    assert kind_of(tmp_path / "b.json") is Kind.BASIS and len(list(tmp_path.iterdir())) == 2


def test_the_file_has_these_keys_and_shapes(basis):
    content = basis.content()
    assert list(content) == ["schema", *KEYS]
    blocks = 2 if basis.per_centre else 1
    assert np.shape(content["matrices"]) == (blocks, 2, 3, 3, 4)
    assert np.shape(content["eigenvalues"]) == ((1, 3, 8) if basis.mixed else (blocks, 2, 3, 4))
    assert (
        content["primitive"] == {"basis": "gto", "nmax": 4} and content["schema"] == "dbar-basis/1"
    )
    assert len(content["environments"]) == len(content["residual_variance"]) == blocks
    assert basis.n_channels == (3 if basis.mixed else 6)
    assert len(basis.blocks) == blocks and "-> " in repr(basis)


def test_what_content_returns_belongs_to_the_caller(basis):
    before = basis.content()
    basis.content()["matrices"][0][0][0][0][0] = 7.0
    basis.content()["primitive"]["nmax"] = 1
    assert basis.content() == before


def test_fewer_functions_are_the_first_ones(basis):
    fit = {"mixed": basis.mixed, "per_centre": basis.per_centre}
    for q in (1, 2, 3):
        few = optimal_basis(FRAMES, primitive(), qmax=q, **fit)
        assert basis.truncated(q).content() == few.content()
    for q in (0, 4, 1.0, True):
        with pytest.raises(ValueError, match=f"qmax: found {q}, expected an integer from 1 to 3"):
            basis.truncated(q)


def test_arguments_of_functions_that_are_refused(basis):
    for degree in (3, -1, 1.0):
        with pytest.raises(ValueError, match=f"l: found {degree}, expected an integer from 0 to 2"):
            basis.functions(degree, [1.0])
    for r in ([4.1], [-0.1], [np.nan], 1.0, [[1.0]]):
        with pytest.raises(ValueError, match=r"r: found .* expected distances from 0 to Rcut 4"):
            basis.functions(0, r)


def test_another_file_is_not_replaced(basis, tmp_path):
    (tmp_path / "mine.json").write_text('{"schema": "dbar-cv/1"}')
    with pytest.raises(OSError, match="is a collective variable of dbar, expected a new name or"):
        basis.save(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_text() == '{"schema": "dbar-cv/1"}'
    basis.save(tmp_path / "b.json")
    basis.truncated(1).save(tmp_path / "b.json")
    assert OptimalBasis.load(tmp_path / "b.json").qmax == 1


# ---- damaged files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a JSON file"),
        ("[" * 100_000, "not a JSON file"),
        ("[]", "schema: found None, expected 'dbar-basis/1'"),
        ('{"schema": "dbar-basis/2"}', "schema: found 'dbar-basis/2', expected 'dbar-basis/1'"),
        (
            '{"schema": "dbar-basis/1"}',
            "created_by: found nothing, expected one of the keys schema",
        ),
    ],
)
def test_files_that_are_none(tmp_path, text, said):
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        OptimalBasis.load(path)
    assert str(caught.value).startswith(f"{path}: ") and said in str(caught.value)


def deep(value, *, depth=50):
    for _ in range(depth):
        value = [value]
    return value


CHANGES = [
    ("created_by", 3, "created_by: found 3, expected a text"),
    ("rcut", "4", "rcut: found '4', expected a finite number"),
    ("rcut", True, "rcut: found True"),
    ("rcut", float("nan"), "rcut: found nan"),
    ("rcut", float("inf"), "rcut: found inf"),
    ("rcut", 10**400, "rcut: found 1000"),
    ("rcut", -4.0, "Rcut: found -4, expected a positive"),
    ("rcut", deep(4.0), "rcut: found [[[[[["),
    ("sigma", 0, "sigma: found 0, expected"),
    ("sigma", 5.0, "sigma: found 5, expected a length from Rcut / 100 to Rcut 4"),
    ("width", 0.0, "width: found 0.0, expected a positive length"),
    ("width", 4.5, "width: found 4.5, expected a length above 0 and up to Rcut 4"),
    ("primitive", "gto", "primitive: found 'gto', expected the keys basis and nmax"),
    ("primitive", {"basis": "gto"}, "primitive: found {'basis': 'gto'}"),
    ("primitive", {"basis": "gtos", "nmax": 4}, "primitive basis: found 'gtos'"),
    ("primitive", {"basis": "gto", "nmax": 4.0}, "primitive nmax: found 4.0"),
    (
        "primitive",
        {"basis": "gto", "nmax": 13},
        "nmax: found 13 with basis gto, expected an integer",
    ),
    ("primitive", {"basis": "gto", "nmax": 5}, "found a list of 4, expected a list of 5"),
    ("lmax", 99, "lmax: found '99', expected an integer from 0 to 12"),
    ("lmax", 3, "matrices[0][0]: found a list of 3, expected a list of 4"),
    ("lmax", -1, "lmax: found -1, expected an integer from 0"),
    ("qmax", 0, "qmax: found 0, expected an integer from 1"),
    ("qmax", 3.0, "qmax: found 3.0"),
    ("qmax", 2, "matrices[0][0][0]: found a list of 3, expected a list of 2"),
    ("species", [], "species: found [], expected different chemical symbols"),
    ("species", ["Al", "Al"], "species: found ['Al', 'Al']"),
    ("species", ["Al", "Xx"], "species: found ['Al', 'Xx']"),
    ("species", ["Al", 3], "species: found ['Al', 3]"),
    ("species", ["Al", []], "species: found ['Al', []]"),
    ("species", ["1", "Cu"], "species: found ['1', 'Cu']"),
    ("species", "AlCu", "species: found 'AlCu'"),
    ("species", ["Al"], "found a list of "),
    ("mixed", 1, "mixed: found 1, expected true or false"),
    ("per_centre", None, "per_centre: found None, expected true or false"),
    ("matrices", None, "matrices: found None, expected a list of "),
    ("matrices", deep([]), "matrices[0]: found a list of 1, expected a list of 2"),
    ("eigenvalues", {}, "eigenvalues: found {}, expected a list of "),
    ("environments", [], "environments: found [], expected "),
    ("environments", 32, "environments: found 32, expected "),
    ("residual_variance", [], "residual_variance: found a list of 0, expected"),
    ("note", "mine", "'note': found a key, expected schema, created_by"),
]


@pytest.mark.parametrize(
    ("key", "value", "said"), CHANGES, ids=[f"{k} {str(v)[:20]}" for k, v, _ in CHANGES]
)
def test_damaged_values(tmp_path, key, value, said):
    content = optimal_basis(FRAMES, primitive(), qmax=3).content() | {key: value}
    path = tmp_path / "b.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError) as caught:
        OptimalBasis.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and len(message) < 400
    assert said in message


@pytest.mark.parametrize("key", ["matrices", "eigenvalues", "environments", "residual_variance"])
@pytest.mark.parametrize(
    "put", [float("nan"), float("-inf"), "1", True, None, -1.0, [1.0], 10**400, 0.123]
)
def test_a_damaged_number(basis, tmp_path, key, put):
    """Of another kind, or so that the numbers no longer belong together; the key is named."""
    content = basis.content()
    node = content[key]
    while isinstance(node[-1], list):
        node = node[-1]
    node[-1] = put
    path = tmp_path / "b.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError) as caught:
        OptimalBasis.load(path)
    named = {"eigenvalues": "residual_variance"} if put == 0.123 else {}
    assert str(caught.value).startswith(f"{path}: {named.get(key, key)}"), caught.value


KEYS = [
    "created_by", "rcut", "sigma", "width", "primitive", "lmax", "qmax", "species", "mixed", "per_centre",
    "matrices", "eigenvalues", "environments", "residual_variance",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_key(basis, tmp_path, key):
    content = basis.content()
    del content[key]
    (tmp_path / "b.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"b.json: {key}: found nothing, expected one of the keys"):
        OptimalBasis.load(tmp_path / "b.json")


def test_eigenvalues_that_are_all_zero(basis):
    content = basis.content()
    content["eigenvalues"] = (0 * basis.eigenvalues).tolist()
    with pytest.raises(ValueError, match="eigenvalues: found zeros alone"):
        OptimalBasis(content)


def test_a_basis_of_one_species_without_a_name(tmp_path):
    made = optimal_basis(FRAMES, primitive(species=None), qmax=2)
    made.save(tmp_path / "b.json")
    assert OptimalBasis.load(tmp_path / "b.json").species == ("1",)
