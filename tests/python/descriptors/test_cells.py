"""A periodic direction without a cell vector is an error, wherever configurations come in."""

import numpy as np
import pytest
from ase import Atoms

from dbar.descriptors import Bispectrum, Expansion, Scattering
from dbar.novelty import AtomNovelty
from dbar.potential import LinearPotential
from dbar.targets import rdf
from dbar.trajectory import Snapshots

DESCRIPTOR = Bispectrum(5.0, twojmax=2)
BAD = {
    "no cell": ((0.0, 0.0, 0.0), True, "vector a .* with pbc True"),
    "one vector is missing": ((9.0, 0.0, 9.0), True, "vector b .* with pbc True"),
    "only along c": ((9.0, 9.0, 0.0), (False, False, True), "vector c .* with pbc True"),
    "two are parallel": (((9, 0, 0), (5, 0, 0), (0, 0, 9)), True, "independent vectors"),
    "in a plane": (((9, 0, 0), (0, 9, 0), (1, 1, 0)), (True, True, False), "independent vectors"),
    "not numbers": ((np.nan, 9.0, 9.0), True, "vector a .*nan"),
}


def trimer(cell, pbc):
    return Atoms("Al3", [[0.0, 0.0, 0.0], [0.0, 0.0, 2.8], [0.0, 2.5, 1.0]], cell=cell, pbc=pbc)


def model():
    coefficients = np.zeros(DESCRIPTOR.n_components + 1)
    coefficients[1:] = 0.1
    return LinearPotential(coefficients, DESCRIPTOR, elements=["Al"])


USES = {
    "compute": lambda atoms: DESCRIPTOR.compute(atoms),
    "frames": lambda atoms: DESCRIPTOR.compute([trimer((9, 9, 9), True), atoms]),
    "per_atom": lambda atoms: Expansion(5.0, nmax=2, lmax=2).per_atom(atoms),
    "scattering": lambda atoms: Scattering(scales=[0], lmax=1).compute(atoms),
    "gradient": lambda atoms: DESCRIPTOR.gradient(atoms, np.ones(DESCRIPTOR.n_components)),
    "potential": lambda atoms: model().energy(atoms),
    "calculator": lambda atoms: model().calculator().get_potential_energy(atoms),
    "novelty": lambda atoms: AtomNovelty(DESCRIPTOR).fit([atoms]),
    "targets": lambda atoms: rdf(_kept(atoms), 4.0, periodic=atoms.pbc),
}


def _kept(atoms):
    return Snapshots(
        step=np.array([0]), time=np.array([0.0]), position=atoms.positions[None],
        id=np.arange(1, 4)[None], species=np.ones((1, 3), int), edges=atoms.cell.array[None],
        origin=np.zeros((1, 3)), periodic=tuple(atoms.pbc),
    )  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("use", USES)
def test_refused(use, case):
    cell, pbc, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        USES[use](trimer(cell, pbc))


def test_open_directions_need_no_vector():
    alone = DESCRIPTOR.compute(trimer((0, 0, 0), False))[0]
    wide = DESCRIPTOR.compute(trimer((50, 50, 50), False))[0]
    slab = DESCRIPTOR.compute(trimer((50, 50, 0), (True, True, False)))[0]
    np.testing.assert_allclose(wide, alone, rtol=1e-12)
    np.testing.assert_allclose(slab, alone, rtol=1e-12)
