"""Keywords model, observe, ahead and seldom: what reaches Python, and one clear error for everything else."""

import json

import pytest

from answering import answering
from restarts import START

COMPUTE = "fix nve all nve\ncompute d all dbar bso4 4.7 twojmax 2\n"
FIX = "fix s all dbar/stream 2 5 10 d "
NAMES = "expects N name_1 ... name_N, found "
SELDOM = "expects M N name_1 ... name_N, each c_ID, c_ID[k] or v_NAME, found "
FORM = "keyword seldom expects names c_ID, c_ID[k] or v_NAME, found "
AFTER = "expected right after the FILE of keyword model"
NEEDS = "needs a monitor, found monitor none"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("model", "keyword model expects a model file or none, found nothing"),
        ("model none learn", f"found keyword learn, {AFTER}"),
        ("model m.json learn learn", f"found keyword learn, {AFTER}"),
        ("model m.json monitor default learn", f"found keyword learn, {AFTER}"),
        ("observe 1 msd observe 1 pe", "found keyword observe, expected once at most"),
        ("thermo 1 pe persist 3 persist 3", "found keyword persist, expected once at most"),
        ("model m.json monitor none", "keyword model m.json needs a monitor or keyword observe, "
         "found monitor none"),
        ("monitor none model m.json learn", f"keyword model m.json learn {NEEDS}"),
        ("model m.json learn observe 1 msd monitor none", f"keyword model m.json learn {NEEDS}"),
        ("observe", f"keyword observe {NAMES}nothing"),
        ("observe none", f"keyword observe {NAMES}none"),
        ("observe 0", f"keyword observe {NAMES}0"),
        ("observe -1 msd", f"keyword observe {NAMES}-1"),
        ("observe 1.5 msd", f"keyword observe {NAMES}1.5"),
        ("observe 99999999999999999999 msd", f"keyword observe {NAMES}99999999999999999999"),
        ("observe 2 msd", "N name_1 ... name_N, with N = 2: after one name, found nothing"),
        ("observe 3 msd pe msd", "keyword observe names msd twice, expected each name once"),
        ("observe 1 msd ahead", "keyword ahead expects a positive time, found nothing"),
        ("observe 1 msd ahead 0", "keyword ahead expects a positive time, found 0"),
        ("observe 1 msd ahead -0.5", "keyword ahead expects a positive time, found -0.5"),
        ("observe 1 msd ahead 1e999", "1e999"),
        ("observe 1 msd ahead inf", "keyword ahead expects a positive time, found inf"),
        ("observe 1 msd ahead nan", "keyword ahead expects a positive time, found nan"),
        ("observe 1 msd ahead soon", "keyword ahead expects a positive time, found soon"),
        ("ahead 2.5", "keyword ahead 2.5 needs keyword observe"),
        ("observe 1 msd ahead 2.5 monitor none", f"keyword ahead 2.5 {NEEDS}"),
        ("seldom", "keyword seldom expects an integer from 2 to 1000000000, found nothing"),
        ("seldom 1 1 c_t", "keyword seldom expects an integer from 2 to 1000000000, found 1"),
        ("seldom -4 1 c_t", "keyword seldom expects an integer from 2 to 1000000000, found -4"),
        ("seldom 2.5 1 c_t", "keyword seldom expects an integer from 2 to 1000000000, found 2.5"),
        ("seldom 4000000000 1 c_t", "from 2 to 1000000000, found 4000000000"),
        ("seldom 2", f"keyword seldom {SELDOM}nothing"),
        ("seldom 2 0", f"keyword seldom {SELDOM}0"),
        ("seldom 2 c_t", f"keyword seldom {SELDOM}c_t"),
        ("seldom 2 2 c_t", "with N = 2: after one name, found nothing"),
        ("seldom 2 1 temp", FORM + "temp"),
        ("seldom 2 1 f_s", FORM + "f_s"),
        ("seldom 2 1 c_", FORM + "c_"),
        ("seldom 2 1 v_", FORM + "v_"),
        ("seldom 2 1 v_x[1]", FORM + "v_x[1]"),
        ("seldom 2 1 c_t[0]", FORM + "c_t[0]"),
        ("seldom 2 1 c_t[]", FORM + "c_t[]"),
        ("seldom 2 1 c_t[1", FORM + "c_t[1"),
        ("seldom 2 1 c_t[-1]", FORM + "c_t[-1]"),
        ("seldom 2 1 c_t[*]", FORM + "c_t[*]"),
        ("seldom 2 1 c_t[1][2]", FORM + "c_t[1][2]"),
        ("seldom 2 1 c_t[1]x", FORM + "c_t[1]x"),
        ("seldom 2 1 c_t[9999999999]", FORM + "c_t[9999999999]"),
        ("seldom 2 2 c_t[1] c_t[1]", "keyword seldom names c_t[1] twice, expected each name once"),
        ("thermo 2 temp v_x seldom 2 2 c_t v_x", "keywords thermo and seldom both name v_x"),
        ("seldom 2 1 v_x thermo 1 v_x", "keywords thermo and seldom both name v_x"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ranks", [1, 2])
def test_words_that_cannot_be(lammps, ranks, words, found):
    done = lammps(START + COMPUTE + FIX + words + "\nrun 10\n", np=ranks, ok=False)
    assert done.returncode != 0 and len(done.errors) == 1, done.output
    assert found in done.errors[0]
    assert not any(line.split()[:1] == ["Step"] for line in done.output.splitlines())


@pytest.mark.parametrize("ranks", [1, 2])
def test_what_reaches_python(lammps, tmp_path, ranks):
    words = (
        "thermo 2 temp pe observe 2 v_msd a/b ahead 2.5 model m.json learn "
        "seldom 4 3 c_t v_x c_thermo_press[2]"
    )
    script = START + COMPUTE + "compute t all temp\nvariable x equal step\n" + FIX + words
    lammps(script + "\nrun 10\n", np=ranks, env=answering(tmp_path))
    told = json.loads((tmp_path / "settings.json").read_text())
    seldom = ["c_t", "v_x", "c_thermo_press[2]"]
    assert told["thermo"] == ["temp", "pe", *seldom]
    assert told["seldom"] == {"every": 4, "names": seldom}
    assert told["observe"] == ["v_msd", "a/b"] and told["ahead"] == 2.5
    assert told["model"] == "m.json" and told["learn"] is True
    assert told["masses"] == [26.98154]  # that of the potential


@pytest.mark.parametrize(
    ("words", "model", "learn"),
    [
        ("", None, False),
        ("model none", None, False),
        ("model m.json", "m.json", False),
        ("model learn", "learn", False),
        ("model learn learn", "learn", True),
        ("model m.json observe 1 learn monitor none", "m.json", False),
    ],
)
def test_word_learn_belongs_to_model(lammps, tmp_path, words, model, learn):
    lammps(START + COMPUTE + FIX + words + "\nrun 0\n", env=answering(tmp_path))
    told = json.loads((tmp_path / "settings.json").read_text())
    assert told["model"] == model and told["learn"] is learn
    assert told["observe"] == (["learn"] if "observe" in words else [])
    assert told["ahead"] is None and told["seldom"] is None


MASSES = {
    "of types": ("", [1.5, 2.25]),
    "of atoms as well": ("fix m all property/atom rmass\nset group all mass 3.0\n", None),
}


@pytest.mark.parametrize(("more", "masses"), MASSES.values(), ids=MASSES)
def test_masses(lammps, tmp_path, more, masses):
    box = (
        "units metal\natom_modify map array\nlattice fcc 4.05\nregion b block 0 4 0 4 0 4\n"
        "create_box 2 b\ncreate_atoms 1 box\nset group all type/fraction 2 0.4 8123\n"
        "mass 1 1.5\nmass 2 2.25\npair_style zero 8.0\npair_coeff * *\n"
    )
    lammps(box + more + COMPUTE + FIX + "\nrun 0\n", np=2, env=answering(tmp_path))
    assert json.loads((tmp_path / "settings.json").read_text())["masses"] == masses


def test_masses_of_spheres(lammps, tmp_path):
    """An atom style without masses of types."""
    box = (
        "units metal\natom_style sphere\natom_modify map array\nlattice fcc 4.05\n"
        "region b block 0 4 0 4 0 4\ncreate_box 1 b\ncreate_atoms 1 box\nset group all mass 3.0\n"
        "pair_style zero 8.0\npair_coeff * *\n"
    )
    lammps(box + COMPUTE + FIX + "\nrun 0\n", np=2, env=answering(tmp_path))
    assert json.loads((tmp_path / "settings.json").read_text())["masses"] is None
