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


@pytest.mark.parametrize("family", sorted(WORDS))
def test_against_one_call_for_each_centre(family):
    kernel = _kernels.Kernel(family, RCUT, WORDS[family], 2)
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
