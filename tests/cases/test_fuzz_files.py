"""Damaged stores and senseless settings: an error that names file or key, or data; never more."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dbar.cli import main
from dbar.online import MonitorConfig
from dbar.status.file import read_status
from dbar.status.words import about_ensemble
from dbar.stream import Session
from dbar.trajectory import read
from dbar.watch import plain_lines
from dbar.watch.screen import screen
from fuzz import NASTY, examples, spoilt_json
from h5md_ensembles import write_runs
from hdf5_damage import crashing, hanging
from output_files import FEW
from streams import feed, kill_copy, settings, stream


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Bytes of a store with monitor, checkpoint and kept positions: closed, and killed."""
    folder = tmp_path_factory.mktemp("stores")
    session = Session(settings(store=str(folder / "run.h5md"), snapshot=["every", 20]))
    feed(session, stream(60))
    kill_copy(session._store, folder / "killed.h5md")
    session.close()
    assert len(read(folder / "killed.h5md")) == len(read(folder / "run.h5md")) == 60
    return [(folder / name).read_bytes() for name in ("run.h5md", "killed.h5md")]


# Metadata are where the damage hurts: half of the changes fall into the first kilobytes.
_PLACES = st.one_of(st.floats(0, 1), st.floats(0, 0.03))
_CHANGES = st.lists(st.tuples(_PLACES, st.integers(0, 255)), min_size=1, max_size=8)


@examples(60)
@given(which=st.integers(0, 1), changes=_CHANGES, cut=st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5]))
def test_stores(worker, stores, which, changes, cut):
    """Read, followed, watched and forecast in another process, which must live on."""
    raw = bytearray(stores[which])
    for place, value in changes:
        raw[min(int(place * len(raw)), len(raw) - 1)] = value
    path = worker.folder / "spoilt.h5md"
    path.write_bytes(raw[: int(cut * len(raw))])
    answer = worker.ask(read=str(path))
    if answer["error"]:
        assert "spoilt.h5md" in answer["error"], answer
    else:
        assert 0 <= answer["rows"] <= 60


_HEADERS = ["parameters/dbar/descriptor", "parameters/dbar/monitor/config"]


def _asked(worker, path):
    answer = worker.ask(read=str(path))
    assert not answer["error"] or path.name in answer["error"], answer
    for words in (["report", str(path), "-o", str(worker.folder / "r.html")],
                  ["fit", str(path), str(path), "-o", str(worker.folder / "m.h5")]):  # fmt: skip
        with redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            main(words)  # raises nothing


@examples(15)
@given(name=st.sampled_from(_HEADERS), data=st.data())
def test_headers_of_stores(worker, stores, name, data):
    """JSON of another kind, at any depth: read as what it may be, or one error."""
    path = worker.folder / "spoilt.h5md"
    path.write_bytes(stores[0])
    with h5py.File(path, "r+") as file:
        good = json.loads(file[name].asstr()[()])
        text = data.draw(spoilt_json(good)).replace("\0", "").encode(errors="replace")
        del file[name]
        file.create_dataset(name, data=text, dtype=h5py.string_dtype())
    _asked(worker, path)


@examples(15)
@given(data=st.data(), rows=st.sampled_from([10**6, 10**9, 10**11]), packed=st.booleans())
def test_sizes_of_stores(worker, stores, data, rows, packed):
    """Any part of a store may declare any size; the worker has 6 GiB."""
    path = worker.folder / "spoilt.h5md"
    path.write_bytes(stores[0])
    with h5py.File(path, "r+") as file:
        names = []
        file.visititems(lambda n, item: names.append(n) if isinstance(item, h5py.Dataset) else None)
        name = data.draw(st.sampled_from(names))
        shape, kind = file[name].shape, file[name].dtype
        del file[name]
        how = {"compression": "gzip"} if packed else {}
        file.create_dataset(name, (rows, *shape[1:]), kind, chunks=True, **how)
    answer = worker.ask(read=str(path))
    assert not answer["error"] or path.name in answer["error"], answer
    assert rows < 10**9 or "GiB" in answer["error"]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A folder with two runs and a model of them, and the bytes of each."""
    folder = tmp_path_factory.mktemp("inputs")
    runs = write_runs(folder, 2, 40)
    assert main(["fit", *runs, *FEW, "-o", str(folder / "model.h5")]) == 0
    return folder, {name: (folder / name).read_bytes() for name in ("run0.h5md", "model.h5")}


@examples(60)
@given(
    which=st.integers(0, 4), changes=_CHANGES, cut=st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5]),
    first=st.sampled_from([None, None, None, crashing, hanging]),
)  # fmt: skip
def test_commands(worker, inputs, which, changes, cut, first):
    """Of a damaged input a command does its work, or says one error that names it."""
    folder, files = inputs
    path, good = str(worker.folder / "spoilt"), str(folder / "run1.h5md")
    page, out = (str(worker.folder / name) for name in ("page.html", "out.h5"))
    name, words = [
        ("run0.h5md", ["report", path, "-o", page]),
        ("run0.h5md", ["fit", good, path, *FEW, "-o", out]),
        ("run0.h5md", ["forecast", str(folder / "model.h5"), path, "--steps", "2"]),
        ("run0.h5md", ["watch", path, "--once"]),
        ("model.h5", ["forecast", path, good, "--steps", "2"]),
    ][which]
    raw = files[name]
    if first is hanging or (first is crashing and name == "model.h5"):
        raw = first(raw)
    raw = bytearray(raw)
    for place, value in changes:
        raw[min(int(place * len(raw)), len(raw) - 1)] = value
    Path(path).write_bytes(raw[: int(cut * len(raw))])
    answer = worker.ask(command=words)
    assert answer["code"] in (0, 1) and "Traceback" not in answer["said"], answer
    assert answer["code"] == 0 or "spoilt" in answer["said"], answer


_KEYS = st.one_of(st.sampled_from(list(MonitorConfig().to_dict())), st.text(max_size=8))
_VALUES = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.sampled_from(NASTY), st.lists(st.integers()),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@examples(150)
@given(content=st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=3))
def test_monitor_settings(content):
    try:
        made = MonitorConfig.load(content)
    except ValueError as error:
        assert any(repr(key) in str(error) or str(key) in str(error) for key in content)
    else:
        assert MonitorConfig.load(made.to_dict()) == made


@examples(100)
@given(
    text=st.one_of(st.binary(max_size=60), st.sampled_from([b"order = ", b"order = 1\norder = 2"]))
)
def test_monitor_files(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "monitor.toml"
    path.write_bytes(text)
    try:
        MonitorConfig.load(path)
    except ValueError as error:
        assert "monitor.toml" in str(error)


_STATUS = {
    "time": "now", "policy": "trust", "budget": {"used": 1, "total": 2},
    "replicas": [{"id": 0, "state": "run", "M": 1.5, "store": "a.h5md",
                  "forecast": {"stress": {"mean": 1.0, "std": 0.5}}}, {"id": "b"}],
    "observables": {"stress": {"mean": 1.0, "error": 0.5}, "hcp": 3}, "ended": "budget",
    "failed": {"0": "no memory"},
}  # fmt: skip


@examples(150)
@given(text=spoilt_json(_STATUS))
def test_status_files(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "status.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        frame = {"ensembles": [about_ensemble(read_status(path))], "runs": []}
        Console(file=io.StringIO()).print(screen(frame, 80))
        plain_lines(frame)
    except ValueError as error:
        assert "status.json" in str(error)
