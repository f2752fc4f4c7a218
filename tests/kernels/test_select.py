"""`select` of the family soap: some components, which are those of the full list, and cost nothing of the others."""

import numpy as np
import pytest

from dbar.descriptors import SOAP
from descriptor_checks import check_forces, check_virial, salt

SPECIES = ["Na", "Cl"]


def all_and_some(order, seed=0, **given):
    """The full descriptor, a sixth of its components, and the descriptor of these."""
    given = {"nmax": 3, "lmax": 2, "species": SPECIES, "center": 0.5, **given}
    full = SOAP(4.0, order=order, **given)
    n = full.n_components
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[: max(2, n // 6)])
    return full, chosen, SOAP(4.0, order=order, select=[int(k) + 1 for k in chosen], **given)


@pytest.mark.parametrize("more", [{}, {"neighbors": ["Cl"], "center": 0.0}])
@pytest.mark.parametrize(("order", "parity"), [(1, "even"), (2, "even"), (3, "even"), (3, "both")])
def test_they_are_those_of_the_full_list(order, parity, more):
    full, chosen, some = all_and_some(order, parity=parity, **more)
    atoms = salt()
    assert some.n_components == len(chosen)
    assert some.labels == [full.labels[k] for k in chosen]
    scale = np.abs(full.per_atom(atoms)).max()
    np.testing.assert_allclose(
        some.per_atom(atoms), full.per_atom(atoms)[:, chosen], atol=1e-12 * scale
    )
    rows = np.concatenate([[0], chosen + 1])
    for found, expected in zip(
        some.compute(atoms, virial=True), full.compute(atoms, virial=True), strict=True
    ):
        np.testing.assert_allclose(found, expected[rows], atol=1e-12 * np.abs(expected).max())
    theta = np.random.default_rng(1).normal(size=len(chosen))
    whole = np.zeros(full.n_components)
    whole[chosen] = theta
    forces, expected = (d.gradient(atoms, t)[1] for d, t in ((some, theta), (full, whole)))
    np.testing.assert_allclose(forces, expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives(order):
    _, chosen, some = all_and_some(order, seed=2)
    atoms = salt(1)
    check_virial(some, atoms, some.compute(atoms, virial=True)[1])
    theta = np.random.default_rng(2).normal(size=len(chosen))
    check_forces(some, atoms, theta, some.gradient(atoms, theta)[1])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_numbers_labels_and_a_file_say_the_same(order, tmp_path):
    full, chosen, some = all_and_some(order, seed=3)
    labels = [full.labels[k] for k in chosen]
    path = tmp_path / "components.txt"
    path.write_text("# kept\n" + "\n".join(labels[::-1]) + "\n\n")
    words = {"order": order, "nmax": 3, "lmax": 2, "species": SPECIES, "center": 0.5}
    assert SOAP(4.0, select=labels, **words).settings() == some.settings()
    # a file for the input script has the numbers of types, a Python list may have symbols
    numbers = [
        ",".join(str(SPECIES.index(w) + 1) if w in SPECIES else w for w in v.split(","))
        for v in labels
    ]
    assert SOAP(4.0, select=numbers, **words).settings() == some.settings()
    assert SOAP(4.0, select=path, **words).settings() == some.settings()
    again = SOAP.from_words(4.0, dict(some._kernel.settings()[2:]), species=SPECIES)
    assert again.settings() == some.settings()


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("task", ["D", "gradient"])
def test_the_others_cost_nothing(order, task):
    """Multiply-adds as they are counted: a twentieth of the components, at most a fifth of the work of a centre."""
    full = SOAP(4.0, order=order, nmax=6, lmax=4)
    some = SOAP(4.0, order=order, nmax=6, lmax=4, select=range(1, full.n_components // 20 + 1))
    before, after = (each._kernel.operations(task) for each in (full, some))
    assert after[0] < 0.2 * before[0] and after[1] <= before[1]
    round_ones = SOAP(4.0, order=order, nmax=6, lmax=4, select=[1])  # l = 0: no harmonics beyond
    assert round_ones._kernel.operations(task)[1] < 0.5 * before[1]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ([0], "soap select: found '0', expected numbers from 1 to 144 or labels, 1,n0,1,n0,l0 to"),
        ([145], "soap select: found '145', expected numbers from 1 to 144"),
        ([1.5], "soap select: found '1.5', expected numbers"),
        ([3, 3], "soap select: found '3', expected each component once"),
        ([1, "Na,n0,Na,n0,l0"], "soap select: found '1,n0,1,n0,l0', expected each component once"),
        (["Na,n0,Na,n9,l0"], "soap select: found '1,n0,1,n9,l0', expected numbers"),
        ([], "select: found no component, expected one or more, or None for all"),
        ("nowhere.txt", "select: found 'nowhere.txt', expected numbers or labels of components"),
    ],
)
def test_what_is_refused(select, message):
    with pytest.raises(ValueError, match=message):
        SOAP(4.0, species=SPECIES, select=select)


def test_a_file_without_components(tmp_path):
    path = tmp_path / "empty.txt"
    path.write_text("# nothing\n\n")
    with pytest.raises(
        ValueError, match=r"empty.txt: found no component, expected a number or a label"
    ):
        SOAP(4.0, select=path)


@pytest.mark.parametrize(
    "given",
    [
        {"order": 3, "nmax": 40, "lmax": 12},
        {"order": 2, "nmax": 40, "species": [str(k) for k in range(60)]},
    ],
)
def test_more_components_than_memory_is_for(given):
    with pytest.raises(
        ValueError, match="components of a centre, expected at most 500000: use smaller nmax"
    ):
        SOAP(4.0, basis="dvr", **given)


@pytest.mark.parametrize(("channels", "lmax"), [(1, 4), (2, 3), (3, 2), (4, 3)])
@pytest.mark.parametrize("parity", ["even", "both"])
def test_they_are_counted_before_they_are_listed(channels, lmax, parity):
    """A limit of components is of use only if the count is right: here against the list."""
    degrees = [(degree, q) for degree in range(lmax + 1) for q in range(channels)]
    count = 0
    for i, a in enumerate(degrees):
        for j, b in enumerate(degrees[i:], i):
            for c in degrees[j:]:
                odd = (a[0] + b[0] + c[0]) % 2
                count += c[0] <= a[0] + b[0] and (
                    not odd or (parity == "both" and a != b and b != c)
                )
    assert SOAP(4.0, order=3, nmax=channels, lmax=lmax, parity=parity).n_components == count
