"""Energies in a store are those of the whole system, whatever `thermo_modify norm` says."""

import numpy as np
import pytest

from dbar.store.units import dimension_of
from dbar.trajectory import read

ENERGIES = "pe ke etotal evdwl ecoul epair ebond eangle edihed eimp emol elong etail enthalpy ecouple econserve".split()
OTHERS = "temp press vol density lx".split()
SCRIPT = (
    "units {units}\nlattice fcc {lattice}\nregion b block 0 4 0 4 0 4\ncreate_box 1 b\n"
    "create_atoms 1 box\nmass 1 40\npair_style lj/cut 2.5\npair_coeff 1 1 {eps} {sigma} {cut}\n"
    "pair_modify tail yes\nvelocity all create {temp} 7\nfix run all nvt temp {temp} {temp} {damp}\n"
    "compute d all dbar bso4 {cut} twojmax 2\n"
    "fix watch all dbar/stream 1 1 5 d store run.h5md monitor none thermo {n} {names} v_mine\n"
    "variable mine equal etotal\n"
    "thermo_style custom step {names}\n{norm}thermo 5\nrun 20\n"
)
STYLES = {
    "lj": {"units": "lj", "lattice": 0.8, "eps": 1, "sigma": 1, "cut": 2.5, "temp": 1, "damp": 0.5},
    "metal": {"units": "metal", "lattice": 5.4, "eps": 0.0104, "sigma": 3.4, "cut": 8.5, "temp": 30, "damp": 0.1},
}  # fmt: skip


def stored(lammps, folder, units, norm):
    names = [*ENERGIES, *OTHERS]
    line = f"thermo_modify norm {norm}\n" if norm else ""
    lammps(SCRIPT.format(**STYLES[units], names=" ".join(names), n=len(names) + 1, norm=line), np=2)
    return read(folder / "run.h5md").observables


def test_the_list_of_energies_is_that_of_the_units():
    assert {name for name in ENERGIES if dimension_of(name) == "energy"} == set(ENERGIES)


@pytest.mark.parametrize("units", STYLES)
def test_of_the_whole_system(lammps, tmp_path, units):
    total = stored(lammps, tmp_path, units, "no")
    (tmp_path / "run.h5md").unlink()
    assert np.abs(total["ke"]).min() > 0 and np.abs(total["etail"]).min() > 0
    for norm in ("", "yes"):
        found = stored(lammps, tmp_path, units, norm)
        (tmp_path / "run.h5md").unlink()
        for name in (*ENERGIES, *OTHERS):
            np.testing.assert_allclose(found[name], total[name], rtol=1e-9, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(found["pe"] + found["ke"], found["etotal"], rtol=1e-9)
        # a variable is what LAMMPS makes of it
        share = 256 if norm == "yes" or units == "lj" else 1
        np.testing.assert_allclose(found["v_mine"] * share, found["etotal"], rtol=1e-9)
