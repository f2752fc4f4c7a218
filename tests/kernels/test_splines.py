"""Splined radial functions: values and slopes are within `accuracy` of the largest, everywhere and not at some points."""

import numpy as np
import pytest

from dbar import _kernels
from dbar.descriptors import AFS, SOAP, Bispectrum, Expansion

RCUT = 5.0
FUNCTIONS = {
    "gto": ["sigma", "0.5"],
    "narrow gto": ["sigma", "0.3"],
    "dvr": ["sigma", "0.5", "basis", "dvr"],
    "narrow dvr": ["sigma", "0.2", "basis", "dvr"],
}


def on_a_line(n, seed=0):
    """Centres with one neighbour each on the z axis, at random distances; arguments of a kernel."""
    r = np.zeros((n, 3))
    r[:, 2] = np.random.default_rng(seed).uniform(0.0, RCUT - 1e-9, n)
    return np.zeros(n, int), np.arange(n + 1), r, np.zeros(n, int)


def kernel(words, accuracy):
    more = ["nmax", "4", "lmax", "3", "width", "1e-6", "accuracy", repr(accuracy)]
    return _kernels.Kernel("expansion", RCUT, [*words, *more], 1)


@pytest.mark.parametrize("accuracy", [1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("words", FUNCTIONS.values(), ids=FUNCTIONS)
def test_values_and_slopes_at_random_radii(words, accuracy):
    """100,000 radii; the oracle is the table of accuracy 1e-12, which other tests compare with quadratures."""
    coarse, fine = kernel(words, accuracy), kernel(words, 1e-12)
    where = on_a_line(100_000)
    found, expected = coarse.per_atom(*where), fine.per_atom(*where)
    seen = [
        k for k, label in enumerate(coarse.labels) if label.endswith("m0")
    ]  # others vanish on the axis
    assert len(seen) == 16
    off = np.abs(found - expected).max(axis=0)[seen] / np.abs(expected).max(axis=0)[seen]
    assert off.max() < accuracy
    # the table says of itself what it misses between knots, where errors are largest
    about = coarse.splines()
    assert off.max() < 1.01 * about["largest_relative"] + 1e-12
    assert about["mean_relative"] < about["largest_relative"] <= accuracy
    few = on_a_line(10_000, seed=1)
    for k in seen:
        theta = np.zeros(coarse.size)
        theta[k] = 1.0
        slopes, right = (each.gradient(*few, theta)[0][:, 2] for each in (coarse, fine))
        assert np.abs(slopes - right).max() < accuracy * np.abs(right).max()


def test_more_knots_for_more_accuracy():
    knots = [Expansion(RCUT, accuracy=a).splines()["knots"] for a in (1e-4, 1e-6, 1e-8, 1e-10)]
    assert knots == sorted(knots) and knots[-1] > 2 * knots[0]


def test_who_has_splines():
    assert Bispectrum(5.0, twojmax=4).splines() is None
    for each in (SOAP(5.0), AFS(5.0)):
        assert set(each.splines()) == {
            "knots",
            "largest",
            "mean",
            "largest_relative",
            "mean_relative",
        }
