"""One vacancy in bcc iron against diagonalisation at the same size (see test_shared_data.py)."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.entropy import stochastic_entropy, stochastic_formation_entropy

pytestmark = pytest.mark.shared


def words(shared_data):
    return "eam/fs", f"* * {shared_data / 'fe-entropy' / 'Fe_smooth.eam.fs'} Fe"


@pytest.mark.parametrize(("cells", "expected"), [(5, 2.216), (6, 2.215)])
def test_vacancy(shared_data, cells, expected):
    perfect = bulk("Fe", cubic=True, a=2.855312) * (cells, cells, cells)
    holed = perfect.copy()
    del holed[0]
    found = stochastic_formation_entropy(
        holed, perfect, *words(shared_data), form="determinant", relax=True, probes=24, seed=3
    )
    assert found.std_error < 0.5 and found.exact_bulk and found.rough < 1e-5
    assert abs(found.entropy - expected) < 2 * found.std_error


def test_clusters(shared_data):
    """A cell of a cluster of defects and the bulk, computed elsewhere: both forms, log_det."""
    cells = np.load(shared_data / "fe-entropy" / "fe432_clusters.npz")
    perfect = bulk("Fe", cubic=True, a=float(cells["a0"])) * (6, 6, 6)
    n, edge = cells["natoms"][0], cells["cell"][0]
    atoms = Atoms(f"Fe{n}", cells["positions"][0, :n], cell=3 * [edge], pbc=True)
    for form, name, size in (
        ("temperature", "S_formation_300K", cells["bulk_entropy_300K"]),
        ("determinant", "S_formation", -0.5 * cells["bulk_logdet"]),
    ):
        found = stochastic_formation_entropy(
            atoms, perfect, *words(shared_data), 300.0, form=form, probes=24, seed=1
        )
        assert found.bulk_entropy == pytest.approx(float(size), abs=1e-3)
        assert abs(found.entropy - cells[name][0]) < 2 * found.std_error
    alone = stochastic_entropy(atoms, *words(shared_data), 300.0, probes=6, seed=1)
    assert abs(alone.log_det - cells["logdet_hess"][0]) < 3 * alone.log_det_error
    assert found.std_error * 24**0.5 < 0.7 * alone.std_error * 6**0.5
