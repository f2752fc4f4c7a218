"""The gradient with a theta of each centre, found from its B: all families, against one call for each centre."""

import numpy as np
import pytest

from dbar import _kernels

RCUT = 4.5
WORDS = {
    "bso4": ["twojmax", "3"],
    "expansion": ["nmax", "3", "lmax", "2"],
    "soap": ["nmax", "3", "lmax", "2"],
    "acsf": ["grid", "3", "zeta", "1", "2.5"],
    "afs": ["nmax", "3", "lmax", "4", "selfpairs", "no", "weight", "1.0", "0.6"],
}


def neighbourhoods(centres=21, seed=3):
    """Disordered neighbourhoods of two species, some of them empty, and neighbours beyond the cutoff."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 12, centres)
    r = rng.normal(size=(counts.sum(), 3))
    r *= (rng.uniform(1.5, 5.0, len(r)) / np.linalg.norm(r, axis=1))[:, None]
    first = np.concatenate([[0], np.cumsum(counts)])
    return rng.integers(0, 2, centres), first, r, rng.integers(0, 2, len(r))


def test_words_are_given_for_all_families():
    assert set(WORDS) == set(_kernels.family_names())


BSO4 = [
    "twojmax 0",
    "twojmax 1 bzero yes",
    "twojmax 4 weight 1.0 -0.4",
    "twojmax 5 radius 0.5 0.42 weight 0.7 1.3 bzero yes",
    "twojmax 6 diagonal yes bzero yes",
    "twojmax 8 switch no",
    "twojmax 9 rmin0 1.8 rfac0 0.8",
    "twojmax 14 radius 0.45 0.5",
]
CASES = [*WORDS.items(), *(("bso4", words.split()) for words in BSO4)]


@pytest.mark.parametrize(("family", "words"), CASES)
def test_against_one_call_for_each_centre(family, words):
    kernel = _kernels.Kernel(family, RCUT, words, 2)
    type_, first, r, rtype = near = neighbourhoods()
    scale = 1e-3 / np.abs(kernel.per_atom(*near)).max()

    def theta_of(centre, B):
        """Of e_i = (i + 1) sum_k sin(scale B_k)."""
        return (centre[:, None] + 1) * scale * np.cos(scale * B)

    found = kernel.gradient_of_each(*near, theta_of)
    B = kernel.per_atom(*near)
    expected = np.zeros_like(r)
    for i in range(len(type_)):
        theta = theta_of(np.array([i]), B[i : i + 1])[0]
        part = slice(first[i], first[i + 1])
        one = [type_[i]], [0, first[i + 1] - first[i]], r[part], rtype[part]
        expected[part] = kernel.gradient(*one, theta)[0]
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize(("family", "words"), CASES)
@pytest.mark.parametrize("centres", [0, 1, 7, 8, 9, 30])
def test_what_is_asked(family, words, centres):
    """Every centre once, with its B."""
    kernel = _kernels.Kernel(family, RCUT, words, 2)
    near = neighbourhoods(centres)
    seen, B_of = [], np.zeros((centres, kernel.size))

    def theta_of(centre, B):
        seen.extend(centre)
        B_of[centre] = B
        return np.ones_like(B)

    kernel.gradient_of_each(*near, theta_of)
    B = kernel.per_atom(*near)
    assert sorted(seen) == list(range(centres))
    np.testing.assert_allclose(B_of, B, atol=1e-12 * np.abs(B).max(initial=1e-3))


@pytest.mark.parametrize(("family", "words"), CASES)
def test_against_differences(family, words):
    """Of e_i = (i + 1) log(1 + (u.B)^2), which mixes all components; no neighbour passes a cutoff."""
    kernel = _kernels.Kernel(family, RCUT, words, 2)
    type_, first, r, rtype = neighbourhoods(centres=9, seed=6)
    B = kernel.per_atom(type_, first, r, rtype)
    u = np.random.default_rng(2).normal(size=kernel.size) / np.abs(B).max()
    weight = np.arange(1.0, len(type_) + 1)

    def theta_of(centre, B):
        x = B @ u
        return (weight[centre] * 2 * x / (1 + x**2))[:, None] * u

    found = kernel.gradient_of_each(type_, first, r, rtype, theta_of)
    step, rng = 1e-4, np.random.default_rng(5)
    for _ in range(8):
        along = rng.normal(size=r.shape)
        energies = [
            np.sum(weight * np.log1p((kernel.per_atom(type_, first, x, rtype) @ u) ** 2))
            for x in (r + k * step * along for k in (-2, -1, 1, 2))
        ]
        expected = np.dot(energies, [1, -8, 8, -1]) / (12 * step)
        size = np.linalg.norm(found) * np.linalg.norm(along) / np.sqrt(r.size)
        assert np.sum(found * along) == pytest.approx(expected, abs=1e-9 * size)


@pytest.mark.parametrize(
    "words", [(family, WORDS[family]) for family in sorted(WORDS)] + [("soap", ["order", "3"])]
)
def test_one_theta_for_all(words):
    kernel = _kernels.Kernel(words[0], RCUT, words[1], 2)
    near = neighbourhoods(seed=4)
    theta = np.random.default_rng(1).normal(size=kernel.size)
    gradient, _ = kernel.gradient(*near, theta)
    found = kernel.gradient_of_each(*near, lambda _, B: np.tile(theta, (len(B), 1)))
    np.testing.assert_allclose(found, gradient, atol=1e-12 * np.abs(gradient).max())


def test_errors_come_out():
    kernel = _kernels.Kernel("bso4", RCUT, WORDS["bso4"], 2)
    with pytest.raises(ValueError, match="theta_of: expected an array of the shape of B"):
        kernel.gradient_of_each(*neighbourhoods(), lambda _, B: B[:, 1:])
    with pytest.raises(ZeroDivisionError):
        kernel.gradient_of_each(*neighbourhoods(), lambda _, B: 1 / 0)
