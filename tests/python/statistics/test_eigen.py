"""Eigenpairs of symmetric matrices by one routine or the other."""

import numpy as np
import pytest
from scipy import linalg

from dbar.statistics.eigen import eigenpairs


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    turn = linalg.qr(rng.normal(size=(40, 40)))[0]
    values = np.concatenate([np.full(6, 1000.0), rng.uniform(1, 900, 34)])
    return (turn * values) @ turn.T, np.sort(values)


@pytest.mark.parametrize("broken", [(), ("evd",)])
def test_right_with_either(matrix, monkeypatch, broken):
    whole, right, used = linalg.eigh, matrix[1], []

    def eigh(a, driver, **words):
        used.append(driver)
        if driver in broken:
            a[:] = np.nan  # what is overwritten is lost
            raise linalg.LinAlgError("no convergence")
        return whole(a, driver=driver, **words)

    monkeypatch.setattr(linalg, "eigh", eigh)
    values, vectors = eigenpairs(matrix[0].copy)
    np.testing.assert_allclose(values, right, rtol=1e-12)
    np.testing.assert_allclose(matrix[0] @ vectors, vectors * values, atol=1e-9)
    assert used == (["evd", "ev"] if broken else ["evd"])
