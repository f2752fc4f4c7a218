"""Existing files of every kind, whole or spoilt, as the output of every command: replaced if they are its own, else untouched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbar.files.kinds import Kind, kind_of
from fuzz import examples
from output_files import FEW, FEW_FUNCTIONS, every_kind


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return folder, list(every_kind(folder).values())


def commands(folder):
    """Words of each command, the end of the name of its output, and the kind that it writes."""
    runs, model = [str(folder / f"run{k}.h5md") for k in range(2)], str(folder / "model.h5")
    ahead = ["forecast", model, runs[1], "--steps", "2", "-o"]
    return [
        (["fit", *runs, *FEW, "-o"], ".h5", Kind.MODEL),
        (["fit", *runs, *FEW, "-o", "fresh.h5", "--monitor"], ".toml", Kind.MONITOR),
        (ahead, ".csv", Kind.FORECAST_CSV),
        (ahead, ".json", Kind.FORECAST_JSON),
        (ahead, ".h5", Kind.FORECAST_H5),
        (["report", runs[1], "-o"], ".html", Kind.PAGE),
        (["basis", "fit", str(folder / "frames.xyz"), *FEW_FUNCTIONS, "-o"], ".json", Kind.BASIS),
    ]


_PLACES = st.one_of(st.floats(0, 1), st.floats(0, 0.02))
_CHANGES = st.lists(st.tuples(_PLACES, st.integers(0, 255)), max_size=6)
_WAYS = st.sampled_from(["plain", "link", "two names"])


def lay(folder, name, content, way):
    """A file to write over, its path as the command gets it."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    path = folder / name
    if way == "link":
        (folder / "target").write_bytes(content)
        path.symlink_to("target")
        return path
    path.write_bytes(content)
    if way == "two names":
        (folder / "other name").hardlink_to(path)
    return path


@examples(50)
@given(
    which=st.integers(0, 6), content=st.integers(0, 10**6), changes=_CHANGES,
    cut=st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.1]), way=_WAYS,
)  # fmt: skip
def test_commands_and_what_is_there(worker, made, which, content, changes, cut, way):
    source, contents = made
    words, end, kind = commands(source)[which]
    raw = bytearray(contents[content % len(contents)][0])
    for place, value in changes if raw else ():
        raw[min(int(place * len(raw)), len(raw) - 1)] = value
    raw = bytes(raw[: int(cut * len(raw))])
    folder = worker.folder / "out"
    path = lay(folder, f"out{end}", raw, way)
    before, others = path.lstat().st_mode, {p.name for p in folder.iterdir()}
    (worker.folder / "fresh.h5").unlink(missing_ok=True)
    answer = worker.ask(command=[*words, str(path)])
    assert {p.name for p in folder.iterdir()} == others and path.lstat().st_mode == before
    if way == "two names":
        assert (folder / "other name").read_bytes() == raw
    if answer["code"] == 0:
        assert kind_of(path) is kind and told(worker, folder, raw) == kind.name
    else:
        assert f"{path}: is " in answer["said"], answer
        assert path.read_bytes() == raw
        assert "Traceback" not in answer["said"]


def told(worker, folder, raw):
    """What a file of this content is taken for."""
    path = folder / "asked"
    path.write_bytes(raw)
    return worker.ask(kind=str(path))["kind"]


@examples(60)
@given(content=st.integers(0, 10**6), changes=_CHANGES, cut=st.floats(0, 1))
def test_what_a_file_is(worker, made, content, changes, cut):
    """No damage ends the process that asks, and none makes a file one of another kind."""
    _, contents = made
    whole, kind = contents[content % len(contents)]
    raw = bytearray(whole)
    for place, value in changes if raw else ():
        raw[min(int(place * len(raw)), len(raw) - 1)] = value
    path = worker.folder / "asked"
    path.write_bytes(raw[: int(cut * len(raw))])
    assert worker.ask(kind=str(path))["kind"] in (None, kind and kind.name)
