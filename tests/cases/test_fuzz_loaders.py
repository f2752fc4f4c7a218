"""Damaged files of models, settings, journals and statistics: the loader's own error, naming the file."""

import json
from contextlib import contextmanager

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bases import alloy, primitive
from crystal import shaken
from dbar.basis import optimal_basis
from dbar.bias import CollectiveVariable
from dbar.cli import main
from dbar.descriptors import Bispectrum
from dbar.novelty import AtomNovelty
from dbar.online.replica_file import Note, write_statistics
from dbar.potential import LinearPotential
from dbar.statistics.moments import LaggedMoments
from dbar.store.checkpoint import pack
from entropy_models import cluster_model, iron_model
from fuzz import DEPTH, examples, spoilt_json, spoilt_text
from h5md_ensembles import write_runs
from harness import ROOT

BISPECTRUM = Bispectrum(4.7, twojmax=2, species=["Al"])
MONITOR = "min_snapshots = 12\nlatent_dim = 3\nn_bags = 8\ncoverage = 0.5\n"
SETTINGS = (
    'script = "in.replica"\nobservables = ["pe", "temp"]\nreplicas = 4\nsteps = 400\nchunk = 100\n'
    'every = 10\nsilence = 60.0\npolicy = "trust"\n[variables]\nT = 300.0\n[settings]\nlimit = 1\n'
)
ENTRIES = [
    {"settings": {"replicas": 4, "input": "run 1\n"}},
    {"issue": [0, 3]},
    {"failed": [1, 2, "x"]},
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Content of a good file of each kind."""
    folder = tmp_path_factory.mktemp("models")
    AtomNovelty(BISPECTRUM).fit(shaken(3, 0)).export(folder / "novelty")
    CollectiveVariable("s", BISPECTRUM, np.full((1, 6), 1e-3)).export(folder / "cv")
    LinearPotential(np.full((1, 6), 1e-3), BISPECTRUM).export(folder / "potential")
    optimal_basis(alloy(0), primitive(), qmax=2, mixed=True).save(folder / "basis")
    cluster_model().export(folder / "entropy")
    iron_model().export(folder / "entropy of a crystal")
    found = {path.name: json.loads(path.read_text()) for path in folder.iterdir()}
    return found | {"efs": json.loads((ROOT / "examples/packets/cu-efs.json").read_text())}


def load(worker, kind, content):
    """Error of a loader, "" without; it must be the loader's own and name the file."""
    (worker.folder / "in.replica").touch()
    path = worker.folder / f"spoilt.{kind}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(errors="replace"))
    answer = worker.ask(load=kind, path=str(path))
    assert not answer["error"] or path.name in answer["error"], answer
    return answer["error"]


def statistics(folder, transitions=5):
    """First line and the rest of a good file."""
    moments = LaggedMoments(3, n_bags=2)
    for step in range(transitions):
        moments.add(np.arange(6.0) + step, [step])
    note = Note(0, 0, 2, 1, transitions, False, 1.0, {"order": 1, "descriptor": {"rcut": 4.7}})
    write_statistics(folder / "good.stat", note, moments)
    line, _, rest = (folder / "good.stat").read_bytes().partition(b"\n")
    return json.loads(line), rest, moments.get_state()


def test_what_is_spoilt_below_is_good(worker, models, tmp_path):
    for kind, content in models.items():
        assert load(worker, kind, json.dumps(content)) == ""
    head, rest, _ = statistics(tmp_path)
    whole = json.dumps(head).encode() + b"\n" + rest
    journal = "".join(json.dumps(entry) + "\n" for entry in ENTRIES)
    for kind, content in (("statistics", whole), ("note", whole), ("journal", journal),
                          ("settings", SETTINGS), ("monitor", MONITOR)):  # fmt: skip
        assert load(worker, kind, content) == ""


@pytest.mark.parametrize(
    "kind", ["novelty", "cv", "potential", "basis", "efs", "entropy", "entropy of a crystal"]
)
@examples(150)
@given(data=st.data())
def test_models(worker, models, kind, data):
    load(worker, kind, data.draw(spoilt_json(models[kind])))


@pytest.mark.parametrize(
    "kind",
    [
        "novelty",
        "cv",
        "potential",
        "basis",
        "efs",
        "entropy",
        "status",
        "monitor",
        "note",
        "settings",
    ],
)
@pytest.mark.parametrize(
    "content", [b"[" * DEPTH, b"\xff\xfe", b"", b"9" * 5000, b"a = " + b"[" * DEPTH, b"a = " + b"9" * 5000],
    ids=["brackets", "not UTF-8", "empty", "digits", "brackets in TOML", "digits in TOML"],
)  # fmt: skip
def test_files_that_nobody_wrote(worker, kind, content):
    assert load(worker, kind, content) or (kind, content) == ("monitor", b"")  # all defaults


@pytest.mark.parametrize("key, value", [
    ("count", "Infinity"), ("count", "9" * 400), ("count", "NaN"), ("count", "0"), ("count", "1.5"),
    ("count", "true"), ("count", '"10"'), ("limit", "NaN"), ("limit", "-Infinity"),
    ("limit", "9" * 400), ("limit", "null"), ("shrinkage", "2"), ("shrinkage", "NaN"),
])  # fmt: skip
def test_numbers_of_a_novelty_file(worker, models, key, value):
    """No number that no fit gives: the error names the key."""
    (good,) = models["novelty"]["models"]
    spoilt = {**models["novelty"], "models": [{**good, key: "here"}]}
    assert f": {key}: found " in load(
        worker, "novelty", json.dumps(spoilt).replace('"here"', value)
    )


@examples(200)
@given(text=spoilt_text(SETTINGS))
def test_settings_of_an_ensemble(worker, text):
    load(worker, "settings", text)


@examples(100)
@given(text=spoilt_text(MONITOR))
def test_settings_of_a_monitor(worker, text):
    path = worker.folder / "spoilt.monitor"
    path.write_bytes(text.encode(errors="replace"))
    answer = worker.ask(load="monitor", path=str(path))
    assert not answer["error"] or "monitor" in answer["error"], answer


@examples(150)
@given(k=st.integers(0, 2), data=st.data())
def test_journals(worker, k, data):
    lines = [json.dumps(entry) for entry in ENTRIES]
    lines[k] = data.draw(spoilt_json(ENTRIES[k]))
    load(worker, "journal", "\n".join(lines) + data.draw(st.sampled_from(["\n", ""])))


@examples(150)
@given(data=st.data(), cut=st.sampled_from([None, None, 0, 5, 200]))
def test_first_line_of_statistics(worker, tmp_path_factory, data, cut):
    head, rest, _ = statistics(tmp_path_factory.getbasetemp())
    line = data.draw(spoilt_json(head)).encode(errors="replace")
    for kind in ("note", "statistics"):
        load(worker, kind, line + b"\n" + rest[:cut])


_ARRAYS = [
    np.array(0), np.array(np.nan), np.zeros(0), np.zeros((2, 3)), np.array("x"), np.zeros(4, complex),
    np.array([3, 1]), np.array([3, 1, 2, 0, 0]), np.array([-1, 1, 2, 0]), np.array([3, -1, 2, 0]),
    np.array([2**40, 1, 2, 0]), np.array([3, 2**62, 2, 0]), np.array([3, 1, 2**40, 0]), np.array([3, 1, 1, 0]),
    np.array(2.0), np.full(3, np.inf),
]  # fmt: skip


@examples(100)
@given(
    key=st.sampled_from(sorted(LaggedMoments(1).get_state())), put=st.sampled_from([None, *_ARRAYS])
)
def test_arrays_of_statistics(worker, tmp_path_factory, key, put):
    """Arrays that do not belong together, with a check sum that is right: never statistics."""
    head, _, state = statistics(tmp_path_factory.getbasetemp())
    state = {name: put if name == key else value for name, value in state.items()}
    state = {name: value for name, value in state.items() if value is not None}
    blob = pack(head["transitions"], head["transitions"], state).tobytes()
    assert load(worker, "statistics", json.dumps(head).encode() + b"\n" + blob)


@examples(60)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_a_changed_byte_of_statistics(worker, tmp_path_factory, place, value):
    head, rest, _ = statistics(tmp_path_factory.getbasetemp())
    raw = bytearray(rest)
    raw[int(place * len(raw))] ^= value
    assert load(worker, "statistics", json.dumps(head).encode() + b"\n" + raw)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """Bytes of a file of `dbar fit` and what it says."""
    folder = tmp_path_factory.mktemp("model")
    assert main(["fit", *write_runs(folder, 4, 60), "-o", str(folder / "good.h5")]) == 0
    with h5py.File(folder / "good.h5") as file:
        return (folder / "good.h5").read_bytes(), json.loads(file["about"].asstr()[()])


@contextmanager
def spoilt_file(worker, kind, raw):
    """The file to be spoilt, loaded behind the block."""
    path = worker.folder / f"spoilt.{kind}"
    path.write_bytes(raw)
    with h5py.File(path, "r+") as file:
        yield file
    answer = worker.ask(load=kind, path=str(path))
    assert not answer["error"] or path.name in answer["error"], answer


@examples(100)
@given(data=st.data())
def test_what_a_model_file_says(worker, model_file, data):
    raw, about = model_file
    with spoilt_file(worker, "model", raw) as file:
        text = data.draw(spoilt_json(about)).replace("\0", "").encode(errors="replace")
        del file["about"]
        file.create_dataset("about", data=text, dtype=h5py.string_dtype())


@examples(100)
@given(data=st.data())
def test_arrays_and_numbers_of_a_model_file(worker, model_file, data):
    """Sizes that nothing was written for, arrays of other shapes, other words and kinds."""
    with spoilt_file(worker, "model", model_file[0]) as file:
        names = []
        file.visit(names.append)
        name = data.draw(st.sampled_from(sorted(set(names) - {"about"})))
        if isinstance(file[name], h5py.Group):
            key = data.draw(st.sampled_from(sorted(file[name].attrs)))
            put = ["{}", "[]", "Latent", "VAR", -1, 10**12, 1.5, np.zeros(3), h5py.Empty("f8")]
            file[name].attrs[key] = data.draw(st.sampled_from(put))
            return
        del file[name]
        put = data.draw(st.sampled_from([*_ARRAYS, None]))
        if put is None:
            size = data.draw(st.sampled_from([(10**11,), (10**6, 10**6), (10**4, 10**4, 10**4)]))
            file.create_dataset(name, size, "f8", chunks=True, compression="gzip")
        else:
            file[name] = put.astype("S") if put.dtype.kind == "U" else put
