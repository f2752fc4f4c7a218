"""The offline `Bispectrum` against `compute dbar` on the very same atoms: 1e-12."""

import numpy as np
import pytest
from ase import Atoms

from blocks import assert_close, read_dump, run_dbar, system
from dbar.descriptors import Bispectrum

CASES = {
    "one species, twojmax 8": ("orthogonal", 1, {"twojmax": 8}),
    "two species, triclinic": (
        "triclinic",
        2,
        {"twojmax": 6, "radius": [0.5, 0.45], "weight": [1.0, 0.7]},
    ),
    "open box, diagonal": ("open", 2, {"twojmax": 7, "diagonal": True, "switch": False}),
    "blocks per species": ("triclinic", 2, {"twojmax": 4, "perspecies": True, "bzero": True}),
}


def words(settings):
    def text(value):
        if isinstance(value, list):
            return " ".join(map(str, value))
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value

    return " ".join(f"{key} {text(value)}" for key, value in settings.items())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_offline_equals_plugin(lammps, tmp_path, case):
    box, species, settings = CASES[case]
    script = system(box, species) + f"compute d all dbar bso4 4.7 {words(settings)} virial yes\n"
    script += "dump d all custom 1 dump.txt id type x y z\ndump_modify d format float %.17g\n"
    D, V = run_dbar(lammps, script, np=2)
    _, cell, rows = read_dump(tmp_path / "dump.txt")[0]
    periodic = box != "open"
    atoms = Atoms(numbers=rows[:, 0].astype(int), positions=rows[:, 1:], pbc=periodic)
    if periodic:
        atoms.cell = cell
    many = species == 2 or settings.get("perspecies")
    offline = Bispectrum(4.7, species=["H", "He"] if many else None, **settings)
    D_offline, V_offline = offline.compute(atoms, virial=True)
    assert_close(D_offline, D, 1e-12)
    assert_close(V_offline[1:][:, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]], V[1:], 1e-12)
    np.testing.assert_allclose(V_offline, np.swapaxes(V_offline, 1, 2))
