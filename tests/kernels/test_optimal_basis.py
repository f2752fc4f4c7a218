"""Radial functions of a basis file: sums of primitive ones, for each species of neighbour and of centre."""

import copy
import json
import re

import numpy as np
import pytest

from basis_files import basis_content
from dbar import _kernels
from dbar.descriptors import SOAP, Expansion
from descriptor_checks import check_forces, check_invariance, check_virial, salt
from soap_oracles import power_spectrum

SPECIES = ["Na", "Cl"]
KINDS = [(mixed, each) for mixed in (False, True) for each in (False, True)]


def contracted(content, primitive, types):
    """Coefficients of each centre [i, a, q, lm], or [i, q, lm] of a mixed basis, from primitive ones [i, a, n, lm]."""
    matrices = np.array(content["matrices"])
    blocks = types if content["per_centre"] else np.zeros_like(types)
    out = []
    for degree in range(content["lmax"] + 1):
        harmonics = primitive[..., degree**2 : (degree + 1) ** 2]
        out.append(np.einsum("iaqn,ianm->iaqm", matrices[blocks, :, degree], harmonics))
    out = np.concatenate(out, axis=-1)
    return out.sum(axis=1) if content["mixed"] else out


def primitive(atoms, content, **more):
    about = content["primitive"]
    descriptor = Expansion(
        content["rcut"], nmax=about["nmax"], lmax=content["lmax"], basis=about["basis"],
        sigma=content["sigma"], species=SPECIES, accuracy=1e-12, **more,
    )  # fmt: skip
    return descriptor.per_atom(atoms).reshape(len(atoms), 2, about["nmax"], -1)


def types_of(atoms):
    return np.array([SPECIES.index(symbol) for symbol in atoms.get_chemical_symbols()])


@pytest.mark.parametrize("basis", ["gto", "dvr"])
@pytest.mark.parametrize(("mixed", "each"), KINDS)
def test_coefficients_are_sums_of_primitive_ones(mixed, each, basis):
    """1e-11: two splines of accuracy 1e-12."""
    content = basis_content(SPECIES, mixed, each, basis=basis)
    atoms = salt()
    expected = contracted(content, primitive(atoms, content), types_of(atoms))
    found = Expansion(4.5, basis=content, species=SPECIES, accuracy=1e-12).per_atom(atoms)
    assert np.abs(found - expected.reshape(found.shape)).max() < 1e-11 * np.abs(expected).max()


@pytest.mark.parametrize(("mixed", "each"), KINDS)
def test_power_spectrum_of_them(mixed, each):
    content = basis_content(SPECIES, mixed, each, seed=1)
    atoms = salt(1)
    c = contracted(content, primitive(atoms, content), types_of(atoms))
    expected = power_spectrum(c.reshape(len(atoms), -1, 16))
    found = SOAP(4.5, basis=content, species=SPECIES, accuracy=1e-12).per_atom(atoms)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


@pytest.mark.parametrize(("mixed", "each"), KINDS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_and_invariance(order, mixed, each):
    atoms = salt(2)
    content = basis_content(SPECIES, mixed, each, seed=2)
    descriptor = SOAP(4.5, order=order, basis=content, species=SPECIES, center=0.7)
    V = descriptor.compute(atoms, virial=True)[1]
    check_virial(descriptor, atoms, V)
    check_invariance(descriptor, atoms)
    theta = np.random.default_rng(3).normal(size=descriptor.n_components)
    check_forces(descriptor, atoms, theta, descriptor.gradient(atoms, theta)[1])


@pytest.mark.parametrize(("mixed", "each"), KINDS)
def test_a_centre_s_own_gaussian(mixed, each):
    """It adds the functions of its own species at r = 0, with weight and Y_00, to l = 0."""
    content = basis_content(SPECIES, mixed, each, seed=4)
    matrices = np.array(content["matrices"])
    atoms = salt(3)
    given = dict(basis=content, species=SPECIES, order=1)
    found = SOAP(4.5, center=0.6, **given).per_atom(atoms) - SOAP(4.5, **given).per_atom(atoms)
    plain = dict(nmax=5, sigma=0.4, order=1, species=SPECIES)
    own = SOAP(4.5, center=0.6, **plain).per_atom(atoms) - SOAP(4.5, **plain).per_atom(atoms)
    own = own.reshape(len(atoms), 2, 5)
    for i, t in enumerate(types_of(atoms)):
        expected = matrices[t if each else 0, t, 0] @ own[i, t]
        row = found[i] if mixed else found[i].reshape(2, 3)[t]
        np.testing.assert_allclose(row, expected, atol=1e-10)
        assert mixed or np.abs(found[i].reshape(2, 3)[1 - t]).max() < 1e-12


def test_some_neighbours_and_fewer_functions():
    content = basis_content(SPECIES, seed=5)
    atoms = salt(4)
    everything = Expansion(4.5, basis=content, species=SPECIES).per_atom(atoms)
    everything = everything.reshape(len(atoms), 2, 3, 16)
    some = Expansion(4.5, basis=content, nmax=2, lmax=1, neighbors=["Cl"], species=SPECIES)
    found = some.per_atom(atoms).reshape(len(atoms), 2, 4)
    np.testing.assert_allclose(found, everything[:, 1, :2, :4], atol=1e-9)
    mixed = {**content, "mixed": True}
    found = Expansion(4.5, basis=mixed, neighbors=["Cl"], species=SPECIES).per_atom(atoms)
    np.testing.assert_allclose(found.reshape(len(atoms), 3, 16), everything[:, 1], atol=1e-9)


def test_all_that_a_word_says_comes_back():
    """Settings hold the content: a descriptor is made again from words alone, to the last bit."""
    content = basis_content(SPECIES, True, True, seed=6)
    first = SOAP(4.5, basis=content, species=SPECIES)
    again = SOAP.from_words(4.5, dict(first._kernel.settings()[2:]), species=SPECIES)
    assert again.settings() == first.settings()
    atoms = salt(5)
    assert (again.per_atom(atoms) == first.per_atom(atoms)).all()
    assert len(repr(first)) < 200 and first.nmax is None and first.settings()["nmax"] == 3


def test_a_file_is_read_once(tmp_path):
    path = tmp_path / "basis.json"
    path.write_text(json.dumps(basis_content(SPECIES)))
    descriptor = Expansion(4.5, basis=path, species=SPECIES)
    path.unlink()
    atoms = salt()
    copied = copy.deepcopy(descriptor).set_params(width=1.0)
    assert copied.per_atom(atoms).shape == descriptor.per_atom(atoms).shape


def test_labels_tell_of_the_channels():
    content = basis_content(SPECIES)
    assert Expansion(4.5, basis=content, species=SPECIES).labels[:2] == [
        "Na,q0,l0,m0",
        "Na,q0,l1,m-1",
    ]
    content = basis_content(SPECIES, mixed=True)
    labels = SOAP(4.5, basis=content, species=SPECIES).labels
    assert (
        labels[:5] == ["q0,q0,l0", "q0,q0,l1", "q0,q0,l2", "q0,q0,l3", "q0,q1,l0"]
        and len(labels) == 24
    )


def without(key):
    return lambda content: content.pop(key)


def set_to(key, value):
    return lambda content: content.update({key: value})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("schema"), "schema: found nothing, expected"),
        (set_to("schema", "dbar-basis/2"), 'schema: found "dbar-basis/2", expected "dbar-basis/1"'),
        (set_to("rcut", -1), "rcut: found -1, expected a length above 0"),
        (set_to("rcut", 6.0), "Rcut: found 4.5, expected that 6 of the optimal basis"),
        (set_to("sigma", 0), "sigma: found 0, expected a length from"),
        (set_to("sigma", "x"), 'sigma: found "x", expected a finite number'),
        (set_to("primitive", {"basis": "sto", "nmax": 5}), 'primitive: basis: found "sto", expected gto or dvr'),
        (set_to("primitive", {"basis": "gto", "nmax": 41}), "nmax: found 41, expected an integer from 1 to 40"),
        (set_to("lmax", 13), "lmax: found 13, expected an integer from 0 to 12"),
        (set_to("lmax", 2), r"matrices\[0\]\[0\]: found .*, expected a list of 3"),
        (set_to("qmax", 6), r"matrices\[0\]\[0\]\[0\]: found .*, expected a list of 6"),
        (set_to("qmax", 0), "qmax: found 0, expected an integer from 1"),
        (set_to("species", ["Cl", "Na"]), "species: found Cl Na, expected Na Cl"),
        (set_to("species", []), r"species: found \[\], expected a list"),
        (set_to("mixed", 1), "mixed: found 1, expected true or false"),
        (set_to("matrices", [[]]), r"matrices\[0\]: found \[\], expected a list of 2"),
        (lambda c: c["matrices"][0][1][2][0].__setitem__(3, None), "found null, expected a finite number"),
        (lambda c: c["matrices"][0][1][2][0].__setitem__(3, float("nan")), "basis: .*parse error"),
        (lambda c: c["matrices"][0][1][2][0].__setitem__(3, [[[[1.0]]]]), "expected a finite number"),
        (set_to("purpose", 1), "purpose: found an unknown key"),
    ],
)  # fmt: skip
def test_a_damaged_file(damage, message):
    content = basis_content(SPECIES)
    damage(content)
    with pytest.raises(ValueError, match=message):
        Expansion(4.5, basis=content, species=SPECIES)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rcut": 4.0}, "expansion Rcut: found 4, expected that 4.5 of the optimal basis"),
        ({"sigma": 0.5}, "expansion sigma: found 0.5, expected that 0.4 of the optimal basis"),
        ({"nmax": 4}, "expansion nmax: found 4, expected at most the 3 functions"),
        ({"lmax": 4}, "expansion lmax: found 4, expected at most that 3"),
        ({"species": None}, "basis: species: found Na Cl, expected them as the descriptor's species"),
        ({"species": ["Na"]}, "basis: species: found Na Cl, expected Na, those of the descriptor"),
        ({"basis": "nowhere.json"}, "basis: found 'nowhere.json', expected gto, dvr, or a file"),
        ({"basis": 3}, "basis: found 3, expected gto, dvr, or an optimal basis"),
    ],
)  # fmt: skip
def test_settings_that_are_not_those_of_the_file(given, message):
    settings = {"rcut": 4.5, "basis": basis_content(SPECIES), "species": SPECIES, **given}
    with pytest.raises(ValueError, match=message):
        Expansion(**settings)


def test_more_orbitals_than_are_independent():
    content = basis_content(SPECIES, nmax=13)
    with pytest.raises(
        ValueError, match="basis: nmax: found '13', expected an integer from 1 to 12"
    ):
        Expansion(4.5, basis=content, species=SPECIES)
    content["primitive"]["basis"] = "dvr"
    assert Expansion(4.5, basis=content, species=SPECIES).n_components == 2 * 3 * 16


def test_brackets_without_end(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"schema": "dbar-basis/1", "matrices": ' + "[" * 100000)
    with pytest.raises(ValueError, match="more than 100 deep"):
        Expansion(4.5, basis=path, species=SPECIES)


def test_a_damaged_word():
    word = Expansion(4.5, basis=basis_content(SPECIES), species=SPECIES).basis
    at = word.rindex(",") + 3
    damaged = (
        word[:at] + str((int(word[at]) + 1) % 10) + word[at + 1 :]
        if word[at].isdigit()
        else word + "1"
    )
    for each in (damaged, word[:-30], word[:40], word[:13]):
        with pytest.raises(ValueError, match="expansion basis: found 'dbar-basis/1,"):
            _kernels.Kernel("expansion", 4.5, ["basis", each], 2)


def test_numbers_that_the_check_number_does_not_guard():
    """A word made by hand with a right check number and impossible content."""
    content = basis_content(["1"], nmax=2, qmax=1, lmax=0)
    word = Expansion(4.5, basis=content).basis
    parts = word.split(",")[2:]
    for k, value in ((3, "99"), (4, "13"), (5, "5"), (6, "0"), (7, "x"), (9, "nan"), (0, "-1")):
        text = ",".join([*parts[:k], value, *parts[k + 1 :]])
        mask, check = (1 << 64) - 1, 0xCBF29CE484222325
        for byte in text.encode():
            check = ((check ^ byte) * 0x100000001B3) & mask
        with pytest.raises(ValueError, match=r"expansion basis: found .* expected"):
            _kernels.Kernel("expansion", 4.5, ["basis", f"dbar-basis/1,{check:016x},{text}"], 1)
    assert re.match(r"dbar-basis/1,[0-9a-f]{16},4\.5,0\.4,gto,2,0,1,1,separate,one,", word)
