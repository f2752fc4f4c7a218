"""Bad input of `pair_style dbar` on 2 ranks: one clear error within seconds, no hang."""

import json

import pytest

from snap_models import CASES, START

SYSTEM = START + (
    "lattice bcc 3.2\nregion b block 0 4 0 4 0 4\ncreate_box 2 b\ncreate_atoms 1 box\nmass * 100\n"
    "pair_style dbar\n"
)
COEFF = "pair_coeff * * model.json W Be\n"


def put(*path):
    """Change of one value of the model: keys, then the value (... takes the key out)."""

    def change(model):
        *keys, last, value = path
        for key in keys:
            model = model[key]
        if value is ...:
            del model[last]
        else:
            model[last] = value

    return change


# id: (change of the model, or a whole text, or None for no file; words that the error must contain)
FILES = {
    "no file": (None, ["model.json", "No such file", "LAMMPS_POTENTIALS"]),
    "not JSON": ("pair_coeff\n", ["model.json", "found no JSON", "dbar-potential/1", "line 1"]),
    "empty": ("", ["model.json", "found no JSON"]),
    "a list": ("[1]", ["schema", "found nothing"]),
    "cut short": ('{"schema": "dbar-potential/1", "ele', ["found no JSON"]),
    "not a number": ('{"schema": NaN}', ["found no JSON", "invalid literal"]),
    "number too large": ('{"schema": 1e999}', ["found no JSON", "1e999"]),
    "other schema": (put("schema", "dbar-cv/1"), ["schema", "dbar-cv/1", "dbar-potential/1"]),
    "no schema": (put("schema", ...), ["schema", "found nothing", "dbar-potential/1"]),
    "other units": (put("lammps_units", "real"), ["lammps_units", "'real'", "'metal'"]),
    "no descriptor": (put("descriptor", ...), ["descriptor", "found nothing"]),
    "unknown family": (put("descriptor", "family", "bso5"), ["bso5", "bso4"]),
    "rcut a text": (put("descriptor", "rcut", "far"), ["descriptor.rcut", "far", "finite number"]),
    "rcut negative": (put("descriptor", "rcut", -4.7), ["-4.7", "positive"]),
    "unknown word": (put("descriptor", "words", "tjmax", "8"), ["tjmax", "twojmax"]),
    "rcut twice": (put("descriptor", "words", "rcut", "99"), ["words.rcut", "key of its own"]),
    "family twice": (put("descriptor", "words", "family", "x"), ["words.family", "key of its own"]),
    "word without value": (put("descriptor", "words", "bzero", " "), ["words.bzero", "a text"]),
    "word not a text": (put("descriptor", "words", "twojmax", 8), ["words.twojmax", "found 8"]),
    "radius of one": (put("descriptor", "words", "radius", "0.5"), ["radius", "2 numbers"]),
    "element twice": (put("elements", ["W", "W"]), ["elements", "'W' twice"]),
    "no elements": (put("elements", []), ["elements", "[]"]),
    "element without coefficients": (put("coefficients", "Be", ...), ["coefficients.Be"]),
    "coefficients of a stranger": (put("coefficients", "He", [0.0]), ["coefficients.He"]),
    "too few coefficients": (
        put("coefficients", "Be", [1.0, 2.0]),
        ["coefficients.Be", "found 2 numbers", "expected 56"],
    ),
    "coefficient null": (
        put("coefficients", "W", 3, None),
        ["coefficients.W[3]", "null", "finite"],
    ),
    "unknown key": (put("weights", 1), ["weights", "lammps_units"]),
}
SCRIPTS = {
    "unknown element": ("pair_coeff * * model.json W He\n", ["type 2", "'He'", "NULL", "W, Be"]),
    "too few elements": ("pair_coeff * * model.json W\n", ["found 4 words", "expected 5", "NULL"]),
    "not for all types": ("pair_coeff 1 1 model.json W Be\n", ["* *"]),
    "arguments of the style": ("pair_style dbar model.json\n", ["'model.json'", "no arguments"]),
    "a folder": ("shell mkdir folder\npair_coeff * * folder W Be\n", ["folder", "cannot read"]),
    "NULL alone": ("pair_coeff * * model.json W NULL\nrun 0\n", ["pair coeff"]),
    "no coefficients": ("run 0\n", ["pair coeff"]),
}


def check(lammps, script, words):
    done = lammps(SYSTEM + script, np=2, ok=False, timeout=40)
    assert done.returncode != 0
    assert len(done.errors) == 1, done.output[-3000:]
    for word in words:
        assert word.lower() in done.errors[0].lower(), done.output[-2000:]


@pytest.mark.parametrize("case", FILES)
def test_file(lammps, tmp_path, case):
    change, words = FILES[case]
    if callable(change):
        CASES["WBe"].export(tmp_path)
        model = json.loads((tmp_path / "model.json").read_text())
        change(model)
        change = json.dumps(model)
    if change is not None:
        (tmp_path / "model.json").write_text(change)
    check(lammps, COEFF, words)


@pytest.mark.parametrize("case", SCRIPTS)
def test_script(lammps, tmp_path, case):
    CASES["WBe"].export(tmp_path)
    check(lammps, *SCRIPTS[case])


def test_short_ghost_cutoff_is_made_longer(lammps, tmp_path):
    """As for every pair style, LAMMPS takes the larger of its cutoff and that of comm_modify."""
    CASES["WBe"].export(tmp_path)
    values = []
    for words in ("", "comm_modify cutoff 1.0\n"):
        done = lammps(SYSTEM + COEFF + words + "run 0\nprint 'E $(pe:%.15g)'\n", np=2)
        values.append(done.output.split("\nE ")[1].split()[0])
    assert values[0] == values[1]
