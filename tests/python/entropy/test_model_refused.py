"""What a model of the entropy refuses, and its file: one error that names word, value, expectation."""

import json
import re
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from dbar.descriptors import AFS
from dbar.entropy import EntropyModel
from dbar.files.kinds import Kind, kind_of
from entropy_models import (
    A0,
    CLUSTERS,
    IRON,
    cluster_model,
    clusters,
    defects,
    iron,
    iron_model,
)
from harness import on_small_disk


@pytest.fixture(scope="module")
def crystal():
    return iron_model()


@pytest.fixture(scope="module")
def cluster():
    return cluster_model()


SEVEN = clusters(7, 0)
VALUES = np.arange(7.0)
FITS = {
    "none": (([], []), "atoms: found no configuration, expected some to learn from"),
    "single": ((SEVEN[:1], [1.0]), "atoms: found 0 differences .*, expected at least 3"),
    "three": ((SEVEN[:3], [1.0, 2, 3]), "atoms: found 2 differences .*, expected at least 3"),
    "nan": ((SEVEN, np.where(VALUES == 4, np.nan, 1)), "entropies: found nan of configuration 4"),
    "infinite": ((SEVEN, VALUES + np.inf), "entropies: found inf of configuration 0, exp"),
    "lengths": ((SEVEN, VALUES[:6]), r"entropies: found shape \(6,\), expected \(7,\)"),
    "table": ((SEVEN, np.ones((7, 1))), r"entropies: found shape \(7, 1\), expected \(7,\)"),
    "the same": ((SEVEN, np.ones(7)), "entropies: found no difference among them"),
    "one frame": ((7 * SEVEN[:1], VALUES), "atoms: found descriptors that are all the same"),
    "cold": ((SEVEN, VALUES, None, 0.0), "temperature: found 0.0, expected a number above 0"),
    "below": ((SEVEN, VALUES, None, -3), "temperature: found -3, expected a number above 0"),
    "open": ((SEVEN, VALUES, (iron(), 1.0)), r"configuration 0: pbc: found \[False, .* periodic"),
    "no bulk": ((SEVEN, VALUES, []), r"bulk: found \[\], expected \(atoms, entropy\) or a list"),
    "no pair": ((SEVEN, VALUES, [iron()]), r"bulk: found Atoms.*, expected \(atoms, entropy\)"),
    "bulk nan": ((SEVEN, VALUES, (iron(), np.nan)), "bulk 1: found the entropy nan, expected a fin"),
    "bulk word": ((SEVEN, VALUES, (iron(), "x")), "bulk 1: found the entropy 'x', expected a numb"),
    "bulk open": ((SEVEN, VALUES, (SEVEN[0], 1.0)), "bulk 1: found 7 atoms, pbc .* a periodic cry"),
}  # fmt: skip


@pytest.mark.parametrize("case", FITS)
def test_fit(case):
    words, message = FITS[case]
    with pytest.raises(ValueError, match=rf"^{message}"):
        EntropyModel(AFS(4.0, nmax=3, lmax=2)).fit(*words)


def turned():
    """As many sites on the same volume, turned against the crystal by 30 degrees."""
    atoms = iron(3)
    atoms.rotate(30, "z", rotate_cell=True)
    return atoms


def mixed():
    atoms = iron(3)
    atoms.symbols[-1] = "Cu"
    return atoms


def placed(position):
    atoms = iron(3)
    atoms.positions[3] = position
    return atoms


PLACES = {
    "volume": (lambda: iron(3, 0.005), r"volume: found 637.9\d* for 54 atoms, expected about as many times that per atom"),
    "size": (lambda: iron(3)[:20], r"volume: found .* for 20 atoms, expected about as many times"),
    "lattice": (lambda: bulk("Fe", "fcc", a=A0 * 2 ** (1 / 3), cubic=True) * (3, 3, 3),
                r"bulk: found a cell of the volume 1257.\d* whose vectors are none of the bulk's"),
    "turned": (turned, r"bulk: found a cell of the volume .* whose vectors are none of the bulk's"),
    "species": (lambda: mixed(), "species: found Cu Fe, expected"),
    "cluster": (lambda: Atoms("Fe5", np.eye(5, 3)), r"pbc: found \[False, .*, expected a cell that"),
    "nan": (lambda: placed([np.nan, 0, 0]), "position"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLACES)
def test_configurations_that_no_bulk_fits(crystal, case):
    make, message = PLACES[case]
    for ask in (crystal.predict, crystal.formation, crystal.grade):
        with pytest.raises(ValueError, match=message) as error:
            ask([iron(3), make()])
        assert case == "nan" or str(error.value).startswith("configuration 1: ")


def test_two_bulks_that_fit_alike():
    frames, entropies = defects(6, 0), np.arange(6.0)
    with pytest.raises(ValueError, match=r"bulk: found two, 1 and 2, that fit the volume 628.5"):
        EntropyModel(IRON).fit(frames, entropies, [(iron(3), 1.0), (iron(3), 2.0)])


def test_questions(crystal, cluster):
    """Temperatures, compositions, what was not fitted; nothing asked, nothing answered."""
    for wrong in (0, -1.0, np.nan, "warm"):
        with pytest.raises(ValueError, match=f"temperature: found '?{wrong}'?, expected a number"):
            crystal.predict(iron(3), temperature=wrong)
    with pytest.raises(ValueError, match="temperature: found 300, expected none: the model was"):
        cluster.predict(SEVEN, temperature=300)
    with pytest.raises(ValueError, match=r"composition: found Ar5, expected one .*: Ar7, Ar6"):
        cluster.predict(clusters(1, 0, "Ar5"))
    with pytest.raises(ValueError, match="composition: found Kr7, expected one"):
        cluster.predict(clusters(1, 0, "Kr7"))
    with pytest.raises(ValueError, match="bulk: found none in this model"):
        cluster.formation(SEVEN)
    for ask in ("predict", "formation", "grade"):
        with pytest.raises(ValueError, match=r"model: found nothing learnt, expected fit"):
            getattr(EntropyModel(CLUSTERS), ask)(SEVEN)
    assert cluster.predict([]).shape == cluster.grade([]).shape == (0,)
    with pytest.raises(ValueError, match="unit style 'metall' is unknown"):
        EntropyModel(CLUSTERS, lammps_units="metall")


# ---- the file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crystal", "cluster"])
def test_a_file_gives_the_same_model(name, request, tmp_path):
    """To the last bit, and written again the same file."""
    model = request.getfixturevalue(name)
    frames = SEVEN if name == "cluster" else defects(3, 4, strain=0.01) + defects(2, 5)
    model.export(tmp_path / "m.json", "mine")
    again = EntropyModel.load(tmp_path / "m.json", model.descriptor)
    for one, other in zip(model.predict(frames, True), again.predict(frames, True), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(model.grade(frames), again.grade(frames))
    assert again.settings == model.settings and again.temperature_ == model.temperature_
    again.save(tmp_path / "n.json", "mine")
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "n.json").read_bytes()
    assert kind_of(tmp_path / "m.json") is Kind.ENTROPY_MODEL
    assert len(list(tmp_path.iterdir())) == 2


def test_another_descriptor_or_species(crystal, tmp_path):
    crystal.export(tmp_path / "m.json")
    for other, message in (
        (AFS(3.7, nmax=3, lmax=2, species=["Fe"]), "descriptor: found rcut 3.6, expected 3.7"),
        (AFS(3.6, nmax=4, lmax=2, species=["Fe"]), "descriptor: found nmax 3, expected 4"),
        (AFS(3.6, nmax=3, lmax=2, species=["Cu"]), r"species: found \['Fe'\], expected \['Cu'\]"),
    ):
        with pytest.raises(ValueError, match=rf"m.json: {message}"):
            EntropyModel.load(tmp_path / "m.json", other)


def test_a_file_of_another_kind_is_left_alone(crystal, tmp_path):
    (tmp_path / "m.json").write_text("my notes")
    with pytest.raises(OSError, match=r"m.json: is a file that dbar did not write, expected a new"):
        crystal.export(tmp_path / "m.json")
    assert (tmp_path / "m.json").read_text() == "my notes"


DAMAGE = {
    "schema": ("dbar-entropy/2", "schema: found 'dbar-entropy/2', expected 'dbar-entropy/1'"),
    "noise": (0.0, "noise: found 0.0, expected a number above 0"),
    "prior": ("1", "prior: found '1', expected a finite number"),
    "samples": (2, "samples: found 2, expected an integer from 3"),
    "shrinkage": (1.5, "shrinkage: found 1.5, expected a number from 0 to 1"),
    "temperature": (-5.0, "temperature: found -5.0, expected a number above 0"),
    "coefficients": ([1.0], r"coefficients: found a list of 1, expected a list of 9"),
    "scale": ([0.0] * 9, r"scale\[0\]: found 0.0, expected a number above 0, as coefficients has"),
    "moments": ([1.0, 2.0], r"moments: found \[1.0, 2.0\], expected positive numbers, the largest"),
    "directions": ([[1.0] * 9] * 9, "directions: found rows whose products are off by 9, expected"),
    "species": (["Xx"], r"species: found \['Xx'\], expected different chemical symbols"),
    "lammps_units": ("ell", "unit style 'ell' is unknown; expected one of cgs"),
    "descriptor": ({"family": "afs"}, "descriptor rcut: found None, expected float"),
    "bulk": ([], r"bulk: found \[\], expected a list"),
    "compositions": ([], "bulk: found .*, expected cells, or compositions in their place"),
    "extra": (1, "'extra': found a key, expected schema, .* alone"),
}  # fmt: skip


@pytest.mark.parametrize("key", DAMAGE)
def test_damaged_files(crystal, tmp_path, key):
    path = tmp_path / "m.json"
    crystal.export(path)
    content = json.loads(path.read_text())
    value, message = DAMAGE[key]
    path.write_text(json.dumps(content | {key: value}))
    with pytest.raises(ValueError, match=rf"m.json: ({message})"):
        EntropyModel.load(path)
    if key in content and key != "schema":
        content.pop(key)
        path.write_text(json.dumps(content))
        with pytest.raises(ValueError, match=f"m.json: {key}: found nothing, expected one of the"):
            EntropyModel.load(path)


@pytest.mark.parametrize(
    ("name", "key", "inner", "value", "message"),
    [
        ("crystal", "bulk", "entropy", "NaN", r"bulk[0] entropy: found nan, expected a finite"),
        ("crystal", "bulk", "species", '"Q"', "bulk[0] species: found ['Q'], expected different"),
        ("crystal", "bulk", "positions", "[]", "bulk[0] positions: found [], expected a list"),
        ("crystal", "bulk", "cell", "[[0, 0, 0], [0, 0, 0], [0, 0, 0]]", "bulk 1: found 54 atoms"),
        ("cluster", "compositions", "count", "0", "compositions[0] count: found 0, expected an in"),
        ("cluster", "compositions", "formula", "{}", "compositions[0] formula: found {}, expected"),
        ("cluster", "compositions", "sums", "[1]", "compositions[0] sums: found a list of 1, expe"),
    ],
)
def test_damaged_bases(request, tmp_path, name, key, inner, value, message):
    path = tmp_path / "m.json"
    request.getfixturevalue(name).export(path)
    content = json.loads(path.read_text())
    content[key][0][inner] = "here"
    path.write_text(json.dumps(content).replace('"here"', value))
    with pytest.raises(ValueError, match=f"m.json: {re.escape(message)}"):
        EntropyModel.load(path)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 10**5, '{"schema": "dbar-cv/1"}'])
def test_what_is_no_model(tmp_path, text):
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(ValueError, match=r"m.json: (not a JSON file|schema: found)"):
        EntropyModel.load(tmp_path / "m.json")


def test_full_disk(crystal, tmp_path):
    """The model before stays, and nothing beside it."""
    crystal.export(tmp_path / "m.json")
    (tmp_path / "run.py").write_text(
        "import shutil, sys\nfrom dbar.entropy import EntropyModel\n"
        "model = EntropyModel.load('m.json')\n"
        "shutil.copy('m.json', 'there/m.json')\n"
        "try:\n    model.export('there/m.json', 'other ' * 9000)\n"
        "except OSError as error:\n    sys.exit(f'refused: {error}')\n"
    )
    done = on_small_disk(tmp_path, 40, [sys.executable, "run.py"])
    assert done.returncode == 1 and "refused: " in done.output, done.output
    assert "No space left" in done.output
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.read_bytes() == (tmp_path / "m.json").read_bytes()
