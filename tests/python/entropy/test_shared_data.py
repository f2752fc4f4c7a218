"""Minima of 38 Lennard-Jones atoms and defects of bcc iron, computed elsewhere."""

import warnings

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.entropy import ReferenceCalculator, RoughPotentialWarning, formation_entropy

pytestmark = pytest.mark.shared
RAW = "* * Fe_mm.eam.fs Fe"


def smooth(shared_data):
    return f"* * {shared_data / 'fe-entropy' / 'Fe_smooth.eam.fs'} Fe"


def test_lj38(shared_data):
    """A dozen of the minima, the two funnels' bottoms among them (all 51: 3e-9, see the page). The
    positions as they are: relaxing them further moves log_det by up to 1.4e-5.
    """
    minima = np.load(shared_data / "lj38" / "lj38_minima.npz")
    chosen = np.r_[0, 1, np.random.default_rng(0).choice(np.arange(2, 51), 10, replace=False)]
    with ReferenceCalculator("lj/cut 100", "* * 1 1", units="lj") as calculator:
        for k in chosen:
            found = calculator(Atoms("Ar38", minima["coords"][k]), f"minimum {k}")
            assert found.energy == pytest.approx(minima["energy"][k], abs=1e-10)
            assert found.log_det == pytest.approx(minima["logdet_hess"][k], abs=1e-7)
            assert (found.n_zero, found.n_modes) == (6, 108)


def test_iron(shared_data):
    """Two of the forty cells and the perfect crystal (all forty: see the page), to 1e-3 k_B."""
    cells = np.load(shared_data / "fe-entropy" / "fe432_clusters.npz")
    with ReferenceCalculator("eam/fs", smooth(shared_data), 300.0) as calculator:
        perfect = calculator(bulk("Fe", cubic=True, a=float(cells["a0"])) * (6, 6, 6))
        assert perfect.log_det == pytest.approx(float(cells["bulk_logdet"]), abs=1e-3)
        assert perfect.entropy == pytest.approx(float(cells["bulk_entropy_300K"]), abs=1e-3)
        for k in np.random.default_rng(0).choice(40, 2, replace=False):
            n, edge = cells["natoms"][k], cells["cell"][k]
            atoms = Atoms(f"Fe{n}", cells["positions"][k, :n], cell=3 * [edge], pbc=True)
            found = calculator(atoms, f"cell {k}")
            assert found.energy == pytest.approx(cells["energy"][k], abs=1e-8)
            assert found.log_det == pytest.approx(cells["logdet_hess"][k], abs=1e-3)
            assert found.entropy == pytest.approx(cells["entropy_300K"][k], abs=1e-3)
            forms = {"temperature": "S_formation_300K", "determinant": "S_formation"}
            for form, name in forms.items():
                expected = cells[name][k]
                assert formation_entropy(found, perfect, form) == pytest.approx(expected, abs=1e-3)
            assert found.local_entropies.sum() == pytest.approx(found.entropy, abs=1e-10)


def vacancy(words):
    """Formation entropy (determinant) of one vacancy in 250 sites, and the warnings on the way."""
    perfect = bulk("Fe", cubic=True, a=2.855312) * (5, 5, 5)
    holed = perfect.copy()
    del holed[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ReferenceCalculator("eam/fs", words, relax=True) as calculator:
            found = [calculator(a, n) for a, n in ((holed, "holed"), (perfect, "perfect"))]
    said = [str(w.message) for w in caught if w.category is RoughPotentialWarning]
    return formation_entropy(*found, "determinant"), said, found


def test_smooth_table(shared_data):
    entropy, said, found = vacancy(smooth(shared_data))
    assert entropy == pytest.approx(2.22, abs=0.005) and said == []
    assert max(one.rough for one in found) < 1e-5


def test_raw_table_is_caught():
    """The same vacancy with the table that LAMMPS ships: another entropy, and both cells say so."""
    entropy, said, found = vacancy(RAW)
    assert entropy == pytest.approx(2.65, abs=0.02)
    assert len(said) == 2 and said[0].startswith("holed: second derivatives of the potential are")
    assert "expected at most 0.0001" in said[1]
    assert found[1].rough == pytest.approx(
        0.0029, abs=3e-4
    )  # k_B per atom, as the data's page says
