"""Bad input of `pair_style dbar/gpp` on 2 ranks: one clear error within seconds, no hang."""

import pytest

from harness import POTENTIALS
from packet_runs import HEAD, SHAKE, copper_file, fcc

SYSTEM = HEAD + fcc(3.63, 2, SHAKE)
STYLE = "pair_style dbar/gpp 300 efs\n"
COEFF = "pair_coeff * * cu-efs.json Cu\n"
FINE = STYLE + COEFF


def alloy(file):
    return f"pair_style dbar/gpp 300 eam/alloy\npair_coeff * * {file} Cu\n"


# id: (script after the box, words that the error must contain)
CASES = {
    "no words": ("pair_style dbar/gpp\n", ["0 words", "temperature", "form"]),
    "cold": ("pair_style dbar/gpp 0.0 efs\n", ["temperature", "found 0.0", "above 0"]),
    "colder": ("pair_style dbar/gpp -5 efs\n", ["temperature", "found -5", "above 0"]),
    "no number": ("pair_style dbar/gpp warm efs\n", ["warm"]),
    "form": ("pair_style dbar/gpp 300 meam\n", ["form", "'meam'", "eam/alloy, eam/fs, efs"]),
    "keyword": (STYLE.strip() + " tolerance 1\n", ["tolerance", "tol, maxpass, smax"]),
    "tol": (STYLE.strip() + " tol 0\n", ["tol", "found 0", "1e-13"]),
    "maxpass": (STYLE.strip() + " maxpass 0\n", ["maxpass", "found 0", "1 to"]),
    "smax": (STYLE.strip() + " smax -0.1\n", ["smax", "found -0.1", "1e-6"]),
    "isentropic": (STYLE.strip() + " isentropic maybe\n", ["isentropic", "maybe", "yes or no"]),
    "no file": (STYLE + "pair_coeff * * nowhere.json Cu\n", ["nowhere.json", "No such file"]),
    "few words": (STYLE + "pair_coeff * * cu-efs.json\n", ["found 3 words", "expected 4"]),
    "element": (STYLE + "pair_coeff * * cu-efs.json Al\n", ["cu-efs.json", "'Al'", "Cu"]),
    "cut table": (alloy("cut.eam.alloy"), ["cut.eam.alloy", "line 60", "end of the file"]),
    "other form": (alloy("Fe_mm.eam.fs"), ["Fe_mm.eam.fs", "expected one that the file has: Fe"]),
    "no coefficients": (STYLE + "run 0\n", ["pair coeff"]),
    "hybrid": (
        "pair_style hybrid/overlay dbar/gpp 300 efs zero 5.0\npair_coeff * * zero\n"
        "pair_coeff * * dbar/gpp cu-efs.json Cu\nrun 0\n",
        ["hybrid/overlay", "alone"],
    ),
    "exclude": (FINE + "neigh_modify exclude type 1 1\nrun 0\n", ["neigh_modify exclude"]),
    "negative": (
        FINE + "set atom 7 d_variance -0.01\nrun 0\n",
        ["d_variance of atom 7", "found -0.01", "smax = 0.05"],
    ),
    "not a number": (FINE + "set atom 7 d_variance nan\nrun 0\n", ["nan"]),
    "above smax": (FINE + "set atom 7 d_variance 0.06\nrun 0\n", ["atom 7", "found 0.06", "0.05"]),
    "passes": (
        "pair_style dbar/gpp 300 efs maxpass 3 tol 1e-12\n" + COEFF + "run 0\n",
        ["variance of atom", "residual", "maxpass = 3", "tol = 1e-12"],
    ),
    "melts": (
        "pair_style dbar/gpp 2500 efs\n" + COEFF + "change_box all x scale 1.1 y scale 1.1 z scale 1.1 remap\nrun 0\n",
        ["variance of atom", "above smax = 0.05", "T = 2500"],
    ),
    "alone": (
        FINE + "group rest id 2:32\ndelete_atoms group rest\nrun 0\n",
        ["variance of atom", "above smax", "alone"],
    ),
    "far": (
        FINE + "group pair id 1 2\ngroup rest subtract all pair\ndelete_atoms group rest compress no\n"
        "change_box all boundary f f f x final 0 20 y final 0 20 z final 0 20\n"
        "set atom 1 x 5 y 5 z 5\nset atom 2 x 9.1 y 5 z 5\nrun 0\n",
        ["variance of atom", "above smax = 0.05"],
    ),
    "one place": (FINE + "set atom 2 x 1 y 1 z 1\nset atom 3 x 1 y 1 z 1\nrun 0\n", ["2", "3", "one place"]),
    "no variances": (
        "pair_style dbar/gpp 300 efs isentropic yes\n" + COEFF + "run 0\n",
        ["d_variance of atom", "found 0", "at temperature T"],
    ),
    "isentrope": (
        FINE + "run 0\npair_style dbar/gpp 300 efs isentropic yes\nrun 0\nset atom 5 d_isentrope -1\nrun 0\n",
        ["d_isentrope of atom 5", "found -1", "above 0"],
    ),
    "an integer": (
        "fix v all property/atom i_variance\n" + FINE,
        ["found i_variance", "expected d_variance"],
    ),
    "another form": (FINE + "run 0\npair_style dbar/gpp 300 eam/alloy\nrun 0\n", ["pair coeff"]),
}  # fmt: skip
UNITS = (
    "units real\nlattice fcc 3.63\nregion b block 0 2 0 2 0 2\ncreate_box 1 b\ncreate_atoms 1 box\n"
)


def check(lammps, script, words):
    done = lammps(script, np=2, ok=False, timeout=60)
    assert done.returncode != 0
    assert len(done.errors) == 1, done.output[-3000:]
    for word in words:
        assert word.lower() in done.errors[0].lower(), done.output[-2000:]


@pytest.mark.parametrize("case", CASES)
def test_one_error(lammps, tmp_path, case):
    copper_file(tmp_path)
    lines = (POTENTIALS / "Cu_mishin1.eam.alloy").read_text().splitlines(keepends=True)
    (tmp_path / "cut.eam.alloy").write_text("".join(lines[:59]))
    script, words = CASES[case]
    check(lammps, SYSTEM + script, words)


def test_a_type_without_element(lammps, tmp_path):
    copper_file(tmp_path)
    script = SYSTEM.replace("create_box 1", "create_box 2") + STYLE
    check(
        lammps,
        script + "pair_coeff * * cu-efs.json Cu NULL\n",
        ["atom type 2", "NULL", "an element"],
    )


def test_units(lammps, tmp_path):
    copper_file(tmp_path)
    check(lammps, UNITS + FINE + "run 0\n", ["units", "found real", "expected metal"])
