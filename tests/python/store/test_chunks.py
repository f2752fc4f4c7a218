"""Chunks of atoms in a store: layout, rows that count, continuing, settings that cannot be."""

import json

import h5py
import numpy as np
import pytest

from dbar.store import Store, StoreError
from dbar.store.rows import Header
from dbar.trajectory import read
from streams import MONITOR, SIZE, kill_copy, settings, stream

COUNT = 6
CHUNK = {"id": "cc", "style": "chunk/atom", "count": COUNT, "grid": [1, 2, 3]}


def header(**changes):
    return Header.from_settings(settings(**{"chunk": CHUNK, **changes}), {})


def chunks_of(row, count=COUNT, virial=True):
    """Rows of chunks that add up to a snapshot of `stream`."""
    step, _, D, V, _ = row
    share = np.random.default_rng(step).dirichlet(np.ones(count))[:, None]
    D = share * D
    return np.hstack([D, (share[..., None] * V).reshape(count, -1)]) if virial else D


def fill(store, rows, **kwargs):
    for row in rows:
        step, now, D, V, thermo = row
        store.append(step, now, D, V, thermo, MONITOR, chunks=chunks_of(row, **kwargs))


@pytest.mark.parametrize("virial", [True, False])
def test_rows_come_back_with_one_clock(tmp_path, virial):
    rows, path = stream(5), tmp_path / "run.h5md"
    with_v = header(virial=virial)
    store = Store(path, with_v, say=[].append)
    fill(store, rows, virial=virial)
    store.close()
    with h5py.File(path) as file:
        own = file["observables/dbar"]
        assert own["chunks/D/step"] == own["D/step"] and own["chunks/D/time"] == own["D/time"]
        assert ("V" in own["chunks"]) == virial
        kept = json.loads(file["parameters/dbar/descriptor"][()])
        assert kept["chunk"] == CHUNK
    run = read(path)
    for t, row in enumerate(rows):
        expected = chunks_of(row, virial=virial)
        np.testing.assert_array_equal(run.chunks.D[t], expected[:, :SIZE])
        if virial:
            V = run.chunks.V[t][:, :, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
            np.testing.assert_array_equal(V.reshape(COUNT, -1), expected[:, SIZE:])
    assert virial or run.chunks.V is None


def test_many_chunks_lie_in_pieces(tmp_path):
    """A piece is about a mebibyte, and rows of few chunks share one."""
    store = Store(
        tmp_path / "many.h5md",
        Header.from_settings(
            settings(chunk={"id": "c", "style": "chunk/atom", "count": 100_000}), {}
        ),
        say=[].append,
    )
    few = Store(tmp_path / "few.h5md", header(), say=[].append)
    row = stream(1)[0]
    fill(store, [row], count=100_000)
    store.close()
    few.close()
    with h5py.File(tmp_path / "many.h5md") as file:
        for name, width in (("D", SIZE), ("V", 6 * SIZE)):
            rows, pieces, *_ = file[f"observables/dbar/chunks/{name}/value"].chunks
            assert rows == 1 and 0.9 * 2**20 < 8 * pieces * width <= 2**20
    with h5py.File(tmp_path / "few.h5md") as file:
        assert file["observables/dbar/chunks/D/value"].chunks[:2] == (16384 // (8 * SIZE * 6), 6)
    run = read(tmp_path / "many.h5md")
    np.testing.assert_array_equal(run.chunks.D[0], chunks_of(row, 100_000)[:, :SIZE])


def test_killed_at_any_moment_as_many_rows_as_of_D(tmp_path, monkeypatch):
    """Between two datasets of a row the row does not count, for chunks as for all else."""
    from dbar.store import writer

    store = Store(tmp_path / "run.h5md", header(), say=[].append)
    rows = stream(3)
    fill(store, rows[:2])
    true, written = writer.extend_row, []

    def extend(dataset, n, value):
        true(dataset, n, value)
        store._file.flush()
        kill_copy(store, tmp_path / f"{len(written)}.h5md")
        written.append(dataset.name)

    monkeypatch.setattr(writer, "extend_row", extend)
    fill(store, rows[2:])
    places = [n for n, name in enumerate(written) if "/chunks/" in name]
    assert len(places) == 2 and len(written) == 20
    for n in range(len(written)):
        run = read(tmp_path / f"{n}.h5md")
        complete = n == len(written) - 1
        assert len(run) == len(run.chunks) == 2 + complete
        np.testing.assert_array_equal(run.chunks.D[-1], chunks_of(rows[1 + complete])[:, :SIZE])
    # and a run goes on from there
    again = Store(
        tmp_path / f"{places[0]}.h5md", header(), step=rows[1][0], restarted=True, say=[].append
    )
    fill(again, rows[2:])
    again.close()
    np.testing.assert_array_equal(
        read(again.path).chunks.D[:], [chunks_of(row)[:, :SIZE] for row in rows]
    )


@pytest.mark.parametrize(
    ("chunk", "says"),
    [
        ({**CHUNK, "count": 8, "grid": [2, 2, 2]}, "made with chunk count 6, this run has 8"),
        ({**CHUNK, "id": "other"}, "made with chunk id cc, this run has other"),
        ({**CHUNK, "grid": [6, 1, 1]}, r"made with chunk grid \[1 2 3\], this run has \[6 1 1\]"),
        ({k: v for k, v in CHUNK.items() if k != "grid"}, "made with chunk grid"),
        (None, "made with chunk"),
    ],
)  # fmt: skip
def test_another_chunking_is_refused(tmp_path, chunk, says):
    path, rows = tmp_path / "run.h5md", stream(3)
    store = Store(path, header(), say=[].append)
    fill(store, rows)
    store.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=says):
        Store(path, header(chunk=chunk), step=10**6, restarted=True, say=[].append)
    assert path.read_bytes() == before


def test_a_store_without_chunks_is_not_continued_with_some(tmp_path):
    path, rows = tmp_path / "run.h5md", stream(3)
    store = Store(path, header(chunk=None), say=[].append)
    for step, now, D, V, thermo in rows:
        store.append(step, now, D, V, thermo, MONITOR)
    store.close()
    with pytest.raises(StoreError, match="was made with chunk"):
        Store(path, header(), step=10**6, restarted=True, say=[].append)


@pytest.mark.parametrize(
    "chunk",
    [5, {}, {"count": 0}, {"count": 2.5}, {"count": 6, "grid": [1, 2]}, {"count": 6, "grid": "123"},
     {"count": 6, "grid": [1, 2, 4]}, {"count": 6, "grid": [-1, -2, 3]}],
)  # fmt: skip
def test_settings_from_somebody_else(tmp_path, chunk):
    path = tmp_path / "run.h5md"
    store = Store(path, header(), say=[].append)
    fill(store, stream(2))
    store.close()
    with h5py.File(path, "r+") as file:
        text = file["parameters/dbar/descriptor"]
        text[()] = json.dumps({**json.loads(text[()]), "chunk": chunk})
    with pytest.raises(StoreError, match=r"chunk: found .* expected a JSON object with a count"):
        read(path)


def test_values_of_another_shape(tmp_path):
    path = tmp_path / "run.h5md"
    store = Store(path, header(), say=[].append)
    fill(store, stream(2))
    store.close()
    with h5py.File(path, "r+") as file:
        text = file["parameters/dbar/descriptor"]
        other = {"id": "cc", "style": "chunk/atom", "count": 7}
        text[()] = json.dumps({**json.loads(text[()]), "chunk": other})
    with pytest.raises(StoreError, match=r"chunks/D/value has shape \(6, 7\) for a snapshot"):
        read(path)
